"""`chartgen serve` and `chartgen export static`."""

from __future__ import annotations

import gc
import json
import logging
from pathlib import Path

import typer

from chartgen.errors import ExtraMissing, Fault, Faults

EXTRA = "serve"


def serve_command(catalog: Path, host: str, port: int, base_path: str, tls: Tls) -> None:
    """Serves the catalog until it is stopped."""
    _check_base(base_path)
    try:
        from chartgen.market.run import Options, prepare
        from chartgen.market.server import Market
    except ImportError as error:
        raise ExtraMissing(what="chartgen serve", extra=EXTRA) from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    gc.disable()  # thousands of entries are made here and none of them goes
    market = Market(catalog)
    gc.freeze()
    gc.enable()
    options = Options(host=host, port=port, base_path=base_path, cert=tls[0], key=tls[1])
    serve = prepare(market, options)
    typer.echo(f"{len(market.site.apps)} apps at {options.url} (add this address in the Market)")
    if not tls[0]:
        typer.echo("without TLS: newer devices accept https addresses only")
    serve()


def export_command(catalog: Path, folder: Path, olares: str, upstream: str, as_json: bool) -> None:
    """Writes the static export and says what it wrote."""
    from dataclasses import asdict

    from chartgen.market.export import export_static
    from chartgen.market.site import load_site

    site = load_site(catalog)
    done = export_static(site, folder.resolve(), olares, upstream, site.source.url)
    if as_json:
        typer.echo(json.dumps(asdict(done), indent=2))
        return
    size = done.bytes / (1 << 20)
    typer.echo(f"{done.folder}: {done.apps} apps for Olares {done.olares}")
    typer.echo(f"{done.files} files, {size:.1f} MiB, and the settings of static hosts:")
    typer.echo("nginx.conf, nginx-server.conf, _headers, _redirects, vercel.json")


Tls = tuple[Path | None, Path | None]


def _check_base(base_path: str) -> None:
    if base_path and (not base_path.startswith("/") or base_path.endswith("/")):
        remedy = "Write it like /market: a slash in front, none behind."
        raise Faults([Fault("--base-path", "this is not a path prefix", remedy, base_path)])

"""The market as files: the same answers for any web server or object store.

Files cannot look at a query, so an export is for one Olares version, and the one
POST of the protocol is passed on to a running `chartgen serve`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from chartgen.catalog import catalog_lock, package_path, refuse_inside
from chartgen.catalog.exchange import exchange
from chartgen.errors import CatalogBroken, Fault, Faults
from chartgen.market import v2
from chartgen.market.answer import Request, answer, fault
from chartgen.market.hosts import headers_file, redirects_file, vercel_file
from chartgen.market.nginx import nginx_maps, nginx_server
from chartgen.market.site import Listing, Site, dump
from chartgen.market.writer import MARK, Writer
from chartgen.quantities.ranges import parse_version

NEAR = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~-]+)*")
"""An address that may stand in a web server's configuration as it is."""

ADDRESSES = (
    "/api/v1/appstore/hash",
    "/api/v1/appstore/info",
    "/api/v2/appstore/hash",
    "/api/v2/appstore/info",
    "/api/v2/catalog",
    "/api/v2/taxonomy",
    "/healthz",
)
"""Addresses whose file has the same path."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An export: where it is, for which Olares, how many apps, files and bytes."""

    folder: str
    olares: str
    apps: int
    files: int
    bytes: int


def export_static(site: Site, folder: Path, olares: str, upstream: str, url: str = "") -> Exported:
    """Writes every GET answer of the site to `folder`, as a whole.

    `olares` is the version that is answered to, `upstream` the address of a running
    `chartgen serve` for the one POST, `url` the address that the page shows. Raises
    `Faults` for one that is none, and `CatalogBroken` for a package that is not what
    the ledger says or a folder that holds something else.
    """
    upstream, url = upstream.rstrip("/"), url.rstrip("/")
    _check_settings(olares, upstream, url)
    _check_folder(folder, site.root)
    with catalog_lock(folder):
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
        try:
            staging.chmod(0o755)
            writer = Writer(staging, folder)
            _write(site, writer, olares, _shown(url))
            _write_rules(writer, site, olares, upstream)
            exchange(staging, folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return Exported(str(folder), olares, len(site.offer(olares).apps), writer.files, writer.size)


def _check_settings(olares: str, upstream: str, url: str) -> None:
    faults = []
    if not parse_version(olares):
        faults.append(Fault("--olares", "this is no version", "Write it like 1.12.7.", olares))
    for option, given in (("--upstream", upstream), ("--url", url)):
        if not NEAR.fullmatch(given) and (given or option == "--upstream"):
            remedy = "Write it like https://market.example.com."
            faults.append(Fault(option, "this is no address of a server", remedy, given))
    if faults:
        raise Faults(faults)


def _check_folder(folder: Path, catalog: Path) -> None:
    problem = ""
    if folder.exists() and not folder.is_dir():
        problem = "this is no folder"
    elif catalog.resolve().is_relative_to(folder):
        problem = "the catalog itself lies in it"
    elif folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        problem = "the folder is not empty and holds no export"
    if problem:
        raise CatalogBroken(path=str(folder), problem=problem, remedy="Name an empty folder.")
    refuse_inside(folder, catalog.resolve())


def _shown(url: str) -> Mapping[str, str]:
    """The headers with which the page shows `url`; an ellipsis stands for an unknown one."""
    parts = urlsplit(url or "https://…")
    return {
        "x-forwarded-proto": parts.scheme,
        "x-forwarded-host": parts.netloc,
        "x-forwarded-prefix": parts.path,
    }


def _write(site: Site, writer: Writer, olares: str, shown: Mapping[str, str]) -> None:
    for address in ADDRESSES:
        writer.text(address.lstrip("/"), _body(site, address, {"version": olares}))
    listing = _whole_listing(site, olares)
    writer.text("api/v2/applications.json", listing)
    writer.text("api/v2/browse/applications", listing)
    writer.text("index.html", _body(site, "/", {}, shown))
    writer.text("404.json", fault(404, "there is nothing at this address").body)
    for app in site.offer(olares).apps.values():
        _write_app(site, writer, app)


def _write_app(site: Site, writer: Writer, app: Listing) -> None:
    """Every package of an app, its icon, and the newest package at the bare address."""
    name = app.release.name
    writer.binary(f"icons/{name}.png", _body(site, f"/icons/{name}.png", {}))
    for filename, digest in app.packages.items():
        writer.binary(f"charts/{filename}", _package(site, filename, digest))
    for prefix in ("api/v1", "api/v2"):
        newest = f"charts/{app.release.filename}"
        writer.link(f"{prefix}/applications/{name}/chart", newest)


def _write_rules(writer: Writer, site: Site, olares: str, upstream: str) -> None:
    """What tells hosts how to serve the files, and the mark of an export."""
    rules = {
        "nginx.conf": nginx_maps(),
        "nginx-server.conf": nginx_server(upstream),
        "_headers": headers_file(),
        "_redirects": redirects_file(upstream),
        "vercel.json": vercel_file(upstream),
        MARK: json.dumps({"olares": olares, "hash": site.hash}, indent=1) + "\n",
    }
    for path, text in rules.items():
        writer.binary(path, text.encode())


def _package(site: Site, filename: str, digest: str) -> bytes:
    path = site.root / package_path(filename)
    problem = "the package is not what the ledger says"
    try:
        data = path.read_bytes()
    except OSError as error:
        data, problem = b"", f"the package cannot be read: {error.strerror}"
    if hashlib.sha256(data).hexdigest() != digest:
        remedy = "Restore it from git; a released package never changes."
        raise CatalogBroken(path=str(path), problem=problem, remedy=remedy)
    return data


def _body(
    site: Site, address: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> bytes:
    problem = ""
    try:
        made = answer(site, Request("GET", address, query, headers or {}))
        problem = "" if made.status == 200 else f"{address} answers {made.status}"
    except OSError as error:
        problem = f"{error.filename} cannot be read: {error.strerror}"
    if problem:
        raise CatalogBroken(path=str(site.root), problem=problem, remedy="Build it again.")
    return made.body


def _whole_listing(site: Site, olares: str) -> bytes:
    """All pages of the listing as one: a file cannot be asked for the next page."""
    pages = list(_pages(site, olares))
    items = [item for page in pages for item in cast("list[object]", page["items"])]
    size = max(len(items), v2.PAGE_SIZE)
    data = {**pages[0], "items": items, "has_more": False, "page_size": size}
    return dump({"code": 0, "msg": "success", "data": data})


def _pages(site: Site, olares: str) -> Iterator[Mapping[str, object]]:
    number, more = 1, True
    while more:
        query = {"version": olares, "size": str(v2.MAX_PAGE_SIZE), "page": str(number)}
        page = cast("Mapping[str, object]", json.loads(v2.applications(site, query))["data"])
        yield page
        number, more = number + 1, bool(page["has_more"])

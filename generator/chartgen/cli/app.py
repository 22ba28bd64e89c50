"""The commands: each parses, calls one public function and prints its result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

# Plain help draws in half the time; rich would be loaded for colours alone.
os.environ.setdefault("TYPER_USE_RICH", "0")
# Looking for plugins of pydantic reads the metadata of every installed package.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")

import typer

from chartgen import __version__
from chartgen.cli.calibrating import calibrate
from chartgen.cli.exits import codes_text
from chartgen.cli.fitting import compare, fit
from chartgen.cli.guard import guard
from chartgen.cli.linting import explain, lint
from chartgen.cli.modelling import model
from chartgen.cli.places import app_names, repository

HELP = """\
chartgen turns typed specs of LLM apps into charts that are proven to fit their GPU.

\b
Examples:
  chartgen build                             build every app in charts_src/
  chartgen build vllmgemma426ba4bvisionone   build one, and see its memory sum
  chartgen build --out /srv/market           write the whole catalog elsewhere
  chartgen build --json                      the same facts for programs
  chartgen fit vllmgemma426ba4bvisionone     will it fit, and what would free most?
  chartgen fit --model hf:google/gemma-4-E4B-it --engine vllm --solve both
  chartgen compare APP APP:max_num_seqs=3    two plans side by side
  chartgen lint dist/myapp-1.0.0.tgz         would a device install it?
  chartgen lint --catalog catalog            would a device see all of this market?
  chartgen explain L34                       a rule: why, before and after
  chartgen calibrate APP start-up.log        a real start-up log becomes evidence
  chartgen schema > spec.schema.json         the JSON Schema of a spec
  chartgen serve --port 8080                 the catalog as a market source
  chartgen export static /srv/market         the same answers as files
"""


class HelmChoice(StrEnum):
    """The engines of real Helm, and the choice between them."""

    AUTO = "auto"
    SDK = "sdk"
    PROGRAM = "program"


app = typer.Typer(
    name="chartgen",
    help=HELP,
    epilog=f"\b\n{codes_text()}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; returns the exit code, and never shows a traceback for a
    `ChartgenError`."""
    try:
        app(args=list(arguments), standalone_mode=True)
    except SystemExit as finished:
        return finished.code if isinstance(finished.code, int) else 1
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chartgen {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """The options before a command."""


@app.command()
def build(
    apps: Annotated[
        list[str] | None,
        typer.Argument(
            help="Apps to build; all of charts_src/ without one.", autocompletion=app_names
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the whole catalog to this folder instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
    helm: Annotated[
        HelmChoice, typer.Option("--helm", help="The Helm that proves new charts.")
    ] = HelmChoice.AUTO,
) -> None:
    """Render, prove and catalog apps; a released package never changes.

    Prints the memory sum of each app with its verdict, what was written and where.
    Nothing is written unless everything went well; a second run changes nothing.

    Example:  chartgen build vllmgemma426ba4bvisionone --json
    """
    guard(lambda: _build(apps or [], out, as_json=as_json, helm=helm), as_json=as_json)


def _build(names: list[str], out: Path | None, *, as_json: bool, helm: HelmChoice) -> None:
    from chartgen.release.memory import read_inputs, recall

    inputs = read_inputs(repository(Path.cwd()), names)
    answer = None if out else recall(inputs)
    if answer is None:
        from chartgen.cli.building import build_command

        answer = build_command(names, out, helm.value, inputs)
    typer.echo(answer.facts if as_json else answer.text)


app.command()(fit)
app.command()(compare)
app.command()(calibrate)
app.command()(lint)
app.command()(explain)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a spec.

    Example:  chartgen schema > spec.schema.json
    """
    from chartgen.spec.schema import spec_schema

    typer.echo(spec_schema())


CatalogOption = Annotated[
    Path, typer.Option("--catalog", help="The folder of the catalog.", file_okay=False)
]


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8080,
    base_path: Annotated[str, typer.Option(help="A path in front of all others: /market.")] = "",
    cert: Annotated[Path | None, typer.Option(help="A certificate (PEM): serve https.")] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
    catalog: CatalogOption = Path("catalog"),
) -> None:
    """Serve the catalog as a market source that devices sync from.

    Every package is verified first. A new catalog on disk takes the old one's place
    between two requests; a broken one leaves the last good one serving.

    Example:  chartgen serve --host 0.0.0.0 --port 443 --cert market.pem --key market.key
    """
    from chartgen.cli.serving import serve_command

    guard(lambda: serve_command(catalog, host, port, base_path, (cert, key)))


export = typer.Typer(
    help="Write the catalog in other forms.\n\nExample:  chartgen export static /srv/market",
    no_args_is_help=True,
)
app.add_typer(export, name="export")
app.add_typer(model, name="model")


@export.command()
def static(
    folder: Annotated[Path, typer.Argument(help="The folder to write; replaced as a whole.")],
    olares: Annotated[
        str, typer.Option("--olares", help="The Olares version that is answered to.")
    ] = "1.12.7",
    upstream: Annotated[
        str, typer.Option(help="A running `chartgen serve`, for the one POST.")
    ] = "http://127.0.0.1:8080",
    catalog: CatalogOption = Path("catalog"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Write every GET answer as files, for any web server or object store.

    Example:  chartgen export static /srv/market --olares 1.12.7
    """
    from chartgen.cli.serving import export_command

    guard(lambda: export_command(catalog, folder, olares, upstream, as_json), as_json=as_json)

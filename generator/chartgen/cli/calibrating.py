"""`chartgen calibrate`: a real start-up log becomes evidence."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chartgen.cli.guard import guard
from chartgen.cli.places import app_names, repository

if TYPE_CHECKING:
    from chartgen.release.calibrate import Calibrated


def calibrate(
    app: Annotated[
        str, typer.Argument(help="The app that the log is of.", autocompletion=app_names)
    ],
    log: Annotated[
        Path,
        typer.Argument(help="The server's output from its start on.", exists=True, dir_okay=False),
    ],
    gpu: Annotated[
        str | None,
        typer.Option(
            "--gpu",
            help="The device profile that it ran on; the app's own without.",
            metavar="NAME",
        ),
    ] = None,
    measured_by: Annotated[
        str, typer.Option("--measured-by", help="Who ran the server.", metavar="WHO")
    ] = "the owner of this repository",
    day: Annotated[
        datetime | None,
        typer.Option("--date", help="The day of the run, if not the log's.", formats=["%Y-%m-%d"]),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Turn a start-up log of an app's server into a recorded run.

    Prints what was measured beside what was predicted, and writes the record into
    charts_src/evidence/. A log of another deployment is refused, each difference by its
    name. A log that shows a server out of memory becomes a failed run. The same log a
    second time changes nothing.

    Example:  chartgen calibrate vllmgemma426ba4bvisionone start-up.log --dry-run
    """

    def command() -> None:
        from chartgen.release.calibrate import calibrate_log
        from chartgen.vram.calibrate import About

        chosen = day.date() if day else None
        about = About(measured_by=measured_by, today=date.today(), day=chosen, gpu=gpu)
        _show(calibrate_log(repository(Path.cwd()), app, log, about, dry_run=dry_run), as_json)

    guard(command, as_json=as_json)


def _show(found: Calibrated, as_json: bool) -> None:
    from chartgen.vram.calibrated import calibration_facts, calibration_text

    written = found.written
    if as_json:
        place = {"file": written.file, "status": written.status.value} if written else None
        facts = {**calibration_facts(found.calibration), "written": place}
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    typer.echo(calibration_text(found.calibration))
    record = found.calibration.run.id
    typer.echo(
        f"{written.status} {record} in {written.file}" if written else f"not written: {record}"
    )

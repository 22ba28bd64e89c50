"""`chartgen lint` and `chartgen explain`: what a device would say, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chartgen.cli.guard import guard
from chartgen.errors import Fault, Faults
from chartgen.lint.finding import Profile
from chartgen.lint.pull_request import PullRequest

if TYPE_CHECKING:
    from chartgen.lint.report import Report

STDIN = "-"
FEW = 16
"""Charts that two processes judge at most; of more, as many as pays."""
DEFAULT_PROFILES = (Profile.DEVICE, Profile.HOUSE)


class LintHelm(StrEnum):
    """The engines of real Helm, the choice between them, and none at all."""

    AUTO = "auto"
    SDK = "sdk"
    PROGRAM = "program"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be judged, by whom, and how."""

    paths: tuple[Path, ...]
    catalog: str | None
    profiles: tuple[Profile, ...]
    helm: LintHelm
    jobs: int | None
    request: PullRequest


def lint(  # noqa: PLR0913, PLR0917 a command has a parameter for each option
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Charts: folders or packages (.tgz), or a folder of such."),
    ] = None,
    profile: Annotated[
        list[Profile] | None,
        typer.Option(help="Whose rules: device and house without one. Repeatable."),
    ] = None,
    paths_from: Annotated[
        str | None,
        typer.Option("--from", help="A file with one path a line, or -.", metavar="FILE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
    sarif: Annotated[
        str | None,
        typer.Option(help="Write SARIF 2.1.0 to a file, or to - for standard output."),
    ] = None,
    catalog: Annotated[
        str | None,
        typer.Option(help="A market source to check: a folder, or its address.", metavar="WHERE"),
    ] = None,
    helm: Annotated[
        LintHelm, typer.Option(help="The Helm that renders; none leaves verdicts unknown.")
    ] = LintHelm.AUTO,
    jobs: Annotated[int | None, typer.Option(help="Charts judged at once.", min=1)] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Take warnings for errors.")] = False,
    title: Annotated[
        str, typer.Option(help="The pull request's title, for --profile store.", metavar="TEXT")
    ] = "",
    author: Annotated[
        str, typer.Option(help="Its author, who has to be an owner.", metavar="ACCOUNT")
    ] = "",
) -> None:
    """Say what a device, the store and common sense would say of charts.

    Judges any chart, whoever made it, and touches no network but for --catalog. The exit
    code tells the worst finding: 0 nothing above notes, 12 errors, 13 a verdict that
    nobody could reach, 14 warnings.

    Example:  chartgen lint dist/myapp-1.0.0.tgz --profile device --profile store
    """
    if as_json and sarif == STDIN:
        raise typer.BadParameter("--json and --sarif - both want standard output")
    if not paths and paths_from is None and catalog is None:
        raise typer.BadParameter("name a chart, or give --from or --catalog")
    profiles = tuple(dict.fromkeys(profile or DEFAULT_PROFILES))

    def judge() -> None:
        listed = _listed(paths_from) if paths_from else []
        request = PullRequest(title, author)
        wish = Wish((*(paths or ()), *listed), catalog, profiles, helm, jobs, request)
        report = _judged(wish)
        _show(report, sarif, as_json=as_json)
        _conclude(report, strict=strict)

    guard(judge)


def explain(
    name: Annotated[
        str | None,
        typer.Argument(help="A rule, as in L34; all of them without one.", metavar="RULE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Tell a rule of the lint: its reason, what a user sees, before and after.

    Example:  chartgen explain L34
    """
    typer.echo(guard(lambda: _explained(name, as_json=as_json), as_json=as_json))


def _listed(source: str) -> list[Path]:
    """The paths that a file names, one a line; empty lines count for nothing."""
    data = sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    lines = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
    return [Path(line) for line in lines if line.strip()]


def _judged(wish: Wish) -> Report:
    from chartgen.lint.report import Report
    from chartgen.lint.source import charts_in

    paths = [chart for path in wish.paths for chart in charts_in(path)]
    own = _lint(wish, paths) if paths else Report((), wish.profiles)
    if wish.catalog is None:
        return own
    from chartgen.market.check import check_catalog

    source = check_catalog(wish.catalog, judge=lambda packages: _lint(wish, packages))
    helm = source.helm or own.helm
    return replace(source, charts=(*source.charts, *own.charts), helm=helm)


def _lint(wish: Wish, paths: Sequence[Path]) -> Report:
    from chartgen.lint.run import lint as judge

    # A template may ask for all memory there is, and Go cannot be stopped: without a wish
    # even one chart is judged in a process of its own, which has its bounds.
    jobs = wish.jobs or (2 if len(paths) <= FEW else None)
    return judge(paths, wish.profiles, wish.helm.value, jobs, wish.request)


def _show(report: Report, sarif: str | None, *, as_json: bool) -> None:
    if sarif is not None:
        from chartgen import __version__
        from chartgen.lint.sarif import report_sarif

        text = report_sarif(report, __version__)
        if sarif == STDIN:
            typer.echo(text)
            return
    if as_json:
        from chartgen.lint.facts import report_json

        typer.echo(report_json(report))
    else:
        from chartgen.lint.text import report_text

        typer.echo(report_text(report))
    if sarif is not None:
        # Last, for a file that cannot be written shall not cost what was found.
        Path(sarif).write_text(f"{text}\n", "utf-8")


def _conclude(report: Report, *, strict: bool) -> None:
    """Ends with the error of the worst finding."""
    from chartgen.errors import ChartDoubtful, ChartRefused, ChartUnjudged
    from chartgen.lint.finding import Severity, Verdict

    errors = report.count(Severity.ERROR)
    warnings = report.count(Severity.WARNING)
    if errors or (strict and warnings):
        raise ChartRefused(errors=errors, warnings=warnings)
    unknown = [one for one in report.charts if Verdict.UNKNOWN in one.verdicts.values()]
    if unknown:
        raise ChartUnjudged(charts=len(unknown))
    if warnings:
        raise ChartDoubtful(warnings=warnings)


def _explained(name: str | None, *, as_json: bool) -> str:
    from chartgen.lint.rules import RULES, near, page, rule
    from chartgen.lint.text import rule_facts, rules_text

    if name is None:
        facts = [rule_facts(one) for one in RULES]
        return json.dumps(facts, ensure_ascii=False, indent=2) if as_json else rules_text()
    known = rule(name)
    if known is None:
        likely = near(name)
        hint = f"Did you mean {' or '.join(likely)}?" if likely else "`chartgen explain` lists all."
        raise Faults([Fault(name, "no rule of the lint has this id", hint)])
    if not as_json:
        return page(known.id).rstrip("\n")
    facts_of_one = {**rule_facts(known.id), "page": page(known.id)}
    return json.dumps(facts_of_one, ensure_ascii=False, indent=2)

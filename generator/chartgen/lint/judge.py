"""One chart before all profiles that are asked."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from chartgen.lint.device import Checked, device
from chartgen.lint.finding import Finding, Place, Problem, Profile, Verdict
from chartgen.lint.helm import Helm
from chartgen.lint.once import OnceHelm
from chartgen.lint.pull_request import PullRequest
from chartgen.lint.report import ChartReport
from chartgen.lint.rules import verdict, weigh
from chartgen.lint.source import ChartSource, open_chart

FAILED = "S21"
"""The rule of a chart that the lint itself could not judge."""


def judge(
    path: Path,
    profiles: Collection[Profile],
    helm: Helm | None,
    request: PullRequest | None = None,
) -> ChartReport:
    """Reads a chart and asks every profile of it; never raises for what the chart is.

    `request` is what the store's profile knows of the pull request.
    """
    with open_chart(path) as opened, _once(helm) as engine:
        verdicts: dict[Profile, Verdict] = {}
        findings: list[Finding] = []
        for profile in profiles:
            asked = _ask(opened.chart, profile, engine, request) if opened.chart else []
            weighed = weigh([*opened.problems, *asked], profile)
            verdicts[profile] = verdict(weighed)
            findings += weighed
        name = opened.chart.name if opened.chart else ""
        return ChartReport(str(path), verdicts, tuple(findings), name)


def failed(path: Path, profiles: Collection[Profile], why: str) -> ChartReport:
    """The report of a chart that could not be judged."""
    remedy = "Lint it alone; if it fails again, it is the lint's fault and worth a report."
    problem = Problem(FAILED, Place(), why, "The chart was not judged to its end.", remedy)
    findings = [finding for profile in profiles for finding in weigh([problem], profile)]
    return ChartReport(str(path), dict.fromkeys(profiles, Verdict.UNKNOWN), tuple(findings))


def _once(helm: Helm | None) -> AbstractContextManager[Helm | None]:
    return nullcontext() if helm is None else OnceHelm(helm)


def _ask(
    source: ChartSource, profile: Profile, helm: Helm | None, request: PullRequest | None
) -> list[Problem]:
    # Each profile is imported when it is asked, for most runs ask few of them.
    if profile is Profile.HOUSE:
        from chartgen.lint.house import house  # noqa: PLC0415

        return house(source, helm)
    checked = _gate(source, profile, helm, request)
    return [*checked.problems, *checked.unchecked]


def _gate(
    source: ChartSource, profile: Profile, helm: Helm | None, request: PullRequest | None
) -> Checked:
    if profile is Profile.STORE:
        from chartgen.lint.store import store  # noqa: PLC0415

        return store(source, helm, request)
    if profile is Profile.LEGACY:
        from chartgen.lint.legacy import legacy  # noqa: PLC0415

        return legacy(source, helm)
    return device(source, helm)

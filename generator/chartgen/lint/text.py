"""A report of the lint for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chartgen.errors import counted
from chartgen.lint.finding import Finding, Place, Problem, Profile, Severity, Verdict
from chartgen.lint.report import ChartReport, Report
from chartgen.lint.rules import RULES, rule

MAX_VALUE = 80
"""Characters of a value that are shown."""
_WORDS = {Verdict.ACCEPT: "accepted", Verdict.REFUSE: "refused", Verdict.UNKNOWN: "unknown"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def report_text(report: Report) -> str:
    """Charts one after the other, findings under each, and the sum of it all."""
    lines = [line for chart in report.charts for line in _chart(chart)]
    return "\n".join([*lines, _sum(report)])


def rules_text() -> str:
    """All rules, a line each."""
    return "\n".join(f"{one.id:<4} {one.severity.value:<8} {one.title}" for one in RULES.values())


def rule_facts(name: str) -> dict[str, object]:
    """A rule as plain data, without its page."""
    known = RULES[name]
    weights = {
        profile.value: known.elsewhere.get(profile, known.severity).value for profile in Profile
    }
    return {
        "rule": name,
        "title": known.title,
        "severity": known.severity.value,
        "severities": weights,
        "waivable": known.waivable,
    }


def _chart(chart: ChartReport) -> Iterator[str]:
    verdicts = ", ".join(
        f"{profile.value}: {_WORDS[verdict]}" for profile, verdict in chart.verdicts.items()
    )
    yield f"{printable(chart.path)}  {verdicts}"
    for problem, findings in _together(chart.findings).items():
        yield from _finding(problem, findings)


def _together(findings: Iterable[Finding]) -> dict[Problem, list[Finding]]:
    """Findings by problem: what two profiles say alike is said once."""
    grouped: dict[Problem, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.problem, []).append(finding)
    return grouped


def _finding(problem: Problem, findings: list[Finding]) -> Iterator[str]:
    severity = min((finding.severity for finding in findings), key=list(Severity).index)
    profiles = ", ".join(finding.profile.value for finding in findings)
    place = _place(problem.place)
    seen = f" (seen: {_shown(problem.value)})" if problem.value else ""
    yield f"  {severity.value:<7} {problem.rule} {place}{printable(problem.message)}{seen}"
    yield f"          {printable(problem.remedy)} [{profiles}]"


def _place(place: Place) -> str:
    line = f":{place.line}" if place.line else ""
    return f"{printable(place.file)}{line}: " if place.file else ""


def _shown(value: str) -> str:
    cut = value if len(value) <= MAX_VALUE else f"{value[: MAX_VALUE - 3]}..."
    return printable(cut)


def printable(text: str) -> str:
    """A text that can move no cursor and hide no character on a terminal."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def _sum(report: Report) -> str:
    said = ", ".join(counted(report.count(severity), severity.value) for severity in Severity)
    charts = counted(len(report.charts), "chart")
    findings = [one for chart in report.charts for one in chart.findings if rule(one.problem.rule)]
    worst = min(findings, key=lambda one: list(Severity).index(one.severity), default=None)
    hint = f" `chartgen explain {worst.problem.rule}` tells more." if worst else ""
    return f"{charts}: {said}.{hint}"

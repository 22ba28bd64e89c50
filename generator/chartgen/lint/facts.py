"""A report of the lint as JSON."""

from __future__ import annotations

import json

from chartgen.lint.finding import Finding
from chartgen.lint.report import ChartReport, Report


def report_json(report: Report) -> str:
    """The whole report; a chart's `verdict` is that of the profile asked first."""
    facts = {
        "helm": report.helm,
        "profiles": [profile.value for profile in report.profiles],
        "charts": [chart_facts(chart) for chart in report.charts],
    }
    text = json.dumps(facts, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "replace").decode()  # a name on disk may be no text


def chart_facts(chart: ChartReport) -> dict[str, object]:
    """One chart as plain data."""
    return {
        "path": chart.path,
        "name": chart.name,
        "verdict": chart.verdict.value,
        "verdicts": {profile.value: verdict.value for profile, verdict in chart.verdicts.items()},
        "findings": [finding_facts(finding) for finding in chart.findings],
    }


def finding_facts(finding: Finding) -> dict[str, object]:
    """One finding as plain data; `line` is null where none is known."""
    problem = finding.problem
    return {
        "rule": problem.rule,
        "profile": finding.profile.value,
        "severity": finding.severity.value,
        "file": problem.place.file,
        "line": problem.place.line,
        "value": problem.value,
        "message": problem.message,
        "remedy": problem.remedy,
    }

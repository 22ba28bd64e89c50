"""A report of the lint as SARIF 2.1.0, which shows findings inside a pull request."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import PurePath
from urllib.parse import quote

from chartgen.lint.finding import Finding
from chartgen.lint.report import ChartReport, Report
from chartgen.lint.rules import RULES, page

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_OF_ADDRESSES = "/:?=&%#@[]+,;~"
"""Characters that mean something in an address, and stay."""


def report_sarif(report: Report, version: str) -> str:
    """One run of the program `chartgen` in this version, with a result for each finding."""
    results = [
        _result(chart, finding, rules_of(report))
        for chart in report.charts
        for finding in chart.findings
    ]
    driver = {
        "name": "chartgen",
        "semanticVersion": version,
        "rules": [_rule(name) for name in rules_of(report)],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"verdicts": [_verdicts(chart) for chart in report.charts]},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def rules_of(report: Report) -> list[str]:
    """The rules that a report speaks of, in the order of the table."""
    found = {finding.problem.rule for chart in report.charts for finding in chart.findings}
    return [name for name in RULES if name in found] + sorted(found - RULES.keys())


def _rule(name: str) -> dict[str, object]:
    if name not in RULES:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": RULES[name].title},
        "help": {"text": page(name), "markdown": page(name)},
        "defaultConfiguration": {"level": RULES[name].severity.value},
    }


def _result(chart: ChartReport, finding: Finding, rules: list[str]) -> dict[str, object]:
    problem = finding.problem
    seen = f" (seen: {problem.value})" if problem.value else ""
    return {
        "ruleId": problem.rule,
        "ruleIndex": rules.index(problem.rule),
        "level": finding.severity.value,
        "message": {"text": _clean(f"{problem.message}{seen} {problem.remedy}")},
        "locations": [{"physicalLocation": _location(chart, finding)}],
        "partialFingerprints": {"chartgen/v1": _fingerprint(chart, finding)},
        "properties": {"profile": finding.profile.value},
    }


def _location(chart: ChartReport, finding: Finding) -> dict[str, object]:
    place = finding.problem.place
    served = "://" in chart.path
    inside = bool(place.file) and not served and not chart.path.endswith((".tgz", ".tar.gz"))
    path = PurePath(chart.path, place.file) if inside else PurePath(chart.path)
    uri = quote(_clean(chart.path), safe=_OF_ADDRESSES) if served else _uri(path)
    location: dict[str, object] = {"artifactLocation": {"uri": uri}}
    if inside and place.line:
        location["region"] = {"startLine": place.line}
    return location


def _uri(path: PurePath) -> str:
    text = quote(path.as_posix().encode("utf-8", "surrogateescape"), safe="/")
    return f"file://{text}" if path.is_absolute() else text


def _fingerprint(chart: ChartReport, finding: Finding) -> str:
    """Equal as long as the finding is the same, wherever its line has moved to."""
    problem = finding.problem
    parts = (chart.name, finding.profile.value, problem.rule, problem.place.file, problem.value)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _verdicts(chart: ChartReport) -> dict[str, object]:
    verdicts = {profile.value: verdict.value for profile, verdict in chart.verdicts.items()}
    return {"path": _clean(chart.path), "verdicts": verdicts}


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()

"""A report as text, as JSON and as SARIF."""

from __future__ import annotations

import json
from collections.abc import Mapping

import jsonschema
import pytest

from chartgen.lint.facts import report_json
from chartgen.lint.finding import Finding, Place, Problem, Profile, Severity, Verdict
from chartgen.lint.report import ChartReport, Report
from chartgen.lint.rules import weigh
from chartgen.lint.sarif import report_sarif
from chartgen.lint.text import report_text, rules_text

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "semanticVersion": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {"type": "object", "required": ["id"]},
                                    },
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                },
            },
        },
    },
    "$defs": {
        "result": {
            "type": "object",
            "required": ["message"],
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": -1},
                "level": {"enum": ["none", "note", "warning", "error"]},
                "message": TEXT,
                "locations": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"physicalLocation": {"$ref": "#/$defs/location"}},
                    },
                },
                "partialFingerprints": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                },
            },
        },
        "location": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "properties": {"uri": {"type": "string", "pattern": "^[!-~]+$"}},
                },
                "region": {
                    "type": "object",
                    "properties": {"startLine": {"type": "integer", "minimum": 1}},
                },
            },
        },
    },
}
"""What SARIF 2.1.0 asks of the parts that are written here."""

LATE = Problem("L34", Place("OlaresManifest.yaml", 7), "worker", "It is not there.", "Drop it.")
BARE = Problem("S02", Place(), "", "It is cut off.", "Build it anew.")
EVIL = Problem("H25", Place("a\x1b[2J.yaml", 1), "\x1b]0;x\x07\udcff", "It is bad.", "Stop.")


def report(*problems: Problem, path: str = "charts/my app", name: str = "myapp") -> Report:
    findings = (*weigh(problems, Profile.DEVICE), *weigh(problems, Profile.HOUSE))
    verdicts = {Profile.DEVICE: Verdict.REFUSE, Profile.HOUSE: Verdict.UNKNOWN}
    chart = ChartReport(path, verdicts, findings, name)
    return Report((chart,), tuple(verdicts), "helm 3.19.0")


def sarif(told: Report) -> Mapping[str, object]:
    document: Mapping[str, object] = json.loads(report_sarif(told, "1.2.3"))
    jsonschema.validate(document, SARIF)
    return document


def results(told: Report) -> list[dict[str, object]]:
    (run,) = json.loads(report_sarif(told, "1.2.3"))["runs"]
    found: list[dict[str, object]] = run["results"]
    return found


def test_text_says_rule_place_value_message_remedy_and_verdicts() -> None:
    lines = report_text(report(LATE)).splitlines()
    assert lines[0] == "charts/my app  device: refused, house: unknown"
    seen = "  error   L34 OlaresManifest.yaml:7: It is not there. (seen: worker)"
    assert lines[1] == seen
    assert lines[2].strip() == "Drop it. [device, house]"
    assert lines[3] == "1 chart: 1 error, 0 warnings, 0 notes. `chartgen explain L34` tells more."


def test_text_of_nothing() -> None:
    assert report_text(Report((), ())) == "0 charts: 0 errors, 0 warnings, 0 notes."


def test_text_moves_no_cursor() -> None:
    text = report_text(report(EVIL, path="a\r\nb\udcff"))
    assert "\x1b" not in text
    assert "\r" not in text
    assert text.encode("utf-8")


def test_long_values_are_cut() -> None:
    long = Problem("L34", Place(), "v" * 1000, "It is long.", "Cut it.")
    assert max(map(len, report_text(report(long)).splitlines())) < 200


def test_json_has_the_promised_fields() -> None:
    (chart,) = json.loads(report_json(report(LATE, BARE)))["charts"]
    assert chart["path"] == "charts/my app"
    assert chart["verdict"] == "refuse"
    assert chart["verdicts"] == {"device": "refuse", "house": "unknown"}
    assert chart["findings"][0] == {
        "rule": "L34",
        "profile": "device",
        "severity": "error",
        "file": "OlaresManifest.yaml",
        "line": 7,
        "value": "worker",
        "message": "It is not there.",
        "remedy": "Drop it.",
    }
    assert chart["findings"][1]["line"] is None


@pytest.mark.parametrize("problems", [(), (LATE,), (LATE, BARE, EVIL), (BARE, BARE)])
def test_sarif_is_sarif(problems: tuple[Problem, ...]) -> None:
    sarif(report(*problems))
    sarif(report(*problems, path="/abs/x.tgz"))


def test_sarif_points_into_a_folder_and_at_a_package() -> None:
    (first, _) = results(report(LATE))
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "charts/my%20app/OlaresManifest.yaml"},
                "region": {"startLine": 7},
            }
        }
    ]
    (packaged, _) = results(report(LATE, path="charts/a.tgz"))
    assert packaged["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "charts/a.tgz"}}}
    ]


def test_sarif_keeps_the_address_of_what_is_served() -> None:
    (served, _) = results(report(LATE, path="https://example.org/api/chart?fileName=a b.tgz"))
    uri = "https://example.org/api/chart?fileName=a%20b.tgz"
    assert served["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": uri}}}]


def test_a_fingerprint_outlives_a_moved_line() -> None:
    moved = Problem("L34", Place("OlaresManifest.yaml", 99), "worker", "Other words.", "Other.")
    first, other = results(report(LATE))[0], results(report(moved))[0]
    assert first["partialFingerprints"] == other["partialFingerprints"]
    assert first["partialFingerprints"] != results(report(BARE))[0]["partialFingerprints"]


def test_sarif_explains_its_rules() -> None:
    (run,) = json.loads(report_sarif(report(LATE, BARE), "1.2.3"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == ["L34", "S02"]
    assert "**Source.**" in rules[0]["help"]["markdown"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == ["L34", "S02"] * 2


def test_the_chart_has_the_verdict_of_the_first_profile() -> None:
    chart = report(LATE).charts[0]
    assert chart.verdict is Verdict.REFUSE
    assert ChartReport("x", {}).verdict is Verdict.UNKNOWN


def test_what_two_profiles_say_alike_counts_once() -> None:
    told = report(LATE, BARE)
    assert told.count(Severity.ERROR) == 2
    assert told.count(Severity.NOTE) == 0


def test_rules_are_listed_in_a_line_each() -> None:
    assert "L34  error    workloadReplicas declares" in rules_text()


def test_a_finding_of_no_known_rule_is_still_shown() -> None:
    odd = Problem("X99", Place(), "", "It is odd.", "Look.")
    told = Report((ChartReport("x", {}, (Finding(odd, Profile.HOUSE, Severity.NOTE),)),), ())
    assert "X99" in report_text(told)
    assert sarif(told)

"""What the real client did with 46 catalogues (Olares market contract 8), held by the check.

Each takes the market's own answers and changes one thing. What cost the client the source,
an app or a field is refused, and the message names it; what did no harm passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from chartgen.lint.finding import Verdict
from chartgen.market.site import Site
from tests.market.changed import (
    ALPHA,
    DETAILS,
    GONE,
    HASH,
    INFO,
    Change,
    checked,
    detail,
    errors,
    put,
    status,
    typed,
)

APP = f"data.apps.{ALPHA}"


@dataclass(frozen=True)
class Mutation:
    """One change; `rule` and `names` are empty where it does no harm."""

    label: str
    changes: Mapping[str, Change] = field(default_factory=dict)
    rule: str = ""
    names: str = ""


def info(label: str, path: str, value: object, rule: str = "", names: str = "") -> Mutation:
    return Mutation(label, {INFO: put(path, value)}, rule, names or (path if rule else ""))


SOURCE = "C05"
MUTATIONS = (
    Mutation("baseline"),
    Mutation("hash text/plain", {HASH: typed("text/plain")}),
    Mutation("info with a charset", {INFO: typed("application/json; charset=utf-8")}),
    Mutation("info vnd.api+json", {INFO: typed("application/vnd.api+json")}),
    Mutation("info text/plain", {INFO: typed("text/plain")}, "C03", "Content-Type"),
    Mutation("hash last_updated 1", {HASH: put("last_updated", 1)}, SOURCE, "last_updated"),
    info("last_updated empty", "last_updated", "", SOURCE),
    info("last_updated a number", "last_updated", 1767225600, SOURCE),
    info("last_updated without zone", "last_updated", "2026-01-01T00:00:00", SOURCE),
    info("info hash empty", "hash", "", SOURCE),
    info("version absent", "version", GONE, SOURCE),
    info("version a number", "version", 1.12, SOURCE),
    Mutation("hash status 201", {HASH: status(201)}, "C02", "201"),
    Mutation("hash status 304", {HASH: status(304)}, "C02", "304"),
    Mutation("info status 201", {INFO: status(201)}, "C02", "201"),
    Mutation("info status 304", {INFO: status(304)}, "C02", "304"),
    info("apps a list", "data.apps", [], SOURCE),
    info("pages a list", "data.pages", [], SOURCE),
    info("page content a list", "data.pages.All.content", [], SOURCE),
    info("rank a string", "data.tops.0.rank", "1", SOURCE, "data.tops[0].rank"),
    info("rank 1.5", "data.tops.0.rank", 1.5, SOURCE, "data.tops[0].rank"),
    info("rank 1.0", "data.tops.0.rank", 1.0, SOURCE, "data.tops[0].rank"),
    info("latest objects", "data.latest", [{"name": "alpha"}], SOURCE, "data.latest[0]"),
    info("tag sort a string", "data.tags.ai.sort", "1", SOURCE),
    info("tag source a string", "data.tags.ai.source", "1", SOURCE),
    info("apps null", "data.apps", None),
    info("pages null", "data.pages", None),
    info("tops empty", "data.tops", []),
    info("tops absent", "data.tops", GONE),
    info("last_updated absent", "last_updated", GONE),
    info("last_updated null", "last_updated", None),
    info("last_updated with milliseconds", "last_updated", "2026-01-01T00:00:00.123+08:00"),
    info("summary id absent", f"{APP}.id", GONE, "C10"),
    info("summary id another", f"{APP}.id", "00000001", "C10"),
    info("summary id a number", f"{APP}.id", 7, "C10"),
    info("entry a string", APP, "alpha", "C10"),
    Mutation("detail version a number", detail("version", 1), "C14", f"apps.{ALPHA}.version"),
    Mutation("detail version absent", detail("version", GONE), "C14", f"apps.{ALPHA}.version"),
    Mutation("detail missing", {DETAILS: put(f"apps.{ALPHA}", GONE, ALPHA)}, "C13", ALPHA),
    Mutation("detail text/plain", {DETAILS: typed("text/plain")}, "C03", "Content-Type"),
    Mutation("detail apps a list", {DETAILS: put("apps", [])}, SOURCE, "apps"),
    Mutation("label Suspend", detail("appLabels", ["Suspend"]), "C18", f"{ALPHA}.appLabels"),
    Mutation("label a string", detail("appLabels", "suspend")),
    Mutation("title a map", detail("title", {"en-US": "A"}), "C16", f"apps.{ALPHA}.title"),
    Mutation("memory a number", detail("requiredMemory", 8), "C16", f"{ALPHA}.requiredMemory"),
    Mutation("stats a list", {INFO: put("stats", [])}, SOURCE, "stats"),
)


def test_they_are_46() -> None:
    assert len({one.label for one in MUTATIONS}) == 46


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.label)
def test_a_mutation(mutation: Mutation, site: Site) -> None:
    report = checked(site, mutation.changes)
    told = [(one.problem.rule, one.problem.message) for one in errors(report)]
    if mutation.rule:
        assert report.verdict is Verdict.REFUSE
        assert any(rule == mutation.rule and mutation.names in words for rule, words in told)
    else:
        assert told == []
        assert report.verdict is Verdict.ACCEPT


def test_the_baseline_is_clean(site: Site) -> None:
    assert checked(site, {}).findings == ()

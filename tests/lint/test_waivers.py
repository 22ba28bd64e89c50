"""A chart may set a rule of the house aside, with a reason and until a date."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from chartgen.lint.finding import Problem
from chartgen.lint.house import house
from chartgen.lint.source import open_chart
from tests.lint.overlay import BASES
from tests.repository import real_helm

WAIVER = '[[waive]]\nrule = "H21"\nreason = "it is for the market alone"\nuntil = 2026-12-31\n'
TODAY = date(2026, 11, 21)


def problems(folder: Path, waivers: str | None, today: date = TODAY) -> list[Problem]:
    chart = folder / "examplellm"
    shutil.copytree(BASES / "v3" / "examplellm", chart)
    if waivers is not None:
        (chart / ".chartgen-lint.toml").write_text(waivers, "utf-8")
    with open_chart(chart) as opened:
        assert opened.chart is not None
        return house(opened.chart, real_helm(), lambda: today)


def rules(found: list[Problem]) -> list[str]:
    return [problem.rule for problem in found]


def test_a_waiver_sets_one_rule_aside(tmp_path: Path) -> None:
    without = rules(problems(tmp_path / "without", None))
    waived = rules(problems(tmp_path / "with", WAIVER))
    assert set(without) - set(waived) == {"H21"}
    assert not [rule for rule in waived if rule.startswith("W")]


def test_a_waiver_holds_on_its_last_day(tmp_path: Path) -> None:
    assert "H21" not in rules(problems(tmp_path, WAIVER, date(2026, 12, 31)))


def test_an_expired_waiver_is_told_and_covers_nothing(tmp_path: Path) -> None:
    found = problems(tmp_path, WAIVER, date(2027, 1, 1))
    assert {"H21", "W01"} <= set(rules(found))
    (expired,) = [problem for problem in found if problem.rule == "W01"]
    assert (expired.place.file, expired.place.line) == (".chartgen-lint.toml", 1)
    assert expired.value == "2026-12-31"


@pytest.mark.parametrize(
    ("waivers", "rule"),
    [
        (WAIVER.replace("H21", "L43"), "W03"),
        (WAIVER.replace("H21", "S06"), "W03"),
        (WAIVER.replace("H21", "H99"), "W02"),
        (WAIVER.replace('"H21"', "21"), "W02"),
        (WAIVER.replace('"it is for the market alone"', '"  "'), "W02"),
        (WAIVER.replace("2026-12-31", '"2026-12-31"'), "W02"),
        (WAIVER.replace("2026-12-31", "2026-12-31T00:00:00Z"), "W02"),
        (WAIVER.replace("[[waive]]", "[waive]"), "W02"),
        (WAIVER.replace("[[waive]]", "[[waves]]"), "W02"),
        ("waive = [1]", "W02"),
        ("waive = " + "[" * 5000, "W02"),
        ("\x00", "W02"),
        (WAIVER + "#" * 70_000, "W02"),
        (WAIVER.replace("H21", "H18"), "W04"),
    ],
)
def test_a_waiver_that_is_none_covers_nothing(tmp_path: Path, waivers: str, rule: str) -> None:
    found = rules(problems(tmp_path, waivers))
    assert rule in found
    assert "H21" in found


def test_lines_are_those_of_the_tables(tmp_path: Path) -> None:
    found = problems(tmp_path, WAIVER + "\n" + WAIVER.replace("H21", "L01"))
    (forbidden,) = [problem for problem in found if problem.rule == "W03"]
    assert (forbidden.place.line, forbidden.value) == (6, "L01")

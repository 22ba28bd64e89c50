"""Each rule has a chart that breaks it and one, close by, that does not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from chartgen.lint.finding import Profile
from chartgen.lint.rules import RULES
from chartgen.lint.run import lint
from tests.lint.overlay import FIXTURES, Overlay

NOT_HERE = {"S21"}
"""What the lint says where it fails itself; no chart is known for that."""
OWN = [name for name in RULES if not name.startswith("C")]
"""Rules of a catalog have catalogs for fixtures, and tests of their own."""


def broken(name: str, side: str, folder: Path) -> tuple[str, set[str]]:
    """The rule that a fixture is about, and all rules that its chart breaks."""
    overlay = Overlay.read(FIXTURES / name / f"{side}.yaml")
    profile = Profile(overlay.text("profile", "device"))
    helm: Literal["auto", "none"] = "none" if overlay.text("helm", "auto") == "none" else "auto"
    report = lint([overlay.build(folder)], [profile], helm, jobs=1)
    rules = {finding.problem.rule for finding in report.charts[0].findings}
    return overlay.text("rule", name), rules


@pytest.mark.parametrize("name", [name for name in OWN if name not in NOT_HERE])
def test_a_broken_rule_is_found(name: str, tmp_path: Path) -> None:
    rule, rules = broken(name, "fails", tmp_path)
    assert rule in rules


@pytest.mark.parametrize("name", [name for name in OWN if name not in NOT_HERE])
def test_a_kept_rule_is_not_found(name: str, tmp_path: Path) -> None:
    rule, rules = broken(name, "passes", tmp_path)
    assert rule not in rules


def test_fixtures_are_those_of_the_rules() -> None:
    assert {folder.name for folder in FIXTURES.iterdir()} == set(OWN) - NOT_HERE

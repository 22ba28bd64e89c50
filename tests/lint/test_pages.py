"""Each rule has a page, and each page a rule, a reason, a before and an after."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from chartgen.lint.finding import Place, Problem, Profile, Severity, Verdict
from chartgen.lint.rules import RULES, near, page, rule, severity, verdict, weigh

PAGES = files("chartgen.lint") / "pages"


@pytest.mark.parametrize("name", RULES)
def test_a_page_tells_reason_effect_before_after_and_source(name: str) -> None:
    text = page(name)
    assert text.startswith(f"# {name}: {RULES[name].title}\n")
    for part in ("**What the user sees.**", "Before:", "After:", "**Source.**"):
        assert part in text
    blocks = re.findall(r"^```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    assert blocks[0] != blocks[1]


def test_each_page_has_a_rule() -> None:
    assert {file.name for file in PAGES.iterdir()} == {f"{name}.md" for name in RULES}


@pytest.mark.parametrize("name", RULES)
def test_ids_sort_within_their_letter(name: str) -> None:
    same = [one for one in RULES if one[0] == name[0]]
    assert same == sorted(same)
    assert RULES[name].id == name
    assert re.fullmatch(r"[LSHWC]\d\d", name)


def test_a_rule_is_found_in_any_case() -> None:
    assert rule(" l34 ") is RULES["L34"]
    assert rule("L99") is None


@pytest.mark.parametrize(
    ("asked", "told"), [("L340", "L34"), ("subPathExpr", "L49"), ("H9", "H09")]
)
def test_near_rules_are_told(asked: str, told: str) -> None:
    assert told in near(asked)
    assert len(near(asked)) <= 3


def test_nothing_is_near_to_nonsense() -> None:
    assert near("zzzzzz") == []


def problem(name: str) -> Problem:
    return Problem(name, Place("a.yaml", 1), "", "It is wrong.", "Mend it.")


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], Verdict.ACCEPT),
        (["H15"], Verdict.ACCEPT),
        (["H04"], Verdict.ACCEPT),
        (["S20"], Verdict.UNKNOWN),
        (["S20", "L34"], Verdict.REFUSE),
        (["unheard of"], Verdict.REFUSE),
    ],
)
def test_a_verdict_is_that_of_the_worst(rules: list[str], told: Verdict) -> None:
    assert verdict(weigh([problem(name) for name in rules], Profile.DEVICE)) is told


def test_a_profile_weighs_in_its_own_way() -> None:
    assert severity("S06", Profile.HOUSE) is Severity.ERROR
    assert severity("S06", Profile.DEVICE) is Severity.WARNING


def test_only_rules_of_the_house_can_be_waived() -> None:
    assert {name[0] for name, one in RULES.items() if one.waivable} == {"H"}

"""Chart versions as Helm and the market read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.quantities import following, is_version, version_key

NUMBERS = st.integers(min_value=0, max_value=9999)
ASCENDING = (
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-rc.2",
    "1.0.0-rc.10",
    "1.0.0",
    "1.0.2",
    "1.0.10",
    "1.2.0",
    "10.0.0",
)


@pytest.mark.parametrize("text", [*ASCENDING, "1.0.0-x-y.7"])
def test_semantic_versions_are_taken(text: str) -> None:
    assert is_version(text)


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "1.0.0.0", "v1.0.0", "1.00.0", "1.0.0-", "1.0.0\n", "1.0.0+build.5"]
)
def test_others_are_not(text: str) -> None:
    assert not is_version(text)


def test_versions_are_ordered_by_precedence_not_by_letters() -> None:
    assert sorted(set(ASCENDING), key=version_key) == list(ASCENDING)


@pytest.mark.parametrize(
    ("text", "after"), [("1.0.2", "1.0.3"), ("1.0.9", "1.0.10"), ("1.1.0-rc.1", "1.1.0")]
)
def test_the_following_version(text: str, after: str) -> None:
    assert following(text) == after


@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["", "-rc.1", "+b", "-a+b"]))
def test_what_follows_is_a_later_version(major: int, minor: int, patch: int, rest: str) -> None:
    text = f"{major}.{minor}.{patch}{rest}"
    assert is_version(following(text))
    assert version_key(following(text)) > version_key(text)

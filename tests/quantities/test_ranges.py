"""Ranges of versions, as Masterminds/semver 3.4 and later answer (asked for every row)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.quantities.ranges import admits, is_range, parse_version

YES = """
>=1.12.6-0 | 1.12.6-rc.1 1.12.6 1.12.7 1.13.0-rc.1 2.0.0 1.12.6+build.7 v1.12.7
>=1.12.3-0,<1.12.6 | 1.12.3 1.12.5 1.12.4-rc.1 1.12.6-rc.1
>=1.12.3-0 <1.12.6 | 1.12.5
>=1.12.6 | 1.12.6 1.12.7 1.13 2
>=1.12 | 1.12.0 1.12
=1.12.6 | 1.12.6 1.12.6+build.7
1.12.6 | 1.12.6
1.12 | 1.12.0 1.12.9
1.12.x | 1.12.9
1.12.* | 1.12.9
1.12.x-0 | 1.12.9-rc.1
* | 1.2.3
x | 1.2.3
!=1.12.6 | 1.12.7
>1.12 | 1.13.0
<=1.12 | 1.12.9 1.11.0
<1.12 | 1.11.9
>11 | 12.0.0
~1 | 1.9.9
~1.2 | 1.2.9
~1.2.3 | 1.2.3 1.2.9
~>1.2.3 | 1.2.9
~1.12.6-0 | 1.12.6-rc.1 1.12.7-rc.1
^1.2.3 | 1.2.3 1.9.9
^0.2.3 | 0.2.9
^0.0.3 | 0.0.3
^0.0 | 0.0.9
^0 | 0.9.9
^1.12.6-0 | 1.13.0-rc.1
=>1.2.3 | 1.2.3
=<1.2.3 | 1.2.3
>= 1.2.3, < 2 | 1.9.0
>= 1.2.3 < 2 | 1.9.0
>=1.12.6-rc.2 | 1.12.6-rc.10
>=1.12.6-0,<1.13.0-0||>=1.14.0-0 | 1.14.1 1.12.9
>=1.12.6-0,<1.13.0-0 || >=1.14.0-0 | 1.14.1 1.12.9
1.12.6 - 1.13.0 | 1.12.8 1.13.0
1.12 - 1.13 | 1.13.5
>=0.0.0-0 | 0.0.0-0
~* | 1.2.3
~0.0.0 | 9.9.9
>x | 0.1.0
!=x | 0.0.1 1.2.3
1.x.7 | 1.9.9
"""
NO = """
>=1.12.6-0 | 1.12.5 1.12.5-rc.1 0.1.0 1.12
>=1.12.3-0,<1.12.6 | 1.12.2 1.12.6 2.0.0
>=1.12.6 | 1.12.6-rc.1 1.13.0-rc.1 1.12.5
>=1.12 | 1.12.0-rc.1
=1.12.6 | 1.12.7
1.12.x | 1.13.0 1.12.9-rc.1
* | 1.2.3-rc.1
!=1.12.6 | 1.12.6
!=1.12 | 1.12.7
>1.12 | 1.12.9
<1.12 | 1.12.0-rc.1 1.12.0
>11 | 11.1.0
~1 | 2.0.0
~1.2 | 1.3.0
~1.2.3 | 1.3.0 1.2.2
~1.12.6-0 | 1.13.0-rc.1
^1.2.3 | 2.0.0 1.2.2
^0.2.3 | 0.3.0
^0.0.3 | 0.0.4
^0.0 | 0.1.0
^0 | 1.0.0
^1.12.6-0 | 2.0.0-rc.1
<2.0.0 | 2.0.0-rc.1
<2.0.0-0 | 2.0.0-rc.1
>=1.12.6-rc.2 | 1.12.6-beta.1
>=1.12.6-0,<1.13.0-0||>=1.14.0-0 | 1.13.5
1.12.6 - 1.13.0 | 1.13.1 1.12.5
^* | 1.2.3
>x | 0.0.0
!=x | 0.0.0
1.x.7 | 2.0.0
"""
NUMBER = st.integers(0, 30)
PLAIN = st.tuples(NUMBER, NUMBER, NUMBER).map(lambda parts: ".".join(map(str, parts)))
WORD = st.sampled_from(["0", "rc.1", "rc.10", "alpha", "beta.2"])
VERSION = st.one_of(PLAIN, st.tuples(PLAIN, WORD).map("-".join))
OPERATOR = st.sampled_from(["=", "!=", ">", ">=", "<", "<=", "~", "^"])
RANGE = st.tuples(OPERATOR, VERSION).map("".join)


def rows(text: str) -> list[tuple[str, str]]:
    lines = (line.rpartition(" | ") for line in text.strip().splitlines())
    return [(constraint, one) for constraint, _, versions in lines for one in versions.split()]


@pytest.mark.parametrize(("constraint", "version"), rows(YES))
def test_admitted(constraint: str, version: str) -> None:
    assert admits(constraint, version)


@pytest.mark.parametrize(("constraint", "version"), rows(NO))
def test_not_admitted(constraint: str, version: str) -> None:
    assert not admits(constraint, version)


@pytest.mark.parametrize("version", ["1.2.3", "1.2.3-rc.1", "0.1.0"])
def test_no_range_admits_every_version(version: str) -> None:
    assert admits("", version)
    assert admits("  ", version)


@pytest.mark.parametrize(
    "constraint",
    [
        *("newest", ">", ">=", "1.2.3.4", ">1.2||", "||", ">=1.2.3<2", "1.2.3-", ">=1.2,,<2"),
        *(">==1.2", "1.-2", "\0", ">=1.2.3;", "\uff11.\uff12", "1.2.3-01", "1.xx", "1|2"),
        *(">=1.2.3-a..b", "1.2+b..c", "99999999999999999999", "1.2.3\x0b", "1" * 3000),
    ],
)
def test_what_is_no_range_is_an_error(constraint: str) -> None:
    with pytest.raises(ValueError, match="range"):
        admits(constraint, "1.2.3")


@pytest.mark.parametrize(
    ("text", "told"), [(">=1.2", True), ("*", True), ("", False), (" ", False), ("new", False)]
)
def test_a_blank_text_is_no_range(text: str, *, told: bool) -> None:
    assert is_range(text) is told


@pytest.mark.parametrize(
    "version",
    [
        "",
        "newest",
        "1.2.3.4",
        "1..2",
        "-1.2.3",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3-a..b",
        "\0",
        "1.2.3 4",
        "18446744073709551616",
        "1.2.3+a..b",
        "1.2.3\n",
    ],
)
def test_what_is_no_version_is_admitted_by_no_range(version: str) -> None:
    assert parse_version(version) is None
    assert not admits(">=0.0.0-0", version)


@pytest.mark.parametrize(
    ("lenient", "strict"),
    [
        ("1", "1.0.0"),
        ("1.2", "1.2.0"),
        ("v1.2.3", "1.2.3"),
        ("01.2.3", "1.2.3"),
        ("1-rc", "1.0.0-rc"),
    ],
)
def test_a_version_may_be_short(lenient: str, strict: str) -> None:
    assert str(parse_version(lenient)) == strict


@given(VERSION, VERSION)
def test_less_equal_and_greater_are_one_of_three(one: str, other: str) -> None:
    """With pre-releases wanted on both sides, exactly one of the three holds."""
    wanted = [f"{operator}{other}" for operator in ("<", "=", ">")]
    told = [admits(f"{text},>=0.0.0-0", one) for text in wanted]
    assert told.count(True) == 1


@given(RANGE, RANGE, PLAIN)
def test_joined_comparators_must_all_hold(one: str, other: str, version: str) -> None:
    both = admits(one, version) and admits(other, version)
    assert admits(f"{one},{other}", version) == both
    assert admits(f"{one} {other}", version) == both


@given(RANGE, RANGE, VERSION)
def test_one_alternative_is_enough(one: str, other: str, version: str) -> None:
    assert admits(f"{one}||{other}", version) == (admits(one, version) or admits(other, version))


@given(PLAIN, PLAIN)
def test_unequal_is_the_opposite_of_equal(one: str, other: str) -> None:
    assert admits(f"!={other}", one) is not admits(f"={other}", one)


@given(VERSION)
def test_a_version_is_in_its_own_ranges(version: str) -> None:
    assert all(
        admits(f"{operator}{version}", version) for operator in ("", "=", ">=", "<=", "~", "^")
    )
    assert not any(admits(f"{operator}{version}", version) for operator in ("!=", "<", ">"))


@given(VERSION, VERSION)
def test_tilde_is_inside_caret_is_inside_at_least(low: str, version: str) -> None:
    if admits(f"~{low}", version) and not low.startswith("0."):
        assert admits(f"^{low}", version)
    if admits(f"^{low}", version):
        assert admits(f">={low}", version)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_answered(constraint: str, version: str) -> None:
    try:
        told = admits(constraint, version)
    except ValueError:
        told = False
    assert told in (True, False)

"""Bytes, intervals and Kubernetes quantities."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.quantities import GIB, MIB, ZERO, Bytes, Estimate, gib, mib, quantity

SIZES = st.integers(min_value=0, max_value=1 << 50)


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    low, value, high = sorted(draw(st.tuples(SIZES, SIZES, SIZES)))
    return Estimate(Bytes(value), Bytes(low), Bytes(high))


@pytest.mark.parametrize(("value", "low", "high"), [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_an_estimate_lies_inside_its_interval(value: int, low: int, high: int) -> None:
    with pytest.raises(ValueError, match="inside its interval"):
        Estimate(Bytes(value), Bytes(low), Bytes(high))


@given(estimates(), estimates())
def test_a_sum_is_a_sum_in_value_and_bounds(one: Estimate, other: Estimate) -> None:
    both = one + other
    assert (both.low, both.value, both.high) == (
        one.low + other.low,
        one.value + other.value,
        one.high + other.high,
    )
    assert one + ZERO == one


def test_units_are_binary() -> None:
    assert gib(1.5) == Estimate.exact(3 * GIB // 2) == mib(1536)
    assert gib(1, 0.5, 2) == Estimate(Bytes(GIB), Bytes(GIB // 2), Bytes(2 * GIB))
    assert mib(1, high=2) == Estimate(Bytes(MIB), Bytes(MIB), Bytes(2 * MIB))


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0Gi"), (1, "1Mi"), (MIB, "1Mi"), (MIB + 1, "2Mi"), (GIB, "1Gi"), (GIB - 1, "1Gi")],
)
def test_a_quantity_is_in_the_largest_whole_unit(size: int, text: str) -> None:
    assert quantity(Bytes(size)) == text


@given(SIZES)
def test_a_quantity_is_never_less_and_less_than_one_mib_more(size: int) -> None:
    text = quantity(Bytes(size))
    meant = int(text[:-2]) * {"Mi": MIB, "Gi": GIB}[text[-2:]]
    assert size <= meant < size + MIB

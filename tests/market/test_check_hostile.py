"""Whatever a source answers, the check says something and raises nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.lint.finding import Verdict
from chartgen.lint.rules import RULES
from chartgen.market.check_asking import Reply
from chartgen.market.site import Site
from tests.market.changed import (
    APPLICATIONS,
    CATALOG,
    CHART,
    DETAILS,
    HASH,
    INFO,
    TAXONOMY,
    Change,
    checked,
)

PATHS = (HASH, INFO, DETAILS, CATALOG, TAXONOMY, APPLICATIONS)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["alpha", "2c1743a3", "suspend", "1.0.0", "\0", "[{}]", "[1]"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def nodes(value: object) -> int:
    """How many values a document has, itself included."""
    inside = list(value.values()) if isinstance(value, dict) else value
    return 1 + sum(nodes(one) for one in inside) if isinstance(inside, list) else 1


def changed(value: object, at: int, new: object) -> object:
    """A document in which the value of that number, counted in order, is another."""
    if at == 0:
        return new
    if not isinstance(value, dict | list):
        return value
    at -= 1
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
    made: list[tuple[object, object]] = []
    for key, item in pairs:
        here = 0 <= at < nodes(item)
        made.append((key, changed(item, at, new) if here else item))
        at -= nodes(item)
    return dict(made) if isinstance(value, dict) else [item for _, item in made]


def spoiled(at: int, new: object) -> Change:
    def change(reply: Reply) -> Reply:
        document = json.loads(reply.body)
        other = changed(document, at % nodes(document), new)
        return replace(reply, body=json.dumps(other).encode())

    return change


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(PATHS), at=st.integers(0, 10_000), new=VALUES)
def test_any_value_anywhere(path: str, at: int, new: object, site: Site) -> None:
    report = checked(site, {path: spoiled(at, new)})
    assert {one.problem.rule for one in report.findings} <= RULES.keys()


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from((*PATHS, CHART)), data=st.binary(max_size=200))
def test_any_bytes(path: str, data: bytes, site: Site) -> None:
    report = checked(site, {path: lambda reply: replace(reply, body=data)})
    assert report.verdict in set(Verdict)


@pytest.mark.parametrize("path", PATHS)
def test_any_cut(path: str, site: Site) -> None:
    report = checked(site, {path: lambda reply: replace(reply, body=reply.body[:-2])})
    assert report.verdict is Verdict.REFUSE

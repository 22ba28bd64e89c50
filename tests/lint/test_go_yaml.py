"""YAML as Go reads it; every answer was asked of sigs.k8s.io/yaml 1.6.0."""

from __future__ import annotations

import json
import math
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.lint.go.nodes import Node, Scalar
from chartgen.lint.go.yaml import GoYamlError, load, load_all

Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"


def plain(node: Node | None) -> Plain:
    if node is None:
        return None
    value = node.value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value  # type: ignore[return-value]


def read(text: str) -> Plain:
    return plain(load(text.encode()))


SCALARS: dict[str, Scalar] = {
    **{"y": True, "Y": True, "yes": True, "On": True, "n": False, "NO": False, "off": False},
    **{"tRue": "tRue", "yeS": "yeS", "~": None, "Null": None, "nULL": "nULL", '"yes"': "yes"},
    **{"0777": 511, "0o17": 15, "08": 8.0, "0x1F": 31, "0b11": 3, "-0b11": -3, "0b12": "0b12"},
    **{"1_000": 1000, "1__0": 10, "_1": "_1", "+5": 5, "1.": 1.0, ".5": 0.5, ".5_0": 0.5},
    **{"1e3": 1000.0, "1.10": 1.1, "0.12": 0.12, "1e400": "1e400", "1:30": "1:30", "0o8": "0o8"},
    "18446744073709551615": 18446744073709551615,
    "99999999999999999999": 1e20,
    "2026-11-21": "2026-11-21",
    "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    **{"1.0.0": "1.0.0", "v1": "v1", "-": "-", "=": "="},
    **{"!!str 1": "1", '!!int "5"': 5, "!!float 5": 5.0, "!own 12": "12", "!!binary aGk=": "hi"},
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items())
def test_a_scalar(text: str, value: Scalar) -> None:
    found = read(f"key: {text}\n") if text != "-" else read("key: '-'\n")
    assert isinstance(found, dict)
    assert found["key"] == value
    assert type(found["key"]) is type(value)


def test_numbers_that_are_none() -> None:
    found = read("[.nan, .Inf, -.INF, +.inf]")
    assert isinstance(found, list)
    assert isinstance(found[0], float)
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, -math.inf, math.inf]


DOCUMENTS: dict[str, Plain] = {
    "a: 1\na: 2\n": {"a": 2},
    "1: a\ntrue: b\n1.0: c\n.5: d\n0o17: e": {"1": "c", "true": "b", "0.5": "d", "15": "e"},
    "a: &x {k: 1}\nb: *x\n": {"a": {"k": 1}, "b": {"k": 1}},
    "b: &b {p: 1, q: 3}\nc: {q: 2, <<: *b}\n": {"b": {"p": 1, "q": 3}, "c": {"q": 3, "p": 1}},
    "b: &b {p: 1, q: 3}\nc: {<<: *b, q: 2}\n": {"b": {"p": 1, "q": 3}, "c": {"p": 1, "q": 2}},
    "x: 1\ny: 2\n": {"x": 1, "true": 2},
    "<<: [{a: 1, b: 2}, {b: 3}]": {"b": 2, "a": 1},
    '"<<": 5': {"<<": 5},
    "[https://example.org/a.png, b:c]": ["https://example.org/a.png", "b:c"],
    '{"a":1}': {"a": 1},
    "{a:1}": {"a:1": None},
    "a: 1\n---\nb: [\n": {"a": 1},
    "  a: 1\n]": {"a": 1},
    "": None,
    "# only a comment\n": None,
    "a: |\n  x\n  y\n": {"a": "x\ny\n"},
    "\ufeffa: 1": {"a": 1},
    "a: b\r\nc: d\r\n": {"a": "b", "c": "d"},
}


@pytest.mark.parametrize(("text", "value"), DOCUMENTS.items())
def test_a_document(text: str, value: Plain) -> None:
    assert read(text) == value


REFUSED = {
    "a: [1\n": 2,
    "a: b: c\n": 1,
    "a: *x\n": 1,
    "a: &x [*x]\n": 1,
    "a: 1\nb: *c\n": 2,
    "? [a]\n: b\n": 1,
    "? {a: 1}\n: b\n": 1,
    "a: 1\nnull: 1\n": 2,
    "18446744073709551615: 1\n": 1,
    "<<: 5\n": 1,
    "<<: [5]\n": 1,
    "a: !!int x\n": 1,
    "a: !!null x\n": 1,
    "a: !!binary $$\n": 1,
    "\n\na: @x\n": 3,
    "a: }}\n": 1,
    "a: b\n\tc: d\n": 2,
    '\na: "\\/"\n': 2,
    "%YAML 1.2\n---\na: 1\n": 1,
}


@pytest.mark.parametrize(("text", "line"), REFUSED.items())
def test_a_text_that_is_refused(text: str, line: int) -> None:
    with pytest.raises(GoYamlError) as refused:
        load(text.encode())
    assert refused.value.line is not None
    assert abs(refused.value.line - line) <= 1


@pytest.mark.parametrize("text", [b"a: \xff\n", b"a: \x00\n", b"a: \x07\n", b"a: \xed\xa0\x80\n"])
def test_bytes_that_are_no_text(text: bytes) -> None:
    with pytest.raises(GoYamlError):
        load(text)


def test_all_documents() -> None:
    assert [plain(node) for node in load_all(b"a: 1\n---\n- b\n---\nc\n")] == [{"a": 1}, ["b"], "c"]


def test_lines_are_those_of_the_keys() -> None:
    tree = load(b"a:\n  b:\n    - x\n    - c: 1\n  d: >\n    text\n")
    assert tree is not None
    found = tree.get("a")
    assert found is not None
    assert found.line == 1
    inner = found.get("b")
    assert inner is not None
    assert inner.line == 2
    assert [item.line for item in inner.items()] == [3, 4]
    text = found.get("d")
    assert text is not None
    assert text.line == 5


def laughs(rounds: int) -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for number in range(1, rounds):
        aliases = ", ".join([f"*a{number - 1}"] * 9)
        lines.append(f"a{number}: &a{number} [{aliases}]")
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    "text", [laughs(9), b"[" * 100_000, b"- " * 60_000 + b"x", b"{" * 5000, b"&a [" * 2000]
)
def test_a_text_that_explodes_is_refused(text: bytes) -> None:
    with pytest.raises(GoYamlError):
        load(text)


def test_a_few_aliases_are_no_bomb() -> None:
    assert load(laughs(3)) is not None


# JSON escapes what lies beyond in pairs, which YAML does not know.
TEXT = st.text(st.characters(max_codepoint=0xFFFD, exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_is_read_as_json(value: Plain) -> None:
    assert read(json.dumps(value).replace("\x7f", "\\u007f")) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(text: bytes) -> None:
    try:
        load(text)
    except GoYamlError as refused:
        assert refused.message  # noqa: PT017 - it may be read as well


@given(st.text(alphabet="ab: -\n\"'|>{}[],&*#!%@?~01<\t", max_size=60))
def test_any_punctuation_is_answered(text: str) -> None:
    try:
        load_all(text.encode())
    except GoYamlError as refused:
        assert refused.message  # noqa: PT017 - it may be read as well

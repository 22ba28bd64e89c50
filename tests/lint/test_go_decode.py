"""Decoding as Go does it; every answer was asked of sigs.k8s.io/yaml 1.6.0 and encoding/json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.lint.go.decode import (
    EMBEDDED,
    NO_FLOAT32,
    NO_INT32,
    Float32,
    Int32,
    Int64,
    TypeFault,
    camel,
    decode,
    spelled,
)
from chartgen.lint.go.nodes import Node
from chartgen.lint.go.numbers import format_float32
from chartgen.lint.go.yaml import load


@dataclass(frozen=True, slots=True)
class Inline:
    size: str = ""
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    text: str = ""
    texts: tuple[str, ...] = ()
    count: Int32 = NO_INT32
    flag: bool = False
    ratio: Float32 = NO_FLOAT32
    inline: Inline = field(default=Inline(), metadata=EMBEDDED)


@dataclass(frozen=True, slots=True)
class Whole:
    title_text: str = ""
    version: str = field(default="", metadata=spelled("whole.version"))
    item: Item = Item()
    items: tuple[Item, ...] = ()
    counts: Mapping[str, Int32] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    maybe: Item | None = None
    most: Int64 | None = None
    anything: tuple[Node, ...] = ()


def read(text: str) -> tuple[Whole, list[TypeFault]]:
    return decode(Whole, load(text.encode()) or Node(None, 1))


TEXTS = {
    **{"1.0": "1", "1.10": "1.1", "1e3": "1000", "1000000.0": "1e+06", "0.00001": "1e-05"},
    **{"16777217.0": "1.6777216e+07", "3.5e38": "+Inf", ".inf": "+Inf", ".nan": "NaN"},
    **{"-0.0": "-0", "20": "20", "0777": "511", "yes": "true", "off": "false", "null": ""},
    **{"18446744073709551615": "18446744073709551615", "2026-11-21": "2026-11-21"},
}


@pytest.mark.parametrize(("written", "text"), TEXTS.items())
def test_a_number_becomes_text_where_the_field_is_text(written: str, text: str) -> None:
    found, faults = read(
        f"titleText: {written}\nitem: {{text: {written}}}\nitems: [{{texts: [{written}]}}]\n"
        f"names: {{a: {written}}}\nmaybe: {{text: {written}}}\n"
    )
    assert not faults
    assert found.maybe is not None
    texts = (found.title_text, found.item.text, found.items[0].texts[0], found.names["a"])
    assert {*texts, found.maybe.text} == {text}


@pytest.mark.parametrize("value", ["20", "1e3", "yes", "[1]", "{a: 1}"])
def test_inside_an_embedded_struct_it_does_not(value: str) -> None:
    faults = read(f"item: {{size: {value}}}\n")[1]
    assert [(fault.path, fault.expected) for fault in faults] == [("item.size", "string")]
    assert read("item: {sizes: [1]}")[1][0].path == "item.sizes.0"
    assert read("item: {size: '20', sizes: [a, ~]}")[0].item.inline == Inline("20", ("a", ""))


def test_plain_json_makes_no_text_of_a_number() -> None:
    tree = load(b"text: 1")
    assert tree is not None
    assert decode(Item, tree, coerce=False)[1][0].path == "text"
    assert decode(Item, tree)[0].text == "1"


INTEGERS = {"8000": 8000, "8000.0": 8000, "1e3": 1000, "0x10": 16, "0o17": 15, "~": 0, "-0.0": 0}


@pytest.mark.parametrize(("written", "value"), INTEGERS.items())
def test_an_integer_may_be_written_as_a_whole_float(written: str, value: int) -> None:
    found, faults = read(f"item: {{count: {written}}}\ncounts: {{a: {written}}}\n")
    assert not faults
    assert (found.item.count, found.counts["a"]) == (value, value)


WRONG = {
    "item: {count: 8000.5}": "item.count",
    "item: {count: '8000'}": "item.count",
    "item: {count: true}": "item.count",
    "item: {count: 2147483648}": "item.count",
    "most: 9223372036854775808": "most",
    "most: 1e21": "most",
    "item: {flag: 1}": "item.flag",
    "item: {flag: 'yes'}": "item.flag",
    "item: {ratio: 3.5e38}": "item.ratio",
    "item: {ratio: x}": "item.ratio",
    "item: x": "item",
    "items: {a: 1}": "items",
    "items: [a]": "items.0",
    "counts: {a: '1'}": "counts.a",
    "counts: [1]": "counts",
    "names: [a]": "names",
    "titleText: [a]": "titleText",
    "titleText: {a: b}": "titleText",
    "unknown: .nan": "",
    "anything: [.inf]": "",
    "text": "",
    "[]": "",
}


@pytest.mark.parametrize(("text", "path"), WRONG.items())
def test_a_wrong_type_is_a_fault(text: str, path: str) -> None:
    assert [fault.path for fault in read(text)[1]] == [path]


def test_all_faults_are_found() -> None:
    text = "item: {count: x, flag: 1}\nitems: [{count: 1.5}, {}, {flag: x}]\n"
    paths = [fault.path for fault in read(text)[1]]
    assert paths == ["item.count", "item.flag", "items.0.count", "items.2.flag"]


def test_null_and_unknown_keys_are_passed_over() -> None:
    text = "item: ~\nitems: ~\ncounts: ~\nmaybe: ~\nmost: ~\nunknown: {a: [1]}\n"
    assert read(text) == (Whole(), [])
    assert read("") == (Whole(), [])


SPELLINGS = {
    "titleText: a": "a",
    "TITLETEXT: a": "a",
    "titletext: a": "a",
    "TitleText: a\ntitleText: b": "b",
    "titleText: b\nTitleText: a": "b",
    "titleText: b\ntitletext: ~": "b",
    "titleTe\u017ft: a": "",
    "title_text: a": "",
}


@pytest.mark.parametrize(("text", "title"), SPELLINGS.items())
def test_keys_match_in_any_case(text: str, title: str) -> None:
    assert read(text)[0].title_text == title


def test_two_spellings_of_a_map_are_joined() -> None:
    found, faults = read("Item: {text: a, count: 1}\nitem: {TEXT: b}\n")
    assert (found.item.text, found.item.count, faults) == ("b", 1, [])
    assert [fault.path for fault in read("Item: 1\nitem: {}\n")[1]] == ["item"]


def test_the_long_s_counts_as_an_s() -> None:
    assert read("item\u017f: [{}, {}]")[0].items == (Item(), Item())
    assert read("whole.ver\u017fion: 1")[0].version == "1"


def test_camel_case() -> None:
    assert camel("support_multi_card") == "supportMultiCard"


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_keeps_what_a_float32_holds(value: float) -> None:
    assert float(format_float32(value)) == pytest.approx(value, rel=1e-6, abs=1e-45)

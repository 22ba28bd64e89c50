"""Readers of hostile headers: what is sound is read, what is not is told, always in time."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.errors import Faults
from chartgen.facts.add import read_files
from chartgen.facts.headers.ggml import TYPES
from chartgen.facts.headers.gguf import GgufHeader, read_gguf
from chartgen.facts.headers.safetensors import read_index, read_safetensors
from chartgen.facts.headers.strict_json import parse_object
from chartgen.facts.headers.tensors import Tensor, check_total
from chartgen.facts.sources import MemorySource
from tests.facts.made import Value, Weight, gguf, plain, safetensors, text, value
from tests.facts.samples import seeds


class Counted:
    """A file that counts the bytes it gave; beyond its data it has zeros."""

    def __init__(self, data: bytes, size: int | None = None) -> None:
        self.name = "counted"
        self.size = size or len(data)
        self.data = data
        self.given = 0

    def read(self, offset: int, length: int) -> bytes:
        self.given += length
        assert offset + length <= self.size
        return self.data[offset : offset + length].ljust(length, b"\0")


def read(data: bytes) -> GgufHeader:
    return read_gguf(Counted(data))


def tensors_of(data: bytes) -> Sequence[Tensor]:
    return read_safetensors(Counted(data)).tensors


def head(tensors: int, values: int, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, values)


def place(name: str, dimensions: Sequence[int], kind: int = 0, offset: int = 0) -> bytes:
    rank = len(dimensions)
    return text(name) + struct.pack(f"<I{rank}QIQ", rank, *dimensions, kind, offset)


def test_a_gguf_header() -> None:
    values: dict[str, Value] = {"general.architecture": "llama", "a": 7, "c": [True], "d": 0.5}
    values["b"] = [1, 2]
    words: dict[str, Value] = {"words": ["one", "", "three"]}
    found = read(gguf(values | words, [plain("x", 4, 2), plain("y", 1)]))
    assert found.values == values
    assert found.lengths == {"b": 2, "c": 1, "words": 3}
    assert [(one.name, one.elements, one.begin, one.size) for one in found.tensors] == [
        ("x", 8, 0, 32),
        ("y", 1, 32, 4),
    ]
    assert read(gguf(values, version=2)).version == 2


@pytest.mark.parametrize("number", TYPES)
def test_every_type_of_ggml(number: int) -> None:
    kind = TYPES[number]
    (found,) = read(gguf({}, [Weight("x", (2 * kind.elements, 3), number, 6 * kind.size)])).tensors
    assert (found.kind, found.size) == (kind.name, 6 * kind.size)


VOCABULARY = value(["a" * 30] * 200_000)


def test_a_vocabulary_and_the_weights_are_passed_over() -> None:
    """A vocabulary of 200,000 tokens takes 7.6 MB; the weights behind it are never read."""
    template = value("x" * 100_000)
    body = text("tokens") + VOCABULARY + text("template") + template + place("x", [1 << 30])
    file = Counted(head(1, 2) + body, 1 << 34)
    found = read_gguf(file)
    assert found.lengths == {"tokens": 200_000}
    assert "template" not in found.values
    assert file.given < 24 << 20


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "past its end"),
        (b"GGML" + bytes(40), "does not begin"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(16), "big endian"),
        (b"GGUF" + struct.pack("<I", 1) + bytes(16), "versions 2 and 3"),
        (head(0, 0)[:20], "past its end"),
        (head(1 << 60, 0), "more tensors"),
        (head(0, 1 << 60), "more values"),
        (head(0, 1) + struct.pack("<Q", 1 << 62), "more bytes of a key"),
        (head(0, 1) + text("a") + struct.pack("<I", 99), "unknown type"),
        (head(0, 1) + text("a") + struct.pack("<IIQ", 9, 9, 1), "arrays inside arrays"),
        (head(0, 1) + text("a") + struct.pack("<IIQ", 9, 4, 1 << 62), "more elements in a"),
        (head(0, 1) + text("a") + struct.pack("<IIQ", 9, 4, 1 << 20), "past its end"),
        (head(0, 1) + text("a") + struct.pack("<IIQQ", 9, 8, 1, 1 << 62), "past its end"),
        (head(0, 1) + text("a") + struct.pack("<IQ", 8, 1 << 40), "more bytes in a"),
        (head(0, 2) + (text("a") + value(1)) * 2, "stands twice"),
        (head(0, 1) + struct.pack("<Q", 2) + b"\xff\xfe" + value(1), "no UTF-8"),
        (head(0, 1) + text("general.alignment") + value(24), "power of two"),
        (head(0, 1) + text("general.alignment") + value("x"), "power of two"),
        (head(1, 0) + place("x", [2] * 5), "number of axes"),
        (head(1, 0) + place("x", []), "number of axes"),
        (head(1, 0) + place("x", [0]), "length 0"),
        (head(1, 0) + place("x", [1 << 62, 1 << 62]), "more elements than any model"),
        (head(1, 0) + place("x", [4], 31), "unknown type"),
        (head(1, 0) + place("x", [33], 2), "whole blocks"),
        (head(1, 0) + place("x", [4], 0, 7), "multiple of 32"),
        (head(1, 0) + place("x", [4]), "past the end of the file"),
        (head(1, 0) + place("x", [4], 0, 1 << 63), "past the end of the file"),
        (head(2, 0) + place("x", [4]) + place("x", [4], 0, 32) + bytes(128), "stands twice"),
        (head(2, 0) + place("x", [64]) + place("y", [4], 0, 32) + bytes(999), "overlap"),
    ],
)
def test_a_gguf_header_that_cannot_be(data: bytes, told: str) -> None:
    with pytest.raises(Faults, match=told):
        read(data)


def test_a_header_without_end_is_left_at_the_bound() -> None:
    file = Counted(head(0, 1) + text("a") + struct.pack("<IIQ", 9, 8, 1 << 22), 1 << 40)
    assert read_gguf(file).lengths == {"a": 1 << 22}
    endless = Counted(head(0, 3) + (text("a") + struct.pack("<IIQ", 9, 12, 1 << 22)), 1 << 40)
    with pytest.raises(Faults):
        read_gguf(endless)
    assert max(file.given, endless.given) < 80 << 20


def header(entries: object) -> bytes:
    raw = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(raw)) + raw


def entry(kind: str, shape: object, offsets: object) -> dict[str, object]:
    return {"dtype": kind, "shape": shape, "data_offsets": offsets}


def test_a_safetensors_header() -> None:
    found = tensors_of(
        safetensors({"a": ("BF16", (4, 2)), "b": ("F8_E4M3", (3,)), "c": ("F32", ())})
    )
    assert [(one.name, one.kind, one.elements, one.size) for one in found] == [
        ("a", "BF16", 8, 16),
        ("b", "F8_E4M3", 3, 3),
        ("c", "F32", 1, 4),
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "past its end"),
        (struct.pack("<Q", 1 << 62), "longer than"),
        (struct.pack("<Q", 100) + b"{}", "past its end"),
        (header(b"[]"), "no JSON object"),
        (header(b"{"), "not valid JSON"),
        (header(b'{"a": NaN}'), "NaN"),
        (header(b'{"a": 1, "a": 2}'), "stands twice"),
        (header(b'{"a": ' + b"[" * 100_000), "JSON|deeper"),
        (header(b'{"a": ' + b"[" * 50 + b"]" * 50 + b"}"), "deeper"),
        (header(b'{"a": ' + b"9" * 10_000 + b"}"), "not valid JSON"),
        (header(b"\xff{}"), "not valid JSON"),
        (header({"a": 3}), "no tensor"),
        (header({"": entry("F32", [], [0, 4])}), "no tensor"),
        (header({"a": entry("F99", [1], [0, 4])}) + bytes(4), "unknown type"),
        (header({"a": entry("F32", [-1], [0, 4])}) + bytes(4), "possible shape"),
        (header({"a": entry("F32", [1.0], [0, 4])}) + bytes(4), "possible shape"),
        (header({"a": entry("F32", [1] * 9, [0, 4])}) + bytes(4), "possible shape"),
        (header({"a": entry("F32", [True], [0, 4])}) + bytes(4), "possible shape"),
        (header({"a": entry("F32", [1 << 40, 1 << 40], [0, 4])}), "more elements"),
        (header({"a": entry("F32", [1], [4, 0])}) + bytes(4), "possible place"),
        (header({"a": entry("F32", [1], [0])}) + bytes(4), "possible place"),
        (header({"a": entry("F32", [1], [0, 8])}) + bytes(8), "as large as"),
        (header({"a": entry("F32", [1], [0, 4])}), "past the end"),
        (
            header({"a": entry("F32", [2], [0, 8]), "b": entry("F32", [1], [4, 8])}) + bytes(8),
            "overlap",
        ),
    ],
)
def test_a_safetensors_header_that_cannot_be(data: bytes, told: str) -> None:
    with pytest.raises(Faults, match=told):
        tensors_of(data)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"{}", "no weight_map"),
        (b'{"weight_map": {}}', "no weight_map"),
        (b'{"weight_map": {"a": 3}}', "no file"),
        (b'{"weight_map": {"a": "x", "a": "y"}}', "stands twice"),
    ],
)
def test_an_index_that_cannot_be(data: bytes, told: str) -> None:
    with pytest.raises(Faults, match=told):
        read_index(data, "index")


def test_a_document_with_too_many_values_is_not_parsed() -> None:
    with pytest.raises(Faults, match="more than 3000000 values"):
        parse_object(b'{"a":[' + b"0," * 3_000_000 + b"0]}", "large", 1 << 26)


SOUND = [(reader, seed) for reader in ("gguf", "config") for seed in seeds(reader)]


def told(read_one: Callable[[], object]) -> list[str]:
    """What is said of a file; nothing where it is read. Only `Faults` may be raised."""
    try:
        read_one()
    except Faults as faults:
        return [str(fault) for fault in faults.faults]
    return []


@given(st.sampled_from(SOUND), st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_is_read_or_told(sound: tuple[str, bytes], data: st.DataObject) -> None:
    reader, found = sound
    at = data.draw(st.integers(0, len(found)))
    patch = data.draw(st.binary(max_size=12))
    damaged = found[:at] + patch + found[at + data.draw(st.integers(0, 12)) :]
    files = {"m.gguf": damaged} if reader == "gguf" else {"config.json": damaged}
    assert all("\n" not in one for one in told(lambda: read_files(MemorySource(files), None)))


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_noise_is_told(noise: bytes) -> None:
    for data in (noise, head(1, 1) + noise, struct.pack("<Q", len(noise)) + noise):
        assert sum(map(len, told(partial(read_gguf, Counted(data))))) < 2000
        assert sum(map(len, told(partial(read_safetensors, Counted(data))))) < 2000


def test_many_files_are_bounded_together() -> None:
    with pytest.raises(Faults, match="more tensors than any model"):
        check_total((1 << 19) + 1, 0, "a model")
    with pytest.raises(Faults, match="bytes together"):
        check_total(1, (1 << 28) + 1, "a model")

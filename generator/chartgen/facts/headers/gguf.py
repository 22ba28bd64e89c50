"""GGUF headers, versions 2 and 3, little endian: metadata and where the tensors lie.

    magic "GGUF" | version u32 | tensors u64 | values u64 | values | tensors | padding | data

Source: ggml/src/gguf.cpp and docs/gguf.md of llama.cpp 0c1e57098, October 2026.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from chartgen.facts.headers.faults import broken
from chartgen.facts.headers.ggml import TYPES
from chartgen.facts.headers.strict_json import Json
from chartgen.facts.headers.tensors import Tensor, check_extents, elements_of
from chartgen.facts.headers.window import RemoteFile, Window

__all__ = ["GgufHeader", "read_gguf"]

MAGIC = b"GGUF"
VERSIONS = (2, 3)
LARGEST_HEADER = 1 << 26
"""Bytes: four times what a vocabulary of 262,144 tokens with its merges takes."""
LARGEST_VALUES = 1 << 12
LARGEST_TENSORS = 1 << 17
LARGEST_KEY = 1 << 10
LARGEST_NAME = 1 << 8
LARGEST_ARRAY = 1 << 22
LARGEST_SHORT_ARRAY = 1 << 12
"""Elements of an array that is kept: one for each layer. Longer ones are vocabularies."""
LARGEST_SHORT_TEXT = 1 << 12
"""Bytes of a text that is kept; longer ones are chat templates."""
LARGEST_ALIGNMENT = 1 << 16
MOST_DIMENSIONS = 4

_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """A GGUF file without its weights.

    `values` holds scalars, short texts and short arrays; `lengths` the number of
    elements of every array. A tensor's `begin` counts from `data_start`, bytes of the
    file.
    """

    version: int
    values: Mapping[str, Json]
    lengths: Mapping[str, int]
    tensors: tuple[Tensor, ...]
    data_start: int


def read_gguf(file: RemoteFile) -> GgufHeader:
    """The header of a GGUF file; raises `Faults` for anything that is not one."""
    window = Window(file, LARGEST_HEADER)
    version = _version(window)
    count = _bounded(window, "tensors", LARGEST_TENSORS)
    values, lengths = _values(window, _bounded(window, "values", LARGEST_VALUES))
    alignment = _alignment(values, window.where)
    tensors = _tensors(window, count, alignment)
    start = -(-window.offset // alignment) * alignment
    if tensors:
        check_extents(tensors, max(file.size - start, 0), window.where)
    return GgufHeader(version, values, lengths, tensors, start)


def _version(window: Window) -> int:
    magic = window.take(4)
    if magic != MAGIC:
        raise broken(window.where, "it does not begin as a GGUF file does", magic.hex())
    raw = window.take(4)
    version = int.from_bytes(raw, "little")
    if version not in VERSIONS and int.from_bytes(raw, "big") in VERSIONS:
        remedy = "Convert the model for little-endian machines."
        raise broken(window.where, "this GGUF file is big endian", "", remedy)
    if version not in VERSIONS:
        remedy = "Convert the model with a tool of our time."
        raise broken(window.where, "GGUF versions 2 and 3 are read", f"version {version}", remedy)
    return version


def _integer(window: Window, length: int) -> int:
    return int.from_bytes(window.take(length), "little")


def _bounded(window: Window, what: str, largest: int) -> int:
    count = _integer(window, 8)
    if count > largest:
        raise broken(window.where, f"it claims more {what} than any model has", count)
    return count


def _text(window: Window, what: str, largest: int) -> str:
    raw = window.take(_bounded(window, f"bytes of {what}", largest))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise broken(window.where, f"{what} is no UTF-8 text", raw[:32].hex()) from None


def _values(window: Window, count: int) -> tuple[dict[str, Json], dict[str, int]]:
    values: dict[str, Json] = {}
    lengths: dict[str, int] = {}
    seen: set[str] = set()
    for _ in range(count):
        key = _text(window, "a key", LARGEST_KEY)
        if key in seen:
            raise broken(window.where, "a key stands twice", key)
        seen.add(key)
        kind = _integer(window, 4)
        if kind == _ARRAY:
            _array(window, key, values, lengths)
        elif kind == _STRING:
            _string(window, key, values)
        else:
            values[key] = _scalar(window, kind)
    return values, lengths


def _scalar(window: Window, kind: int) -> Json:
    """One value; a flag is a byte, and any but 0 is true."""
    layout = _known(window, kind)
    found: tuple[Json, ...] = layout.unpack(window.take(layout.size))
    return found[0]


def _known(window: Window, kind: int) -> struct.Struct:
    if kind not in _SCALARS:
        raise broken(window.where, "a value has an unknown type", kind)
    return _SCALARS[kind]


def _string(window: Window, key: str, values: dict[str, Json]) -> None:
    length = _bounded(window, f"bytes in {key}", LARGEST_HEADER)
    if length > LARGEST_SHORT_TEXT:
        window.skip(length)
    else:
        values[key] = window.take(length).decode("utf-8", "replace")


def _array(window: Window, key: str, values: dict[str, Json], lengths: dict[str, int]) -> None:
    kind = _integer(window, 4)
    if kind == _ARRAY:
        raise broken(window.where, "arrays inside arrays are not read", key)
    count = lengths[key] = _bounded(window, f"elements in {key}", LARGEST_ARRAY)
    if kind == _STRING:
        window.skip_strings(count)
        return
    layout = _known(window, kind)
    if count > LARGEST_SHORT_ARRAY:
        window.skip(count * layout.size)
    else:
        raw = window.take(count * layout.size)
        values[key] = [item for (item,) in layout.iter_unpack(raw)]


def _alignment(values: Mapping[str, Json], where: str) -> int:
    found = values.get("general.alignment", 32)
    usable = isinstance(found, int) and 0 < found <= LARGEST_ALIGNMENT
    if not isinstance(found, int) or not usable or found & (found - 1):
        raise broken(where, "general.alignment has to be a small power of two", found)
    return found


def _tensors(window: Window, count: int, alignment: int) -> tuple[Tensor, ...]:
    found: dict[str, Tensor] = {}
    for _ in range(count):
        tensor = _tensor(window)
        if tensor.name in found:
            raise broken(window.where, "a tensor stands twice", tensor.name)
        if tensor.begin % alignment:
            problem = f"the tensor {tensor.name} does not begin at a multiple of {alignment}"
            raise broken(window.where, problem, tensor.begin)
        found[tensor.name] = tensor
    return tuple(found.values())


def _tensor(window: Window) -> Tensor:
    name = _text(window, "a tensor's name", LARGEST_NAME)
    rank = _integer(window, 4)
    if not 0 < rank <= MOST_DIMENSIONS:
        raise broken(window.where, f"the tensor {name} has no possible number of axes", rank)
    dimensions = [_integer(window, 8) for _ in range(rank)]
    if 0 in dimensions:
        raise broken(window.where, f"the tensor {name} has an axis of length 0", dimensions)
    elements = elements_of(dimensions, name, window.where)
    kind = TYPES.get(number := _integer(window, 4))
    if kind is None:
        remedy = "Use a file that llama.cpp of our time reads; forks have types of their own."
        problem = f"the tensor {name} has an unknown type"
        raise broken(window.where, problem, number, remedy)
    if dimensions[0] % kind.elements:
        problem = f"the rows of the tensor {name} are no whole blocks of {kind.name}"
        raise broken(window.where, problem, dimensions[0])
    begin = _integer(window, 8)
    return Tensor(name, kind.name, elements, begin, elements // kind.elements * kind.size)

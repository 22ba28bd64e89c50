"""safetensors headers and the index over several files.

    header length u64, little endian | header, JSON | data

Source: the format's description in the safetensors project's README, 0.8.0.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from chartgen.facts.headers.faults import broken
from chartgen.facts.headers.strict_json import Json, JsonObject, parse_object
from chartgen.facts.headers.tensors import Tensor, check_extents, elements_of
from chartgen.facts.headers.window import RemoteFile, Window

__all__ = ["INDEX_NAME", "LARGEST_INDEX", "SafetensorsHeader", "read_index", "read_safetensors"]

INDEX_NAME = "model.safetensors.index.json"
LARGEST_HEADER = 1 << 26
LARGEST_INDEX = 1 << 26
"""Bytes: the largest mixtures with a tensor for each expert have half of it."""
LARGEST_TENSORS = 1 << 19
LARGEST_NAME = 1 << 10
MOST_DIMENSIONS = 8
METADATA = "__metadata__"

BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
}
"""Bits of one element; safetensors 0.8.0, src/tensor.rs (Dtype)."""

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """The tensors of one file, in the order of its header; `size` is the header's own, bytes."""

    tensors: tuple[Tensor, ...]
    size: int


def read_safetensors(file: RemoteFile) -> SafetensorsHeader:
    """The header of a safetensors file; raises `Faults` for anything that is not one."""
    window = Window(file, 8 + LARGEST_HEADER)
    (length,) = _LENGTH.unpack(window.take(8))
    if length > LARGEST_HEADER:
        raise broken(file.name, f"its header is longer than {LARGEST_HEADER} bytes", length)
    found = parse_object(window.take(length), file.name, LARGEST_HEADER)
    found.pop(METADATA, None)
    if len(found) > LARGEST_TENSORS:
        raise broken(file.name, "it claims more tensors than any model has", len(found))
    tensors = tuple(_tensor(name, entry, file.name) for name, entry in found.items())
    check_extents(tensors, file.size - window.offset, file.name)
    return SafetensorsHeader(tensors, window.offset)


def _tensor(name: str, entry: Json, where: str) -> Tensor:
    if not 0 < len(name) <= LARGEST_NAME or not isinstance(entry, dict):
        raise broken(where, "its header holds something that is no tensor", name)
    kind, shape, offsets = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(kind, str) or kind not in BITS:
        raise broken(where, f"the tensor {name[:80]} has an unknown type", kind)
    if not _sizes(shape) or len(shape) > MOST_DIMENSIONS:
        raise broken(where, f"the tensor {name[:80]} has no possible shape", shape)
    if not _sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise broken(where, f"the tensor {name[:80]} has no possible place", offsets)
    elements = elements_of(shape, name[:80], where)
    begin, size = offsets[0], offsets[1] - offsets[0]
    if elements * BITS[kind] != size * 8:
        problem = f"the place of the tensor {name[:80]} is not as large as its shape says"
        raise broken(where, problem, f"{shape} of {kind} in {size} bytes")
    return Tensor(name, kind, elements, begin, size)


def _sizes(value: Json) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def read_index(data: bytes, where: str) -> Mapping[str, str]:
    """The file of each tensor, by the tensor's name; raises `Faults`."""
    found = parse_object(data, where, LARGEST_INDEX).get("weight_map")
    if not isinstance(found, dict) or not found:
        raise broken(where, "it has no weight_map")
    if len(found) > LARGEST_TENSORS:
        raise broken(where, "it claims more tensors than any model has", len(found))
    return _files(found, where)


def _files(found: JsonObject, where: str) -> dict[str, str]:
    files = {name: file for name, file in found.items() if isinstance(file, str)}
    if len(files) < len(found):
        odd = next(name for name in found if name not in files)
        raise broken(where, "weight_map names something that is no file", odd)
    return files

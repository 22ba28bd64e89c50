"""Headers of GGUF files without their tensors: sparse files of the right length.

llama.cpp plans its memory from a file's header alone. A file whose tensor data is a hole
has the header of the real one and takes a few KiB on disk.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from math import prod
from pathlib import Path

__all__ = ["Header", "Kind", "Tensor", "Value", "write"]

MAGIC = b"GGUF"
VERSION = 3
ALIGNMENT = 32

Value = int | float | bool | str | tuple[int, ...] | tuple[bool, ...]
"""What a key of the header holds; whole numbers are written with 32 bits."""


class Kind(Enum):
    """ggml's types that a written tensor may have: number, elements and bytes of a block.

    Source: ggml.h and ggml-common.h of llama.cpp 0c1e57098 (October 2026).
    """

    F32 = (0, 1, 4)
    F16 = (1, 1, 2)
    Q4_0 = (2, 32, 18)
    Q5_0 = (6, 32, 22)
    Q8_0 = (8, 32, 34)

    def size(self, elements: int) -> int:
        """Bytes of so many elements."""
        _, block, size = self.value
        return elements // block * size


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its name, its shape with the innermost dimension first, its type."""

    name: str
    shape: tuple[int, ...]
    kind: Kind

    @property
    def size(self) -> int:
        """Bytes of its data, rounded up to the file's alignment."""
        return -(-self.kind.size(prod(self.shape)) // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True, slots=True)
class Header:
    """Keys and tensors of one file, in their order."""

    keys: tuple[tuple[str, Value], ...]
    tensors: tuple[Tensor, ...]


def write(path: Path, header: Header) -> None:
    """Write the header, then a hole as long as the tensors' data."""
    counts = struct.pack("<IQQ", VERSION, len(header.tensors), len(header.keys))
    keys = b"".join(_string(key) + _typed(value) for key, value in header.keys)
    head = MAGIC + counts + keys + b"".join(_infos(header.tensors))
    head += bytes(-len(head) % ALIGNMENT)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + sum(tensor.size for tensor in header.tensors))


def _infos(tensors: Iterable[Tensor]) -> Iterable[bytes]:
    place = 0
    for tensor in tensors:
        shape = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
        yield _string(tensor.name) + shape + struct.pack("<IQ", tensor.kind.value[0], place)
        place += tensor.size


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _typed(value: Value) -> bytes:
    """A value after the number of its type; of a tuple, the type of its first member."""
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    if isinstance(value, tuple):
        number, code = _scalar(value[0])
        return struct.pack(f"<IIQ{len(value)}{code}", 9, number, len(value), *value)
    number, code = _scalar(value)
    return struct.pack(f"<I{code}", number, value)


def _scalar(value: float) -> tuple[int, str]:
    """GGUF's number for a scalar type, and its code for `struct`."""
    if isinstance(value, bool):
        return 7, "?"
    return (4, "I") if isinstance(value, int) else (6, "f")

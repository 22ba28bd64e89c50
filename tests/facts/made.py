"""Small model files, made byte by byte as the formats say."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Value = bool | int | float | str | list[int] | list[bool] | list[str]

SCALARS = {bool: (7, "<?"), int: (4, "<I"), float: (6, "<f")}


@dataclass(frozen=True)
class Weight:
    """A tensor of a GGUF file; `kind` is ggml's number of its type."""

    name: str
    dimensions: Sequence[int]
    kind: int = 0
    size: int = 0


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def scalar(value: bool | int | float | str) -> tuple[int, bytes]:
    if isinstance(value, str):
        return 8, text(value)
    if isinstance(value, int) and value >= 1 << 32:
        return 10, struct.pack("<Q", value)
    number, layout = SCALARS[type(value)]
    return number, struct.pack(layout, value)


def value(found: Value) -> bytes:
    if not isinstance(found, list):
        number, raw = scalar(found)
        return struct.pack("<I", number) + raw
    items = [scalar(item) for item in found]
    kind = items[0][0] if items else 4
    return struct.pack("<IIQ", 9, kind, len(items)) + b"".join(raw for _, raw in items)


def gguf(values: Mapping[str, Value], weights: Iterable[Weight] = (), version: int = 3) -> bytes:
    """A GGUF file whose tensors lie one after another; their bytes are zeros."""
    listed = list(weights)
    head = b"GGUF" + struct.pack("<IQQ", version, len(listed), len(values))
    body = b"".join(text(key) + value(found) for key, found in values.items())
    offset, places = 0, b""
    for one in listed:
        places += text(one.name) + struct.pack("<I", len(one.dimensions))
        places += struct.pack(f"<{len(one.dimensions)}Q", *one.dimensions)
        places += struct.pack("<IQ", one.kind, offset)
        offset += -(-one.size // 32) * 32
    data = head + body + places
    return data + b"\0" * (-len(data) % 32 + offset)


def plain(name: str, *dimensions: int) -> Weight:
    """A tensor of F32."""
    elements = 1
    for one in dimensions:
        elements *= one
    return Weight(name, dimensions, 0, 4 * elements)


def blocks(count: int, *names: str) -> list[Weight]:
    """One small tensor of each name in each block."""
    return [plain(f"blk.{index}.{name}", 4) for index in range(count) for name in names]


def small_gguf(values: Mapping[str, Value], *, tied: bool = False, experts: bool = False) -> bytes:
    """A GGUF model with tiny tensors for all its blocks."""
    name = values["general.architecture"]
    count = values[f"{name}.block_count"]
    assert isinstance(count, int)
    head = [plain("token_embd.weight", 8)] + ([] if tied else [plain("output.weight", 8)])
    inner = ["attn_q.weight"] + (["ffn_up_exps.weight"] if experts else [])
    return gguf(values, [*head, *blocks(count, *inner)])


def safetensors(tensors: Mapping[str, tuple[str, Sequence[int]]]) -> bytes:
    """A safetensors file; the bytes of its tensors are zeros."""
    width = {"F32": 4, "BF16": 2, "F16": 2, "U8": 1, "I32": 4, "F8_E4M3": 1}
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    begin = 0
    for name, (kind, shape) in tensors.items():
        size = width[kind]
        for axis in shape:
            size *= axis
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [begin, begin + size]}
        begin += size
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + b"\0" * begin


def small_repository(config: object, names: Iterable[str], kind: str = "BF16") -> dict[str, bytes]:
    """The files of a repository with tiny tensors of those names."""
    tensors = dict.fromkeys(names, (kind, (4, 2)))
    return {"config.json": json.dumps(config).encode(), "model.safetensors": safetensors(tensors)}

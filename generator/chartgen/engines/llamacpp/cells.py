"""Cells of llama.cpp's KV cache, and the bytes of its cache types.

Formulas: vram formulas 1 and 3.1 to 3.2, read in llama.cpp's source of May and
October 2026; they meet every independent public log to the printed digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chartgen.facts import Attention
from chartgen.quantities import Bytes, Estimate
from chartgen.spec import LlamaCpp

PAD = 256
"""Cells come in multiples of this."""

DEFAULT_UBATCH = 512
"""llama-server's default of `--ubatch-size`."""


@dataclass(frozen=True, slots=True)
class Element:
    """Bytes of one element, with an interval where builds of a fork differ."""

    value: float
    low: float
    high: float


def _exact(size: float) -> Element:
    return Element(size, size, size)


BYTES_PER_ELEMENT: Mapping[str, Element] = {
    "f32": _exact(4),
    "f16": _exact(2),
    "bf16": _exact(2),
    "q8_0": _exact(34 / 32),
    "q5_1": _exact(24 / 32),
    "q5_0": _exact(22 / 32),
    "q4_1": _exact(20 / 32),
    "q4_0": _exact(18 / 32),
    "iq4_nl": _exact(18 / 32),
    "turbo4": _exact(68 / 128),
    # Early builds pack 32 elements into 14 bytes, later ones 128 into 50; which one a
    # fork uses is not known.
    "turbo3": Element(14 / 32, 50 / 128, 14 / 32),
    "turbo2": _exact(34 / 128),
}
"""Bytes for each element of a cache type (vram formulas 1, ggml-common.h and fork logs)."""


def padded(cells: int) -> int:
    """Cells, rounded up to whole pads."""
    return -(-cells // PAD) * PAD


def ubatch(engine: LlamaCpp) -> int:
    """Tokens of a micro-batch."""
    return engine.n_ubatch or DEFAULT_UBATCH


def sequence_cells(engine: LlamaCpp) -> int:
    """Cells of one stream (`n_ctx_seq`): of one slot, or of all when unified."""
    total = padded(engine.ctx_size)
    return total if engine.kv_unified else padded(total // engine.parallel)


def streams(engine: LlamaCpp) -> int:
    """Separate caches: one for each slot, or one for all when unified."""
    return 1 if engine.kv_unified else engine.parallel


def cells(kind: Attention, engine: LlamaCpp) -> int:
    """Cells that layers of this kind hold in one stream."""
    whole = sequence_cells(engine)
    if kind.kind == "full" or kind.window is None or engine.swa_full:
        return whole
    sharing = engine.parallel if engine.kv_unified else 1
    return padded(min(whole, kind.window * sharing + ubatch(engine)))


def kv_bytes(kind: Attention, engine: LlamaCpp) -> Estimate:
    """The KV cache of all layers of this kind, in all streams."""
    each = kind.layers * cells(kind, engine) * streams(engine) * kind.kv_heads * kind.head_dim
    k, v = BYTES_PER_ELEMENT[engine.cache_type_k], BYTES_PER_ELEMENT[engine.cache_type_v]
    return Estimate(
        Bytes(round(each * (k.value + v.value))),
        Bytes(round(each * (k.low + v.low))),
        Bytes(round(each * (k.high + v.high))),
    )

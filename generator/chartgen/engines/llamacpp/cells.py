"""What llama.cpp keeps of a conversation: cells of its KV cache, and recurrent states.

Formulas: vram formulas 1, 2 and 3.1 to 3.3, read in llama.cpp's source of May and
October 2026; they meet every independent public log to the printed digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chartgen.engines.llamacpp.settings import Settings, padded
from chartgen.facts import Attention, ModelFacts
from chartgen.quantities import ZERO, Bytes, Estimate
from chartgen.spec.llamacpp import CacheType, Fork

GROUP = 128
"""Elements over which sizes are whole bytes: no block of a cache type is longer."""

STATE_BYTES = 4
"""Recurrent states are f32 whatever the cache types are (src/llama-model.cpp)."""


@dataclass(frozen=True, slots=True)
class Element:
    """How a cache type packs elements: bytes of 128 of them, and elements of a block.

    The size has an interval where builds of a fork differ; its value is what the fork
    writes now, or the larger where nobody knows.
    """

    value: int
    low: int
    high: int
    block: int


def _exact(size: int, block: int) -> Element:
    return Element(size, size, size, block)


ELEMENTS: Mapping[CacheType, Element] = {
    "f32": _exact(512, 1),
    "f16": _exact(256, 1),
    "bf16": _exact(256, 1),
    "q8_0": _exact(4 * 34, 32),
    "q5_1": _exact(4 * 24, 32),
    "q5_0": _exact(4 * 22, 32),
    "q4_1": _exact(4 * 20, 32),
    "q4_0": _exact(4 * 18, 32),
    "iq4_nl": _exact(4 * 18, 32),
    "turbo4": _exact(68, 128),
    "turbo3": Element(4 * 14, 50, 4 * 14, 32),
    "turbo2": _exact(34, 128),
}
"""Cache types by the size of their blocks (vram formulas 1: ggml-common.h of October 2026,
and logs of forks). Early builds with turbo3 pack 32 elements into 14 bytes, later ones
128 into 50; which one a fork uses is not known but for TheTom's."""

TURBO3_OF_TURBOQUANT = Element(50, 50, 4 * 14, 32)
"""TheTom's fork packs 128 elements at its head and packed 32 before (vram formulas 1)."""


@dataclass(frozen=True, slots=True)
class Layers:
    """The attention layers of one kind: cells of one stream, and one layer's cache in all."""

    kind: Attention
    cells: int
    size: Estimate


def element(kind: CacheType, fork: Fork | None) -> Element:
    """How a build of `fork` packs a cache type."""
    if kind == "turbo3" and fork == "turboquant":
        return TURBO3_OF_TURBOQUANT
    return ELEMENTS[kind]


def cells(kind: Attention, settings: Settings) -> int:
    """Cells that layers of this kind hold in one stream."""
    whole = settings.n_ctx_seq
    if kind.kind != "sliding" or kind.window is None or settings.swa_full:
        return whole
    sharing = settings.n_parallel if settings.kv_unified else 1
    return min(whole, padded(kind.window * sharing + settings.ubatch))


def sliding_cells(model: ModelFacts, settings: Settings) -> int:
    """Cells of the sliding layers in one stream, 0 where there are none."""
    found = [cells(kind, settings) for kind in model.attention if kind.kind == "sliding"]
    return max(found, default=0)


def value_elements(kind: Attention, model: ModelFacts, settings: Settings) -> int:
    """Elements of the values of one layer and cell.

    Without flash attention every layer's values are padded to the widest layer's
    (src/llama-kv-cache.cpp, TAG_V_CACHE_VARIABLE).
    """
    if settings.flash_attn or kind.kind == "mla":
        return kind.value_elements
    return max(one.value_elements for one in model.attention)


def kv_bytes(kind: Attention, model: ModelFacts, settings: Settings) -> Estimate:
    """The KV cache of one layer of this kind, in all streams."""
    k, v = element(settings.type_k, settings.fork), element(settings.type_v, settings.fork)
    held = cells(kind, settings) * settings.n_stream
    keys, values = held * kind.key_elements, held * value_elements(kind, model, settings)
    return Estimate(
        Bytes((keys * k.value + values * v.value) // GROUP),
        Bytes((keys * k.low + values * v.low) // GROUP),
        Bytes((keys * k.high + values * v.high) // GROUP),
    )


def layers_of(model: ModelFacts, settings: Settings) -> tuple[Layers, ...]:
    """All kinds of attention layers with their cells and sizes."""
    return tuple(
        Layers(kind, cells(kind, settings), kv_bytes(kind, model, settings))
        for kind in model.attention
    )


def kv_cache(model: ModelFacts, settings: Settings) -> Estimate:
    """The KV cache of all layers, wherever they lie."""
    total = ZERO
    for kind in model.attention:
        total += times(kv_bytes(kind, model, settings), kind.layers)
    return total


def state_bytes(model: ModelFacts, settings: Settings) -> int:
    """The recurrent states of all layers and slots, with their copies for a rollback."""
    each = sum(
        kind.layers * ((kind.conv_kernel - 1) * kind.conv_dim + kind.state_elements)
        for kind in model.recurrent
    )
    return each * STATE_BYTES * settings.n_parallel * (1 + settings.n_rs_seq)


def times(size: Estimate, count: int) -> Estimate:
    """So many of a size."""
    return Estimate(Bytes(size.value * count), Bytes(size.low * count), Bytes(size.high * count))

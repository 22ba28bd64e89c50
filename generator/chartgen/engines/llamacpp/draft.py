"""The second context of speculative decoding: MTP layers, or a drafter with its file.

Formulas: vram formulas 3.7 and 3.8. The second context holds as many tokens as the first
(llama.cpp 0c1e57098, October 2026, common/speculative.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chartgen.engines.base import Term
from chartgen.engines.common import sourced
from chartgen.engines.llamacpp.cells import kv_bytes, kv_cache, state_bytes, times
from chartgen.engines.llamacpp.reserve import Buffers, buffers
from chartgen.engines.llamacpp.settings import Drafting, Settings
from chartgen.engines.llamacpp.weights import placement
from chartgen.facts import Checkpoint, ModelFacts
from chartgen.quantities import ZERO, Bytes, Estimate, mib

MTP_MARGIN = mib(1536, 616, 1536)
"""Left free beside the sum of a server that drafts with MTP layers.

Six public charts of Qwen3.6-27B of May 2026: one ran out of memory at load although
616 MiB should have been left, one while it served although 1.4 GiB should have been
(vram formulas 3.8). The cause is not known; both early builds of one fork.
"""


def draft_settings(settings: Settings, drafting: Drafting) -> Settings:
    """The settings of the second context, with the cache types that upstream takes now."""
    tokens = settings.n_parallel * (1 + drafting.n_max if drafting.block else 1)
    return replace(
        settings,
        type_k=drafting.type_k or "f16",
        type_v=drafting.type_v or "f16",
        n_rs_seq=0,
        n_outputs=tokens,
        drafting=None,
    )


def narrow_settings(settings: Settings, drafting: Drafting) -> Settings:
    """The same with the cache types of the main context, as early builds have it."""
    return replace(
        draft_settings(settings, drafting),
        type_k=drafting.type_k or settings.type_k,
        type_v=drafting.type_v or settings.type_v,
    )


@dataclass(frozen=True, slots=True)
class Second:
    """A second context under one choice of its cache types."""

    cache: Estimate
    buffers: Buffers


def mtp_terms(model: ModelFacts, settings: Settings, drafting: Drafting) -> Iterator[Term]:
    """A second context on the model's own layers."""
    upstream, early = (
        Second(_mtp_cache(model, chosen), buffers(model, chosen))
        for chosen in _choices(settings, drafting)
    )
    yield Term(
        "MTP KV cache",
        between(early.cache, upstream.cache),
        f"{model.mtp_layers} layer x {settings.n_ctx_seq} cells x {settings.n_stream} streams",
        "vram formulas 3.7; f16 unless the draft's types are given, or as the main "
        "context's in early builds",
    )
    yield from _buffer_terms("MTP", upstream, early)
    yield Term(
        "MTP margin",
        MTP_MARGIN,
        "left free: charts that draft with MTP layers took more than their sum",
        "vram formulas 3.8: six public charts of May 2026",
    )


def _choices(settings: Settings, drafting: Drafting) -> tuple[Settings, Settings]:
    """The cache types of upstream, and those of early builds where it may be one."""
    upstream = draft_settings(settings, drafting)
    early = upstream if settings.era == "new" else narrow_settings(settings, drafting)
    return upstream, early


def _mtp_cache(model: ModelFacts, settings: Settings) -> Estimate:
    """The widest attention layer, once for each MTP layer."""
    kinds = [kind for kind in model.attention if kind.kind != "sliding"] or model.attention
    found = (kv_bytes(kind, model, settings) for kind in kinds)
    return times(max(found, key=lambda size: size.high, default=ZERO), model.mtp_layers)


def drafter_terms(
    found: tuple[ModelFacts, Checkpoint], settings: Settings, drafting: Drafting
) -> Iterator[Term]:
    """A drafter: its file, its own cache, its own compute buffer."""
    model, checkpoint = found
    choices = _choices(settings, drafting)
    upstream, early = (
        Second(kv_cache(model, chosen), buffers(model, chosen)) for chosen in choices
    )
    placed = placement(model, checkpoint, choices[0])
    yield Term("drafter", placed.gpu, "size on the GPU", sourced(checkpoint))
    if model.attention:
        yield Term(
            "drafter's KV cache",
            between(early.cache, upstream.cache),
            f"{settings.n_ctx_seq} cells x {settings.n_stream} streams, its own geometry",
            "; ".join(kind.source for kind in model.attention),
        )
    if model.recurrent:
        state = Estimate.exact(state_bytes(model, choices[0]))
        yield Term("drafter's states", state, "f32, a state for each slot", "vram formulas 3.3")
    yield from _buffer_terms("drafter's", upstream, early)


def _buffer_terms(owner: str, one: Second, other: Second) -> Iterator[Term]:
    """The compute buffer of a second context, and the f16 copy of its cache."""
    compute = between(one.buffers.charged, other.buffers.charged)
    if owner == "MTP":
        least = min(one.buffers.attention, other.buffers.attention, compute.low)
        compute = Estimate(compute.value, Bytes(int(0.99 * least)), compute.high)
    yield Term(f"{owner} compute", compute, "a second compute buffer", one.buffers.source)
    copy = _copy_beside(one, other)
    if copy.high:
        formula = "f16 copy of one layer's K and V, over what an f16 cache takes"
        yield Term(f"{owner} attention copy", copy, formula, "vram formulas 3.4")


def _copy_beside(one: Second, other: Second) -> Estimate:
    """What the copy adds: a build has a wide cache or a copy of a narrow one, never both."""
    cache = between(one.cache, other.cache)
    sums = between(one.cache + one.buffers.copy, other.cache + other.buffers.copy)
    value = sums.value - cache.value
    low = min(sums.low - cache.low, value)
    return Estimate(Bytes(value), Bytes(low), Bytes(max(sums.high - cache.high, value)))


def between(one: Estimate, other: Estimate) -> Estimate:
    """Either of two: the larger, down to the smaller's low end."""
    larger = one if one.value >= other.value else other
    return Estimate(larger.value, min(one.low, other.low), max(one.high, other.high))

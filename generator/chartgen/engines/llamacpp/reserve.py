"""The buffers that llama.cpp reserves for its graphs, from measured constants.

Formulas: vram formulas 3.4 (May and October 2026 builds). A build whose age is
unknown is charged the larger of both eras.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from chartgen.engines.llamacpp.cells import sliding_cells, value_elements
from chartgen.engines.llamacpp.settings import Settings
from chartgen.facts import Compute, ModelFacts
from chartgen.quantities import ZERO, Bytes, Estimate
from chartgen.spec.llamacpp import CacheType

FLOAT: tuple[CacheType, ...] = ("f32", "f16", "bf16")
"""Cache types that attention reads as they are."""


@dataclass(frozen=True, slots=True)
class Buffers:
    """What one context reserves: on the GPU, in the host's memory, and the f16 copy of a
    quantised cache, which is taken later or counted inside the first."""

    gpu: Estimate
    host: Estimate
    copy: Estimate
    source: str


def buffers(model: ModelFacts, settings: Settings) -> Buffers:
    """The buffers of one context; those of a model without constants of its own are guessed
    from its widths and have an interval."""
    constants = model.compute or _fallback_of(model)
    sliding = sliding_cells(model, settings)
    old = max(_old(model, settings, constants, sliding), _old_scores(model, settings, constants))
    new = max(_new(settings, constants, sliding), _new_scores(model, settings, constants))
    size = _by_era(settings, old, new)
    return Buffers(
        gpu=size if model.compute else _widened(size),
        host=_host(model, settings, sliding),
        copy=_copy(model, settings, constants, sliding),
        source=f"vram formulas 3.4; {constants.source}",
    )


def _by_era(settings: Settings, old: int, new: int) -> Estimate:
    if settings.era:
        return Estimate.exact(old if settings.era == "old" else new)
    return Estimate(Bytes(max(old, new)), Bytes(min(old, new)), Bytes(max(old, new)))


def _widened(size: Estimate) -> Estimate:
    """A guess from widths: 22 % low for Qwen3-4B, 36 % high for Nemotron-3-Nano."""
    return Estimate(size.value, Bytes(size.low * 2 // 3), Bytes(size.high * 4 // 3))


def _fallback_of(model: ModelFacts) -> Compute:
    routed = model.experts
    return _fallback(
        model.hidden_size.value,
        model.intermediate_size.value,
        routed.used if routed else 0,
        routed.intermediate_size if routed else 0,
    )


@cache
def _fallback(hidden: int, wide: int, used: int, expert: int) -> Compute:
    """Constants for a model without measured ones, from the widths of its layers (vram
    formulas 3.4); for experts, their outputs and three of their widths in f32."""
    mixed = used * (4 * hidden + 12 * expert)
    return Compute(
        old_l=4 * hidden,
        old_lc=0,
        old_a=12 * hidden,
        new_f=16 * hidden + max(8 * wide, mixed),
        source="formulas 3.4, fallback",
    )


def _old(model: ModelFacts, settings: Settings, constants: Compute, sliding: int) -> int:
    """The compute buffer of builds up to the summer of 2026."""
    context = settings.n_ctx_seq
    logits = 4 * model.vocab_size.value + constants.old_l + constants.old_lc * context
    attention = 6 * context + constants.old_a
    mask = 2 * context + 2 * sliding + constants.new_f
    return round(settings.ubatch * max(logits, attention, mask))


def _new(settings: Settings, constants: Compute, sliding: int) -> int:
    """The compute buffer of later builds, without the copy of a quantised cache."""
    return round(settings.ubatch * (2 * settings.n_ctx_seq + 2 * sliding + constants.new_f))


def _old_scores(model: ModelFacts, settings: Settings, constants: Compute) -> int:
    """The old era's buffer without flash attention: every head's scores of a micro-batch at
    once, in f32, with their mask (1080 MiB in a public log of 2025, 1072 here)."""
    scores = _scores(model, settings)
    masks = 4 * settings.n_ctx_seq
    return scores and scores + round(settings.ubatch * (masks + constants.old_a))


def _new_scores(model: ModelFacts, settings: Settings, constants: Compute) -> int:
    """The same in the new era (llama-fit-params: 2148.0 MiB for Llama 3.1 8B at 32768)."""
    scores = _scores(model, settings)
    return scores and scores + round(settings.ubatch * constants.new_f)


def _scores(model: ModelFacts, settings: Settings) -> int:
    if settings.flash_attn or model.heads is None:
        return 0
    return 4 * model.heads.value * settings.n_ctx_seq * settings.ubatch


def _host(model: ModelFacts, settings: Settings, sliding: int) -> Estimate:
    """Masks in the host's memory, in f32 in the old era and in f16 in the new one, and the
    embeddings of a micro-batch twice, in f32; a quantised cache adds the matrix that turns
    its heads (llama-fit-params on 13 models, May and October 2026)."""
    masks = settings.ubatch * (settings.n_ctx_seq + sliding)
    layers = model.layers.value if model.layers else 0
    width = 2 * model.hidden_size.value + layers * model.per_layer_embedding
    inputs = 4 * settings.ubatch * width + _rotations(model, settings)
    return _by_era(settings, 4 * masks + inputs, 2 * masks + inputs)


def _rotations(model: ModelFacts, settings: Settings) -> int:
    if settings.type_k in FLOAT:
        return 0
    widths = {kind.head_dim for kind in model.attention if kind.kind != "mla"}
    return sum(4 * width * width for width in widths)


def _copy(model: ModelFacts, settings: Settings, constants: Compute, sliding: int) -> Estimate:
    """Flash attention turns one whole layer of a quantised cache into f16 for prefill.

    Older builds take it at run time, newer ones inside the compute buffer.
    """
    copy = _f16_copy(model, settings)
    if not copy:
        return ZERO
    masks = 2 * settings.n_ctx_seq + 2 * sliding
    with_copy = round(settings.ubatch * (masks + constants.old_a)) + copy
    new = _new(settings, constants, sliding)
    low, high = sorted((copy, max(new, with_copy) - new))
    return Estimate(Bytes(high), Bytes(low), Bytes(high))


def _f16_copy(model: ModelFacts, settings: Settings) -> int:
    if not settings.flash_attn:
        return 0
    tokens = settings.n_ctx_seq * settings.n_stream
    k = settings.type_k not in FLOAT
    v = settings.type_v not in FLOAT
    each = (
        k * kind.key_elements + v * value_elements(kind, model, settings)
        for kind in model.attention
        if kind.kind != "sliding"
    )
    return max(each, default=0) * 2 * tokens

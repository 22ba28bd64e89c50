"""The GPU memory of a llama.cpp server.

Formulas: vram formulas 3 (May and October 2026 builds). A build whose age is
unknown is charged the larger of both eras.
"""

from __future__ import annotations

from chartgen.engines.base import Limit, Memory, Requests, Term
from chartgen.engines.common import known, sourced, weights, weights_term
from chartgen.engines.llamacpp.cells import (
    cells,
    kv_bytes,
    sequence_cells,
    streams,
    ubatch,
)
from chartgen.facts import Compute, Device, Facts, ModelFacts
from chartgen.quantities import ZERO, Bytes, Estimate, mib
from chartgen.spec import App, LlamaCpp

CUDA_CONTEXT = mib(300, 150, 600)
"""CUDA context and kernels: 140 to 153 MiB measured on laptops, plan 150 to 600
(vram formulas 3.7)."""

VISION_COMPUTE = mib(200, 100, 250)
"""Compute buffer of a projector without facts of its own (vram formulas 3.7, uncertain)."""

FLOAT = ("f32", "f16", "bf16")


def memory(app: App, engine: LlamaCpp, facts: Facts, device: Device) -> Memory:
    """The sum of one server on one device."""
    model, checkpoint = weights(app, facts)
    total = device.cuda_total
    return Memory(
        terms=(
            weights_term(checkpoint),
            _kv_term(model, engine),
            *_vision(app, facts),
            _compute_term(model, engine),
            Term("CUDA context", CUDA_CONTEXT, "constant", "vram formulas 3.7"),
            _scratch_term(model, engine),
            Term("headroom", ZERO, "none: what is free on the card stays free", "no other app"),
        ),
        limit=Limit(Bytes(total.value), "CUDA total", total.source),
        requests=_requests(engine),
        caveats=_caveats(app, engine),
    )


def _kv_term(model: ModelFacts, engine: LlamaCpp) -> Term:
    kinds = model.attention
    held = " + ".join(f"{kind.layers} x {cells(kind, engine)} cells" for kind in kinds)
    return Term(
        "KV cache",
        sum((kv_bytes(kind, engine) for kind in kinds), ZERO),
        f"({held}) x {streams(engine)} streams, {engine.cache_type_k}/{engine.cache_type_v}",
        "; ".join(kind.source for kind in kinds),
    )


def _vision(app: App, facts: Facts) -> tuple[Term, ...]:
    found = known(app, facts, "mmproj")
    if not found:
        return ()
    checkpoint = found[1]
    compute = checkpoint.compute
    return (
        Term("vision tower", checkpoint.on_gpu.estimate, "size on the GPU", sourced(checkpoint)),
        Term(
            "vision compute",
            compute.estimate if compute else VISION_COMPUTE,
            "compute buffer of the projector",
            compute.source if compute else "vram formulas 3.7",
        ),
    )


def _compute_term(model: ModelFacts, engine: LlamaCpp) -> Term:
    constants = model.compute or _fallback(model)
    old = _old(model, engine, constants)
    new = _new(model, engine, constants)
    return Term(
        "compute",
        Estimate(Bytes(max(old, new)), Bytes(min(old, new)), Bytes(max(old, new))),
        "max of old and new builds, n_ubatch x (...)",
        f"vram formulas 3.4; {constants.source}",
    )


def _fallback(model: ModelFacts) -> Compute:
    """Constants for a model without measured ones; up to 22 % low once (formulas 3.4)."""
    e, ff = model.hidden_size.value, model.intermediate_size.value
    return Compute(
        old_l=4 * e, old_lc=0, old_a=12 * e, new_f=8 * ff + 16 * e, source="formulas 3.4, fallback"
    )


def _old(model: ModelFacts, engine: LlamaCpp, constants: Compute) -> int:
    """The compute buffer of builds up to the summer of 2026."""
    context = sequence_cells(engine)
    logits = 4 * model.vocab_size.value + constants.old_l + constants.old_lc * context
    attention = 6 * context + constants.old_a
    mask = 2 * context + 2 * _sliding(model, engine) + constants.new_f
    return round(ubatch(engine) * max(logits, attention, mask))


def _new(model: ModelFacts, engine: LlamaCpp, constants: Compute) -> int:
    """The compute buffer of later builds, without the copy of a quantised cache."""
    masks = 2 * sequence_cells(engine) + 2 * _sliding(model, engine)
    return round(ubatch(engine) * (masks + constants.new_f))


def _new_with_copy(model: ModelFacts, engine: LlamaCpp, constants: Compute) -> int:
    """The same from about September 2026 on, when the copy moved into it."""
    masks = 2 * sequence_cells(engine) + 2 * _sliding(model, engine)
    copy = ubatch(engine) * (masks + constants.old_a) + _f16_copy(model, engine)
    return max(_new(model, engine, constants), round(copy))


def _sliding(model: ModelFacts, engine: LlamaCpp) -> int:
    sliding = (cells(kind, engine) for kind in model.attention if kind.kind == "sliding")
    return max(sliding, default=0)


def _f16_copy(model: ModelFacts, engine: LlamaCpp) -> int:
    """Flash attention turns one whole layer of a quantised cache into f16 for prefill."""
    if engine.flash_attn == "off":
        return 0
    quantised = [kind for kind in (engine.cache_type_k, engine.cache_type_v) if kind not in FLOAT]
    tokens = sequence_cells(engine) * streams(engine)
    full = (kind.kv_heads * kind.head_dim for kind in model.attention if kind.kind == "full")
    return max(full, default=0) * len(quantised) * 2 * tokens


def _scratch_term(model: ModelFacts, engine: LlamaCpp) -> Term:
    constants = model.compute or _fallback(model)
    copy = _f16_copy(model, engine)
    inside = _new_with_copy(model, engine, constants) - _new(model, engine, constants)
    low, high = sorted((copy, inside if copy else 0))
    return Term(
        "attention copy",
        Estimate(Bytes(high), Bytes(low), Bytes(high)),
        "f16 copy of one layer's K and V, taken while a long prompt is read",
        "vram formulas 3.4: older builds take it at run time, newer ones inside compute",
    )


def _requests(engine: LlamaCpp) -> Requests:
    """Every slot holds its own full context from the start."""
    slots = float(engine.full_slots)
    return Requests(slots, slots, slots, engine.ctx_per_slot)


def _caveats(app: App, engine: LlamaCpp) -> tuple[str, ...]:
    """What takes memory and has no formula here."""
    found = ["the drafter and its context"] if app.model("draft") else []
    if engine.flash_attn == "off":
        found.append("attention scores without flash attention")
    return (*found, *(["flags in extra_args"] if engine.extra_args else []))

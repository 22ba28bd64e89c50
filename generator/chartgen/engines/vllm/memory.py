"""The GPU memory of a vLLM server.

    available = ceil(utilization * total) - weights - overhead
    a server starts when the KV cache of one request at full context is available

Formulas: "GPU memory of LLM servers" section 4 (November 2026), read in vLLM's
own planner for 0.19 to 0.33 and checked against public start-up logs. The
overhead is the weak part: its interval is the range measured for this class of
model (1.7 to 3.2 GiB for Gemma 4 26B with images), not a bound that was derived.
"""

from __future__ import annotations

from math import ceil

from chartgen.engines.base import Limit, Memory, Requests, Term
from chartgen.engines.common import known, sourced, weights, weights_term
from chartgen.engines.vllm.pages import KvPlan, kv_plan
from chartgen.facts import Device, Facts, ModelFacts
from chartgen.quantities import ZERO, Bytes, Estimate, gib
from chartgen.spec import App, Vllm

CONTEXT_AND_GRAPHS = gib(0.35 + 0.20, 0.35 + 0.09, 0.35 + 0.67)
"""CUDA context and other memory outside torch (0.35 GiB), with captured CUDA graphs.

Source: vram formulas 4.2 (non-torch) and 4.1 (graphs: 0.09 GiB and up in public
logs; 0.67 is what the measured range of the class leaves). Estimate, vLLM 0.20-0.21.
"""

EAGER_CONTEXT = gib(0.35, 0.26, 0.35)
"""The same without graphs (`--enforce-eager`). Source: vram formulas 4.2."""

ATTENTION_WORKSPACE = gib(0.4)
"""Workspace of attention and sampling kernels. Source: vram formulas 4.2, estimate."""

VISION = gib(1.0, 0.61, 1.53)
"""What a vision model takes beyond the terms above: encoder profiling and its cache.

Source: vram formulas 4.2, mean residual of public logs of vision models 1.0 GiB, at
most 1.53; the low bound is what the measured range of the class leaves.
"""

TEXT_ONLY = gib(0.2, 0.0, 0.6)
"""The same residual of text models. Source: vram formulas 4.2, two logs only."""

SAMPLER_BYTES = 10
"""Bytes for each sequence and vocabulary entry in the dummy sampler run (formulas 4.2)."""


def memory(app: App, engine: Vllm, facts: Facts, device: Device) -> Memory:
    """The sum of one server on one device."""
    model, checkpoint = weights(app, facts)
    kv = kv_plan(model, engine)
    others = (weights_term(checkpoint), *_drafter(app, facts), *_overhead(model, engine))
    limit = _limit(engine, device)
    terms = (others[0], _kv_term(kv, app.least_requests), *others[1:], _headroom(limit, device))
    return Memory(terms, limit, _requests(limit, others, kv, engine), _caveats(engine))


def _limit(engine: Vllm, device: Device) -> Limit:
    total = device.cuda_total
    used = Bytes(ceil(total.value * engine.gpu_memory_utilization))
    formula = f"gpu_memory_utilization {engine.gpu_memory_utilization:g} x CUDA total"
    return Limit(used, formula, total.source)


def _kv_term(kv: KvPlan, requests: float) -> Term:
    size = kv.size(requests)
    return Term("KV cache", Estimate.exact(size), kv.formula(requests), kv.source)


def _overhead(model: ModelFacts, engine: Vllm) -> tuple[Term, ...]:
    vision = engine.images_per_prompt > 0
    residual = VISION if vision else TEXT_ONLY
    return (
        Term(
            "vision tower" if vision else "unexplained overhead",
            residual,
            "mean residual of vision models" if vision else "mean residual of text models",
            "vram formulas 4.2; the tower's weights are part of the weights",
        ),
        _activation(model, engine),
        Term("attention workspace", ATTENTION_WORKSPACE, "constant", "vram formulas 4.2"),
        Term(
            "CUDA context" if engine.enforce_eager else "CUDA context and graphs",
            EAGER_CONTEXT if engine.enforce_eager else CONTEXT_AND_GRAPHS,
            "constant",
            "vram formulas 4.1 and 4.2",
        ),
    )


def _activation(model: ModelFacts, engine: Vllm) -> Term:
    """The transient peak of the profiling run: one full batch, then one sampling step."""
    batch = engine.max_num_batched_tokens
    layer = 2 * model.intermediate_size.value + 4 * model.hidden_size.value
    sampler = engine.max_num_seqs * model.vocab_size.value * SAMPLER_BYTES
    return Term(
        "activations",
        Estimate.exact(batch * layer * 2 + sampler),
        "max_num_batched_tokens x (2 ff + 4 h) x 2 + max_num_seqs x vocab x 10",
        "vram formulas 4.2",
    )


def _headroom(limit: Limit, device: Device) -> Term:
    outside = (device.cuda_total.value - limit.size) / (1 << 30)
    return Term(
        "headroom",
        ZERO,
        f"none inside the limit: {outside:.2f} GiB stay outside it for late allocations",
        "vLLM takes its whole budget at start",
    )


def _drafter(app: App, facts: Facts) -> tuple[Term, ...]:
    found = known(app, facts, "draft")
    if not found:
        return ()
    return (Term("drafter", found[1].on_gpu.estimate, "size on the GPU", sourced(found[1])),)


def _requests(limit: Limit, others: tuple[Term, ...], kv: KvPlan, engine: Vllm) -> Requests:
    taken = sum((term.estimate for term in others), ZERO)
    each = kv.size(1.0)

    def count(size: Bytes) -> float:
        return min(max(0, limit.size - size) / each, float(engine.max_num_seqs))

    value, low, high = count(taken.value), count(taken.high), count(taken.low)
    return Requests(value, low, high, tokens_each=engine.max_model_len)


def _caveats(engine: Vllm) -> tuple[str, ...]:
    """What takes memory and has no formula here."""
    found = ["KV cache and graphs of speculative decoding"] if engine.speculation else []
    return (*found, *(["flags in extra_args"] if engine.extra_args else []))

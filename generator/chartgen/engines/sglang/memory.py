"""The GPU memory of an SGLang server.

    KV pool = free after loading - free before loading x (1 - mem_fraction_static)
    so weights, states and pool together have mem_fraction_static of what was free
    activations and CUDA graphs must find room in the rest

Source: sglang 0.5.23, srt/mem_cache/kv_cache_configurator.py
(`_profile_available_bytes`), srt/model_executor/pool_configurator.py and
srt/arg_groups/memory_hook.py. No public log was compared: what is not arithmetic of
the source has a wide interval, and is never called proven by less.
"""

from __future__ import annotations

from math import ceil

from chartgen.engines.base import Limit, Memory, Requests, Term
from chartgen.engines.common import known, scaled, weights, weights_term
from chartgen.facts import Attention, Device, Facts, ModelFacts
from chartgen.quantities import MIB, ZERO, Bytes, Estimate, mib
from chartgen.spec import App, Sglang

CUDA_CONTEXT = mib(450, 250, 700)
"""What CUDA, torch and the process hold before a model loads; it is not in "free".

Estimate by analogy: 0.26 to 0.35 GiB of non-torch memory in vLLM's logs (vram
formulas 4.2), with an allowance for SGLang's own processes. Not measured.
"""

MAMBA_SLOTS = 3
"""State slots for each running request with the radix cache on.

Source: sglang 0.5.23, MAMBA_CACHE_SIZE_MAX_RUNNING_REQUESTS_RATIO in
srt/mem_cache/kv_cache_configurator.py.
"""

RESERVE_PER_TOKEN = (Bytes(MIB * 3 // 8), Bytes(MIB * 3 // 4), Bytes(MIB * 3 // 2))
"""Activations for each token of a prefill chunk: low, value, high.

The high end is SGLang's own reserve, 1.5 MiB a token, which it calls a heuristic
(memory_hook.py); a quarter of it is what the formula of vLLM's profile gives for
models of 24 GB cards. Estimate.
"""

GRAPH_PER_SEQUENCE = (Bytes(MIB // 2), Bytes(MIB), Bytes(2 * MIB))
"""Captured CUDA graphs for each sequence of the largest batch; the high end is
SGLang's own reserve, 2 MiB (memory_hook.py)."""

CONSTANT_RESERVE = mib(384, 256, 512)
"""Metadata of attention back ends; the high end is SGLang's own reserve."""

VISION_RESERVE = (0.02, 0.06, 0.2)
"""Share of the card that images take while they are encoded: low, value, high.
SGLang lowers its default fraction by 5 to 20 % for such models (memory_hook.py)."""


def memory(app: App, engine: Sglang, facts: Facts, device: Device) -> Memory:
    """The sum of one server on one device, held against the static share."""
    model, checkpoint = weights(app, facts)
    limit = _limit(engine, device)
    fixed = (weights_term(checkpoint), *_drafter(app, facts), *_states(model, engine))
    each = request_bytes(model, engine)
    pool = Estimate.exact(ceil(each * app.least_requests))
    terms = (
        *fixed,
        Term(
            "KV pool",
            pool,
            f"{app.least_requests:g} requests of {engine.context_length} tokens",
            "sglang 0.5.23, pool_configurator.py",
        ),
        Term(
            "CUDA context",
            scaled(CUDA_CONTEXT, (engine.mem_fraction_static,) * 3),
            "mem_fraction_static x what is not free before loading",
            "estimate, not measured",
        ),
        _excess(engine, device),
    )
    return Memory(
        terms,
        limit,
        _requests(limit, terms, pool, each, engine),
        ("flags in extra_args",) if engine.extra_args else (),
        prints=lambda: _prints(limit, terms, pool, each, engine),
    )


def request_bytes(model: ModelFacts, engine: Sglang) -> int:
    """The KV pool that one request at full context needs.

    Sliding layers get `swa_full_tokens_ratio` of the full layers' tokens, however
    short their window is.
    """
    element = 1 if engine.kv_cache_dtype.startswith("fp8") else 2
    per_token = sum(
        kind.layers * kind.elements_per_token * element * _ratio(kind, engine)
        for kind in model.attention
    )
    return ceil(per_token * engine.context_length)


def _ratio(kind: Attention, engine: Sglang) -> float:
    return engine.swa_full_tokens_ratio if kind.kind == "sliding" else 1.0


def _limit(engine: Sglang, device: Device) -> Limit:
    total = device.cuda_total
    size = Bytes(int(total.value * engine.mem_fraction_static))
    return Limit(
        size, f"mem_fraction_static {engine.mem_fraction_static:g} x CUDA total", total.source
    )


def _states(model: ModelFacts, engine: Sglang) -> tuple[Term, ...]:
    """Convolution and state of recurrent layers, for every slot of every request."""
    if not model.recurrent:
        return ()
    slots = engine.max_running_requests * (1 if engine.disable_radix_cache else MAMBA_SLOTS)
    each = sum(
        kind.layers * ((kind.conv_kernel - 1) * kind.conv_dim * 2 + kind.state_elements * 4)
        for kind in model.recurrent
    )
    formula = f"{slots} slots x {each} bytes"
    return (
        Term(
            "recurrent state",
            Estimate.exact(slots * each),
            formula,
            "sglang 0.5.23, kv_cache_configurator.py; state in f32",
        ),
    )


def _drafter(app: App, facts: Facts) -> tuple[Term, ...]:
    found = known(app, facts, "draft")
    return (weights_term(found[1], "drafter"),) if found else ()


def _excess(engine: Sglang, device: Device) -> Term:
    """What activations and graphs need beyond the share that is left to them."""
    total = device.cuda_total.value
    outside = total - int(total * engine.mem_fraction_static)
    needs = [_outside(engine, total, end) for end in range(3)]
    low, value, high = (max(0, need - outside) for need in needs)
    return Term(
        "activations beyond the rest",
        Estimate(Bytes(value), Bytes(low), Bytes(high)),
        f"max(0, activations and graphs - {outside / (1 << 30):.2f} GiB left to them)",
        "sglang 0.5.23, memory_hook.py: its own reserve is the high end",
    )


def _outside(engine: Sglang, total: int, end: int) -> int:
    """Activations, graphs and images at one end of their intervals: 0 low, 1 value, 2 high."""
    graphs = (
        0
        if engine.disable_cuda_graph
        else engine.cuda_graph_max_bs_decode * GRAPH_PER_SEQUENCE[end]
    )
    images = int(total * VISION_RESERVE[end]) if engine.images_per_prompt else 0
    constant = (CONSTANT_RESERVE.low, CONSTANT_RESERVE.value, CONSTANT_RESERVE.high)[end]
    return constant + engine.chunked_prefill_size * RESERVE_PER_TOKEN[end] + graphs + images


def _room(limit: Limit, terms: tuple[Term, ...], pool: Estimate) -> tuple[int, int, int]:
    """Bytes that are left for the pool: low, value, high."""
    need = sum((term.estimate for term in terms), ZERO)
    others = (need.high - pool.high, need.value - pool.value, need.low - pool.low)
    low, value, high = (max(0, limit.size - size) for size in others)
    return low, value, high


def _requests(
    limit: Limit, terms: tuple[Term, ...], pool: Estimate, each: int, engine: Sglang
) -> Requests:
    most = float(engine.max_running_requests)
    low, value, high = (min(room / max(1, each), most) for room in _room(limit, terms, pool))
    return Requests(value, low, high, engine.context_length)


def _prints(
    limit: Limit, terms: tuple[Term, ...], pool: Estimate, each: int, engine: Sglang
) -> tuple[str, ...]:
    low, value, high = (
        room * engine.context_length // max(1, each) for room in _room(limit, terms, pool)
    )
    if value == 0:
        return ("Not enough memory. Please try to increase --mem-fraction-static.",)
    return (f"max_total_num_tokens={value} (between {low} and {high})",)

"""The GPU memory of a vLLM server.

    available = ceil(utilization * total) - weights - overhead
    a server starts when the KV cache of one request at full context is available

Formulas: "GPU memory of LLM servers" section 4 (November 2026), read in vLLM's
own planner for 0.19 to 0.33 and checked against public start-up logs. The
overhead is the weak part: docs/intervals.md says how wide its interval is, and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from chartgen.engines.base import Limit, Memory, Requests, Term
from chartgen.engines.common import known, weights, weights_term
from chartgen.engines.vllm.messages import cache_size, concurrency
from chartgen.engines.vllm.overhead import CONTEXT, FREE_AT_START, overhead
from chartgen.engines.vllm.pages import KvLayout, kv_layout
from chartgen.engines.vllm.planner import Outcome, least_blocks, outcome
from chartgen.engines.vllm.settings import Settings, settings_of
from chartgen.engines.vllm.slots import is_packed
from chartgen.facts import Device, Facts, ModelFacts
from chartgen.quantities import GIB, ZERO, Bytes, Estimate
from chartgen.spec import App, Vllm


@dataclass(frozen=True, slots=True)
class Cache:
    """The KV cache of one server: its layout, what is left for it, and the answers of the
    planner for the least, the central and the most that may be left."""

    layout: KvLayout
    settings: Settings
    available: Estimate
    low: Outcome
    value: Outcome
    high: Outcome


def memory(app: App, engine: Vllm, facts: Facts, device: Device) -> Memory:
    """The sum of one server on one device."""
    settings = settings_of(app, engine, device)
    model, layout, others = _parts(app, facts, device, settings)
    limit = _limit(settings, device)
    cache = _cache(layout, settings, _available(settings, limit, others))
    term = _kv_term(cache, app.least_requests, model)
    terms = (others[0], term, *others[1:], _headroom(limit, device))
    caveats = (*_caveats(engine, model, settings), *_budget_doubts(settings, device))
    refusals = tuple(dict.fromkeys(_refusals(cache)))
    requests = _requests(cache)
    return Memory(terms, limit, requests, caveats, refusals, prints=lambda: tuple(_prints(cache)))


def cache_of(app: App, facts: Facts, device: Device, settings: Settings) -> Cache:
    """The KV cache alone, under settings that need not be the app's own."""
    _, layout, others = _parts(app, facts, device, settings)
    return _cache(layout, settings, _available(settings, _limit(settings, device), others))


def _parts(
    app: App, facts: Facts, device: Device, settings: Settings
) -> tuple[ModelFacts, KvLayout, tuple[Term, ...]]:
    """The model, the layout of its cache, and all terms but the cache, the weights first."""
    model, checkpoint = weights(app, facts)
    draft = known(app, facts, "draft")
    drafter = (weights_term(draft[1], "drafter"),) if draft else ()
    beside = overhead(model, settings, device, facts.runs)
    layout = kv_layout(model, settings, draft[0] if draft else None)
    return model, layout, (weights_term(checkpoint), *drafter, *beside)


def _limit(settings: Settings, device: Device) -> Limit:
    """The budget. With `kv_cache_memory_bytes` vLLM takes what it is told (0.33.0,
    `determine_available_memory`), so the card itself is the bound."""
    total = device.cuda_total
    if settings.kv_cache_memory_bytes is not None:
        return Limit(Bytes(total.value), "CUDA total: kv_cache_memory_bytes is set", total.source)
    share = settings.gpu_memory_utilization
    used = Bytes(ceil(total.value * share))
    return Limit(used, f"gpu_memory_utilization {share:g} x CUDA total", total.source)


def _available(settings: Settings, limit: Limit, others: tuple[Term, ...]) -> Estimate:
    """Bytes that are left for the KV cache, or that it is given."""
    if settings.kv_cache_memory_bytes is not None:
        return Estimate.exact(settings.kv_cache_memory_bytes)
    value = limit.size - sum(term.estimate.value for term in others)
    low = limit.size - sum(term.estimate.high for term in others)
    high = limit.size - sum(term.estimate.low for term in others)
    return Estimate(Bytes(value), Bytes(low), Bytes(high))


def _cache(layout: KvLayout, settings: Settings, available: Estimate) -> Cache:
    value = outcome(layout, settings, available.value)
    if available.low == available.high:
        return Cache(layout, settings, available, value, value, value)
    low, high = (outcome(layout, settings, size) for size in (available.low, available.high))
    return Cache(layout, settings, available, low, value, high)


def _kv_term(cache: Cache, requests: float, model: ModelFacts) -> Term:
    layout, given = cache.layout, cache.settings.kv_cache_memory_bytes
    least = least_blocks(layout, cache.settings)
    need = layout.size(requests, least)
    size = need if given is None else Bytes(max(given, need))
    return Term("KV cache", Estimate.exact(size), _formula(cache, requests, least), _source(model))


def _formula(cache: Cache, requests: float, least: int) -> str:
    layout = cache.layout
    text = f"{layout.blocks_per_request} blocks of {layout.bytes_per_block} bytes"
    if requests != 1:
        text = f"{text} x {requests:g} requests"
    if least > ceil(layout.blocks_per_request * requests) + layout.null_blocks:
        text = f"{least} blocks of {layout.bytes_per_block} bytes, one for each sequence"
    given = cache.settings.kv_cache_memory_bytes
    return text if given is None else f"kv_cache_memory_bytes {given}, at least {text}"


def _source(model: ModelFacts) -> str:
    caches = (f"{kind.layers} {kind.kind} layers: {kind.source}" for kind in model.attention)
    states = (f"{kind.layers} {kind.kind} layers: {kind.source}" for kind in model.recurrent)
    return "; ".join((*caches, *states))


def _headroom(limit: Limit, device: Device) -> Term:
    outside = (device.cuda_total.value - limit.size) / GIB
    return Term(
        "headroom",
        ZERO,
        f"none inside the limit: {outside:.2f} GiB stay outside it for late allocations",
        "vLLM takes its whole budget at start",
    )


def _requests(cache: Cache) -> Requests:
    """Requests at full context at once; the planner's null block holds none."""
    layout, most = cache.layout, float(cache.settings.max_num_seqs)

    def count(size: int) -> float:
        blocks = max(0, size) / layout.bytes_per_block - layout.null_blocks
        return min(max(0.0, blocks / layout.blocks_per_request), most)

    available = cache.available
    value, low, high = count(available.value), count(available.low), count(available.high)
    return Requests(value, low, high, tokens_each=layout.max_model_len)


def _refusals(cache: Cache) -> Iterator[str]:
    """Why the server does not start, where the interval leaves no doubt."""
    if cache.layout.error:
        yield cache.layout.error
    if not cache.high.fits:
        yield cache.value.refusal
    elif cache.high.graph_refusal:
        yield cache.value.graph_refusal or cache.high.graph_refusal


def _prints(cache: Cache) -> Iterator[str]:
    """What the log will say for the central amount, and between which it may lie."""
    value = cache.value
    if cache.layout.error:
        yield cache.layout.error
    elif value.max_concurrency is None:
        yield value.refusal
    else:
        requests, tokens = value.max_concurrency, value.printed_kv_tokens or 0
        yield f"{cache_size(tokens)}{_range(cache, 'tokens')}"
        line = concurrency(cache.layout.max_model_len, requests)
        yield f"{line}{_range(cache, 'concurrency')}"
        if value.graph_refusal:
            yield value.graph_refusal


def _range(cache: Cache, quantity: str) -> str:
    """The range of a printed number, empty where nothing is uncertain."""
    if cache.low is cache.high:
        return ""
    return f" (from {_printed(cache.low, quantity)} to {_printed(cache.high, quantity)})"


def _printed(found: Outcome, quantity: str) -> str:
    if found.max_concurrency is None:
        return "a refusal"
    if quantity == "tokens":
        return f"{found.printed_kv_tokens or 0:,}"
    return f"{found.max_concurrency:.2f}x"


def _budget_doubts(settings: Settings, device: Device) -> Iterator[str]:
    """Whether the part of the card outside the budget holds the CUDA context for certain."""
    outside = device.cuda_total.value * (1 - settings.gpu_memory_utilization)
    if outside < CONTEXT.high:
        room = f"{outside / GIB:.2f} GiB outside it for a CUDA context of up to"
        yield f"{FREE_AT_START}: {room} {CONTEXT.high / GIB:.2f}"


def _caveats(engine: Vllm, model: ModelFacts, settings: Settings) -> tuple[str, ...]:
    """What takes memory and has no formula here."""
    found = []
    if engine.extra_args:
        found.append("flags in extra_args")
    if is_packed(settings.kv_cache_dtype) and len(model.attention) > 1:
        found.append("which layers TurboQuant leaves unquantised beside sliding ones")
    if settings.speculation == "mtp" and not (model.mtp_layers or settings.drafter):
        found.append("MTP layers that the model's facts do not name")
    return tuple(found)

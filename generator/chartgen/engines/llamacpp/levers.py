"""What could be changed of a llama.cpp app so that it needs less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chartgen.engines.base import Variant
from chartgen.engines.llamacpp.cells import ELEMENTS
from chartgen.engines.llamacpp.settings import DEFAULT_UBATCH, PAD
from chartgen.spec import App, LlamaCpp
from chartgen.spec.llamacpp import CacheType

NARROWER: tuple[CacheType, ...] = ("q8_0", "q4_0")
"""Cache types of upstream that are offered in place of a wider one."""

LEAST_UBATCH = 64
"""Prompts are read slowly below this, so no lever offers less."""


def variants(app: App, engine: LlamaCpp) -> Iterator[Variant]:
    """A narrower cache, less context, fewer slots, a smaller micro-batch, no projector,
    no speculation."""
    yield from _caches(app, engine)
    yield from _contexts(app, engine)
    if engine.kv_unified and engine.slots > 1:
        yield from _number(app, engine, "parallel", engine.slots, engine.slots // 2)
    ubatch = engine.n_ubatch or DEFAULT_UBATCH
    if ubatch >= 2 * LEAST_UBATCH:
        yield from _number(app, engine, "n_ubatch", ubatch, ubatch // 2)
    if app.model("mmproj"):
        yield Variant("models", "with mmproj", "without", _without(app, "mmproj"))
    if engine.speculation and engine.speculation.drafts:
        off = _without(replace(app, engine=replace(engine, speculation=None)), "draft")
        yield Variant("speculation", engine.speculation.spec_type, "none", off)


def _caches(app: App, engine: LlamaCpp) -> Iterator[Variant]:
    k, v = _narrower(engine.cache_type_k), _narrower(engine.cache_type_v)
    if k:
        changed = replace(engine, cache_type_k=k)
        yield Variant("cache_type_k", engine.cache_type_k, k, replace(app, engine=changed))
    if v:
        changed = replace(engine, cache_type_v=v)
        yield Variant("cache_type_v", engine.cache_type_v, v, replace(app, engine=changed))


def _narrower(kind: CacheType) -> CacheType | None:
    """The next narrower type on offer."""
    size = ELEMENTS[kind].value
    return next((other for other in NARROWER if ELEMENTS[other].value < size), None)


def _contexts(app: App, engine: LlamaCpp) -> Iterator[Variant]:
    """Three quarters and a half, in whole pads of every slot."""
    step = PAD * (1 if engine.unified else engine.slots)
    for quarters in (3, 2):
        less = engine.ctx_size * quarters // 4 // step * step
        if step <= less < engine.ctx_size:
            yield from _number(app, engine, "ctx_size", engine.ctx_size, less)


def _number(app: App, engine: LlamaCpp, field: str, before: int, after: int) -> Iterator[Variant]:
    changes: dict[str, LlamaCpp] = {
        "ctx_size": replace(engine, ctx_size=after),
        "parallel": replace(engine, parallel=after),
        "n_ubatch": replace(engine, n_ubatch=after),
    }
    yield Variant(field, str(before), str(after), replace(app, engine=changes[field]))


def _without(app: App, role: str) -> App:
    return replace(app, models=tuple(model for model in app.models if model.role != role))

"""llama.cpp: its command, its memory, its levers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chartgen.engines.base import Axes, Axis, Command, Memory, Variant
from chartgen.engines.common import (
    model_faults,
    native_context,
    over_native_context,
    settings_of,
    tokens_in_words,
)
from chartgen.engines.llamacpp.cells import BYTES_PER_ELEMENT, PAD, ubatch
from chartgen.engines.llamacpp.command import command
from chartgen.engines.llamacpp.memory import memory
from chartgen.errors import Fault
from chartgen.facts import Deployment, Device, Facts
from chartgen.spec import App, LlamaCpp

MOST_SLOTS = 64
"""The most slots that a spec may name."""


class LlamaCppEngine:
    """Everything that is peculiar to llama.cpp."""

    def command(self, app: App) -> Command:
        """The `llama-server` command."""
        return command(app, llamacpp(app))

    def faults(self, app: App, facts: Facts) -> list[Fault]:
        """Models without facts, missing constants, a slot over the model's own limit."""
        engine = llamacpp(app)
        return [
            *model_faults(app, facts),
            *over_native_context(app, facts, "ctx_size", engine.ctx_per_slot),
            *_all_on_gpu(app, engine),
        ]

    def memory(self, app: App, facts: Facts, device: Device) -> Memory:
        """The sum held against the total that CUDA reports."""
        return memory(app, llamacpp(app), facts, device)

    def deployment(self, app: App) -> Deployment | None:
        """What decides the memory of this server."""
        engine, weights = llamacpp(app), app.model("weights")
        if not isinstance(engine.image.engine_version, str) or weights is None:
            return None
        return Deployment(
            engine="llamacpp",
            engine_version=engine.image.engine_version,
            model=f"{weights.repo}/{weights.file}",
            kv_cache_dtype=f"{engine.cache_type_k}/{engine.cache_type_v}",
            context=engine.ctx_size,
            sequences=engine.parallel,
            batch=ubatch(engine),
            utilization=None,
            vision=app.model("mmproj") is not None,
            device=app.device,
            settings=settings_of(
                app,
                flash_attn=None if engine.flash_attn == "on" else engine.flash_attn,
                kv_unified=engine.kv_unified,
                swa_full=engine.swa_full,
            ),
        )

    def variants(self, app: App) -> Iterator[Variant]:
        """A narrower cache, half the context, half the micro-batch, no projector."""
        engine = llamacpp(app)
        narrow = BYTES_PER_ELEMENT["q8_0"].value
        if BYTES_PER_ELEMENT[engine.cache_type_k].value > narrow:
            changed = replace(engine, cache_type_k="q8_0")
            yield Variant("cache_type_k", engine.cache_type_k, "q8_0", replace(app, engine=changed))
        if BYTES_PER_ELEMENT[engine.cache_type_v].value > narrow:
            changed = replace(engine, cache_type_v="q8_0")
            yield Variant("cache_type_v", engine.cache_type_v, "q8_0", replace(app, engine=changed))
        half = replace(engine, ctx_size=engine.ctx_size // 2)
        yield Variant(
            "ctx_size", str(engine.ctx_size), str(half.ctx_size), replace(app, engine=half)
        )
        small = replace(engine, n_ubatch=ubatch(engine) // 2)
        yield Variant(
            "n_ubatch", str(ubatch(engine)), str(small.n_ubatch), replace(app, engine=small)
        )
        if projector := app.model("mmproj"):
            models = tuple(model for model in app.models if model is not projector)
            yield Variant("models", "with mmproj", "without", replace(app, models=models))

    def axes(self, app: App, facts: Facts) -> Axes:
        """`ctx_size`, the tokens of all slots together, against `parallel`."""
        most = native_context(app, facts) * llamacpp(app).full_slots
        return Axes(
            Axis("ctx_size", PAD, most, PAD, _with_context),
            Axis("parallel", 1, MOST_SLOTS, 1, _with_slots),
        )

    def quotes(self, app: App) -> Mapping[str, str]:
        """Facts for texts."""
        engine = llamacpp(app)
        kinds = dict.fromkeys((engine.cache_type_k, engine.cache_type_v))
        return {
            "context": tokens_in_words(engine.ctx_size),
            "context_per_slot": tokens_in_words(engine.ctx_per_slot),
            "slots": str(engine.parallel),
            "kv_cache_dtype": "/".join(kinds),
            "engine": "llama.cpp",
            "served_name": engine.alias,
        }


def llamacpp(app: App) -> LlamaCpp:
    """The llama.cpp part of an app."""
    if not isinstance(app.engine, LlamaCpp):
        raise TypeError(f"{app.name} does not run on llama.cpp")
    return app.engine


def _with_context(app: App, tokens: int) -> App:
    return replace(app, engine=replace(llamacpp(app), ctx_size=tokens))


def _with_slots(app: App, slots: int) -> App:
    """So many slots, each as long as before unless they share one context."""
    engine = llamacpp(app)
    total = engine.ctx_size if engine.kv_unified else engine.ctx_per_slot * slots
    return replace(app, engine=replace(engine, parallel=slots, ctx_size=total))


def _all_on_gpu(app: App, engine: LlamaCpp) -> list[Fault]:
    """The sum counts every layer on the GPU; fewer would make it a guess."""
    if engine.n_gpu_layers >= ALL_LAYERS:
        return []
    remedy = f"Set it to {ALL_LAYERS}: layers in host memory are not planned yet."
    path = f"{app.name}.engine.n_gpu_layers"
    return [Fault(path, "some layers stay in host memory", remedy, str(engine.n_gpu_layers))]


ALL_LAYERS = 99
"""The number that llama.cpp's users write for "all layers"."""

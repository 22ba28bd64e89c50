"""llama.cpp: its command, its memory, its levers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from chartgen.engines.base import Axes, Axis, Command, Exact, Memory, Variant
from chartgen.engines.common import (
    at_least,
    native_context,
    settings_of,
    tokens_in_words,
)
from chartgen.engines.llamacpp.blank import blank, with_vision
from chartgen.engines.llamacpp.command import command
from chartgen.engines.llamacpp.faults import faults
from chartgen.engines.llamacpp.levers import variants
from chartgen.engines.llamacpp.memory import memory
from chartgen.engines.llamacpp.settings import ALL_LAYERS, DEFAULT_UBATCH, PAD
from chartgen.errors import Fault
from chartgen.facts import Checkpoint, Deployment, Device, Facts, ModelFacts
from chartgen.spec import App, LlamaCpp, LlamaSpeculation

MOST_SLOTS = 64
"""The most slots that a spec may name."""


class LlamaCppEngine:
    """Everything that is peculiar to llama.cpp."""

    def command(self, app: App) -> Command:
        """The `llama-server` command."""
        return command(app, llamacpp(app))

    def faults(self, app: App, facts: Facts) -> list[Fault]:
        """Models without facts, a slot over the model's own limit, layers of unknown size."""
        return list(faults(app, llamacpp(app), facts))

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
            sequences=engine.slots,
            batch=engine.n_ubatch or DEFAULT_UBATCH,
            utilization=None,
            vision=app.model("mmproj") is not None,
            device=app.device,
            settings=settings_of(app, **_settings(engine)),
        )

    def needs_no_less(self, more: Deployment, less: Deployment) -> bool:
        """More context, micro-batch or vision; slots share the context, so they must agree."""
        return at_least(more, less, "context", "batch", "vision")

    def variants(self, app: App) -> Iterator[Variant]:
        """A narrower cache, less context, fewer slots, no projector, no speculation."""
        return variants(app, llamacpp(app))

    def axes(self, app: App, facts: Facts) -> Axes:
        """`ctx_size`, the tokens of all slots together, against `parallel`."""
        most = native_context(app, facts) * llamacpp(app).full_slots
        return Axes(
            Axis("ctx_size", PAD, most, PAD, _with_context),
            Axis("parallel", 1, MOST_SLOTS, 1, _with_slots),
        )

    def with_vision(self, app: App, facts: Facts, *, on: bool) -> App:
        """The model's projector, or none."""
        return with_vision(app, facts, on=on)

    def blank(
        self, model: ModelFacts, checkpoint: Checkpoint, device: Device | None = None
    ) -> App | None:
        """One GGUF file under the server's own defaults."""
        del device  # the defaults are taken to be the same on all cards
        return blank(model, checkpoint)

    def quotes(self, app: App) -> Mapping[str, str]:
        """Facts for texts."""
        engine = llamacpp(app)
        kinds = dict.fromkeys((engine.cache_type_k, engine.cache_type_v))
        return {
            "context": tokens_in_words(engine.ctx_size),
            "context_per_slot": tokens_in_words(engine.ctx_per_slot),
            "slots": str(engine.slots),
            "kv_cache_dtype": "/".join(kinds),
            "engine": "llama.cpp",
            "served_name": engine.alias,
        }

    def exact(self, app: App, facts: Facts, device: Device, program: Path | None) -> Exact:
        """What `llama-fit-params` says, on a header made from the facts."""
        # Only this question starts programs; no other pays for what that needs.
        from chartgen.engines.llamacpp import exact, own_program  # noqa: PLC0415

        return exact.exact(app, llamacpp(app), facts, device, own_program.installed(program))


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
    total = engine.ctx_size if engine.unified else engine.ctx_per_slot * slots
    return replace(
        app,
        engine=replace(engine, parallel=slots, ctx_size=total, kv_unified=engine.unified),
    )


def _settings(engine: LlamaCpp) -> dict[str, object]:
    """What decides memory beside the fields that every deployment has."""
    layers = engine.n_gpu_layers
    return {
        "flash_attn": None if engine.flash_attn == "on" else engine.flash_attn,
        "kv_unified": engine.unified,
        "swa_full": engine.swa_full,
        "n_batch": engine.n_batch if _cuts_ubatch(engine) else None,
        "n_gpu_layers": None if layers >= ALL_LAYERS else str(layers),
        "cpu_moe": engine.cpu_moe,
        "n_cpu_moe": engine.n_cpu_moe or None,
        "no_kv_offload": not engine.kv_offload,
        "image_max_tokens": engine.image_max_tokens,
        **_speculation(engine.speculation),
    }


def _cuts_ubatch(engine: LlamaCpp) -> bool:
    """Whether the batch is smaller than the micro-batch, which it limits."""
    return engine.n_batch is not None and engine.n_batch < (engine.n_ubatch or DEFAULT_UBATCH)


def _speculation(speculation: LlamaSpeculation | None) -> dict[str, object]:
    """Speculation by n-grams takes no memory that a plan counts."""
    if speculation is None or not speculation.drafts:
        return {}
    return {
        "spec_type": speculation.spec_type,
        "spec_draft_n_max": speculation.n_max,
        "spec_draft_type_k": speculation.cache_type_k,
        "spec_draft_type_v": speculation.cache_type_v,
    }

"""SGLang: its command, its memory, its levers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from chartgen.engines.base import Axes, Axis, Command, Exact, Memory, Variant
from chartgen.engines.common import (
    at_least,
    images_on,
    model_faults,
    native_context,
    no_own_planner,
    over_native_context,
    settings_of,
    tokens_in_words,
)
from chartgen.engines.sglang.blank import blank
from chartgen.engines.sglang.command import command
from chartgen.engines.sglang.memory import memory
from chartgen.errors import Fault
from chartgen.facts import Checkpoint, Deployment, Device, Facts, ModelFacts
from chartgen.spec import App, Sglang

CONTEXT_STEP = 1024
"""Contexts that people write are multiples of this."""

MOST_REQUESTS = 256
"""More requests at once are not searched for on one card."""


class SglangEngine:
    """Everything that is peculiar to SGLang."""

    def command(self, app: App) -> Command:
        """The `sglang.launch_server` command."""
        return command(app, sglang(app))

    def faults(self, app: App, facts: Facts) -> list[Fault]:
        """Models without facts, and a context over the model's own limit."""
        tokens = sglang(app).context_length
        over = over_native_context(app, facts, "context_length", tokens)
        return [*model_faults(app, facts), *over]

    def memory(self, app: App, facts: Facts, device: Device) -> Memory:
        """The sum held against mem_fraction_static x the total that CUDA reports."""
        return memory(app, sglang(app), facts, device)

    def deployment(self, app: App) -> Deployment | None:
        """What decides the memory of this server."""
        engine, weights = sglang(app), app.model("weights")
        if not isinstance(engine.image.engine_version, str) or weights is None:
            return None
        return Deployment(
            engine="sglang",
            engine_version=engine.image.engine_version,
            model=weights.repo,
            kv_cache_dtype=engine.kv_cache_dtype,
            context=engine.context_length,
            sequences=engine.max_running_requests,
            batch=engine.chunked_prefill_size,
            utilization=engine.mem_fraction_static,
            vision=engine.images_per_prompt > 0,
            device=app.device,
            settings=_settings(app, engine),
        )

    def needs_no_less(self, more: Deployment, less: Deployment) -> bool:
        """More context, requests, batch or vision, and nothing else changed."""
        return at_least(more, less, "context", "sequences", "batch", "vision")

    def with_vision(self, app: App, facts: Facts, *, on: bool) -> App:
        """One image a prompt at least, or none at all."""
        engine = sglang(app)
        images = images_on(app, facts, engine.images_per_prompt) if on else 0
        return replace(app, engine=replace(engine, images_per_prompt=images))

    def blank(self, model: ModelFacts, checkpoint: Checkpoint) -> App | None:
        """The app of a whole repository, at defaults."""
        return blank(model, checkpoint)

    def variants(self, app: App) -> Iterator[Variant]:
        """A narrower cache, less context, a smaller chunk, fewer requests, no images."""
        engine = sglang(app)
        if not engine.kv_cache_dtype.startswith("fp8"):
            yield _variant(app, "kv_cache_dtype", replace(engine, kv_cache_dtype="fp8_e4m3"))
        for part in (engine.context_length * 3 // 4, engine.context_length // 2):
            yield _variant(app, "context_length", replace(engine, context_length=part))
        chunk = engine.chunked_prefill_size // 2
        yield _variant(app, "chunked_prefill_size", replace(engine, chunked_prefill_size=chunk))
        if engine.max_running_requests > 1:
            fewer = replace(engine, max_running_requests=engine.max_running_requests // 2)
            yield _variant(app, "max_running_requests", fewer)
        if engine.images_per_prompt:
            yield _variant(app, "images_per_prompt", replace(engine, images_per_prompt=0))

    def axes(self, app: App, facts: Facts) -> Axes:
        """`context_length` against `max_running_requests`."""
        most = native_context(app, facts)
        return Axes(
            Axis("context_length", CONTEXT_STEP, most, CONTEXT_STEP, _with_context),
            Axis("max_running_requests", 1, MOST_REQUESTS, 1, _with_requests),
        )

    def quotes(self, app: App) -> Mapping[str, str]:
        """Facts for texts."""
        engine = sglang(app)
        context = tokens_in_words(engine.context_length)
        return {
            "context": context,
            "context_per_slot": context,
            "slots": str(engine.max_running_requests),
            "kv_cache_dtype": engine.kv_cache_dtype,
            "engine": "SGLang",
            "served_name": engine.served_model_name,
        }

    def exact(self, app: App, facts: Facts, device: Device, program: Path | None) -> Exact:
        """Refused: there is no such program."""
        del facts, device, program  # nothing to ask
        raise no_own_planner(app)


def sglang(app: App) -> Sglang:
    """The SGLang part of an app."""
    if not isinstance(app.engine, Sglang):
        raise TypeError(f"{app.name} does not run on SGLang")
    return app.engine


def _settings(app: App, engine: Sglang) -> tuple[str, ...]:
    """What touches memory beside the settings that a deployment names."""
    return settings_of(
        app,
        cuda_graph_max_bs_decode=None
        if engine.disable_cuda_graph
        else engine.cuda_graph_max_bs_decode,
        disable_cuda_graph=engine.disable_cuda_graph,
        disable_radix_cache=engine.disable_radix_cache,
        dtype=engine.dtype if engine.dtype != "auto" else None,
        images_per_prompt=engine.images_per_prompt if engine.images_per_prompt > 1 else None,
        quantization=engine.quantization,
        swa_full_tokens_ratio=engine.swa_full_tokens_ratio,
    )


def _with_context(app: App, tokens: int) -> App:
    return replace(app, engine=replace(sglang(app), context_length=tokens))


def _with_requests(app: App, requests: int) -> App:
    return replace(app, engine=replace(sglang(app), max_running_requests=requests))


def _variant(app: App, field: str, changed: Sglang) -> Variant:
    before, after = getattr(app.engine, field), getattr(changed, field)
    return Variant(field, str(before), str(after), replace(app, engine=changed))

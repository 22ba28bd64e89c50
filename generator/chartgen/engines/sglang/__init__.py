"""SGLang: its command, its memory, its levers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from chartgen.engines.base import Axes, Command, Exact, Memory, Variant
from chartgen.engines.common import (
    axes_of,
    engine_as,
    faults_of,
    halved,
    named_version,
    needs_no_less,
    no_own_planner,
    quotes_of,
    settings_of,
    shorter,
    variant,
    with_images,
)
from chartgen.engines.sglang.blank import blank
from chartgen.engines.sglang.command import command
from chartgen.engines.sglang.memory import memory
from chartgen.errors import Fault
from chartgen.facts import Checkpoint, Deployment, Device, Facts, ModelFacts
from chartgen.spec import App, Sglang

MOST_REQUESTS = 256
"""More requests at once are not searched for on one card."""


class SglangEngine:
    """Everything that is peculiar to SGLang."""

    def command(self, app: App) -> Command:
        """The `sglang.launch_server` command."""
        return command(app, sglang(app))

    def faults(self, app: App, facts: Facts) -> list[Fault]:
        """Models without facts, and a context over the model's own limit."""
        return faults_of(app, facts, "context_length")

    def memory(self, app: App, facts: Facts, device: Device) -> Memory:
        """The sum held against mem_fraction_static x the total that CUDA reports."""
        return memory(app, sglang(app), facts, device)

    def deployment(self, app: App) -> Deployment | None:
        """What decides the memory of this server."""
        engine, named = sglang(app), named_version(app)
        if named is None:
            return None
        version, model = named
        return Deployment(
            engine="sglang",
            engine_version=version,
            model=model,
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
        return needs_no_less(more, less)

    def with_vision(self, app: App, facts: Facts, *, on: bool) -> App:
        """One image a prompt at least, or none at all."""
        return with_images(app, facts, on=on)

    def blank(
        self, model: ModelFacts, checkpoint: Checkpoint, device: Device | None = None
    ) -> App | None:
        """The app of a whole repository, at defaults."""
        del device  # the defaults are taken to be the same on all cards
        return blank(model, checkpoint)

    def variants(self, app: App) -> Iterator[Variant]:
        """A narrower cache, less context, a smaller chunk, fewer requests, no images."""
        engine = sglang(app)
        if not engine.kv_cache_dtype.startswith("fp8"):
            yield variant(app, "kv_cache_dtype", "fp8_e4m3")
        yield from shorter(app, "context_length")
        yield from halved(app, "chunked_prefill_size")
        yield from halved(app, "max_running_requests", app.least_requests)
        if engine.images_per_prompt:
            yield variant(app, "images_per_prompt", 0)

    def axes(self, app: App, facts: Facts) -> Axes:
        """`context_length` against `max_running_requests`."""
        return axes_of(app, facts, "context_length", "max_running_requests", MOST_REQUESTS)

    def quotes(self, app: App) -> Mapping[str, str]:
        """Facts for texts."""
        engine = sglang(app)
        kind, name = engine.kv_cache_dtype, engine.served_model_name
        return quotes_of("SGLang", engine.context_length, engine.max_running_requests, kind, name)

    def exact(self, app: App, facts: Facts, device: Device, program: Path | None) -> Exact:
        """Refused: there is no such program."""
        del facts, device, program  # nothing to ask
        raise no_own_planner(app)


def sglang(app: App) -> Sglang:
    """The SGLang part of an app."""
    return engine_as(app, Sglang)


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

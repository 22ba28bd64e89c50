"""transformers serve: its command, its memory, its levers."""

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
from chartgen.engines.transformers.blank import blank
from chartgen.engines.transformers.command import command
from chartgen.engines.transformers.memory import memory
from chartgen.errors import Fault
from chartgen.facts import Checkpoint, Deployment, Device, Facts, ModelFacts
from chartgen.spec import App, Transformers

MOST_SEQUENCES = 64
"""More requests at once are not searched for."""


class TransformersEngine:
    """Everything that is peculiar to the server of transformers."""

    def command(self, app: App) -> Command:
        """The `transformers serve` command."""
        return command(app, transformers(app))

    def faults(self, app: App, facts: Facts) -> list[Fault]:
        """Models without facts, and a context over the model's own limit."""
        return faults_of(app, facts, "context_length")

    def memory(self, app: App, facts: Facts, device: Device) -> Memory:
        """The sum held against the total that CUDA reports."""
        return memory(app, transformers(app), facts, device)

    def deployment(self, app: App) -> Deployment | None:
        """What decides the memory of this server."""
        engine, named = transformers(app), named_version(app)
        if named is None:
            return None
        version, model = named
        return Deployment(
            engine="transformers",
            engine_version=version,
            model=model,
            kv_cache_dtype=engine.dtype,
            context=engine.context_length,
            sequences=engine.max_num_seqs,
            batch=engine.context_length,
            utilization=None,
            vision=engine.images_per_prompt > 0,
            device=app.device,
            settings=settings_of(
                app,
                attn_implementation=engine.attn_implementation,
                continuous_batching=engine.continuous_batching,
                image_tokens=engine.image_tokens,
                images_per_prompt=engine.images_per_prompt or None,
                quantization=engine.quantization,
            ),
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
        """Quantised weights, less context, fewer requests, no images."""
        engine = transformers(app)
        if engine.quantization is None:
            yield variant(app, "quantization", "bnb-4bit")
        yield from shorter(app, "context_length")
        yield from halved(app, "max_num_seqs", app.least_requests)
        if engine.attn_implementation == "eager":
            yield variant(app, "attn_implementation", "sdpa")
        if engine.images_per_prompt:
            yield variant(app, "images_per_prompt", 0)

    def axes(self, app: App, facts: Facts) -> Axes:
        """`context_length` against `max_num_seqs`."""
        return axes_of(app, facts, "context_length", "max_num_seqs", MOST_SEQUENCES)

    def quotes(self, app: App) -> Mapping[str, str]:
        """Facts for texts."""
        engine, model = transformers(app), app.model("weights")
        name = model.repo if model else ""
        return quotes_of("transformers", engine.context_length, engine.max_num_seqs, "bf16", name)

    def exact(self, app: App, facts: Facts, device: Device, program: Path | None) -> Exact:
        """Refused: there is no such program."""
        del facts, device, program  # nothing to ask
        raise no_own_planner(app)


def transformers(app: App) -> Transformers:
    """The transformers part of an app."""
    return engine_as(app, Transformers)

"""transformers serve: its command, its memory, its levers."""

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
from chartgen.engines.transformers.blank import blank
from chartgen.engines.transformers.command import command
from chartgen.engines.transformers.memory import memory
from chartgen.errors import Fault
from chartgen.facts import Checkpoint, Deployment, Device, Facts, ModelFacts
from chartgen.spec import App, Transformers

CONTEXT_STEP = 1024
"""Contexts that people write are multiples of this."""

MOST_SEQUENCES = 64
"""More requests at once are not searched for."""


class TransformersEngine:
    """Everything that is peculiar to the server of transformers."""

    def command(self, app: App) -> Command:
        """The `transformers serve` command."""
        return command(app, transformers(app))

    def faults(self, app: App, facts: Facts) -> list[Fault]:
        """Models without facts, and a context over the model's own limit."""
        tokens = transformers(app).context_length
        over = over_native_context(app, facts, "context_length", tokens)
        return [*model_faults(app, facts), *over]

    def memory(self, app: App, facts: Facts, device: Device) -> Memory:
        """The sum held against the total that CUDA reports."""
        return memory(app, transformers(app), facts, device)

    def deployment(self, app: App) -> Deployment | None:
        """What decides the memory of this server."""
        engine, weights = transformers(app), app.model("weights")
        if not isinstance(engine.image.engine_version, str) or weights is None:
            return None
        return Deployment(
            engine="transformers",
            engine_version=engine.image.engine_version,
            model=weights.repo,
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
        return at_least(more, less, "context", "sequences", "batch", "vision")

    def with_vision(self, app: App, facts: Facts, *, on: bool) -> App:
        """One image a prompt at least, or none at all."""
        engine = transformers(app)
        images = images_on(app, facts, engine.images_per_prompt) if on else 0
        return replace(app, engine=replace(engine, images_per_prompt=images))

    def blank(self, model: ModelFacts, checkpoint: Checkpoint) -> App | None:
        """The app of a whole repository, at defaults."""
        return blank(model, checkpoint)

    def variants(self, app: App) -> Iterator[Variant]:
        """Quantised weights, less context, fewer requests, no images."""
        engine = transformers(app)
        if engine.quantization is None:
            yield _variant(app, "quantization", replace(engine, quantization="bnb-4bit"))
        for part in (engine.context_length * 3 // 4, engine.context_length // 2):
            yield _variant(app, "context_length", replace(engine, context_length=part))
        if engine.max_num_seqs > 1:
            fewer = replace(engine, max_num_seqs=engine.max_num_seqs // 2)
            yield _variant(app, "max_num_seqs", fewer)
        if engine.attn_implementation == "eager":
            yield _variant(app, "attn_implementation", replace(engine, attn_implementation="sdpa"))
        if engine.images_per_prompt:
            yield _variant(app, "images_per_prompt", replace(engine, images_per_prompt=0))

    def axes(self, app: App, facts: Facts) -> Axes:
        """`context_length` against `max_num_seqs`."""
        most = native_context(app, facts)
        return Axes(
            Axis("context_length", CONTEXT_STEP, most, CONTEXT_STEP, _with_context),
            Axis("max_num_seqs", 1, MOST_SEQUENCES, 1, _with_sequences),
        )

    def quotes(self, app: App) -> Mapping[str, str]:
        """Facts for texts."""
        engine, model = transformers(app), app.model("weights")
        context = tokens_in_words(engine.context_length)
        return {
            "context": context,
            "context_per_slot": context,
            "slots": str(engine.max_num_seqs),
            "kv_cache_dtype": "bf16",
            "engine": "transformers",
            "served_name": model.repo if model else "",
        }

    def exact(self, app: App, facts: Facts, device: Device, program: Path | None) -> Exact:
        """Refused: there is no such program."""
        del facts, device, program  # nothing to ask
        raise no_own_planner(app)


def transformers(app: App) -> Transformers:
    """The transformers part of an app."""
    if not isinstance(app.engine, Transformers):
        raise TypeError(f"{app.name} does not run on transformers")
    return app.engine


def _with_context(app: App, tokens: int) -> App:
    return replace(app, engine=replace(transformers(app), context_length=tokens))


def _with_sequences(app: App, sequences: int) -> App:
    return replace(app, engine=replace(transformers(app), max_num_seqs=sequences))


def _variant(app: App, field: str, changed: Transformers) -> Variant:
    before, after = getattr(app.engine, field), getattr(changed, field)
    return Variant(field, str(before), str(after), replace(app, engine=changed))

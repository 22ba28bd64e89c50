"""vLLM: its command, its memory, its levers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from chartgen.engines.base import Axes, Axis, Command, Exact, Memory, Variant
from chartgen.engines.common import (
    at_least,
    model_faults,
    native_context,
    no_own_planner,
    over_native_context,
    settings_of,
    tokens_in_words,
)
from chartgen.engines.vllm.blank import blank, with_vision
from chartgen.engines.vllm.command import command
from chartgen.engines.vllm.memory import memory
from chartgen.errors import Fault
from chartgen.facts import Checkpoint, Deployment, Device, Facts, ModelFacts
from chartgen.spec import App, Vllm

WIDE = ("auto", "bfloat16", "float16")
"""KV cache types of two bytes an element."""

CONTEXT_STEP = 1024
"""Contexts that people write are multiples of this."""

MOST_SEQUENCES = 256
"""vLLM's own default of `max_num_seqs` for a server."""


class VllmEngine:
    """Everything that is peculiar to vLLM."""

    def command(self, app: App) -> Command:
        """The `vllm serve` command."""
        return command(app, vllm(app))

    def faults(self, app: App, facts: Facts) -> list[Fault]:
        """Models without facts, and a context over the model's own limit."""
        tokens = vllm(app).max_model_len
        over = over_native_context(app, facts, "max_model_len", tokens)
        return [*model_faults(app, facts), *over]

    def memory(self, app: App, facts: Facts, device: Device) -> Memory:
        """The sum held against utilization x the total that CUDA reports."""
        return memory(app, vllm(app), facts, device)

    def deployment(self, app: App) -> Deployment | None:
        """What decides the memory of this server."""
        engine, weights = vllm(app), app.model("weights")
        if not isinstance(engine.image.engine_version, str) or weights is None:
            return None
        return Deployment(
            engine="vllm",
            engine_version=engine.image.engine_version,
            model=weights.repo,
            kv_cache_dtype=engine.kv_cache_dtype,
            context=engine.max_model_len,
            sequences=engine.max_num_seqs,
            batch=engine.max_num_batched_tokens,
            utilization=engine.gpu_memory_utilization,
            vision=engine.images_per_prompt > 0,
            device=app.device,
            settings=_settings(app, engine),
        )

    def needs_no_less(self, more: Deployment, less: Deployment) -> bool:
        """More context, sequences, batch or vision, and nothing else changed."""
        return at_least(more, less, "context", "sequences", "batch", "vision")

    def variants(self, app: App) -> Iterator[Variant]:
        """A narrower cache, less context, fewer sequences, smaller batches, no images, no
        graphs; never fewer requests at once than the spec demands."""
        engine = vllm(app)
        if engine.kv_cache_dtype in WIDE:
            yield _variant(app, "kv_cache_dtype", replace(engine, kv_cache_dtype="fp8"))
        for context in (engine.max_model_len * 3 // 4, engine.max_model_len // 2):
            yield _variant(app, "max_model_len", replace(engine, max_model_len=context))
        fewer = engine.max_num_seqs // 2
        if fewer >= app.least_requests:
            yield _variant(app, "max_num_seqs", replace(engine, max_num_seqs=fewer))
        batch = engine.max_num_batched_tokens // 2
        yield _variant(app, "max_num_batched_tokens", replace(engine, max_num_batched_tokens=batch))
        if engine.images_per_prompt:
            yield _variant(app, "images_per_prompt", replace(engine, images_per_prompt=0))
        if not engine.enforce_eager:
            yield _variant(app, "enforce_eager", replace(engine, enforce_eager=True))

    def axes(self, app: App, facts: Facts) -> Axes:
        """`max_model_len` against `max_num_seqs`."""
        most = native_context(app, facts)
        return Axes(
            Axis("max_model_len", CONTEXT_STEP, most, CONTEXT_STEP, _with_context),
            Axis("max_num_seqs", 1, MOST_SEQUENCES, 1, _with_sequences),
        )

    def with_vision(self, app: App, facts: Facts, *, on: bool) -> App:
        """Images in a prompt, or none at all."""
        return with_vision(app, vllm(app), facts, on=on)

    def blank(self, model: ModelFacts, checkpoint: Checkpoint) -> App | None:
        """A whole repository under the server's own defaults."""
        return blank(model, checkpoint)

    def quotes(self, app: App) -> Mapping[str, str]:
        """Facts for texts."""
        engine = vllm(app)
        context = tokens_in_words(engine.max_model_len)
        return {
            "context": context,
            "context_per_slot": context,
            "slots": str(engine.max_num_seqs),
            "kv_cache_dtype": engine.kv_cache_dtype,
            "engine": "vLLM",
            "served_name": engine.served_model_name,
        }

    def exact(self, app: App, facts: Facts, device: Device, program: Path | None) -> Exact:
        """Refused: there is no such program."""
        del facts, device, program  # nothing to ask
        raise no_own_planner(app)


def vllm(app: App) -> Vllm:
    """The vLLM part of an app."""
    if not isinstance(app.engine, Vllm):
        raise TypeError(f"{app.name} does not run on vLLM")
    return app.engine


def _with_context(app: App, tokens: int) -> App:
    return replace(app, engine=replace(vllm(app), max_model_len=tokens))


def _with_sequences(app: App, sequences: int) -> App:
    return replace(app, engine=replace(vllm(app), max_num_seqs=sequences))


def _settings(app: App, engine: Vllm) -> tuple[str, ...]:
    """What touches memory beside the settings that a deployment names."""
    chosen = engine.speculation
    return settings_of(
        app,
        async_scheduling=_word(engine.async_scheduling),
        block_size=engine.block_size,
        cudagraph_mode=engine.cudagraph_mode,
        disable_hybrid_kv_cache_manager=engine.disable_hybrid_kv_cache_manager,
        dtype=engine.dtype if engine.dtype != "auto" else None,
        enable_chunked_prefill="off" if engine.enable_chunked_prefill is False else None,
        enable_prefix_caching=None if engine.enable_prefix_caching else "off",
        enforce_eager=engine.enforce_eager,
        images_per_prompt=engine.images_per_prompt if engine.images_per_prompt > 1 else None,
        kv_cache_memory_bytes=engine.kv_cache_memory_bytes,
        language_model_only=engine.language_model_only,
        load_format=engine.load_format if engine.load_format != "auto" else None,
        mamba_cache_mode=engine.mamba_cache_mode,
        quantization=engine.quantization,
        speculation=f"{chosen.method} {chosen.num_speculative_tokens}" if chosen else None,
    )


def _word(value: bool | None) -> str | None:
    """A switch that somebody set; None for one that is left to the engine."""
    return None if value is None else ("on" if value else "off")


def _variant(app: App, field: str, changed: Vllm) -> Variant:
    before, after = getattr(app.engine, field), getattr(changed, field)
    return Variant(field, str(before), str(after), replace(app, engine=changed))

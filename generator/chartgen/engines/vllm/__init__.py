"""vLLM: its command, its memory, its levers."""

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
    quotes_of,
    settings_of,
    shorter,
    variant,
    with_field,
    with_images,
)
from chartgen.engines.vllm.blank import blank
from chartgen.engines.vllm.command import command
from chartgen.engines.vllm.memory import memory
from chartgen.engines.vllm.settings import version_of
from chartgen.errors import Fault
from chartgen.facts import Checkpoint, Deployment, Device, Facts, ModelFacts
from chartgen.spec import App, Vllm

WIDE = ("auto", "bfloat16", "float16")
"""KV cache types of two bytes an element."""

MOST_SEQUENCES = 256
"""vLLM's own default of `max_num_seqs` for a server on a small card."""


class VllmEngine:
    """Everything that is peculiar to vLLM."""

    def command(self, app: App) -> Command:
        """The `vllm serve` command."""
        return command(app, vllm(app))

    def faults(self, app: App, facts: Facts) -> list[Fault]:
        """Models without facts, a context over the model's own limit, and a version that is
        none: it would be planned by the newest rules without a word."""
        return [*faults_of(app, facts, "max_model_len"), *_version_faults(app)]

    def memory(self, app: App, facts: Facts, device: Device) -> Memory:
        """The sum held against utilization x the total that CUDA reports."""
        return memory(app, vllm(app), facts, device)

    def deployment(self, app: App) -> Deployment | None:
        """What decides the memory of this server."""
        engine, named = vllm(app), named_version(app)
        if named is None:
            return None
        version, model = named
        return Deployment(
            engine="vllm",
            engine_version=version,
            model=model,
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
        return needs_no_less(more, less)

    def variants(self, app: App) -> Iterator[Variant]:
        """A narrower cache, less context, fewer sequences, smaller batches, no images, no
        graphs; never fewer requests at once than the spec demands."""
        engine = vllm(app)
        if engine.kv_cache_dtype in WIDE:
            yield variant(app, "kv_cache_dtype", "fp8")
        yield from shorter(app, "max_model_len")
        yield from halved(app, "max_num_seqs", app.least_requests)
        yield from halved(app, "max_num_batched_tokens", engine.max_num_seqs)
        if engine.images_per_prompt:
            yield variant(app, "images_per_prompt", 0)
        if not engine.enforce_eager:
            yield variant(app, "enforce_eager", True)

    def axes(self, app: App, facts: Facts) -> Axes:
        """`max_model_len` against `max_num_seqs`, which a batch bounds."""
        most = min(MOST_SEQUENCES, vllm(app).max_num_batched_tokens)
        return axes_of(app, facts, "max_model_len", "max_num_seqs", most)

    def with_vision(self, app: App, facts: Facts, *, on: bool) -> App:
        """One image a prompt at least, or none at all; what sees is more than language."""
        changed = with_images(app, facts, on=on)
        return with_field(changed, "language_model_only", False) if on else changed

    def blank(
        self, model: ModelFacts, checkpoint: Checkpoint, device: Device | None = None
    ) -> App | None:
        """A whole repository under the server's own defaults, larger on large cards."""
        return blank(model, checkpoint, device)

    def quotes(self, app: App) -> Mapping[str, str]:
        """Facts for texts."""
        engine = vllm(app)
        kind, name = engine.kv_cache_dtype, engine.served_model_name
        return quotes_of("vLLM", engine.max_model_len, engine.max_num_seqs, kind, name)

    def exact(self, app: App, facts: Facts, device: Device, program: Path | None) -> Exact:
        """The planner of an installed vLLM: `program` is the Python that has it."""
        from chartgen.engines.vllm.exact import exact  # noqa: PLC0415 starts programs
        from chartgen.engines.vllm.installed import installed  # noqa: PLC0415

        return exact(app, vllm(app), facts, device, installed(program))


def _version_faults(app: App) -> list[Fault]:
    version = vllm(app).image.engine_version
    if not isinstance(version, str) or version_of(version):
        return []
    remedy = "Write one like 0.20.2 or 0.21.1rc1.dev169, or Unknown with the reason."
    path = f"{app.name}.engine.image.engine_version"
    return [Fault(path, "no version of vLLM", remedy, version)]


def vllm(app: App) -> Vllm:
    """The vLLM part of an app."""
    return engine_as(app, Vllm)


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

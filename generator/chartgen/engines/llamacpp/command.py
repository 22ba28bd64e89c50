"""The `llama-server` command line, flag by flag."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.engines.base import CACHE, MODELS, Command
from chartgen.spec import App, LlamaCpp, LlamaSpeculation

ENVIRONMENT = {
    # Kernels that the driver compiles for this card are kept for the next start.
    "CUDA_CACHE_PATH": f"{CACHE}/cuda",
}
FILES = {
    "weights": "--model",
    "mmproj": "--mmproj",
    "draft": "--model-draft",
    "chat_template": "--chat-template-file",
}


def command(app: App, engine: LlamaCpp) -> Command:
    """The command of an app's server."""
    argv = ("llama-server", *_flags(app, engine), *engine.extra_args)
    own = {variable.name: variable.value for variable in engine.env}
    return Command(argv, {**ENVIRONMENT, **own}, engine.port, "/health")


def _flags(app: App, engine: LlamaCpp) -> Iterator[str]:
    for model in app.models:
        yield from (FILES[model.role], f"{MODELS}/{model.path}")
    yield from ("--alias", engine.alias)
    yield from ("--host", "0.0.0.0")  # noqa: S104 the pod's network is the device's
    yield from ("--port", str(engine.port))
    yield from ("--ctx-size", str(engine.ctx_size))
    if engine.parallel is not None:
        yield from ("--parallel", str(engine.parallel))
    yield from ("--n-gpu-layers", str(engine.n_gpu_layers))
    yield from ("--cache-type-k", engine.cache_type_k)
    yield from ("--cache-type-v", engine.cache_type_v)
    yield from ("--flash-attn", engine.flash_attn)
    yield from _optional(engine)


def _optional(engine: LlamaCpp) -> Iterator[str]:
    """What is left out stands at the server's default."""
    for flag, number in (
        ("--batch-size", engine.n_batch),
        ("--ubatch-size", engine.n_ubatch),
        ("--threads", engine.threads),
        ("--n-cpu-moe", engine.n_cpu_moe),
        ("--image-max-tokens", engine.image_max_tokens),
        ("--cache-ram", engine.cache_ram),
        ("--ctx-checkpoints", engine.ctx_checkpoints),
    ):
        if number is not None:
            yield from (flag, str(number))
    for flag, wanted in (
        ("--kv-unified", engine.kv_unified),
        ("--swa-full", engine.swa_full),
        ("--cpu-moe", engine.cpu_moe),
        ("--no-kv-offload", not engine.kv_offload),
        ("--no-context-shift", not engine.context_shift),
        ("--jinja", engine.jinja),
        ("--mlock", engine.mlock),
        ("--no-mmap", not engine.mmap),
    ):
        if wanted:
            yield flag
    if engine.speculation:
        yield from _speculation(engine.speculation)


def _speculation(speculation: LlamaSpeculation) -> Iterator[str]:
    """Flags of llama.cpp since May 2026; a drafter's file is among the models."""
    yield from ("--spec-type", speculation.spec_type)
    for flag, value in (
        ("--spec-draft-n-max", speculation.n_max),
        ("--spec-draft-type-k", speculation.cache_type_k),
        ("--spec-draft-type-v", speculation.cache_type_v),
    ):
        if value is not None:
            yield from (flag, str(value))

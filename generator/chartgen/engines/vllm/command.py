"""The `vllm serve` command line, flag by flag."""

from __future__ import annotations

import json
from collections.abc import Iterator

from chartgen.engines.base import CACHE, MODELS, Command
from chartgen.spec import App, Model, Vllm

ENVIRONMENT = {
    # The init container has fetched and checked everything: nothing is downloaded
    # behind its back, and a start without network works.
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    # Compiled kernels outlive the pod: the next start saves minutes.
    "HF_HOME": f"{CACHE}/huggingface",
    "VLLM_CACHE_ROOT": f"{CACHE}/vllm",
    "TORCHINDUCTOR_CACHE_DIR": f"{CACHE}/inductor",
    "TRITON_CACHE_DIR": f"{CACHE}/triton",
    "FLASHINFER_WORKSPACE_BASE": f"{CACHE}/flashinfer",
    "CUDA_CACHE_PATH": f"{CACHE}/cuda",
}


def command(app: App, engine: Vllm) -> Command:
    """The command of an app's server."""
    weights = _path(app.model("weights"))
    argv = ("vllm", "serve", weights, *_flags(app, engine), *engine.extra_args)
    own = {variable.name: variable.value for variable in engine.env}
    return Command(argv, {**ENVIRONMENT, **own}, engine.port, "/health")


def _flags(app: App, engine: Vllm) -> Iterator[str]:
    yield from ("--served-model-name", engine.served_model_name)
    yield from ("--host", "0.0.0.0")  # noqa: S104 the pod's network is the device's
    yield from ("--port", str(engine.port))
    yield from _budget(engine)
    yield from _execution(engine)
    yield from _loading(engine)
    yield from _abilities(app, engine)


def _budget(engine: Vllm) -> Iterator[str]:
    yield from ("--max-model-len", str(engine.max_model_len))
    yield from ("--gpu-memory-utilization", f"{engine.gpu_memory_utilization:g}")
    yield from ("--max-num-seqs", str(engine.max_num_seqs))
    yield from ("--max-num-batched-tokens", str(engine.max_num_batched_tokens))
    yield from ("--kv-cache-dtype", engine.kv_cache_dtype)
    yield from _cache(engine)


def _cache(engine: Vllm) -> Iterator[str]:
    """How the KV cache is laid out, where that is not left to the version's default."""
    if engine.kv_cache_memory_bytes is not None:
        yield from ("--kv-cache-memory-bytes", str(engine.kv_cache_memory_bytes))
    if engine.block_size is not None:
        yield from ("--block-size", str(engine.block_size))
    if engine.disable_hybrid_kv_cache_manager:
        yield "--disable-hybrid-kv-cache-manager"
    if engine.mamba_cache_mode is not None:
        yield from ("--mamba-cache-mode", engine.mamba_cache_mode)
    if engine.async_scheduling is not None:
        yield "--async-scheduling" if engine.async_scheduling else "--no-async-scheduling"


def _execution(engine: Vllm) -> Iterator[str]:
    if engine.attention_backend:
        yield from ("--attention-backend", engine.attention_backend)
    yield _switch("prefix-caching", on=engine.enable_prefix_caching)
    if engine.enable_chunked_prefill is not None:
        yield _switch("chunked-prefill", on=engine.enable_chunked_prefill)
    if engine.enforce_eager:
        yield "--enforce-eager"
    if engine.cudagraph_mode:
        yield from ("--compilation-config", json.dumps({"cudagraph_mode": engine.cudagraph_mode}))


def _switch(name: str, *, on: bool) -> str:
    return f"--enable-{name}" if on else f"--no-enable-{name}"


def _loading(engine: Vllm) -> Iterator[str]:
    yield from ("--dtype", engine.dtype)
    if engine.quantization:
        yield from ("--quantization", engine.quantization)
    for flag, value in (
        ("--tokenizer-mode", engine.tokenizer_mode),
        ("--config-format", engine.config_format),
        ("--load-format", engine.load_format),
    ):
        if value != "auto":
            yield from (flag, value)
    if engine.trust_remote_code_because:
        yield "--trust-remote-code"


def _abilities(app: App, engine: Vllm) -> Iterator[str]:
    if engine.language_model_only:
        yield "--language-model-only"
    else:
        yield from ("--limit-mm-per-prompt", _items(engine.images_per_prompt))
    if engine.tool_call_parser:
        yield from ("--enable-auto-tool-choice", "--tool-call-parser", engine.tool_call_parser)
    if engine.reasoning_parser:
        yield from ("--reasoning-parser", engine.reasoning_parser)
    if template := app.model("chat_template"):
        yield from ("--chat-template", _path(template))
    if engine.speculation:
        yield from ("--speculative-config", _speculation(app, engine))


def _items(images: int) -> str:
    """What a prompt may hold. Without images the encoder must not be profiled for
    videos either: it would take memory that the plan counts as free."""
    limits = {"image": images} if images else {"image": 0, "video": 0}
    return json.dumps(limits, separators=(",", ":"))


def _speculation(app: App, engine: Vllm) -> str:
    chosen = engine.speculation
    config: dict[str, str | int] = {}
    if chosen:
        config = {
            "method": chosen.method,
            "num_speculative_tokens": chosen.num_speculative_tokens,
        }
    if draft := app.model("draft"):
        config["model"] = _path(draft)
    return json.dumps(config)


def _path(model: Model | None) -> str:
    if model is None:
        raise LookupError("a model without which there is no command")
    return f"{MODELS}/{model.path}"

"""The `sglang.launch_server` command line, flag by flag."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.engines.base import CACHE, MODELS, Command
from chartgen.engines.common import model_path
from chartgen.spec import App, Sglang

ENVIRONMENT = {
    # The init container has fetched and checked everything.
    "HF_HUB_OFFLINE": "1",
    "HF_HOME": f"{CACHE}/huggingface",
    "TORCHINDUCTOR_CACHE_DIR": f"{CACHE}/inductor",
    "TRITON_CACHE_DIR": f"{CACHE}/triton",
    "FLASHINFER_WORKSPACE_BASE": f"{CACHE}/flashinfer",
    "CUDA_CACHE_PATH": f"{CACHE}/cuda",
}


def command(app: App, engine: Sglang) -> Command:
    """The command of an app's server."""
    argv = ("python3", "-m", "sglang.launch_server", *_flags(app, engine), *engine.extra_args)
    own = {variable.name: variable.value for variable in engine.env}
    return Command(argv, {**ENVIRONMENT, **own}, engine.port, "/health")


def _flags(app: App, engine: Sglang) -> Iterator[str]:
    yield from ("--model-path", model_path(MODELS, app.model("weights")))
    yield from ("--served-model-name", engine.served_model_name)
    yield from ("--host", "0.0.0.0")  # noqa: S104 the pod's network is the device's
    yield from ("--port", str(engine.port))
    yield from ("--context-length", str(engine.context_length))
    yield from ("--mem-fraction-static", f"{engine.mem_fraction_static:g}")
    yield from ("--max-running-requests", str(engine.max_running_requests))
    yield from ("--chunked-prefill-size", str(engine.chunked_prefill_size))
    yield from ("--kv-cache-dtype", engine.kv_cache_dtype)
    yield from ("--dtype", engine.dtype)
    yield from _execution(engine)
    yield from _abilities(app, engine)


def _execution(engine: Sglang) -> Iterator[str]:
    if engine.disable_cuda_graph:
        yield "--disable-cuda-graph"
    else:
        yield from ("--cuda-graph-max-bs-decode", str(engine.cuda_graph_max_bs_decode))
    if engine.disable_radix_cache:
        yield "--disable-radix-cache"
    yield from ("--swa-full-tokens-ratio", f"{engine.swa_full_tokens_ratio:g}")
    if engine.attention_backend:
        yield from ("--attention-backend", engine.attention_backend)
    if engine.quantization:
        yield from ("--quantization", engine.quantization)


def _abilities(app: App, engine: Sglang) -> Iterator[str]:
    if engine.images_per_prompt:
        yield "--enable-multimodal"
    for flag, value in (
        ("--tool-call-parser", engine.tool_call_parser),
        ("--reasoning-parser", engine.reasoning_parser),
    ):
        if value:
            yield from (flag, value)
    if template := app.model("chat_template"):
        yield from ("--chat-template", model_path(MODELS, template))
    if engine.trust_remote_code_because:
        yield "--trust-remote-code"

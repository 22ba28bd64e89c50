"""The `transformers serve` command line, flag by flag."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.engines.base import CACHE, MODELS, Command
from chartgen.engines.common import model_path
from chartgen.engines.transformers.cache import blocks
from chartgen.spec import App, Transformers

ENVIRONMENT = {
    # The init container has fetched and checked everything.
    "HF_HUB_OFFLINE": "1",
    "HF_HOME": f"{CACHE}/huggingface",
    "TORCHINDUCTOR_CACHE_DIR": f"{CACHE}/inductor",
    "TRITON_CACHE_DIR": f"{CACHE}/triton",
    "CUDA_CACHE_PATH": f"{CACHE}/cuda",
    # Without it a cache that grows token by token leaves the card in pieces.
    "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
}


def command(app: App, engine: Transformers) -> Command:
    """The command of an app's server."""
    model = model_path(MODELS, app.model("weights"))
    argv = ("transformers", "serve", model, *_flags(engine), *engine.extra_args)
    own = {variable.name: variable.value for variable in engine.env}
    return Command(argv, {**ENVIRONMENT, **own}, engine.port, "/health")


def _flags(engine: Transformers) -> Iterator[str]:
    yield from ("--host", "0.0.0.0")  # noqa: S104 the pod's network is the device's
    yield from ("--port", str(engine.port))
    yield from ("--device", "cuda:0")
    yield from ("--dtype", engine.dtype)
    yield from ("--attn-implementation", engine.attn_implementation)
    if engine.quantization:
        yield from ("--quantization", engine.quantization)
    if engine.continuous_batching:
        yield "--continuous-batching"
        yield from ("--cb-num-blocks", str(blocks(engine)))
    if engine.trust_remote_code_because:
        yield "--trust-remote-code"

"""What decides the memory of a vLLM server, free of everything else of an app."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal

from chartgen.facts import Device
from chartgen.quantities import Bytes
from chartgen.spec import App, Unknown, Vllm

Version = tuple[int, int, int]
"""Major, minor and patch of an engine's version."""

MambaMode = Literal["none", "align", "all"]
"""What a state layer caches for prefixes: nothing, one state beside the running one, or
a state for each block. Mode none holds wherever prefixes are not cached."""

GdnPrefill = Literal["triton", "flashinfer"]
"""The kernels that run a gated delta net over a prompt."""

EAGLE = ("mtp", "eagle", "eagle3", "draft_model", "dspark", "dflash")
"""Methods of speculation that async scheduling works with (vLLM 0.33.0,
`config/vllm.py`)."""

FLASHINFER_CAPABILITIES = (9, 10, 12)
"""Major compute capabilities with FlashInfer's kernel for gated delta nets (vLLM 0.33.0,
`qwen_gdn_linear_attn.py`); 10 and 12 need CUDA 13, which a newer image is taken to have."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a server that touch memory.

    A `version` of None is an unknown one and is charged by the newest rules, which need
    most. None stands for the version's own default in `prefix_caching`,
    `async_scheduling`, `mamba_cache_mode` and `block_size`; `in_flight` are batches that
    hold their blocks at once where it is known otherwise. `gdn_prefill` of None is
    charged as the kernel that needs more. `kv_cache_memory_bytes` takes the place of
    the profiled amount.
    """

    max_model_len: int
    max_num_seqs: int = 256
    max_num_batched_tokens: int = 2048
    kv_cache_dtype: str = "auto"
    version: Version | None = None
    gpu_memory_utilization: float = 0.9
    kv_cache_memory_bytes: Bytes | None = None
    block_size: int | None = None
    hybrid_manager: bool = True
    prefix_caching: bool | None = None
    async_scheduling: bool | None = None
    in_flight: int | None = None
    mamba_cache_mode: MambaMode | None = None
    gdn_prefill: GdnPrefill | None = None
    speculation: str | None = None
    num_speculative_tokens: int = 0
    drafter: bool = False
    """Whether a model of its own drafts, beside the weights."""
    enforce_eager: bool = False
    cudagraph_mode: str | None = None
    images_per_prompt: int = 0
    language_model_only: bool = False
    attention_backend: str | None = None
    quantization: str | None = None
    dtype: str = "auto"

    @property
    def vision(self) -> bool:
        """Whether the server reads images."""
        return self.images_per_prompt > 0 and not self.language_model_only

    @property
    def full_graphs(self) -> bool:
        """Whether whole steps are captured as CUDA graphs, as they are by default."""
        return not self.enforce_eager and self.cudagraph_mode not in ("NONE", "PIECEWISE")

    @property
    def at_once(self) -> bool:
        """Whether a next batch may be scheduled while one runs."""
        if self.async_scheduling is not None:
            return self.async_scheduling
        return self.speculation is None or self.speculation in EAGLE


def settings_of(app: App, engine: Vllm, device: Device | None = None) -> Settings:
    """The settings of an app's server; `device` decides the kernels."""
    chosen = engine.speculation
    return Settings(
        max_model_len=engine.max_model_len,
        max_num_seqs=engine.max_num_seqs,
        max_num_batched_tokens=engine.max_num_batched_tokens,
        kv_cache_dtype=engine.kv_cache_dtype,
        version=version_of(engine.image.engine_version),
        gpu_memory_utilization=engine.gpu_memory_utilization,
        kv_cache_memory_bytes=_given_cache(engine),
        block_size=engine.block_size,
        hybrid_manager=not engine.disable_hybrid_kv_cache_manager,
        prefix_caching=engine.enable_prefix_caching,
        async_scheduling=engine.async_scheduling,
        mamba_cache_mode=engine.mamba_cache_mode,
        gdn_prefill=_kernel(device),
        speculation=chosen.method if chosen else None,
        num_speculative_tokens=chosen.num_speculative_tokens if chosen else 0,
        drafter=app.model("draft") is not None,
        enforce_eager=engine.enforce_eager,
        cudagraph_mode=engine.cudagraph_mode,
        images_per_prompt=engine.images_per_prompt,
        language_model_only=engine.language_model_only,
        attention_backend=engine.attention_backend,
        quantization=engine.quantization,
        dtype=engine.dtype,
    )


def _given_cache(engine: Vllm) -> Bytes | None:
    return None if engine.kv_cache_memory_bytes is None else Bytes(engine.kv_cache_memory_bytes)


def _kernel(device: Device | None) -> GdnPrefill | None:
    if device is None:
        return None
    major = int(device.compute_capability.partition(".")[0])
    return "flashinfer" if major in FLASHINFER_CAPABILITIES else "triton"


def version_of(text: str | Unknown | None) -> Version | None:
    """The version that a text begins with, such as v0.20.2rc1.dev67; None for no version."""
    return _parsed(text) if isinstance(text, str) else None


@functools.cache
def _parsed(text: str) -> Version | None:
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None

"""What an author may say about a vLLM server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from chartgen.spec.common import EnvVar, ExtraArg, Parser, Port, ServedName, Tokens
from chartgen.spec.image import Image
from chartgen.spec.texts import CHECKED, Prose

KvCacheDtype = Literal[
    "auto",
    "bfloat16",
    "float16",
    "fp8",
    "fp8_e4m3",
    "fp8_e5m2",
    "turboquant_k8v4",
    "turboquant_4bit_nc",
    "turboquant_k3v4_nc",
    "turboquant_3bit_nc",
]
"""KV cache types of vLLM 0.19 to 0.33; the `turboquant` ones pack keys and values into one
slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speculation:
    """Speculative decoding; a separate drafter is the model with the role `draft`."""

    __pydantic_config__ = CHECKED

    method: Literal["mtp", "eagle", "eagle3", "dflash", "ngram"]
    num_speculative_tokens: Annotated[int, Field(ge=1, le=64, description="1 to 64 tokens")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vllm:
    """A vLLM OpenAI-compatible server; fields bear the names of the server's flags."""

    __pydantic_config__ = CHECKED

    kind: Literal["vllm"] = "vllm"
    image: Image
    served_model_name: ServedName
    max_model_len: Tokens
    gpu_memory_utilization: Annotated[
        float, Field(ge=0.05, le=0.99, description="a fraction from 0.05 to 0.99")
    ]
    max_num_seqs: Annotated[int, Field(ge=1, le=4096, description="1 to 4096 sequences")]
    max_num_batched_tokens: Tokens
    kv_cache_dtype: KvCacheDtype = "auto"
    attention_backend: (
        Literal["triton_attn", "flash_attn", "flashinfer", "flex_attention"] | None
    ) = None
    dtype: Literal["auto", "bfloat16", "float16"] = "auto"
    quantization: Parser | None = None
    enable_prefix_caching: bool = True
    enable_chunked_prefill: bool | None = None
    enforce_eager: bool = False
    language_model_only: bool = False
    images_per_prompt: Annotated[
        int, Field(ge=0, le=64, description="images that one prompt may hold; 0 turns vision off")
    ] = 0
    tool_call_parser: Parser | None = None
    reasoning_parser: Parser | None = None
    speculation: Speculation | None = None
    tokenizer_mode: Literal["auto", "mistral"] = "auto"
    config_format: Literal["auto", "hf", "mistral"] = "auto"
    load_format: Literal["auto", "safetensors", "mistral"] = "auto"
    cudagraph_mode: (
        Literal["NONE", "PIECEWISE", "FULL", "FULL_DECODE_ONLY", "FULL_AND_PIECEWISE"] | None
    ) = None
    trust_remote_code_because: Prose | None = None
    kv_cache_memory_bytes: (
        Annotated[int, Field(ge=1 << 20, le=1 << 40, description="1 MiB to 1 TiB, in bytes")] | None
    ) = None
    block_size: (
        Annotated[
            int, Field(ge=1, le=8192, multiple_of=16, description="a multiple of 16, up to 8192")
        ]
        | None
    ) = None
    disable_hybrid_kv_cache_manager: bool = False
    async_scheduling: bool | None = None
    mamba_cache_mode: Literal["align", "all"] | None = None
    port: Port = 8000
    env: tuple[EnvVar, ...] = ()
    extra_args: tuple[ExtraArg, ...] = ()

    @property
    def full_slots(self) -> int:
        """Requests that can run at full context at once, if the memory is there."""
        return self.max_num_seqs

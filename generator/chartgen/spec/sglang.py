"""What an author may say about an SGLang server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from chartgen.spec.common import EnvVar, ExtraArg, Parser, Port, ServedName, Tokens
from chartgen.spec.image import Image
from chartgen.spec.texts import CHECKED, Prose


@dataclass(frozen=True, slots=True, kw_only=True)
class Sglang:
    """An SGLang server; fields bear the names of the server's flags.

    `mem_fraction_static` is the share of the free memory that weights, states and KV
    pool take together; activations and CUDA graphs live in what it leaves.
    `images_per_prompt` is a promise for the plan: the server has no such flag but to
    turn images off.
    """

    __pydantic_config__ = CHECKED

    kind: Literal["sglang"] = "sglang"
    image: Image
    served_model_name: ServedName
    context_length: Tokens
    mem_fraction_static: Annotated[
        float, Field(ge=0.05, le=0.99, description="a fraction from 0.05 to 0.99")
    ]
    max_running_requests: Annotated[int, Field(ge=1, le=4096, description="1 to 4096 requests")]
    chunked_prefill_size: Tokens = 4096
    kv_cache_dtype: Literal["auto", "bf16", "fp8_e4m3", "fp8_e5m2"] = "auto"
    attention_backend: Literal["flashinfer", "triton", "fa3", "trtllm_mha"] | None = None
    dtype: Literal["auto", "bfloat16", "float16"] = "auto"
    quantization: Parser | None = None
    cuda_graph_max_bs_decode: Annotated[
        int, Field(ge=1, le=4096, description="the largest batch that is captured")
    ] = 48
    disable_cuda_graph: bool = False
    disable_radix_cache: bool = False
    swa_full_tokens_ratio: Annotated[
        float, Field(gt=0, le=1, description="sliding tokens for each full token, up to 1")
    ] = 0.8
    images_per_prompt: Annotated[
        int, Field(ge=0, le=64, description="images that one prompt may hold; 0 turns vision off")
    ] = 0
    tool_call_parser: Parser | None = None
    reasoning_parser: Parser | None = None
    trust_remote_code_because: Prose | None = None
    port: Port = 30000
    env: tuple[EnvVar, ...] = ()
    extra_args: tuple[ExtraArg, ...] = ()

    @property
    def full_slots(self) -> int:
        """Requests that can run at full context at once, if the memory is there."""
        return self.max_running_requests

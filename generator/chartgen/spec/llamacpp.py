"""What an author may say about a llama.cpp server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from chartgen.spec.common import EnvVar, ExtraArg, Port, ServedName, Tokens
from chartgen.spec.image import Image
from chartgen.spec.texts import CHECKED

CacheType = Literal[
    "f32",
    "f16",
    "bf16",
    "q8_0",
    "q5_1",
    "q5_0",
    "q4_1",
    "q4_0",
    "iq4_nl",
    "turbo2",
    "turbo3",
    "turbo4",
]
"""KV cache types; the three `turbo` types exist in forks only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaSpeculation:
    """Speculative decoding without a drafter: n-grams of what was generated before.

    Its lengths are left to the server's defaults unless they are known.
    """

    __pydantic_config__ = CHECKED

    spec_type: Literal["ngram-cache", "ngram-simple"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaCpp:
    """A llama.cpp server; fields bear the names of the server's flags.

    `ctx_size` is the total of all slots: one slot has `ctx_size / parallel` tokens
    unless `kv_unified` is set. `fork` names the build where it is not upstream's;
    cache types of forks are allowed only there.
    """

    __pydantic_config__ = CHECKED

    kind: Literal["llamacpp"] = "llamacpp"
    image: Image
    alias: ServedName
    ctx_size: Tokens
    parallel: Annotated[int, Field(ge=1, le=64, description="1 to 64 slots")] = 1
    cache_type_k: CacheType = "f16"
    cache_type_v: CacheType = "f16"
    fork: Literal["atomic"] | None = None
    n_batch: Tokens | None = None
    n_ubatch: Tokens | None = None
    n_gpu_layers: Annotated[int, Field(ge=0, le=999, description="0 to 999 layers")] = 99
    flash_attn: Literal["on", "off", "auto"] = "on"
    threads: Annotated[int, Field(ge=1, le=256, description="1 to 256 threads")] | None = None
    kv_unified: bool = False
    swa_full: bool = False
    context_shift: bool = False
    jinja: bool = True
    mlock: bool = False
    mmap: bool = True
    speculation: LlamaSpeculation | None = None
    port: Port = 8080
    env: tuple[EnvVar, ...] = ()
    extra_args: tuple[ExtraArg, ...] = ()

    @property
    def full_slots(self) -> int:
        """Slots that can be full at once; unified slots share one context."""
        return 1 if self.kv_unified else self.parallel

    @property
    def ctx_per_slot(self) -> int:
        """Tokens that one slot can hold."""
        return self.ctx_size if self.kv_unified else self.ctx_size // self.parallel

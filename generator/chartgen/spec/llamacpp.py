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


Fork = Literal["atomic", "turboquant", "buun", "beellama"]
"""Builds beside upstream's: AtomicBot's, TheTom's llama-cpp-turboquant, buun's and
Anbeeld's beellama."""

NGRAMS = ("ngram-cache", "ngram-simple", "ngram-map-k", "ngram-map-k4v", "ngram-mod")
"""Speculation from the text itself: no second context, no memory on the GPU."""

MTP = ("draft-mtp", "mtp")
"""Speculation by the model's own layers for multi-token prediction."""

WORDS_OF_FORKS = ("mtp", "dflash")
"""Kinds that only forks know under these words."""

BLOCKS = ("draft-dflash", "draft-dspark", "dflash")
"""Drafters that fill a whole block of tokens in one pass."""

DEFAULT_SLOTS = 4
"""Slots of a server that is not told `--parallel`; they share one context (llama.cpp
0c1e57098, October 2026, tools/server/server.cpp)."""

SpecType = Literal[
    "ngram-cache",
    "ngram-simple",
    "ngram-map-k",
    "ngram-map-k4v",
    "ngram-mod",
    "draft-simple",
    "draft-eagle3",
    "draft-mtp",
    "draft-dflash",
    "draft-dspark",
    "mtp",
    "dflash",
]
"""What `--spec-type` knows (llama.cpp 0c1e57098, October 2026); the last two are the
words of forks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaSpeculation:
    """Speculative decoding: by n-grams, by the model's own MTP layers, or by a drafter.

    A drafter is a model with the role draft. `n_max` is the most tokens that are
    drafted at once, which decides memory and must be given where a model drafts. The
    cache types are those of the second context; while they are not given, upstream
    takes f16 and early forks those of the main context.
    """

    __pydantic_config__ = CHECKED

    spec_type: SpecType
    n_max: Annotated[int, Field(ge=1, le=64, description="1 to 64 drafted tokens")] | None = None
    cache_type_k: CacheType | None = None
    cache_type_v: CacheType | None = None

    @property
    def drafts(self) -> bool:
        """Whether a model drafts, in a context of its own."""
        return self.spec_type not in NGRAMS


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaCpp:
    """A llama.cpp server; fields bear the names of the server's flags.

    `ctx_size` is the total of all slots: one slot has `ctx_size / parallel` tokens
    unless `kv_unified` is set. `parallel=None` leaves the server its default, four
    slots that share one context. `fork` names the build where it is not upstream's;
    cache types of forks are allowed only there. `n_cpu_moe` keeps the experts of that
    many first layers in host memory, `cpu_moe` those of all.
    """

    __pydantic_config__ = CHECKED

    kind: Literal["llamacpp"] = "llamacpp"
    image: Image
    alias: ServedName
    ctx_size: Tokens
    parallel: Annotated[int, Field(ge=1, le=64, description="1 to 64 slots")] | None = 1
    cache_type_k: CacheType = "f16"
    cache_type_v: CacheType = "f16"
    fork: Fork | None = None
    n_batch: Tokens | None = None
    n_ubatch: Tokens | None = None
    n_gpu_layers: Annotated[int, Field(ge=0, le=999, description="0 to 999 layers")] = 99
    cpu_moe: bool = False
    n_cpu_moe: Annotated[int, Field(ge=0, le=999, description="0 to 999 layers")] | None = None
    kv_offload: bool = True
    image_max_tokens: Tokens | None = None
    cache_ram: Annotated[int, Field(ge=0, le=1_048_576, description="0 to 1048576 MiB")] | None = (
        None
    )
    ctx_checkpoints: Annotated[int, Field(ge=0, le=256, description="0 to 256")] | None = None
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
    def slots(self) -> int:
        """Requests that the server takes at once."""
        return DEFAULT_SLOTS if self.parallel is None else self.parallel

    @property
    def unified(self) -> bool:
        """Whether all slots share one context; they do where their number is left open."""
        return self.kv_unified or self.parallel is None

    @property
    def full_slots(self) -> int:
        """Slots that can be full at once; unified slots share one context."""
        return 1 if self.unified else self.slots

    @property
    def ctx_per_slot(self) -> int:
        """Tokens that one slot can hold."""
        return self.ctx_size if self.unified else self.ctx_size // self.slots

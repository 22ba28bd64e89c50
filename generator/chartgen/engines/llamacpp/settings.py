"""What decides the memory of a llama.cpp server, free of everything else of an app."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Literal

from chartgen.spec import App, LlamaCpp, LlamaSpeculation
from chartgen.spec.llamacpp import BLOCKS, MTP, CacheType, Fork

Era = Literal["old", "new"]
"""Builds that reserve logits for every token of a micro-batch, and builds that reserve
them for the outputs only, with masks in f16 (vram formulas 3.4)."""

PAD = 256
"""Cells come in multiples of this (src/llama-context.cpp, October 2026)."""

DEFAULT_UBATCH = 512
"""llama-server's default of `--ubatch-size`."""

DEFAULT_BATCH = 2048
"""llama-server's default of `--batch-size`; no micro-batch is larger than the batch."""

DEFAULT_CACHE_RAM = 8192
"""llama-server's default of `--cache-ram`, in MiB of host memory (May and October 2026)."""

DEFAULT_CHECKPOINTS = 32
"""llama-server's default of `--ctx-checkpoints`, for each slot (May and October 2026)."""

LAST_OLD_BUILD = 9101
"""The newest build that is known to be of the old era: b9101, 11 May 2026 (vram formulas)."""

FIRST_NEW_BUILD = 10_809
"""The oldest numbered build that is known to be of the new era: a public log of b10809."""

ALL_LAYERS = 99
"""The number that llama.cpp's users write for "all layers"."""

MOST_LAYERS = 999
"""More layers than any model has."""


@dataclass(frozen=True, slots=True)
class Drafting:
    """A second context for speculation: by the model's own MTP layers or by a drafter.

    `type_k` and `type_v` are None where the server's default holds.
    """

    mtp: bool
    n_max: int
    type_k: CacheType | None = None
    type_v: CacheType | None = None
    block: bool = False
    """Whether the drafter fills a whole block in one pass (DFlash, DSpark)."""
    rolls_back: bool = True
    """Whether the main context keeps a recurrent state for each drafted token; all but
    the plain drafter ask for it (common/common.h, need_n_rs_seq)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a server that touch memory.

    `n_ctx` is the total of all slots as it is asked for, before padding. `era` is None
    for a build of unknown age, which is charged the larger of both. `fork` is None
    for upstream. `n_rs_seq` are the drafted tokens that a recurrent state can be
    rolled back by. `n_cpu_moe` are the first layers whose experts stay in host memory.
    """

    n_ctx: int
    n_parallel: int = 1
    kv_unified: bool = False
    n_batch: int = DEFAULT_BATCH
    n_ubatch: int = DEFAULT_UBATCH
    type_k: CacheType = "f16"
    type_v: CacheType = "f16"
    fork: Fork | None = None
    era: Era | None = None
    flash_attn: bool = True
    swa_full: bool = False
    n_rs_seq: int = 0
    n_outputs: int | None = None
    """Outputs that the new era reserves for; None for one of each slot and each drafted
    token."""
    drafting: Drafting | None = None
    n_gpu_layers: int = ALL_LAYERS
    n_cpu_moe: int = 0
    kv_offload: bool = True
    mmap: bool = True
    cache_ram: int = DEFAULT_CACHE_RAM
    ctx_checkpoints: int = DEFAULT_CHECKPOINTS

    ubatch: int = field(init=False)
    """Tokens of a micro-batch, which neither the batch nor the context exceeds."""
    n_stream: int = field(init=False)
    """Separate caches: one for each slot, or one for all when unified."""
    n_ctx_seq: int = field(init=False)
    """Cells of one stream: of one slot, or of all when unified (vram formulas 3.1)."""

    def __post_init__(self) -> None:
        """What every formula asks for is worked out once."""
        streams = 1 if self.kv_unified else self.n_parallel
        object.__setattr__(self, "ubatch", min(self.n_ubatch, self.n_batch, self.n_ctx))
        object.__setattr__(self, "n_stream", streams)
        object.__setattr__(self, "n_ctx_seq", padded(padded(self.n_ctx) // streams))

    @property
    def outputs(self) -> int:
        """Outputs that are reserved at once in the new era (common/speculative.cpp)."""
        each = 1 + (self.drafting.n_max if self.drafting else 0)
        wanted = self.n_parallel * each if self.n_outputs is None else self.n_outputs
        return min(wanted, self.ubatch)

    @property
    def all_on_gpu(self) -> bool:
        """Whether nothing that could lie on the GPU is kept in host memory."""
        return self.n_gpu_layers >= ALL_LAYERS and not self.n_cpu_moe and self.kv_offload


def padded(cells: int) -> int:
    """Cells, rounded up to whole pads."""
    return -(-cells // PAD) * PAD


def settings_of(app: App, engine: LlamaCpp) -> Settings:
    """The settings of an app's server."""
    drafting = _drafting(app, engine.speculation)
    return Settings(
        n_ctx=engine.ctx_size,
        n_parallel=engine.slots,
        kv_unified=engine.unified,
        n_batch=engine.n_batch or DEFAULT_BATCH,
        n_ubatch=engine.n_ubatch or DEFAULT_UBATCH,
        type_k=engine.cache_type_k,
        type_v=engine.cache_type_v,
        fork=engine.fork,
        era=era_of(engine.image.engine_version, engine.fork),
        flash_attn=engine.flash_attn != "off",
        swa_full=engine.swa_full,
        n_rs_seq=drafting.n_max if drafting and drafting.rolls_back else 0,
        drafting=drafting,
        n_gpu_layers=engine.n_gpu_layers,
        n_cpu_moe=MOST_LAYERS if engine.cpu_moe else engine.n_cpu_moe or 0,
        kv_offload=engine.kv_offload,
        mmap=engine.mmap,
        cache_ram=_given(engine.cache_ram, DEFAULT_CACHE_RAM),
        ctx_checkpoints=_given(engine.ctx_checkpoints, DEFAULT_CHECKPOINTS),
    )


def _drafting(app: App, speculation: LlamaSpeculation | None) -> Drafting | None:
    if speculation is None or not speculation.drafts:
        return None
    return Drafting(
        mtp=speculation.spec_type in MTP and app.model("draft") is None,
        n_max=speculation.n_max or 0,
        type_k=speculation.cache_type_k,
        type_v=speculation.cache_type_v,
        block=speculation.spec_type in BLOCKS,
        rolls_back=speculation.spec_type != "draft-simple",
    )


def _given(value: int | None, default: int) -> int:
    return default if value is None else value


@functools.cache
def era_of(version: object, fork: Fork | None) -> Era | None:
    """The era of an upstream build (`b9101`), or None where it cannot be told.

    Forks leave upstream at points that nobody states, so their era is unknown.
    """
    found = (
        re.fullmatch(r"b([0-9]{3,6})(?:[-+ ].*)?", version) if isinstance(version, str) else None
    )
    if found is None or fork is not None:
        return None
    build = int(found[1])
    if build <= LAST_OLD_BUILD:
        return "old"
    return "new" if build >= FIRST_NEW_BUILD else None

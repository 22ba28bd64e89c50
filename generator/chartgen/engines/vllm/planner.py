"""What vLLM's planner answers when it is given so many bytes for the KV cache.

It refuses when one request at full context does not fit; otherwise it cuts the bytes
into blocks and prints how many tokens they hold. Vram formulas 4.3, 4.4 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass

from chartgen.engines.vllm.messages import refusal, too_many_sequences
from chartgen.engines.vllm.pages import KvLayout
from chartgen.engines.vllm.settings import Settings
from chartgen.quantities import Bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """The planner's answer; `checked_bytes` is what the request at full context is held
    against, and `startup_error` an error before any byte is counted."""

    layout: KvLayout
    available: Bytes
    checked_bytes: int
    num_blocks: int
    fits: bool
    startup_error: str
    graph_refusal: str

    @property
    def max_concurrency(self) -> float | None:
        """Requests at full context at once; None where not even one fits."""
        return self.num_blocks / self.layout.blocks_per_request if self.fits else None

    @property
    def printed_kv_tokens(self) -> int | None:
        """ "GPU KV cache size" in tokens, in the meaning of the version."""
        requests = self.max_concurrency
        if requests is None:
            return None
        if self.layout.shape.rules.prints_concurrency:
            return int(requests * self.layout.max_model_len)
        parts = self.layout.shape.grouping.parts
        groups = sum(part.groups for part in parts)
        return self.num_blocks // groups * min(map(self.layout.block_size, parts))

    @property
    def est_max_len(self) -> int:
        """The longest context that fits, up to the one asked for; 0 where none does."""
        return self.longest(self.layout.max_model_len)

    def longest(self, most: int) -> int:
        """The longest context up to `most` of which one request fits; 0 where none does."""
        blocks = max(0, self.checked_bytes) // self.layout.bytes_per_block
        if self.layout.blocks_at(1) > blocks:
            return 0
        fits, tokens = 1, most
        while fits < tokens:
            middle = (fits + tokens + 1) // 2
            if self.layout.blocks_at(middle) <= blocks:
                fits = middle
            else:
                tokens = middle - 1
        return fits

    @property
    def mamba_max_num_seqs(self) -> int | None:
        """The most sequences that whole steps can be captured for; None without a bound."""
        bounded = self.layout.mamba_cache_mode and self.layout.shape.rules.one_block_per_sequence
        return self.num_blocks if bounded and self.fits else None

    @property
    def refusal(self) -> str:
        """Why the planner refuses, in vLLM's words; empty where it does not."""
        if self.fits:
            return ""
        layout = self.layout
        return refusal(
            layout.shape.rules,
            layout.max_model_len,
            layout.needed_bytes,
            self.checked_bytes,
            self.est_max_len,
        )


def outcome(layout: KvLayout, settings: Settings, available: Bytes) -> Outcome:
    """The planner's answer for so many bytes."""
    checked = available - layout.null_blocks * layout.bytes_per_block
    fits = 0 < checked >= layout.needed_bytes
    blocks = max(0, available) // layout.bytes_per_block
    crowded = fits and least_blocks(layout, settings) > blocks
    graphs = too_many_sequences(settings.max_num_seqs, blocks) if crowded else ""
    return Outcome(layout, available, checked, blocks, fits, layout.error, graphs)


def least_blocks(layout: KvLayout, settings: Settings) -> int:
    """Blocks without which a server with captured steps does not start (vram formulas
    10.5): one of state for each sequence."""
    bounded = layout.mamba_cache_mode and layout.shape.rules.one_block_per_sequence
    return settings.max_num_seqs if bounded and settings.full_graphs else 0

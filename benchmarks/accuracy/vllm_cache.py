"""vLLM's KV cache as the planner lays it out, reduced to what logs print."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.accuracy.points import Span
from chartgen.engines.vllm.pages import KvLayout, kv_layout
from chartgen.engines.vllm.planner import Outcome, outcome
from chartgen.engines.vllm.settings import Settings
from chartgen.facts import ModelFacts
from chartgen.quantities import Bytes


@dataclass(frozen=True, slots=True)
class Held:
    """The cache of one server."""

    layout: KvLayout
    settings: Settings

    @property
    def needed(self) -> int:
        """Bytes that one request at full context needs."""
        return self.layout.needed_bytes

    @property
    def at_least(self) -> int:
        """Bytes that must be left for the server to start."""
        return self.layout.size(1)

    @property
    def block_size(self) -> int:
        """Tokens of a block of the attention layers."""
        return self.layout.attn_block_size

    def given(self, available: float, rounding: float) -> dict[str, Span]:
        """What the log prints when that many bytes are available, as they were printed."""
        found = [
            _printed(outcome(self.layout, self.settings, Bytes(max(0, round(available + off)))))
            for off in (0.0, -rounding, rounding)
        ]
        return {
            name: Span(value, min(one[name] for one in found), max(one[name] for one in found))
            for name, value in found[0].items()
            if all(name in one for one in found)
        }


def cache_of(model: ModelFacts, settings: Settings) -> Held:
    """The layout of one server's cache."""
    return Held(kv_layout(model, settings), settings)


def _printed(found: Outcome) -> dict[str, float]:
    numbers = {
        "kv_tokens": found.printed_kv_tokens,
        # A start that is refused for one request prints its concurrency all the same.
        "concurrency": found.num_blocks / found.layout.blocks_per_request,
        "blocks": found.num_blocks,
        "estimated_length": found.est_max_len,
    }
    return {name: float(number) for name, number in numbers.items() if number is not None}

"""How vLLM lays the KV cache out in pages, and how many one request takes.

Layers of one kind form groups of equal size; all groups share blocks of one size
in bytes, so kinds with smaller tokens get more tokens into a block. Formulas:
vram formulas 4.3 with the corrections of section 10, which reproduce vLLM's own
planner for 0.19 to 0.33.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil

from chartgen.facts import Attention, ModelFacts
from chartgen.quantities import Bytes
from chartgen.spec import Unknown, Vllm

BLOCK = 16
"""Tokens in a block of the layers with the largest tokens (vLLM's default)."""

IN_FLIGHT_FROM = (0, 26)
"""From 0.26.0 on a sliding layer also holds the batch of the step in flight."""

NULL_BLOCK_FROM = (0, 29)
"""From 0.29.0 on the start-up check leaves one block out."""


@dataclass(frozen=True, slots=True)
class KvPlan:
    """Blocks of one request at full context, and what a block takes."""

    blocks: int
    bytes_per_block: int
    null_blocks: int
    element: int
    source: str

    def size(self, requests: float) -> Bytes:
        """Bytes for that many requests at full context."""
        return Bytes((ceil(self.blocks * requests) + self.null_blocks) * self.bytes_per_block)

    def formula(self, requests: float) -> str:
        """The sum in words."""
        times = f" x {requests:g} requests" if requests != 1 else ""
        return f"{self.blocks} blocks of {self.bytes_per_block} bytes{times}"


def kv_plan(model: ModelFacts, engine: Vllm) -> KvPlan:
    """The pages of `model` under the settings of `engine`."""
    element = 1 if engine.kv_cache_dtype.startswith("fp8") else 2
    version = version_of(engine.image.engine_version)
    flights = 2 if version >= IN_FLIGHT_FROM else 1
    page = max(BLOCK * kind.elements_per_token * element for kind in model.attention)
    size = group_size([kind.layers for kind in model.attention])
    blocks = sum(
        ceil(kind.layers / size) * _blocks(kind, page, element, engine, flights)
        for kind in model.attention
    )
    return KvPlan(
        blocks,
        size * page,
        1 if version >= NULL_BLOCK_FROM else 0,
        element,
        "; ".join(f"{kind.layers} {kind.kind} layers: {kind.source}" for kind in model.attention),
    )


def version_of(text: str | Unknown) -> tuple[int, int]:
    """Major and minor of an engine's version; an unknown one counts as the newest,
    whose rules need the most."""
    found = re.match(r"v?(\d+)\.(\d+)", text) if isinstance(text, str) else None
    return (int(found[1]), int(found[2])) if found else (999, 0)


def group_size(layers: list[int]) -> int:
    """Layers in one group: the fewest of any kind, unless the kinds are nearly even."""
    return max(layers) if max(layers) < 1.5 * min(layers) else min(layers)


def _blocks(kind: Attention, page: int, element: int, engine: Vllm, flights: int) -> int:
    """Blocks that one request at full context takes in a group of this kind."""
    tokens = page // (kind.elements_per_token * element)
    if kind.kind == "full" or kind.window is None:
        return ceil(engine.max_model_len / tokens)
    held = kind.window - 1 + engine.max_num_batched_tokens * flights
    return ceil(min(held, engine.max_model_len) / tokens) + 1

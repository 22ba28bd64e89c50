"""vLLM's KV cache in whole blocks: how many blocks a request takes, and what that is.

Formulas: vram formulas 4.3 with the corrections of section 10; `versions.py` says from
which version each rule holds. `shapes.py` works out once what depends on the model and a
few settings alone; context and batch then cost a handful of integer operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from chartgen.engines.vllm.groups import Part
from chartgen.engines.vllm.settings import MambaMode, Settings
from chartgen.engines.vllm.shapes import Shape, form_of, shape_of
from chartgen.facts import ModelFacts
from chartgen.quantities import Bytes


@dataclass(frozen=True, slots=True)
class Group:
    """One group as vLLM's planner names it."""

    type: str
    layers: int
    block_size: int
    page_bytes: int
    blocks_per_request: int


@dataclass(frozen=True, slots=True)
class KvLayout:
    """The KV cache of one server: blocks of one request at `max_model_len`.

    `in_flight` are tokens that sliding layers hold beside their window.
    """

    shape: Shape
    max_model_len: int
    in_flight: int
    blocks_per_request: int
    null_blocks: int
    error: str

    @property
    def bytes_per_block(self) -> int:
        """Bytes of one block of any group."""
        return self.shape.grouping.bytes_per_block

    @property
    def needed_bytes(self) -> int:
        """Bytes of one request at full context."""
        return self.blocks_per_request * self.shape.grouping.bytes_per_block

    @property
    def attn_block_size(self) -> int:
        """Tokens in a block of the layers that keep all tokens."""
        return self.shape.attn_block_size

    @property
    def mamba_cache_mode(self) -> MambaMode | None:
        """How states are cached; None for a model without any."""
        return self.shape.mode

    @property
    def mamba_block_size(self) -> int | None:
        """Tokens between two cached states, None for a model without any."""
        if self.shape.mode is None:
            return None
        return self.max_model_len if self.shape.mode == "none" else self.shape.attn_block_size

    @property
    def mamba_page_bytes(self) -> int | None:
        """Bytes of a state of one layer, padded to a page."""
        return self.shape.mamba_page_bytes

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups one by one."""
        return tuple(self._groups())

    def _groups(self) -> Iterator[Group]:
        for part in self.shape.grouping.parts:
            blocks, size = self._blocks(part, self.max_model_len), self.block_size(part)
            for layers in part.group_layers():
                yield Group(part.family, layers, size, part.page_bytes, blocks)

    def block_size(self, part: Part) -> int:
        """Tokens of a block of this part, as the planner names them."""
        state = self.mamba_block_size if part.family == "mamba" else None
        return state or part.block_size

    def blocks_at(self, tokens: int) -> int:
        """Blocks of one request of so many tokens, were that the longest allowed."""
        return sum(part.groups * self._blocks(part, tokens) for part in self.shape.grouping.parts)

    def _blocks(self, part: Part, tokens: int) -> int:
        return blocks_of(part, self.shape, tokens, self.in_flight)

    def size(self, requests: float, least_blocks: int = 0) -> Bytes:
        """Bytes for so many requests at full context, of `least_blocks` at least."""
        blocks = ceil(self.blocks_per_request * requests) + self.null_blocks
        return Bytes(max(blocks, least_blocks) * self.bytes_per_block)


def blocks_of(part: Part, shape: Shape, tokens: int, in_flight: int) -> int:
    """Blocks that one request takes in each group of a part."""
    if part.family == "mamba":
        grows = -(-tokens // shape.attn_block_size) if shape.mode == "all" else 0
        return grows + shape.state_blocks
    if part.family == "swa" and part.window is not None:
        held = part.window - 1 + shape.retained + in_flight
        return -(-min(held, tokens) // part.block_size) + 1
    return -(-tokens // part.block_size)


def kv_layout(model: ModelFacts, settings: Settings, draft: ModelFacts | None = None) -> KvLayout:
    """The KV cache of `model`; `draft` is a drafter with layers of its own."""
    shape = shape_of(form_of(model, settings, draft))
    batches = flights(settings) if shape.rules.counts_flights else 1
    in_flight = batches * settings.max_num_batched_tokens
    tokens = settings.max_model_len
    blocks = sum(
        part.groups * blocks_of(part, shape, tokens, in_flight) for part in shape.grouping.parts
    )
    null_blocks = 1 if shape.rules.null_block else 0
    error = shape.grouping.error or _batch_error(shape, settings)
    return KvLayout(shape, tokens, in_flight, blocks, null_blocks, error)


def flights(settings: Settings) -> int:
    """Batches that hold their blocks at once, as the settings have it."""
    return settings.in_flight or (2 if settings.at_once else 1)


def _batch_error(shape: Shape, settings: Settings) -> str:
    """Up to 0.26 an aligned block has to fit into a batch (vram formulas 10.5)."""
    block, batch = shape.attn_block_size, settings.max_num_batched_tokens
    if shape.mode != "align" or shape.rules.any_batch or block <= batch:
        return ""
    return (
        f"In Mamba cache align mode, block_size ({block}) must be <= "
        f"max_num_batched_tokens ({batch})."
    )

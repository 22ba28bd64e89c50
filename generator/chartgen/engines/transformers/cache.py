"""The key and value cache of transformers, grown by request or laid out in pages.

Source: transformers 5.23.0, cache_utils.py (DynamicCache) and
generation/continuous_batching/cache.py (a block is a page of 256 tokens in every
layer, sized as for full attention); vram formulas 6.
"""

from __future__ import annotations

from chartgen.facts import Attention, ModelFacts
from chartgen.spec import Transformers

PAGE = 256
"""Tokens of a page (transformers 5.23.0, ContinuousBatchingConfig.page_size)."""

ELEMENT = 2
"""Bytes of a cached element: bf16 or f16; quantised weights do not change that."""


def blocks(engine: Transformers) -> int:
    """Blocks that hold every planned request at full context."""
    return -(-engine.context_length // PAGE) * engine.max_num_seqs


def request_bytes(model: ModelFacts, engine: Transformers) -> int:
    """The cache of one request at full context."""
    if engine.continuous_batching:
        return -(-engine.context_length // PAGE) * _block_bytes(model)
    return sum(
        kind.layers * kind.elements_per_token * ELEMENT * _tokens(kind, engine.context_length)
        for kind in model.attention
    )


def state_bytes(model: ModelFacts) -> int:
    """The states of recurrent layers for one request, in the weights' own type or f32."""
    return sum(
        kind.layers * (kind.conv_kernel * kind.conv_dim * ELEMENT + kind.state_elements * 4)
        for kind in model.recurrent
    )


def layer_bytes(model: ModelFacts, engine: Transformers) -> int:
    """The largest layer's cache of one request: while it grows, both copies are held."""
    if engine.continuous_batching:
        return 0
    sizes = (
        kind.elements_per_token * ELEMENT * _tokens(kind, engine.context_length)
        for kind in model.attention
    )
    return max(sizes, default=0)


def _tokens(kind: Attention, context: int) -> int:
    return min(context, kind.window) if kind.window else context


def _block_bytes(model: ModelFacts) -> int:
    layers = sum(kind.layers for kind in model.attention)
    widest = max((kind.elements_per_token for kind in model.attention), default=0)
    return layers * PAGE * widest * ELEMENT

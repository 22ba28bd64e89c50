"""gpt-oss: sliding and full layers in turn, and a mixture in every layer.

Sources: transformers 5.23.0, models/gpt_oss; llama.cpp 0c1e57098, src/models/openai-moe.cpp.
"""

from __future__ import annotations

from dataclasses import replace

from chartgen.facts.architectures.base import Dimensions, Layer
from chartgen.facts.architectures.blocks import GgufBlocks, gguf_experts, gguf_model
from chartgen.facts.architectures.configs import (
    FULL,
    SLIDING,
    config_model,
    layer_count,
    layer_kinds,
    own_cache,
)
from chartgen.facts.base import Number
from chartgen.facts.headers.fields import Fields
from chartgen.facts.model import Experts

__all__ = ["gguf_gpt_oss", "gpt_oss"]


def gpt_oss(root: Fields) -> Dimensions:
    """gpt-oss: what the configuration calls intermediate_size is an expert's width."""
    layers = layer_count(root)
    otherwise = [FULL if index % 2 else SLIDING for index in range(layers)]
    owners = own_cache(root, layer_kinds(root, layers, otherwise))
    dense = Number(value=0, source=f"{root.source}; every layer is a mixture")
    experts = Experts(
        count=root.count("num_local_experts"),
        used=root.count("num_experts_per_tok|experts_per_token"),
        intermediate_size=root.count("intermediate_size"),
        source=root.source,
    )
    return replace(config_model(root, root, owners, dense), experts=experts)


def gguf_gpt_oss(fields: Fields) -> Dimensions:
    """gpt-oss in GGUF: the first of each two layers slides."""
    blocks = GgufBlocks(fields)
    window, key = fields.count("attention.sliding_window"), blocks.length("attention.key_length")
    sliding = blocks.pattern("attention.sliding_window_pattern", 2)
    shapes = [
        Layer("sliding", max(heads, 1), key, None, window)
        if one
        else Layer("full", max(heads, 1), key)
        for one, heads in zip(sliding, blocks.kv_heads, strict=True)
    ]
    return replace(gguf_model(blocks, shapes, 0), experts=gguf_experts(blocks))

"""Qwen 3's mixtures, with and without a tower: every layer attends, all alike.

Sources: transformers 5.23.0, models/qwen3_moe and qwen3_vl_moe; llama.cpp 0c1e57098,
src/models/qwen3moe.cpp.
"""

from __future__ import annotations

from dataclasses import replace

from chartgen.facts.architectures.base import Dimensions
from chartgen.facts.architectures.blocks import GgufBlocks, gguf_experts
from chartgen.facts.architectures.configs import (
    FULL,
    config_experts,
    config_model,
    layer_count,
    own_cache,
    text_of,
)
from chartgen.facts.architectures.llama import gguf_dense
from chartgen.facts.architectures.towers import qwen_vision
from chartgen.facts.base import Number
from chartgen.facts.headers.fields import Fields

__all__ = ["dense_width", "gguf_qwen3_moe", "qwen3_moe"]


def qwen3_moe(root: Fields) -> Dimensions:
    """Qwen3-MoE and Qwen3-VL-MoE."""
    text = text_of(root)
    layers = own_cache(text, [FULL] * layer_count(text))
    found = config_model(root, text, layers, dense_width(text))
    experts = config_experts(text, "num_experts|num_local_experts")
    return replace(found, experts=experts, vision=qwen_vision(root))


def dense_width(text: Fields) -> Number:
    """The dense feed-forward, which only layers outside the mixture have: 0 without one.

    Configurations say a width in either case.
    """
    if text.count("decoder_sparse_step", 1) == 1 and not text.has("mlp_only_layers"):
        return Number(value=0, source=f"{text.source}; every layer is a mixture")
    return text.number("intermediate_size")


def gguf_qwen3_moe(fields: Fields) -> Dimensions:
    """qwen3moe and qwen3vlmoe."""
    blocks = GgufBlocks(fields)
    return replace(gguf_dense(blocks, 0), experts=gguf_experts(blocks))

"""DeepSeek V2 and V3 and GLM-4.7-Flash: multi-head latent attention, mixtures.

A layer keeps one latent of `kv_lora_rank` + `qk_rope_head_dim` elements and no value.
Sources: transformers 5.23.0, models/deepseek_v2, deepseek_v3 and glm4_moe_lite;
llama.cpp 0c1e57098, src/models/deepseek2.cpp.
"""

from __future__ import annotations

from dataclasses import replace

from chartgen.facts.architectures.base import Dimensions, Layer
from chartgen.facts.architectures.blocks import GgufBlocks, gguf_experts, gguf_model
from chartgen.facts.architectures.configs import config_experts, config_model, layer_count
from chartgen.facts.architectures.llama import gguf_dense
from chartgen.facts.headers.fields import Fields

__all__ = ["deepseek", "gguf_deepseek2"]


def deepseek(root: Fields) -> Dimensions:
    """A latent for each layer; the first layers may be dense."""
    latent = root.count("kv_lora_rank") + root.count("qk_rope_head_dim")
    layers = [Layer("mla", 1, latent, 0)] * layer_count(root)
    several = root.count("n_shared_experts", 0, least=0)
    shared = several * root.count("moe_intermediate_size")
    return replace(
        config_model(root, root, layers),
        experts=config_experts(root, "n_routed_experts", shared),
        mtp_layers=root.count("num_nextn_predict_layers", 0, least=0),
    )


def gguf_deepseek2(fields: Fields) -> Dimensions:
    """deepseek2: files of before the latent cache keep every head's key and value."""
    blocks = GgufBlocks(fields)
    width = max(blocks.per_layer("feed_forward_length"))
    if fields.has("attention.key_length_mla"):
        latent = blocks.length("attention.key_length")
        found = gguf_model(blocks, [Layer("mla", 1, latent, 0)] * blocks.layers, width)
    else:
        found = gguf_dense(blocks, width)
    return replace(found, experts=gguf_experts(blocks))

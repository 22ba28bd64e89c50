"""Gemma 3 and Gemma 4: sliding layers with a full one now and then, of other heads in 4.

In Gemma 4 the last `num_kv_shared_layers` layers own no cache, the full layers have a
head size and a number of KV heads of their own, and small models carry tables of
embeddings for each layer. Keys that equal values save weights alone. Sources:
transformers 5.23.0, models/gemma3, gemma4 and gemma4_unified; llama.cpp 0c1e57098,
src/models/gemma3.cpp and gemma4.cpp.
"""

from __future__ import annotations

from dataclasses import replace

from chartgen.facts.architectures.base import Dimensions, Layer
from chartgen.facts.architectures.blocks import GgufBlocks, gguf_experts, gguf_model
from chartgen.facts.architectures.configs import (
    FULL,
    SLIDING,
    config_model,
    kv_heads,
    layer_count,
    layer_kinds,
    own_cache,
    text_of,
)
from chartgen.facts.architectures.towers import gemma3_vision, gemma4_vision
from chartgen.facts.base import Number
from chartgen.facts.headers.fields import Fields
from chartgen.facts.model import Experts

__all__ = ["gemma3", "gemma4", "gguf_gemma3", "gguf_gemma4"]

PERIOD = 6
"""Five sliding layers for each full one, where nothing else is said; both sources."""

GEMMA3 = {
    "vocab_size": 262_208,
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 131_072,
    "sliding_window": 4096,
}
"""Gemma3TextConfig's defaults, which public configurations leave out; transformers 5.23.0."""


def gemma3(root: Fields) -> Dimensions:
    """Gemma 3, with a tower or without."""
    text = text_of(root).filled("Gemma3TextConfig", GEMMA3)
    layers = layer_count(text)
    period = text.count("sliding_window_pattern", PERIOD)
    kinds = layer_kinds(text, layers, _periodic(layers, period))
    found = config_model(root, text, own_cache(text, kinds))
    vision = gemma3_vision(root)
    tokens = root.number("mm_tokens_per_image") if root.has("mm_tokens_per_image") else None
    return replace(found, vision=vision, image_tokens=tokens, tied_default=True)


def _periodic(layers: int, period: int) -> list[str]:
    return [SLIDING if (index + 1) % period else FULL for index in range(layers)]


def gemma4(root: Fields) -> Dimensions:
    """Gemma 4 in all sizes, the unified 12B among them."""
    text = text_of(root)
    layers = layer_count(text)
    kinds = list(layer_kinds(text, layers, _periodic(layers, PERIOD)))
    kinds[-1:] = [FULL]  # the loader forces the last layer to be a full one
    owners = kinds[: layers - _shared(text, layers)]
    local = Layer(
        "sliding", kv_heads(text), text.count("head_dim"), None, text.count("sliding_window")
    )
    shapes = {SLIDING: local, FULL: _global(text)}
    found = config_model(root, text, [shapes[kind] for kind in owners if kind in shapes])
    return replace(
        found,
        experts=_experts(text),
        vision=gemma4_vision(root),
        per_layer_embedding=text.count("hidden_size_per_layer_input", 0, least=0),
        image_tokens=_image_tokens(root),
        tied_default=True,
    )


def _shared(text: Fields, layers: int) -> int:
    shared = text.count("num_kv_shared_layers", 0, least=0)
    if shared >= layers:
        text.wrong("num_kv_shared_layers", "no layer would own a cache", shared)
    return min(shared, layers - 1)


def _global(text: Fields) -> Layer:
    """A full layer: its own head size, and its own KV heads where keys equal values."""
    if text.has("per_layer_config"):
        own = text.inside("per_layer_config").inside_first()
        heads = own.count("num_key_value_heads", kv_heads(text))
        return Layer("full", heads, own.count("head_dim", text.count("head_dim")))
    heads = kv_heads(text)
    if text.flag("attention_k_eq_v", default=False):
        heads = text.count("num_global_key_value_heads", heads)
    return Layer("full", heads, text.count("global_head_dim"))


def _experts(text: Fields) -> Experts | None:
    if not text.flag("enable_moe_block", default=False):
        return None
    return Experts(
        count=text.count("num_experts"),
        used=text.count("top_k_experts"),
        intermediate_size=text.count("moe_intermediate_size|expert_intermediate_size"),
        source=text.source,
    )


def _image_tokens(root: Fields) -> Number | None:
    name = "vision_soft_tokens_per_image"
    return root.number(name) if root.has(name) else None


def gguf_gemma3(fields: Fields) -> Dimensions:
    """gemma3: without a window nothing slides."""
    blocks = GgufBlocks(fields)
    window = fields.count("attention.sliding_window", 0, least=0)
    sliding = blocks.pattern("attention.sliding_window_pattern", PERIOD)
    key = blocks.length("attention.key_length")
    layers = [
        _layer(one and window > 0, max(heads, 1), key, window)
        for one, heads in zip(sliding, blocks.kv_heads, strict=True)
    ]
    return gguf_model(blocks, layers, max(blocks.per_layer("feed_forward_length")))


def gguf_gemma4(fields: Fields) -> Dimensions:
    """gemma4: the first width is that of layers which own a cache; shared ones are wider."""
    blocks = GgufBlocks(fields)
    shared = fields.count("attention.shared_kv_layers", 0, least=0)
    if shared >= blocks.layers:
        fields.wrong("attention.shared_kv_layers", "no layer would own a cache", shared)
    owners = blocks.layers - min(shared, blocks.layers - 1)
    layers = _gguf_layers(blocks)[:owners]
    found = gguf_model(blocks, layers, blocks.per_layer("feed_forward_length")[0])
    per_layer = fields.count("embedding_length_per_layer_input", 0, least=0)
    return replace(found, experts=gguf_experts(blocks), per_layer_embedding=per_layer)


def _gguf_layers(blocks: GgufBlocks) -> list[Layer]:
    fields = blocks.fields
    window = fields.count("attention.sliding_window")
    full = blocks.length("attention.key_length")
    local = fields.count("attention.key_length_swa", full)
    sliding = blocks.pattern("attention.sliding_window_pattern", PERIOD)
    return [
        _layer(one, max(heads, 1), local if one else full, window)
        for one, heads in zip(sliding, blocks.kv_heads, strict=True)
    ]


def _layer(sliding: bool, heads: int, size: int, window: int) -> Layer:
    return Layer("sliding", heads, size, None, window) if sliding else Layer("full", heads, size)

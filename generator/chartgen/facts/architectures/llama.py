"""Llama and those built like it: every layer attends, all alike.

Llama, Mistral and Devstral (with and without Pixtral's tower), Ministral 3, Qwen 2 and
2.5, Qwen 3, Qwen3-VL, and Voxtral, whose audio tower speaks to a Llama. Sources:
transformers 5.23.0, models/*/configuration_*.py; llama.cpp 0c1e57098, src/models/*.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    text_of,
)
from chartgen.facts.architectures.towers import pixtral_vision, qwen_vision
from chartgen.facts.headers.fields import Fields

__all__ = [
    "gguf_dense",
    "gguf_plain",
    "llama",
    "mistral",
    "mistral3",
    "qwen",
    "qwen3_vl",
    "qwen_kinds",
    "voxtral",
]


VOXTRAL = {
    "vocab_size": 131_072,
    "hidden_size": 3072,
    "intermediate_size": 8192,
    "num_hidden_layers": 30,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131_072,
    "head_dim": 128,
}
"""What transformers 5.23.0 puts under a Voxtral's `text_config` (VoxtralConfig, and for
the heads LlamaConfig)."""

MISTRAL3 = {
    "vocab_size": 131_072,
    "hidden_size": 5120,
    "intermediate_size": 32_768,
    "num_hidden_layers": 40,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131_072,
    "head_dim": 128,
}
"""The same of Mistral3Config."""


def llama(root: Fields) -> Dimensions:
    """Llama: every layer attends to everything."""
    return _uniform(root, text_of(root))


def _uniform(root: Fields, text: Fields) -> Dimensions:
    return config_model(root, text, own_cache(text, [FULL] * layer_count(text)))


def mistral(root: Fields) -> Dimensions:
    """Mistral and Ministral 3: all layers slide where `sliding_window` is said."""
    return _mistral(root, text_of(root))


def mistral3(root: Fields) -> Dimensions:
    """Mistral Small 3, Devstral and Ministral 3 behind Pixtral's tower."""
    text = root.inside("text_config")
    if text.text("model_type", "mistral") == "mistral":
        text = text.filled("Mistral3Config", MISTRAL3)
    return replace(_mistral(root, text), vision=pixtral_vision(root))


def _mistral(root: Fields, text: Fields) -> Dimensions:
    kind = SLIDING if text.has("sliding_window") else FULL
    return config_model(root, text, own_cache(text, [kind] * layer_count(text)))


def qwen(root: Fields) -> Dimensions:
    """Qwen 2, 2.5 and 3: from `max_window_layers` on they slide if they are told to."""
    text = text_of(root)
    return config_model(root, text, own_cache(text, qwen_kinds(text)))


def qwen_kinds(text: Fields) -> Sequence[str]:
    """The kind of each layer of Qwen 2 and 3."""
    layers = layer_count(text)
    if not text.flag("use_sliding_window", default=False):
        return [FULL] * layers
    first = text.count("max_window_layers", least=0)
    otherwise = [SLIDING if index >= first else FULL for index in range(layers)]
    return layer_kinds(text, layers, otherwise)


def qwen3_vl(root: Fields) -> Dimensions:
    """Qwen3-VL: Qwen 3 with a tower of its own."""
    return replace(_uniform(root, text_of(root)), vision=qwen_vision(root))


def voxtral(root: Fields) -> Dimensions:
    """Voxtral: a Llama that hears; what its text part leaves out, its own class fills in."""
    return _uniform(root, root.inside("text_config").filled("VoxtralConfig", VOXTRAL))


def gguf_plain(fields: Fields) -> Dimensions:
    """llama, mistral3, qwen2, qwen3, qwen3vl: all layers alike, no window."""
    blocks = GgufBlocks(fields)
    width = max(blocks.per_layer("feed_forward_length"))
    return replace(gguf_dense(blocks, width), experts=gguf_experts(blocks))


def gguf_dense(blocks: GgufBlocks, intermediate_size: int) -> Dimensions:
    """A GGUF model whose layers all attend to everything."""
    key, value = blocks.length("attention.key_length"), blocks.length("attention.value_length")
    if 0 in blocks.kv_heads:
        blocks.fields.wrong("attention.head_count_kv", "a layer has no attention", 0)
    shapes = [Layer("full", max(heads, 1), key, _unlike(value, key)) for heads in blocks.kv_heads]
    return gguf_model(blocks, shapes, intermediate_size)


def _unlike(value: int, key: int) -> int | None:
    return None if value == key else value

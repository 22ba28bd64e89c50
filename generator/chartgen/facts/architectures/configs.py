"""What configurations of transformers say alike, whatever their family."""

from __future__ import annotations

from collections.abc import Sequence

from chartgen.facts.architectures.base import Dimensions, Layer, grouped
from chartgen.facts.base import Number
from chartgen.facts.headers.fields import MOST_LAYERS, Fields
from chartgen.facts.model import Experts

__all__ = [
    "FULL",
    "LINEAR",
    "SLIDING",
    "config_experts",
    "config_model",
    "head_dim",
    "kv_heads",
    "layer_count",
    "layer_kinds",
    "own_cache",
    "text_of",
]

FULL, SLIDING, LINEAR = "full_attention", "sliding_attention", "linear_attention"
"""Kinds of layers as `layer_types` of a configuration names them."""


def text_of(root: Fields) -> Fields:
    """The language model's part of a configuration, which many keep in `text_config`."""
    return root.inside("text_config") if root.has("text_config") else root


def config_model(
    root: Fields,
    text: Fields,
    attention: Sequence[Layer],
    intermediate_size: Number | None = None,
    layers: int | None = None,
) -> Dimensions:
    """The model around the layers that own a cache, without experts, recurrence or a tower."""
    return Dimensions(
        architecture=root.texts("architectures")[0],
        context_length=text.number("max_position_embeddings"),
        hidden_size=text.number("hidden_size"),
        intermediate_size=intermediate_size or text.number("intermediate_size"),
        vocab_size=text.number("vocab_size"),
        layers=Number(value=layers or layer_count(text), source=text.source),
        heads=text.number("num_attention_heads"),
        attention=grouped(attention, text.source),
        tied=_tied(root, text),
    )


def _tied(root: Fields, text: Fields) -> bool | None:
    said = next((one for one in (text, root) if one.has("tie_word_embeddings")), None)
    return said.flag("tie_word_embeddings") if said else None


def layer_count(text: Fields) -> int:
    """The number of repeating layers."""
    found = text.count("num_hidden_layers")
    if found > MOST_LAYERS:
        text.wrong("num_hidden_layers", f"no model has more than {MOST_LAYERS} layers", found)
    return min(found, MOST_LAYERS)


def head_dim(text: Fields) -> int:
    """Elements of one head: said, or the hidden size in equal parts, as loaders do."""
    if text.has("head_dim"):
        return text.count("head_dim")
    hidden, heads = text.count("hidden_size"), text.count("num_attention_heads")
    if hidden % heads:
        problem = f"hidden_size {hidden} is no multiple of it, and there is no head_dim"
        text.wrong("num_attention_heads", problem, heads)
    return max(hidden // heads, 1)


def kv_heads(text: Fields) -> int:
    """Heads that keep a key and a value: as many as all heads where nothing is said."""
    return text.count("num_key_value_heads", text.count("num_attention_heads"))


def layer_kinds(text: Fields, layers: int, otherwise: Sequence[str]) -> Sequence[str]:
    """The kind of each layer: `layer_types` where it is said, else `otherwise`."""
    if not text.has("layer_types"):
        return otherwise
    found = text.texts("layer_types")
    unknown = sorted(set(found) - {FULL, SLIDING, LINEAR})
    if unknown:
        text.wrong("layer_types", "there are kinds of layers that are not known", unknown[0])
    if len(found) != layers:
        text.wrong("layer_types", f"there are {layers} layers, and not so many kinds", len(found))
    return found


def own_cache(text: Fields, kinds: Sequence[str]) -> list[Layer]:
    """The layers that keep keys and values, all with the same heads."""
    size, heads = head_dim(text), kv_heads(text)
    window = text.count("sliding_window") if SLIDING in kinds else None
    shapes = {
        FULL: Layer("full", heads, size),
        SLIDING: Layer("sliding", heads, size, window=window),
    }
    return [shapes[kind] for kind in kinds if kind in shapes]


def config_experts(text: Fields, count: str, shared: int = 0) -> Experts:
    """The routed experts; `count` names the field of their number."""
    return Experts(
        count=text.count(count),
        used=text.count("num_experts_per_tok"),
        intermediate_size=text.count("moe_intermediate_size"),
        shared_intermediate_size=shared,
        source=text.source,
    )

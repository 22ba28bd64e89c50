"""What every family of architectures answers with, and layers in groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from chartgen.facts.base import Number
from chartgen.facts.model import Attention, Experts, Recurrent, Vision

__all__ = [
    "Dimensions",
    "Layer",
    "grouped",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """What a family finds in a configuration or in a GGUF file.

    `tied` is None where the document leaves it to the tensors; `tied_default` is what the
    loader takes where there are no tensors to look at.
    """

    architecture: str
    context_length: Number
    hidden_size: Number
    intermediate_size: Number
    vocab_size: Number
    layers: Number
    heads: Number
    attention: tuple[Attention, ...]
    recurrent: tuple[Recurrent, ...] = ()
    experts: Experts | None = None
    vision: Vision | None = None
    mtp_layers: int = 0
    per_layer_embedding: int = 0
    image_tokens: Number | None = None
    tied: bool | None = None
    tied_default: bool = False


class Layer(NamedTuple):
    """One layer that owns a KV cache; `window` in tokens for a sliding one."""

    kind: Literal["full", "sliding", "mla"]
    kv_heads: int
    head_dim: int
    value_dim: int | None = None
    window: int | None = None


def grouped(layers: Iterable[Layer], source: str) -> tuple[Attention, ...]:
    """Layers of one shape as one group, in the order in which the shapes first appear."""
    return tuple(
        Attention(
            kind=layer.kind,
            layers=count,
            kv_heads=layer.kv_heads,
            head_dim=layer.head_dim,
            value_dim=layer.value_dim,
            window=layer.window,
            source=source,
        )
        for layer, count in Counter(layers).items()
    )

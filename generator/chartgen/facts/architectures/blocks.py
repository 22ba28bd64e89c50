"""What GGUF models say alike, whatever their family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chartgen.facts.architectures.base import Dimensions, Layer, grouped
from chartgen.facts.base import Number
from chartgen.facts.headers.fields import MOST_LAYERS, Fields
from chartgen.facts.model import Experts, Recurrent

__all__ = ["GgufBlocks", "gguf_experts", "gguf_model", "gguf_recurrent"]


class GgufBlocks:
    """The blocks of a GGUF model: which are layers, which multi-token prediction.

    `block_count` counts both; the `nextn_predict_layers` last ones predict further
    tokens (llama.cpp 0c1e57098, src/llama-model.cpp load_hparams).
    """

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.total = min(fields.count("block_count"), MOST_LAYERS)
        self.mtp = fields.count("nextn_predict_layers", 0, least=0)
        if self.mtp >= self.total:
            fields.wrong("nextn_predict_layers", "no block would be left for a layer", self.mtp)
        self.layers = max(self.total - self.mtp, 1)

    def per_layer(self, name: str, default: int | None = None) -> tuple[int, ...]:
        """A number for each layer, without those of multi-token prediction."""
        return self.fields.counts(name, self.total, default)[: self.layers]

    @property
    def heads(self) -> int:
        """The attention heads of the widest layer."""
        return max(self.per_layer("attention.head_count"))

    @property
    def kv_heads(self) -> tuple[int, ...]:
        """Heads of each layer that keep a key and a value; 0 where it has no attention."""
        return self.per_layer("attention.head_count_kv", self.heads)

    def length(self, name: str) -> int:
        """Elements of one head: said, or the hidden size in equal parts."""
        if self.fields.has(name):
            return self.fields.count(name)
        return max(self.fields.count("embedding_length") // max(self.heads, 1), 1)

    def pattern(self, name: str, default: int) -> tuple[bool, ...]:
        """Whether each layer slides: a list, or a period whose last layer does not."""
        if self.fields.has(name) and not self.fields.is_list(name):
            default = self.fields.count(name)
        if not self.fields.is_list(name):
            return tuple(index % default < default - 1 for index in range(self.layers))
        found = self.fields.flags(name)
        if len(found) < self.layers:
            self.fields.wrong(name, f"there are {self.layers} layers", len(found))
        return (found + (False,) * self.layers)[: self.layers]

    def number(self, value: int) -> Number:
        """A number that was computed from the file's fields."""
        return Number(value=value, source=self.fields.source)


def gguf_model(
    blocks: GgufBlocks, attention: Sequence[Layer], intermediate_size: int
) -> Dimensions:
    """The model around the layers that own a cache, without experts or recurrence.

    The vocabulary is what `vocab_size` says, or the length of the tokenizer's list.
    """
    fields = blocks.fields
    return Dimensions(
        architecture=fields.text("architecture"),
        context_length=fields.number("context_length"),
        hidden_size=fields.number("embedding_length"),
        intermediate_size=blocks.number(intermediate_size),
        vocab_size=fields.number("vocab_size"),
        layers=blocks.number(blocks.layers),
        heads=blocks.number(blocks.heads),
        attention=grouped(attention, fields.source),
        mtp_layers=blocks.mtp,
    )


def gguf_experts(blocks: GgufBlocks) -> Experts | None:
    """The routed experts, or None where the file has none."""
    fields = blocks.fields
    count = fields.count("expert_count", 0, least=0)
    if count == 0:
        return None
    width = max(blocks.per_layer("expert_feed_forward_length|feed_forward_length"))
    return Experts(
        count=count,
        used=max(1, *blocks.per_layer("expert_used_count")),
        intermediate_size=max(width, 1),
        shared_intermediate_size=_shared(fields, width),
        source=fields.source,
    )


def _shared(fields: Fields, width: int) -> int:
    """The width of the shared experts together: said, or so many of the routed ones' width."""
    if fields.has("expert_shared_feed_forward_length"):
        return fields.count("expert_shared_feed_forward_length", least=0)
    return fields.count("expert_shared_count", 0, least=0) * width


def gguf_recurrent(
    blocks: GgufBlocks, kind: Literal["gated-delta-net", "mamba2"], layers: int
) -> tuple[Recurrent, ...]:
    """The layers with a state, which GGUF describes in Mamba's words for both kinds."""
    if layers == 0:
        return ()
    fields = blocks.fields
    inner, state = fields.count("ssm.inner_size"), fields.count("ssm.state_size")
    return (
        Recurrent(
            kind=kind,
            layers=layers,
            conv_kernel=fields.count("ssm.conv_kernel"),
            conv_dim=inner + 2 * fields.count("ssm.group_count") * state,
            state_elements=inner * state,
            source=fields.source,
        ),
    )

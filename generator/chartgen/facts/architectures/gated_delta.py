"""Qwen3-Next, Qwen 3.5 and later: a gated delta net in most layers, attention in the rest.

Sources: transformers 5.23.0, models/qwen3_next, qwen3_5 and qwen3_5_moe; llama.cpp
0c1e57098, src/models/qwen35.cpp and its siblings, llama-hparams.cpp (n_embd_r, n_embd_s).
"""

from __future__ import annotations

from dataclasses import replace

from chartgen.facts.architectures.base import Dimensions, Layer
from chartgen.facts.architectures.blocks import (
    GgufBlocks,
    gguf_experts,
    gguf_model,
    gguf_recurrent,
)
from chartgen.facts.architectures.configs import (
    FULL,
    LINEAR,
    config_experts,
    config_model,
    layer_count,
    layer_kinds,
    own_cache,
    text_of,
)
from chartgen.facts.architectures.qwen_moe import dense_width
from chartgen.facts.architectures.towers import qwen_vision
from chartgen.facts.headers.fields import Fields
from chartgen.facts.model import Recurrent

__all__ = ["gguf_qwen35", "qwen35", "qwen35_moe"]

INTERVAL = 4
"""Each fourth layer attends where nothing else is said; both sources."""


def qwen35(root: Fields) -> Dimensions:
    """Qwen 3.5, 3.6 and later, dense."""
    return _config(root, mixture=False)


def qwen35_moe(root: Fields) -> Dimensions:
    """Qwen3-Next, and the mixtures of Qwen 3.5, 3.6 and later."""
    return _config(root, mixture=True)


def _config(root: Fields, *, mixture: bool) -> Dimensions:
    text = text_of(root)
    layers = layer_count(text)
    interval = text.count("full_attention_interval", INTERVAL)
    otherwise = [LINEAR if (index + 1) % interval else FULL for index in range(layers)]
    kinds = list(layer_kinds(text, layers, otherwise))
    width = dense_width(text) if mixture else None
    shared = text.count("shared_expert_intermediate_size", 0, least=0)
    return replace(
        config_model(root, text, own_cache(text, kinds), width),
        recurrent=_delta_net(text, kinds.count(LINEAR)),
        experts=config_experts(text, "num_experts", shared) if mixture else None,
        vision=qwen_vision(root),
        mtp_layers=text.count("mtp_num_hidden_layers|num_nextn_predict_layers", 0, least=0),
    )


def _delta_net(text: Fields, layers: int) -> tuple[Recurrent, ...]:
    """The state: for each value head a matrix of key by value elements; the convolution
    runs over queries, keys and values together."""
    if layers == 0:
        return ()
    keys = text.count("linear_num_key_heads") * text.count("linear_key_head_dim")
    values = text.count("linear_num_value_heads") * text.count("linear_value_head_dim")
    return (
        Recurrent(
            kind="gated-delta-net",
            layers=layers,
            conv_kernel=text.count("linear_conv_kernel_dim"),
            conv_dim=2 * keys + values,
            state_elements=values * text.count("linear_key_head_dim"),
            source=text.source,
        ),
    )


def gguf_qwen35(fields: Fields) -> Dimensions:
    """qwen3next, qwen35 and qwen35moe."""
    blocks = GgufBlocks(fields)
    recurrent = _recurrent_layers(blocks)
    key, value = blocks.length("attention.key_length"), blocks.length("attention.value_length")
    owners = [heads for heads, one in zip(blocks.kv_heads, recurrent, strict=True) if not one]
    layers = [
        Layer("full", max(heads, 1), key, None if value == key else value) for heads in owners
    ]
    experts = gguf_experts(blocks)
    width = 0 if experts else max(blocks.per_layer("feed_forward_length"))
    found = gguf_model(blocks, layers, width)
    state = gguf_recurrent(blocks, "gated-delta-net", recurrent.count(True))
    return replace(found, experts=experts, recurrent=state)


def _recurrent_layers(blocks: GgufBlocks) -> list[bool]:
    name, fields = "attention.recurrent_layers", blocks.fields
    if fields.is_list(name):
        said = list(fields.flags(name))[: blocks.layers]
        if len(said) < blocks.layers:
            fields.wrong(name, f"there are {blocks.layers} layers", len(said))
        return said + [False] * (blocks.layers - len(said))
    interval = fields.count("full_attention_interval", INTERVAL)
    return [(index + 1) % interval != 0 for index in range(blocks.layers)]

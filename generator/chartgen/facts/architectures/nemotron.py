"""Nemotron-H and Nemotron 3: Mamba-2, attention, and feed-forwards or mixtures as layers.

Sources: transformers 5.23.0, models/nemotron_h; llama.cpp 0c1e57098,
src/models/nemotron-h.cpp and llama-hparams.cpp (n_embd_r, n_embd_s).
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
from chartgen.facts.architectures.configs import config_experts, config_model, head_dim, kv_heads
from chartgen.facts.base import Number
from chartgen.facts.headers.fields import MOST_LAYERS, Fields
from chartgen.facts.model import Experts, Recurrent

__all__ = ["gguf_nemotron_h", "nemotron_h"]

PATTERN = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}
"""The letters of `hybrid_override_pattern`."""

KINDS = {
    "mamba": "mamba",
    "linear_attention": "mamba",
    "attention": "attention",
    "full_attention": "attention",
    "mlp": "mlp",
    "moe": "moe",
}
"""The words of `layers_block_type`, by both of their spellings."""


def nemotron_h(root: Fields) -> Dimensions:
    """Nemotron-H and Nemotron 3: layers of four kinds in any order."""
    kinds = _kinds(root)
    if root.count("num_hidden_layers", len(kinds)) != len(kinds):
        problem = f"the pattern has {len(kinds)} layers"
        root.wrong("num_hidden_layers", problem, root.count("num_hidden_layers"))
    owner = Layer("full", kv_heads(root), head_dim(root))
    width = root.count("intermediate_size") if "mlp" in kinds else 0
    owners = [owner] * kinds.count("attention")
    dense = Number(value=width, source=root.source)
    return replace(
        config_model(root, root, owners, dense, max(len(kinds), 1)),
        recurrent=_mamba(root, kinds.count("mamba")),
        experts=_experts(root) if "moe" in kinds else None,
        mtp_layers=root.count("num_nextn_predict_layers", 0, least=0),
    )


def _kinds(root: Fields) -> list[str]:
    if root.has("layers_block_type"):
        words = list(root.texts("layers_block_type"))
        name, known = "layers_block_type", KINDS
    else:
        words = list(root.text("hybrid_override_pattern", longest=MOST_LAYERS))
        name, known = "hybrid_override_pattern", PATTERN
    odd = [word for word in words if word not in known]
    if odd:
        root.wrong(name, "there are kinds of layers that are not known", odd[0])
    return [known[word] for word in words if word in known]


def _mamba(root: Fields, layers: int) -> tuple[Recurrent, ...]:
    """Mamba-2: heads x head dim inner elements, each with a state; B and C are convolved
    with them, once a group."""
    if layers == 0:
        return ()
    inner = root.count("mamba_num_heads") * root.count("mamba_head_dim")
    state = root.count("ssm_state_size")
    return (
        Recurrent(
            kind="mamba2",
            layers=layers,
            conv_kernel=root.count("conv_kernel|mamba_d_conv"),
            conv_dim=inner + 2 * root.count("n_groups|mamba_n_groups") * state,
            state_elements=inner * state,
            source=root.source,
        ),
    )


def _experts(root: Fields) -> Experts:
    shared = root.count("moe_shared_expert_intermediate_size", 0, least=0)
    several = root.count("n_shared_experts", 1, least=0)
    return config_experts(root, "n_routed_experts", shared * several)


def gguf_nemotron_h(fields: Fields) -> Dimensions:
    """nemotron_h and nemotron_h_moe.

    A layer without KV heads and without a feed-forward is Mamba's.
    """
    blocks = GgufBlocks(fields)
    widths, heads = blocks.per_layer("feed_forward_length"), blocks.kv_heads
    key, value = blocks.length("attention.key_length"), blocks.length("attention.value_length")
    size = None if value == key else value
    owners = [Layer("full", one, key, size) for one in heads if one]
    experts = gguf_experts(blocks)
    mamba = sum(not (one or width) for one, width in zip(heads, widths, strict=True))
    found = gguf_model(blocks, owners, 0 if experts else max(widths))
    return replace(found, experts=experts, recurrent=gguf_recurrent(blocks, "mamba2", mamba))

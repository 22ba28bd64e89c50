"""Names and shapes of a model's tensors, one table for each of llama.cpp's architectures.

Source: models/*.cpp of llama.cpp 7d442abf (May 2026) and 0c1e57098 (October 2026). Shapes
are written with the innermost dimension first.
"""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.engines.llamacpp.shape import Latent, Mixture, Shape, State

__all__ = ["Named", "tensors"]

Named = tuple[str, tuple[int, ...]]


def tensors(shape: Shape) -> Iterator[Named]:
    """All tensors of a model, in the order of its layers."""
    yield "token_embd.weight", (shape.embd, shape.vocab)
    yield "output_norm.weight", (shape.embd,)
    if not shape.tied:
        yield "output.weight", (shape.embd, shape.vocab)
    if shape.per_layer:
        yield "per_layer_token_embd.weight", (shape.per_layer * shape.layers, shape.vocab)
        yield "per_layer_model_proj.weight", (shape.embd, shape.per_layer * shape.layers)
        yield "per_layer_proj_norm.weight", (shape.per_layer,)
    if shape.arch == "gemma4":
        yield "rope_freqs.weight", (shape.head // 2,)
    layer_of = _nemotron if shape.arch.startswith("nemotron") else _layer
    for layer in range(shape.layers):
        for name, dims in layer_of(shape, layer):
            yield f"blk.{layer}.{name}", dims


def _layer(shape: Shape, layer: int) -> Iterator[Named]:
    yield "attn_norm.weight", (shape.embd,)
    if shape.state and not shape.full(layer):
        yield from _delta_net(shape, shape.state)
    elif shape.latent:
        yield from _latent(shape, shape.latent)
    else:
        yield from _attention(shape, layer)
    if shape.mixture and layer >= shape.mixture.dense:
        yield from _mixture(shape, shape.mixture)
    if not shape.mixture or layer < shape.mixture.dense or shape.arch == "gemma4":
        yield from _dense(shape, shape.ff if layer < shape.owners else shape.wide)
    yield from _norms(shape)
    if shape.per_layer:
        yield "inp_gate.weight", (shape.embd, shape.per_layer)
        yield "proj.weight", (shape.per_layer, shape.embd)
        yield "post_norm.weight", (shape.embd,)


def _norms(shape: Shape) -> Iterator[Named]:
    """Norms beside the one before attention; which of them a family has."""
    delta = shape.arch in ("qwen35", "qwen35moe", "qwen3next")
    gemma = shape.arch in ("gemma3", "gemma4")
    if delta or gemma or shape.arch == "gpt-oss":
        yield "post_attention_norm.weight", (shape.embd,)
    if not delta and shape.arch != "gpt-oss":
        yield "ffn_norm.weight", (shape.embd,)
    if gemma:
        yield "post_ffw_norm.weight", (shape.embd,)
    if shape.arch == "gemma4":
        yield "layer_output_scale.weight", (1,)


def _attention(shape: Shape, layer: int) -> Iterator[Named]:
    full = shape.full(layer) or not shape.window
    head = shape.head if full else shape.swa_head
    kv = head * (shape.kv_heads if full else shape.swa_kv_heads)
    query = head * shape.heads
    gated = 2 if shape.state else 1
    yield "attn_q.weight", (shape.embd, query * gated)
    if layer < shape.owners:
        yield "attn_k.weight", (shape.embd, kv)
        if not (shape.arch == "gemma4" and full and not shape.per_layer):
            yield "attn_v.weight", (shape.embd, kv)
    yield "attn_output.weight", (query, shape.embd)
    if shape.arch in ("qwen2", "gpt-oss"):
        yield "attn_q.bias", (query,)
        yield "attn_k.bias", (kv,)
        yield "attn_v.bias", (kv,)
    if shape.arch == "gpt-oss":
        yield "attn_output.bias", (shape.embd,)
        yield "attn_sinks.weight", (shape.heads,)
    if shape.head_norms:
        yield "attn_q_norm.weight", (head,)
        yield "attn_k_norm.weight", (head,)


def _latent(shape: Shape, latent: Latent) -> Iterator[Named]:
    head = latent.nope + latent.rope
    if latent.query:
        yield "attn_q_a_norm.weight", (latent.query,)
        yield "attn_q_a.weight", (shape.embd, latent.query)
        yield "attn_q_b.weight", (latent.query, shape.heads * head)
    else:
        yield "attn_q.weight", (shape.embd, shape.heads * head)
    yield "attn_kv_a_norm.weight", (latent.rank,)
    yield "attn_kv_a_mqa.weight", (shape.embd, latent.rank + latent.rope)
    yield "attn_k_b.weight", (latent.nope, latent.rank, shape.heads)
    yield "attn_v_b.weight", (latent.rank, latent.value, shape.heads)
    yield "attn_output.weight", (shape.heads * latent.value, shape.embd)


def _delta_net(shape: Shape, state: State) -> Iterator[Named]:
    yield "attn_qkv.weight", (shape.embd, state.conv_dim)
    yield "attn_gate.weight", (shape.embd, state.inner)
    yield "ssm_conv1d.weight", (state.conv, state.conv_dim)
    yield "ssm_dt.bias", (state.heads,)
    yield "ssm_a", (state.heads,)
    if shape.arch == "qwen3next":
        yield "ssm_ba.weight", (shape.embd, 2 * state.heads)
    else:
        yield "ssm_beta.weight", (shape.embd, state.heads)
        yield "ssm_alpha.weight", (shape.embd, state.heads)
    yield "ssm_norm.weight", (state.state,)
    yield "ssm_out.weight", (state.inner, shape.embd)


def _dense(shape: Shape, width: int) -> Iterator[Named]:
    yield "ffn_gate.weight", (shape.embd, width)
    yield "ffn_up.weight", (shape.embd, width)
    yield "ffn_down.weight", (width, shape.embd)


def _mixture(shape: Shape, mixture: Mixture) -> Iterator[Named]:
    embd, count, width = shape.embd, mixture.count, mixture.width
    yield "ffn_gate_inp.weight", (embd, count)
    if shape.arch == "gemma4":
        yield "ffn_gate_inp.scale", (embd,)
        yield "pre_ffw_norm_2.weight", (embd,)
        yield "post_ffw_norm_1.weight", (embd,)
        yield "post_ffw_norm_2.weight", (embd,)
        yield "ffn_gate_up_exps.weight", (embd, 2 * width, count)
        yield "ffn_down_exps.scale", (count,)
    else:
        yield "ffn_gate_exps.weight", (embd, width, count)
        yield "ffn_up_exps.weight", (embd, width, count)
    yield "ffn_down_exps.weight", (width, embd, count)
    if shape.arch == "gpt-oss":
        yield "ffn_gate_inp.bias", (count,)
        yield "ffn_gate_exps.bias", (width, count)
        yield "ffn_up_exps.bias", (width, count)
        yield "ffn_down_exps.bias", (embd, count)
    elif shape.arch == "deepseek2":
        yield "exp_probs_b.bias", (count,)
    if mixture.shared and shape.arch != "gemma4":
        yield from _shared(shape, mixture.shared)


def _shared(shape: Shape, width: int) -> Iterator[Named]:
    if shape.state:
        yield "ffn_gate_inp_shexp.weight", (shape.embd,)
    yield "ffn_gate_shexp.weight", (shape.embd, width)
    yield "ffn_up_shexp.weight", (shape.embd, width)
    yield "ffn_down_shexp.weight", (width, shape.embd)


def _nemotron(shape: Shape, layer: int) -> Iterator[Named]:
    """One mixer a layer: a state, attention or a feed-forward."""
    yield "attn_norm.weight", (shape.embd,)
    kind = shape.mixers[layer]
    if kind == "M" and shape.state:
        yield from _mamba(shape, shape.state)
    elif kind == "*":
        yield from _plain_attention(shape)
    elif shape.mixture:
        yield from _squared_mixture(shape, shape.mixture)
    else:
        yield "ffn_up.weight", (shape.embd, shape.ff)
        yield "ffn_down.weight", (shape.ff, shape.embd)


def _plain_attention(shape: Shape) -> Iterator[Named]:
    query, kv = shape.head * shape.heads, shape.head * shape.kv_heads
    yield "attn_q.weight", (shape.embd, query)
    yield "attn_k.weight", (shape.embd, kv)
    yield "attn_v.weight", (shape.embd, kv)
    yield "attn_output.weight", (query, shape.embd)


def _mamba(shape: Shape, state: State) -> Iterator[Named]:
    yield "ssm_in.weight", (shape.embd, state.inner + state.conv_dim + state.heads)
    yield "ssm_conv1d.weight", (state.conv, state.conv_dim)
    yield "ssm_conv1d.bias", (state.conv_dim,)
    yield "ssm_dt.bias", (state.heads,)
    yield "ssm_a", (1, state.heads)
    yield "ssm_d", (1, state.heads)
    yield "ssm_norm.weight", (state.inner // state.groups, state.groups)
    yield "ssm_out.weight", (state.inner, shape.embd)


def _squared_mixture(shape: Shape, mixture: Mixture) -> Iterator[Named]:
    """Experts without a gate, and one shared expert."""
    yield "ffn_gate_inp.weight", (shape.embd, mixture.count)
    yield "exp_probs_b.bias", (mixture.count,)
    yield "ffn_down_exps.weight", (mixture.width, shape.embd, mixture.count)
    yield "ffn_up_exps.weight", (shape.embd, mixture.width, mixture.count)
    yield "ffn_down_shexp.weight", (mixture.shared, shape.embd)
    yield "ffn_up_shexp.weight", (shape.embd, mixture.shared)

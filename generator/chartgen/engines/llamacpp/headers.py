"""What the GGUF header of a model says: one table for each of llama.cpp's architectures.

Names of keys and tensors: llama-arch.cpp and models/*.cpp of llama.cpp 7d442abf (May 2026)
and 0c1e57098 (October 2026), which both read these headers. Numbers that change no size
(norms' epsilon, the base of the rotation) are any valid ones.
"""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.engines.llamacpp.shape import Latent, Mixture, Shape, State
from chartgen.engines.llamacpp.sparse import Header, Kind, Tensor, Value
from chartgen.engines.llamacpp.tensors import tensors

__all__ = ["header"]

Key = tuple[str, Value]
F32_PARTS = ("gate_inp", "conv1d", "norm")


def header(shape: Shape, kind: Kind = Kind.Q8_0) -> Header:
    """The header of a file whose matrices all have one type."""
    prefixed = tuple((f"{shape.arch}.{key}", value) for key, value in _keys(shape))
    keys: tuple[Key, ...] = (
        ("general.architecture", shape.arch),
        ("tokenizer.ggml.model", "no_vocab"),
        *prefixed,
    )
    return Header(keys, tuple(_typed(name, dims, kind) for name, dims in tensors(shape)))


def _typed(name: str, dims: tuple[int, ...], kind: Kind) -> Tensor:
    """Vectors, routers and convolutions are f32, as in published files."""
    if len(dims) == 1 or dims[0] == 1 or any(part in name for part in F32_PARTS):
        return Tensor(name, dims, Kind.F32)
    return Tensor(name, dims, kind if dims[0] % kind.value[1] == 0 else Kind.F16)


def _keys(shape: Shape) -> Iterator[Key]:
    yield "context_length", shape.context
    yield "vocab_size", shape.vocab
    yield "block_count", shape.layers
    yield "embedding_length", shape.embd
    yield "attention.layer_norm_rms_epsilon", 1e-6
    yield "attention.layer_norm_epsilon", 1e-6
    yield "attention.head_count", shape.heads
    yield "attention.head_count_kv", _kv_heads(shape)
    yield "feed_forward_length", _widths(shape)
    yield "attention.key_length", shape.head
    yield "attention.value_length", shape.latent.rank if shape.latent else shape.head
    yield "rope.dimension_count", shape.latent.rope if shape.latent else shape.head
    if shape.window:
        yield from _window_keys(shape)
    if shape.mixture:
        yield from _mixture_keys(shape.mixture)
    if shape.state:
        yield from _state_keys(shape.state, shape)
    if shape.latent:
        yield from _latent_keys(shape.latent)
    if shape.arch == "gemma4":
        yield "embedding_length_per_layer_input", shape.per_layer
        yield "attention.shared_kv_layers", shape.layers - shape.owners
        yield "final_logit_softcapping", 30.0


def _kv_heads(shape: Shape) -> Value:
    """A number, or one for each layer where layers differ."""
    if shape.arch.startswith("nemotron"):
        return tuple(shape.kv_heads if kind == "*" else 0 for kind in shape.mixers)
    if shape.arch == "gemma4":
        return tuple(
            shape.kv_heads if shape.full(layer) else shape.swa_kv_heads
            for layer in range(shape.layers)
        )
    return 1 if shape.latent else shape.kv_heads


def _widths(shape: Shape) -> Value:
    """The dense feed-forward's width, one for each layer where layers differ."""
    if shape.arch.startswith("nemotron"):
        width = shape.mixture.width if shape.mixture else shape.ff
        return tuple(width if kind == "-" else 0 for kind in shape.mixers)
    if shape.arch == "gemma4":
        return tuple(shape.ff if i < shape.owners else shape.wide for i in range(shape.layers))
    return shape.ff


def _window_keys(shape: Shape) -> Iterator[Key]:
    yield "attention.sliding_window", shape.window
    yield "attention.key_length_swa", shape.swa_head
    yield "attention.value_length_swa", shape.swa_head
    yield "rope.dimension_count_swa", shape.swa_head
    pattern = tuple(not shape.full(layer) for layer in range(shape.layers))
    yield "attention.sliding_window_pattern", pattern


def _mixture_keys(mixture: Mixture) -> Iterator[Key]:
    yield "expert_count", mixture.count
    yield "expert_used_count", mixture.used
    yield "expert_feed_forward_length", mixture.width
    yield "leading_dense_block_count", mixture.dense
    yield "expert_weights_scale", 2.5
    yield "expert_weights_norm", True
    if mixture.shared:
        yield "expert_shared_count", max(1, mixture.shared // mixture.width)
        yield "expert_shared_feed_forward_length", mixture.shared


def _state_keys(state: State, shape: Shape) -> Iterator[Key]:
    yield "ssm.conv_kernel", state.conv
    yield "ssm.inner_size", state.inner
    yield "ssm.state_size", state.state
    yield "ssm.group_count", state.groups
    yield "ssm.time_step_rank", state.heads
    if not state.mamba:
        yield "full_attention_interval", shape.period
        yield "rope.dimension_sections", (11, 11, 10, 0)


def _latent_keys(latent: Latent) -> Iterator[Key]:
    yield "attention.kv_lora_rank", latent.rank
    yield "attention.key_length_mla", latent.nope + latent.rope
    yield "attention.value_length_mla", latent.value
    yield "expert_gating_func", 2
    if latent.query:
        yield "attention.q_lora_rank", latent.query

"""Where the bytes of a checkpoint lie: its tensors' names sorted into the parts of a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from chartgen.facts.headers.tensors import Tensor
from chartgen.facts.model import Layout

__all__ = ["config_layout", "gguf_layout"]

Part: TypeAlias = Literal[
    "token_embedding",
    "per_layer_embeddings",
    "output",
    "block",
    "experts",
    "mtp",
    "vision",
    "audio",
    "other",
]
Place: TypeAlias = tuple[Part, int]
"""A part, and the index of the layer for a block or its experts."""

_GGUF_BLOCK = re.compile(r"blk\.(\d{1,4})\.(.*)", re.DOTALL)
_GGUF_EXPERTS = re.compile(r"ffn_(gate|up|down|gate_up)_exps\b")
_LAYER = re.compile(r"(?:^|\.)(?:layers|h)\.(\d{1,4})\.(.*)", re.DOTALL)

_VISION = (
    "vision_tower.",
    "vision_model.",
    "vision_encoder.",
    "visual.",
    "multi_modal_projector.",
    "embed_vision.",
    "vision_embedder.",
    "patch_merger.",
)
_AUDIO = ("audio_tower.", "audio_encoder.", "embed_audio.", "audio_embedder.")


def gguf_layout(tensors: Iterable[Tensor], layers: int, source: str) -> Layout:
    """The parts of a GGUF file; blocks from `layers` on are multi-token prediction.

    Names: gguf-py/gguf/constants.py (TENSOR_NAMES) of llama.cpp 0c1e57098.
    """
    return _sorted(tensors, lambda name: _gguf_place(name, layers), layers, source)


def _gguf_place(name: str, layers: int) -> Place:
    found = _GGUF_BLOCK.match(name)
    if found:
        index = int(found[1])
        if index >= layers:
            return "mtp", 0
        return ("experts" if _GGUF_EXPERTS.match(found[2]) else "block"), index
    starts: tuple[tuple[str, Part], ...] = (
        ("token_embd.", "token_embedding"),
        ("per_layer_token_embd.", "per_layer_embeddings"),
        ("output.", "output"),
        ("v.", "vision"),
        ("mm.a.", "audio"),
        ("mm.", "vision"),
        ("a.", "audio"),
    )
    return next((part for start, part in starts if name.startswith(start)), "other"), 0


def config_layout(
    tensors: Iterable[Tensor], layers: int, source: str, *, hears: bool = False
) -> Layout:
    """The parts of safetensors files; a model that only `hears` projects sound.

    Names: transformers 5.23.0, models/*/modeling_*.py.
    """
    return _sorted(tensors, lambda name: _config_place(name, layers, hears=hears), layers, source)


def _config_place(name: str, layers: int, *, hears: bool) -> Place:
    tower = _tower(name, hears=hears)
    if tower:
        return tower, 0
    if name.startswith("mtp.") or ".mtp." in name:
        return "mtp", 0
    found = _LAYER.search(name)
    if found:
        index = int(found[1])
        if index >= layers:
            return "mtp", 0
        return ("experts" if ".experts." in f".{found[2]}" else "block"), index
    return _outside(name), 0


def _tower(name: str, *, hears: bool) -> Part | None:
    dotted = f".{name}"
    if any(f".{start}" in dotted for start in _AUDIO):
        return "audio"
    if any(f".{start}" in dotted for start in _VISION):
        return "audio" if hears else "vision"
    return None


def _outside(name: str) -> Part:
    parts = name.split(".")
    if "embed_tokens_per_layer" in parts:
        return "per_layer_embeddings"
    if "embed_tokens" in parts or "embeddings" in parts or "tok_embeddings" in parts:
        return "token_embedding"
    return "output" if "lm_head" in parts else "other"


def _sorted(
    tensors: Iterable[Tensor], place: Callable[[str], Place], layers: int, source: str
) -> Layout:
    sizes: dict[Place, int] = {}
    for tensor in tensors:
        there = place(tensor.name)
        sizes[there] = sizes.get(there, 0) + tensor.size
    experts = tuple(sizes.get(("experts", index), 0) for index in range(layers))
    rest = (sizes.get(("block", index), 0) for index in range(layers))
    blocks = tuple(one + two for one, two in zip(experts, rest, strict=True))
    return Layout(
        token_embedding=sizes.get(("token_embedding", 0), 0),
        per_layer_embeddings=sizes.get(("per_layer_embeddings", 0), 0),
        output=sizes.get(("output", 0), 0),
        blocks=blocks if any(blocks) else (),
        experts=experts if any(experts) else (),
        mtp=sizes.get(("mtp", 0), 0),
        vision=sizes.get(("vision", 0), 0),
        audio=sizes.get(("audio", 0), 0),
        other=sizes.get(("other", 0), 0),
        source=source,
    )

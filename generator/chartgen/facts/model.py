"""What is known of a model: its dimensions, its attention, its published files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from chartgen.facts.base import Fact, Measure, Number, Sentence

__all__ = [
    "Attention",
    "Checkpoint",
    "Compute",
    "Experts",
    "Layout",
    "Measure",
    "ModelFacts",
    "PublishedFile",
    "Recurrent",
    "Vision",
]

Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]


class Attention(Fact):
    """Layers of one kind that own a KV cache.

    Shapes: for each token and layer a key is `kv_heads` x `head_dim` elements and a
    value `kv_heads` x `value_dim`, which is `head_dim` where it is not given. A
    sliding layer keeps `window` tokens, a full layer all of them. Multi-head latent
    attention ("mla") keeps one latent of `head_dim` = kv_lora_rank + rope elements
    and no value: `kv_heads` is 1 and `value_dim` 0.
    """

    kind: Literal["full", "sliding", "mla"]
    layers: Positive
    kv_heads: Positive
    head_dim: Positive
    value_dim: Count | None = None
    window: Positive | None = None
    source: Sentence

    @property
    def key_elements(self) -> int:
        """Elements of the keys that one layer keeps for one token."""
        return self.kv_heads * self.head_dim

    @property
    def value_elements(self) -> int:
        """Elements of the values that one layer keeps for one token."""
        return self.kv_heads * (self.head_dim if self.value_dim is None else self.value_dim)

    @property
    def elements_per_token(self) -> int:
        """Elements of K and V together that one layer keeps for one token."""
        return self.key_elements + self.value_elements


class Recurrent(Fact):
    """Layers that keep a state of fixed size for each sequence instead of a KV cache.

    A layer keeps the last `conv_kernel - 1` inputs of its convolution, `conv_dim`
    elements each, and a state of `state_elements`: value heads x value dim x key dim
    for a gated delta net, heads x head dim x state for Mamba-2.
    """

    kind: Literal["gated-delta-net", "mamba2"]
    layers: Positive
    conv_kernel: Positive
    conv_dim: Positive
    state_elements: Positive
    source: Sentence


class Experts(Fact):
    """The routed experts of a mixture: how many, how many a token uses, how wide each is.

    `shared_intermediate_size` is the width of what every token passes beside them.
    """

    count: Positive
    used: Positive
    intermediate_size: Positive
    shared_intermediate_size: Count = 0
    source: Sentence


class Vision(Fact):
    """The tower that turns an image into tokens of the model."""

    hidden_size: Positive
    intermediate_size: Positive
    layers: Positive
    heads: Positive
    patch_size: Positive
    merge: Positive
    """Patches along one side that become one token."""
    max_tokens: Positive | None = None
    """Tokens of the largest image that a server takes."""
    source: Sentence
    uncertain: Sentence | None = None


class Compute(Fact):
    """Constants of llama.cpp's compute buffer, in bytes for each token of a micro-batch."""

    old_l: Annotated[float, Field(ge=0, strict=False)]
    old_lc: Annotated[float, Field(ge=0, strict=False)]
    old_a: Annotated[float, Field(ge=0, strict=False)]
    new_f: Annotated[float, Field(ge=0, strict=False)]
    source: Sentence


class Layout(Fact):
    """The bytes of a checkpoint's tensors, by what decides where an engine puts them.

    `blocks` are whole repeating layers in their order, `experts` the routed experts
    inside each of them. `output` is 0 where the head is tied to the embedding. The
    parts that are not repeated inside another add up to the tensors' total.
    """

    token_embedding: Count
    per_layer_embeddings: Count = 0
    output: Count = 0
    blocks: tuple[Count, ...] = Field(default=(), strict=False)
    experts: tuple[Count, ...] = Field(default=(), strict=False)
    mtp: Count = 0
    vision: Count = 0
    audio: Count = 0
    other: Count = 0
    source: Sentence

    @property
    def total(self) -> int:
        """All tensors together."""
        outside = self.token_embedding + self.per_layer_embeddings + self.output + self.mtp
        return outside + sum(self.blocks) + self.vision + self.audio + self.other


class PublishedFile(Fact):
    """One file of a repository: its path, its size in bytes, its SHA-256 where the hub tells."""

    path: Sentence
    size: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class Checkpoint(Fact):
    """One published file of a model, or a whole repository of it.

    `on_disk` is what a download takes, `on_gpu` what the engine keeps in GPU memory
    after loading; `unknown` names what no source gives (revision, hashes, ...).
    `layout` is read from the files' own headers.
    """

    repo: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")]
    file: str | None = None
    part: Literal["weights", "mmproj", "draft"]
    quantization: Sentence
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    size: Annotated[int, Field(ge=1)] | None = None
    files: tuple[PublishedFile, ...] = Field(default=(), strict=False)
    on_disk: Measure
    on_gpu: Measure
    compute: Measure | None = None
    layout: Layout | None = None
    unknown: tuple[Sentence, ...] = Field(default=(), strict=False)


class ModelFacts(Fact):
    """A model, as its public configuration and its published files describe it.

    `intermediate_size` is the dense feed-forward's, 0 where every layer is a mixture;
    `layers` counts all repeating layers, also those that own no KV cache.
    `per_layer_embedding` is the width of Gemma's tables of embeddings for each layer.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Sentence
    architecture: Sentence
    context_length: Number
    hidden_size: Number
    intermediate_size: Number
    vocab_size: Number
    attention: tuple[Attention, ...] = Field(default=(), strict=False)
    recurrent: tuple[Recurrent, ...] = Field(default=(), strict=False)
    layers: Number | None = None
    heads: Number | None = None
    parameters: Number | None = None
    tied: bool | None = None
    experts: Experts | None = None
    vision: Vision | None = None
    mtp_layers: Count = 0
    per_layer_embedding: Count = 0
    image_tokens: Number | None = None
    compute: Compute | None = None
    checkpoints: tuple[Checkpoint, ...] = Field(default=(), strict=False)
    sources: Mapping[str, Sentence]

    def checkpoint(self, repo: str, file: str | None) -> Checkpoint | None:
        """The published file `file` of `repo`, or the whole repository."""
        return next(
            (item for item in self.checkpoints if (item.repo, item.file) == (repo, file)), None
        )

"""What is known of a model: its dimensions, its attention, its published files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from chartgen.facts.base import Fact, Measure, Number, Sentence

__all__ = ["Attention", "Checkpoint", "Compute", "Measure", "ModelFacts"]


class Attention(Fact):
    """Layers of one kind that own a KV cache.

    Shapes: keys and values are `kv_heads` x `head_dim` for each token and layer;
    a sliding layer keeps `window` tokens, a full layer all of them.
    """

    kind: Literal["full", "sliding"]
    layers: Annotated[int, Field(ge=1)]
    kv_heads: Annotated[int, Field(ge=1)]
    head_dim: Annotated[int, Field(ge=1)]
    window: Annotated[int, Field(ge=1)] | None = None
    source: Sentence

    @property
    def elements_per_token(self) -> int:
        """Elements of K and V together that one layer keeps for one token."""
        return 2 * self.kv_heads * self.head_dim


class Compute(Fact):
    """Constants of llama.cpp's compute buffer, in bytes for each token of a micro-batch."""

    old_l: Annotated[int, Field(ge=0)]
    old_lc: Annotated[int, Field(ge=0)]
    old_a: Annotated[int, Field(ge=0)]
    new_f: Annotated[int, Field(ge=0)]
    source: Sentence


class Checkpoint(Fact):
    """One published file of a model, or a whole repository of it.

    `on_disk` is what a download takes, `on_gpu` what the engine keeps in GPU memory
    after loading; `unknown` names what no source gives (revision, hashes, ...).
    """

    repo: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")]
    file: str | None = None
    part: Literal["weights", "mmproj", "draft"]
    quantization: Sentence
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    size: Annotated[int, Field(ge=1)] | None = None
    on_disk: Measure
    on_gpu: Measure
    compute: Measure | None = None
    unknown: tuple[Sentence, ...] = Field(default=(), strict=False)


class ModelFacts(Fact):
    """A model, as its public configuration and its published files describe it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Sentence
    architecture: Sentence
    context_length: Number
    hidden_size: Number
    intermediate_size: Number
    vocab_size: Number
    attention: tuple[Attention, ...] = Field(min_length=1, strict=False)
    image_tokens: Number | None = None
    compute: Compute | None = None
    checkpoints: tuple[Checkpoint, ...] = Field(min_length=1, strict=False)
    sources: Mapping[str, Sentence]

    def checkpoint(self, repo: str, file: str | None) -> Checkpoint | None:
        """The published file `file` of `repo`, or the whole repository."""
        return next(
            (item for item in self.checkpoints if (item.repo, item.file) == (repo, file)), None
        )

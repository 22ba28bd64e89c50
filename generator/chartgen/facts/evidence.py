"""Recorded runs of real servers, and what decides whether one speaks for another."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from chartgen.facts.base import Fact, Sentence


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that decides how much memory a server takes.

    Parsers, names and texts are not part of it: they do not change the sum.
    `utilization` is None for engines that are not given a fraction; `settings` are
    all other settings that touch memory and are not at the engine's default, as
    `field=value`, sorted.
    """

    engine: str
    engine_version: str
    model: str
    kv_cache_dtype: str
    context: int
    sequences: int
    batch: int
    utilization: float | None
    vision: bool
    device: str
    settings: tuple[str, ...] = ()

    def differences(self, other: Deployment) -> tuple[str, ...]:
        """The fields in which `other` is another deployment, as `field a, not b`."""
        return tuple(
            f"{item.name} {getattr(self, item.name)}, not {getattr(other, item.name)}"
            for item in fields(self)
            if getattr(self, item.name) != getattr(other, item.name)
        )


Quantity = Literal[
    "weights",
    "host_weights",
    "kv_cache",
    "host_kv",
    "recurrent",
    "context",
    "compute",
    "host_compute",
    "available_kv",
    "needed_kv",
    "activation",
    "non_torch",
    "consumed",
    "cuda_graphs",
    "cuda_graphs_estimate",
    "vision_weights",
    "vision_compute",
    "draft_weights",
    "draft_kv",
    "draft_recurrent",
    "draft_compute",
    "total",
    "card_total",
    "kv_tokens",
    "concurrency",
    "block_size",
    "max_model_len",
]
"""What an engine may print about its memory.

`context` is a KV cache and a recurrent state together, `consumed` weights with what
lies beside torch, where an engine prints only the sum. `draft_*` belong to the second
context of speculation. `cuda_graphs_estimate` is what was held back for graphs before
they were captured. `max_model_len` is the longest context that an engine which refused
estimates to fit.
"""


class Reading(Fact):
    """One number that an engine printed about itself.

    Sizes are bytes; `concurrency` is a number of requests at full context, `kv_tokens`
    tokens in the meaning of the engine's version, `block_size` tokens. `low` and
    `high` are the rounding of what was printed.
    """

    quantity: Quantity
    value: Annotated[float, Field(ge=0, strict=False)]
    low: Annotated[float, Field(ge=0, strict=False)]
    high: Annotated[float, Field(ge=0, strict=False)]
    said: Sentence


class Run(Fact):
    """One run that somebody made and published: it served, or it failed for memory."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    outcome: Literal["served", "failed"]
    date: date
    measured_by: Sentence
    source: Sentence
    said: Sentence
    engine: Literal["vllm", "llamacpp", "sglang", "transformers"]
    engine_version: Sentence
    model: Sentence
    kv_cache_dtype: Sentence
    context: Annotated[int, Field(ge=1)]
    sequences: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1)]
    utilization: Annotated[float, Field(gt=0, lt=1)] | None = None
    vision: bool
    device: Sentence
    settings: tuple[Sentence, ...] = Field(default=(), strict=False)
    uncertain: Sentence | None = None
    image_digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    model_revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    readings: tuple[Reading, ...] = Field(default=(), strict=False)

    @property
    def deployment(self) -> Deployment:
        """What was run, reduced to what decides memory."""
        return Deployment(**{item.name: getattr(self, item.name) for item in fields(Deployment)})

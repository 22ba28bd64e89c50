"""What one reading of a model's files brings, before it is put together as facts."""

from __future__ import annotations

from dataclasses import dataclass

from chartgen.facts.architectures.base import Dimensions
from chartgen.facts.model import Checkpoint, Vision

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`dimensions` is None for a projector, `checkpoint` where there are no weights;
    `parameters` counts elements, None where packed tensors hide their number."""

    dimensions: Dimensions | None
    vision: Vision | None
    tied: bool | None
    parameters: int | None
    checkpoint: Checkpoint | None
    title: str | None
    source: str

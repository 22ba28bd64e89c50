"""What all pinned facts share: strict parsing, and a value that names its source."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chartgen.quantities import Bytes, Estimate

Sentence = Annotated[str, Field(min_length=3, max_length=1000)]


class Fact(BaseModel):
    """A piece of a facts file; unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Number(Fact):
    """A whole number with its source; `uncertain` says what about it is not confirmed."""

    value: Annotated[int, Field(ge=0)]
    source: Sentence
    uncertain: Sentence | None = None


class Measure(Fact):
    """A size in bytes with its interval and its source."""

    value: Annotated[int, Field(ge=0)]
    low: Annotated[int, Field(ge=0)]
    high: Annotated[int, Field(ge=0)]
    source: Sentence
    uncertain: Sentence | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError("low, value and high must be in this order")
        return self

    @property
    def estimate(self) -> Estimate:
        """The size as an estimate in bytes."""
        return Estimate(Bytes(self.value), Bytes(self.low), Bytes(self.high))

"""One number that the data states, beside what the planner says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chartgen.quantities import Estimate

Unit = Literal["bytes", "tokens", "blocks", "requests", "count", "equal"]
Verdict = Literal["fits", "does-not-fit", "unproven"]
Outcome = Literal["served", "failed"]

APPROXIMATE = "approximate"
"""Detail of points whose truth is somebody's "about"; no aim is held against them."""

IN_SAMPLE = "available_kv_in_sample"
"""Available KV by the planner's own constants, for a log that they were fitted on."""


@dataclass(frozen=True, slots=True)
class Span:
    """A planned number within its interval, in the unit of its point."""

    value: float
    low: float
    high: float


def exactly(value: float) -> Span:
    """A number without an interval."""
    return Span(value, value, value)


def span(estimate: Estimate) -> Span:
    """An estimate of bytes."""
    return Span(estimate.value, estimate.low, estimate.high)


@dataclass(frozen=True, slots=True)
class Point:
    """One number that the data states.

    `rounding` is half of the last digit that was printed. `independent` is False where
    a setting or a dimension was deduced from the very number. `peers` are other tools'
    answers to the same question. `left_out` is True where the planner's own measured
    profiles were taken without this row's source. `detail` parts a quantity into kinds
    with different aims, as weights of bf16 and quantised ones.
    """

    collection: str
    id: str
    engine: str
    model: str
    quantity: str
    unit: Unit
    truth: float
    planned: Span
    rounding: float = 0.0
    verdict: Verdict | None = None
    outcome: Outcome | None = None
    independent: bool = True
    left_out: bool = False
    detail: str = ""
    peers: Mapping[str, float] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """How far the planned value lies from the truth, in the point's unit."""
        return abs(self.planned.value - self.truth)

    @property
    def relative(self) -> float:
        """The error as a share of the truth."""
        return share(self.planned.value, self.truth)

    @property
    def inside(self) -> bool:
        """Whether the truth, as printed, lies in the interval."""
        low, high = self.planned.low - self.rounding, self.planned.high + self.rounding
        slack = 1e-9 * max(abs(low), abs(high))
        return low - slack <= self.truth <= high + slack


@dataclass(frozen=True, slots=True)
class Judged:
    """What the planner decides about one run, beside how the run went."""

    collection: str
    id: str
    engine: str
    verdict: Verdict
    outcome: Outcome
    why: str


def share(value: float, truth: float) -> float:
    """The distance of two numbers as a share of the second."""
    if truth:
        return abs(value - truth) / abs(truth)
    return 0.0 if value == truth else float("inf")

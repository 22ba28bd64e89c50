"""Records that say different things of one deployment: listed, never fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import combinations

from chartgen.facts.evidence import Deployment, Reading, Run

APART = 0.01
"""Share by which two readings may lie apart beyond their rounding before they contradict:
starts of one deployment differ by this much in public logs."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two runs of one deployment, or of one under two versions, that disagree.

    `quantity` is "outcome" or what both engines printed; `same_version` tells whether a
    change of the engine can be the reason.
    """

    first: str
    second: str
    quantity: str
    words: str
    same_version: bool


def contradictions(runs: Sequence[Run]) -> tuple[Contradiction, ...]:
    """All pairs that disagree, in the order of the runs."""
    pairs = (pair for pair in combinations(runs, 2) if _alike(*pair))
    return tuple(found for pair in pairs for found in _between(*pair))


def _alike(first: Run, second: Run) -> bool:
    names = (item.name for item in fields(Deployment) if item.name != "engine_version")
    return all(getattr(first, name) == getattr(second, name) for name in names)


def _between(first: Run, second: Run) -> Iterator[Contradiction]:
    same = first.engine_version == second.engine_version
    if first.outcome != second.outcome:
        words = (
            f"{first.outcome} under {first.engine_version}, "
            f"{second.outcome} under {second.engine_version}"
        )
        yield Contradiction(first.id, second.id, "outcome", words, same)
    others = {reading.quantity: reading for reading in second.readings}
    for reading in first.readings:
        other = others.get(reading.quantity)
        if other and not _agree(reading, other):
            words = f"{reading.said}; {other.said}"
            yield Contradiction(first.id, second.id, reading.quantity, words, same)


def _agree(one: Reading, other: Reading) -> bool:
    slack = APART * max(one.value, other.value)
    return one.low - slack <= other.high and other.low - slack <= one.high

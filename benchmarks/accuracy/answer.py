"""What the planner answers about one row."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.accuracy.collection import Row, Skipped
from benchmarks.accuracy.models import Model, Models
from benchmarks.accuracy.points import Judged, Point


class Unanswerable(Exception):
    """A row lacks what the planner needs; the message says what."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Points, judgements and gaps of one row or of many."""

    points: list[Point] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def add(self, other: Answer) -> None:
        """Takes in another answer."""
        self.points.extend(other.points)
        self.judged.extend(other.judged)
        self.skipped.extend(other.skipped)


def model_of(row: Row, models: Models) -> Model:
    """The row's model; raises Unanswerable with the reason where there is none."""
    name = row.record.text("model")
    if name is None:
        raise Unanswerable("no model is named")
    found = models.find(name)
    if found is None:
        why = models.unusable.get(name)
        raise Unanswerable(f"model {name}: {why or 'not in the table of models'}")
    return found

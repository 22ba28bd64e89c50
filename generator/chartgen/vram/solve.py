"""The largest context, the most sequences, and the frontier between them.

More of either never needs less, so the largest value that is proven lies where the
verdict changes, and bisection finds it. All answers are by formula: a recorded run
is of one point and says nothing of the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from math import ceil

from chartgen.engines import Axis, engine_of
from chartgen.errors import Fault, Faults
from chartgen.facts import Facts
from chartgen.spec import App
from chartgen.vram.verdict import Verdict, predicted

BOTH = "both"
"""The word that asks for the frontier."""


Along = tuple[tuple[str, object], ...]
"""Fields that an axis moves beside its own, with their values."""


@dataclass(frozen=True, slots=True)
class Solution:
    """How far one field can be raised, all others as they are.

    `fits` is the largest value that is proven to fit by formula, `not_refused` the
    largest that the formula does not refuse; None where not even the least does. At
    `most` the field itself ends: there is no further step. `along` names the fields
    that move with it, so that what a request has stays as it is: their values at `fits`
    and at `not_refused`.
    """

    field: str
    present: int
    fits: int | None
    not_refused: int | None
    step: int
    most: int
    along: tuple[Along, Along] = ((), ())


@dataclass(frozen=True, slots=True)
class Point:
    """The largest contexts at one number of sequences.

    `fits` and `not_refused` are as in a `Solution`, for the requests that the app
    demands; `all_full` is the largest at which every sequence may be at full context
    at once.
    """

    sequences: int
    fits: int | None
    not_refused: int | None
    all_full: int | None


@dataclass(frozen=True, slots=True)
class Frontier:
    """Context against sequences, point by point."""

    context_field: str
    sequences_field: str
    present: tuple[int, int]
    points: tuple[Point, ...]


def solve(app: App, facts: Facts, field: str) -> Solution | Frontier:
    """The answer for one axis, or the frontier for "both".

    Raises `Faults` for a field that is no axis of the app's engine.
    """
    axes = engine_of(app).axes(app, facts)
    if field == BOTH:
        return _frontier(app, facts, axes.context, axes.sequences)
    known = {axes.context.field: axes.context, axes.sequences.field: axes.sequences}
    if field not in known:
        remedy = f"Solve for one of {', '.join((*known, BOTH))}."
        problem = "this app's engine has no such axis"
        raise Faults([Fault(f"{app.name}.engine", problem, remedy, field)])
    return _solution(app, facts, known[field], is_context=field == axes.context.field)


def _solution(app: App, facts: Facts, axis: Axis, *, is_context: bool) -> Solution:
    if not is_context:  # fewer sequences than full requests serve nobody
        axis = replace(axis, least=max(axis.least, ceil(app.least_requests)))
    known = _verdicts(app, facts, axis)
    fits = largest(axis, lambda value: known(value) is Verdict.FITS)
    allowed = largest(axis, lambda value: known(value) is not Verdict.DOES_NOT_FIT)
    present = getattr(app.engine, axis.field)
    along = _along(app, axis, fits), _along(app, axis, allowed)
    return Solution(axis.field, present, fits, allowed, axis.step, axis.most, along)


def _along(app: App, axis: Axis, value: int | None) -> Along:
    """What else of the engine changes when an axis takes a value."""
    if value is None:
        return ()
    before, after = app.engine, axis.at(app, value).engine
    names = [item.name for item in fields(after) if item.name != axis.field]
    moved = [name for name in names if getattr(before, name) != getattr(after, name)]
    return tuple((name, getattr(after, name)) for name in moved)


def _frontier(app: App, facts: Facts, context: Axis, sequences: Axis) -> Frontier:
    present = getattr(app.engine, context.field), getattr(app.engine, sequences.field)
    least = max(sequences.least, ceil(app.least_requests))
    counts = _counts(least, sequences.most, present[1])
    points = tuple(_point(sequences.at(app, count), facts, count) for count in counts)
    return Frontier(context.field, sequences.field, present, points)


def _point(app: App, facts: Facts, count: int) -> Point:
    """The three contexts of one number of sequences; the axis is asked for anew, since it
    may end elsewhere with other sequences."""
    axis = engine_of(app).axes(app, facts).context
    known = _verdicts(app, facts, axis)
    full = _verdicts(replace(app, least_requests=float(count)), facts, axis)
    return Point(
        count,
        largest(axis, lambda value: known(value) is Verdict.FITS),
        largest(axis, lambda value: known(value) is not Verdict.DOES_NOT_FIT),
        largest(axis, lambda value: full(value) is Verdict.FITS),
    )


def _verdicts(app: App, facts: Facts, axis: Axis) -> Callable[[int], Verdict]:
    """The verdict at each value of an axis, each asked once."""
    device = facts.devices[app.device]
    return cache(lambda value: predicted(axis.at(app, value), facts, device))


def largest(axis: Axis, holds: Callable[[int], bool]) -> int | None:
    """The largest value of an axis for which `holds`, which is false from some value on;
    None where it does not hold for the least."""
    if axis.most < axis.least or not holds(axis.least):
        return None
    steps = (axis.most - axis.least) // axis.step
    low, high = 0, steps + 1
    while high - low > 1:
        middle = (low + high) // 2
        if holds(axis.least + middle * axis.step):
            low = middle
        else:
            high = middle
    return axis.least + low * axis.step


def _counts(least: int, most: int, present: int) -> list[int]:
    """Sequences worth a row: one to eight, then powers of two and what lies midway."""
    found = {*range(1, 9), present, most}
    power = 8
    while power < most:
        power *= 2
        found |= {power * 3 // 4, power}
    return sorted(count for count in found if least <= count <= most)

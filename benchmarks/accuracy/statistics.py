"""Median, 95th percentile and maximum of errors, and how often an interval held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from benchmarks.accuracy.points import Point, share


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of a group of points: absolute in the points' unit, relative as a share."""

    count: int
    exact: int
    inside: int
    median: float
    p95: float
    most: float
    median_share: float
    p95_share: float
    most_share: float
    unrounded: float
    """The largest share that the rounding of the printed truth does not explain."""


def errors(points: Sequence[Point]) -> Errors:
    """The errors of at least one point."""
    return _summary(
        [point.error for point in points],
        [point.relative for point in points],
        sum(point.inside for point in points),
        sum(point.error <= point.rounding for point in points),
        max(_unrounded(point) for point in points),
    )


def _unrounded(point: Point) -> float:
    beyond = max(0.0, point.error - point.rounding)
    return share(point.truth + beyond, point.truth)


def peer_errors(points: Sequence[Point], peer: str) -> Errors | None:
    """The errors of another tool on the same points, None where it answers none."""
    answered = [point for point in points if peer in point.peers]
    if not answered:
        return None
    absolute = [abs(point.peers[peer] - point.truth) for point in answered]
    relative = [share(point.peers[peer], point.truth) for point in answered]
    exact = sum(error <= point.rounding for error, point in zip(absolute, answered, strict=True))
    return _summary(absolute, relative, exact, exact, max(relative))


def _summary(
    absolute: Sequence[float],
    relative: Sequence[float],
    inside: int,
    exact: int,
    unrounded: float,
) -> Errors:
    return Errors(
        count=len(absolute),
        exact=exact,
        inside=inside,
        median=median(absolute),
        p95=percentile(absolute),
        most=max(absolute),
        median_share=median(relative),
        p95_share=percentile(relative),
        most_share=max(relative),
        unrounded=unrounded,
    )


def percentile(values: Iterable[float], part: float = 0.95) -> float:
    """The nearest rank: of fewer than 20 values the 95th percentile is the largest."""
    ordered = sorted(values)
    return ordered[ceil(part * len(ordered)) - 1]

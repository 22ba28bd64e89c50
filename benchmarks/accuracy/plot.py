"""Predicted against real as an SVG: one panel an engine, both axes logarithmic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

from benchmarks.accuracy.points import IN_SAMPLE, Point
from chartgen.quantities import MIB

SIDE, LEFT, TOP, GAP = 420, 96, 64, 120
COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b4b8a", "#8c6d31",
    "#444444", "#b2182b", "#1b7837", "#c51b7d", "#4575b4", "#a6761d", "#666633", "#7f7f7f",
    "#fdae61", "#4d9221", "#762a83", "#35978f", "#bf812d", "#de77ae", "#2d004b", "#a50026",
)  # fmt: skip
"""Okabe and Ito's palette, which colour-blind readers can tell apart, and a few more."""

TICKS = (
    (0.01, "10 KiB"), (0.1, "100 KiB"), (1, "1 MiB"), (10, "10 MiB"), (100, "100 MiB"),
    (1024, "1 GiB"), (10_240, "10 GiB"), (102_400, "100 GiB"), (1_048_576, "1 TiB"),
)  # fmt: skip
"""Labelled sizes of an axis in MiB."""

ENTRY = 184
"""Width of an entry of the legend."""


@dataclass(frozen=True, slots=True)
class _Panel:
    """Where one engine's points are drawn, and the range of its axes in MiB."""

    left: float
    low: float
    high: float

    def across(self, size: float) -> float:
        return self.left + SIDE * self._part(size)

    def down(self, size: float) -> float:
        return TOP + SIDE * (1 - self._part(size))

    def _part(self, size: float) -> float:
        clipped = min(max(size, self.low), self.high)
        return log10(clipped / self.low) / log10(self.high / self.low)


def svg(points: Sequence[Point]) -> str:
    """The plot of all sizes; other units have no place on it."""
    sizes = [p for p in points if p.unit == "bytes" and p.truth > 0 and p.quantity != IN_SAMPLE]
    engines = sorted({point.engine for point in sizes}) or ["no sizes"]
    names = sorted({point.quantity for point in sizes})
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    width = LEFT + len(engines) * (SIDE + GAP)
    columns = max(1, (width - LEFT) // ENTRY)
    height = TOP + SIDE + 78 + 20 * -(-len(names) // columns)
    body = [
        line
        for index, engine in enumerate(engines)
        for line in _engine(index, engine, [p for p in sizes if p.engine == engine], colours)
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
        f'<text x="{LEFT}" y="24" font-size="16">Predicted against real, with intervals</text>'
    )
    return "\n".join([head, *body, *_legend(colours, columns), "</svg>", ""])


def _engine(
    index: int, engine: str, points: Sequence[Point], colours: dict[str, str]
) -> Iterator[str]:
    panel = _Panel(LEFT + index * (SIDE + GAP), *_range(points))
    yield from _frame(panel, f"{engine}: {len(points)} sizes")
    seen: set[tuple[str, int, int, int, int]] = set()
    for point in points:
        x, y = panel.across(point.truth / MIB), panel.down(point.planned.value / MIB)
        top, bottom = panel.down(point.planned.high / MIB), panel.down(point.planned.low / MIB)
        place = (point.quantity, round(x), round(y), round(top), round(bottom))
        if place in seen:
            continue
        seen.add(place)
        yield _mark(x, y, top, bottom, colours[point.quantity])


def _mark(x: float, y: float, top: float, bottom: float, colour: str) -> str:
    bar = (
        f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="{colour}" stroke-opacity=".45"/>'
        if bottom - top > 1
        else ""
    )
    return f'{bar}<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{colour}" fill-opacity=".75"/>'


def _frame(panel: _Panel, title: str) -> Iterator[str]:
    x, right, bottom = panel.left, panel.left + SIDE, TOP + SIDE
    yield f'<text x="{x:g}" y="{TOP - 12}">{escape(title)}</text>'
    for size, label in TICKS:
        if panel.low <= size <= panel.high:
            across, down = panel.across(size), panel.down(size)
            yield (
                f'<path d="M{across:.1f} {TOP}V{bottom}M{x:g} {down:.1f}H{right:g}" '
                f'stroke="#dddddd"/><text x="{across:.1f}" y="{bottom + 16}" '
                f'text-anchor="middle">{label}</text><text x="{x - 6:g}" y="{down + 4:.1f}" '
                f'text-anchor="end">{label}</text>'
            )
    yield f'<path d="M{x:g} {bottom}L{right:g} {TOP}" stroke="#888888" stroke-dasharray="4 3"/>'
    yield (
        f'<rect x="{x:g}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#333333"/>'
        f'<text x="{x + SIDE / 2:g}" y="{bottom + 36}" text-anchor="middle">real</text>'
        f'<text transform="translate({x - 72:g} {TOP + SIDE / 2:g}) rotate(-90)" '
        f'text-anchor="middle">predicted</text>'
    )


def _range(points: Sequence[Point]) -> tuple[float, float]:
    """The axes in MiB: around all truths and predictions, at least two decades."""
    sizes = [
        size / MIB
        for point in points
        for size in (point.truth, point.planned.value)
        if size / MIB > 0.005
    ]
    low, high = min(sizes, default=1.0) / 1.5, max(sizes, default=100.0) * 1.5
    return low, max(high, low * 100)


def _legend(colours: dict[str, str], columns: int) -> Iterator[str]:
    for index, (name, colour) in enumerate(colours.items()):
        x, y = LEFT + index % columns * ENTRY, TOP + SIDE + 66 + 20 * (index // columns)
        yield (
            f'<circle cx="{x}" cy="{y - 4}" r="4" fill="{colour}"/>'
            f'<text x="{x + 10}" y="{y}">{escape(name)}</text>'
        )

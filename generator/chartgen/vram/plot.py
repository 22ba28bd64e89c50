"""Plans as a picture: the sum against the card with its error bar, and the frontier.

Every plan is a stacked bar, all on one scale, with the limit as a line; the frontier
is a curve of contexts over sequences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, log2
from pathlib import Path as File

from chartgen.engines import Term
from chartgen.errors import Fault, Faults
from chartgen.quantities import GIB
from chartgen.vram.fit import Fit
from chartgen.vram.plan import Plan
from chartgen.vram.scene import Box, Label, Path, Scene, Shape, png, svg
from chartgen.vram.solve import Frontier, Point
from chartgen.vram.text import WORDS, proof_word
from chartgen.vram.verdict import Verdict

WIDTH, LEFT, RIGHT = 980, 40, 40
SPAN = WIDTH - LEFT - RIGHT
BAR = 46
"""Height of a bar."""
EACH = 150
"""Height that one plan takes, with its words."""
ROW = 22
"""Height of a line of the legend."""
CURVES = 330
"""Height of the frontier's picture."""
TICKS = 12
LONGEST = 70
"""Characters of a title that stand beside a verdict."""

COLORS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#b8ad1f",
    "#7b6888",
    "#999999",
    "#5b8c5a",
)
"""A palette that people who see few colours can tell apart (Okabe and Ito), and more."""
WIDTHS = (6.0, 4.0, 1.6)
"""Of the frontier's curves from below to above: where two coincide both are seen."""
DARK, FAINT, LIMIT = "#222222", "#8a8a8a", "#b00020"
MARKS = {
    Verdict.FITS: "#00734f",
    Verdict.DOES_NOT_FIT: LIMIT,
    Verdict.UNPROVEN: "#9a6700",
}


def save_plot(fits: Sequence[Fit], file: File) -> None:
    """Writes the picture of some plans; the file's ending says which form.

    Raises `Faults` for another ending and for a file that cannot be written,
    `ExtraMissing` for a PNG without Pillow.
    """
    ending = file.suffix.lower()
    if ending not in (".svg", ".png"):
        problem = "this is neither .svg nor .png"
        raise Faults(
            [Fault("plot", problem, "Name a file with one of the two endings.", str(file))]
        )
    scene = plot(fits)
    data = png(scene) if ending == ".png" else svg(scene).encode()
    try:
        file.write_bytes(data)
    except OSError as error:
        problem = f"the picture cannot be written: {error.strerror}"
        remedy = "Name a file in a folder that is there and may be written to."
        raise Faults([Fault("plot", problem, remedy, str(file))]) from error


def plot(fits: Sequence[Fit]) -> Scene:
    """The picture of one plan or of more; a frontier follows the bars."""
    shapes: list[Shape] = []
    most = _most([fit.plan for fit in fits])
    colors = _colors([fit.plan for fit in fits])
    top = 20.0
    for fit in fits:
        shapes += _bar(fit, top, most, colors)
        top += EACH
    shapes += _axis(top, most)
    top += 44
    shapes += _legend(fits, top, colors)
    top += _legend_rows(fits, colors) * ROW + 16
    for fit in fits:
        if isinstance(fit.solved, Frontier):
            shapes += _frontier(fit.solved, top)
            top += CURVES
    title = "; ".join(fit.label for fit in fits)
    return Scene(f"GPU memory of {title}", WIDTH, ceil(top), tuple(shapes))


def _most(plans: Sequence[Plan]) -> float:
    """The end of the scale in GiB: everything that is drawn stands inside."""
    sizes = [max(plan.need.high, plan.limit.size, plan.device.cuda_total.value) for plan in plans]
    return max(sizes) / GIB * 1.04


def _colors(plans: Sequence[Plan]) -> dict[str, str]:
    """A colour for each term that has a size, the same in all bars."""
    names = dict.fromkeys(term.name for plan in plans for term in plan.terms if term.estimate.value)
    return {name: _color(index) for index, name in enumerate(names)}


def _color(index: int) -> str:
    """The palette, and from its end on the same in paler tints: no two are alike."""
    color, tint = COLORS[index % len(COLORS)], index // len(COLORS) / (index // len(COLORS) + 1)
    parts = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * tint):02x}" for part in parts)


def _x(size: float, most: float) -> float:
    """Where a size in GiB stands."""
    return LEFT + size / most * SPAN


def _bar(fit: Fit, top: float, most: float, colors: dict[str, str]) -> Iterator[Shape]:
    plan = fit.plan
    label = fit.label if len(fit.label) <= LONGEST else f"{fit.label[:LONGEST]}…"
    yield Label(LEFT, top + 16, label, 17)
    yield Label(LEFT, top + 36, f"{plan.device.title}, {plan.device.gpu}", 12, FAINT)
    words = f"{WORDS[plan.verdict]} ({proof_word(plan)})"
    yield Label(WIDTH - RIGHT, top + 16, words, 15, MARKS[plan.verdict], "end")
    y, place = top + 66, 0.0
    yield Box(LEFT, y, _x(plan.device.cuda_total.value / GIB, most) - LEFT, BAR, "#efefef")
    for term in plan.terms:
        size = term.estimate.value / GIB
        if size:
            start, end = _x(place, most), _x(place + size, most)
            yield Box(start, y, max(end - start - 1, 0.6), BAR, colors[term.name])
            yield from _inside(term, _ink(colors[term.name]), start, end - start, y)
        place += size
    yield from _whisker(plan, y, most)
    yield from _lines(plan, y, most)


def _inside(term: Term, ink: str, x: float, width: float, y: float) -> Iterator[Shape]:
    """Name and size inside a segment that is wide enough for them."""
    name, size = term.name, f"{term.estimate.value / GIB:.2f} GiB"
    if width > 7.2 * max(len(name), len(size)) + 8:
        yield Label(x + width / 2, y + 20, name, 12, ink, "middle")
        yield Label(x + width / 2, y + 37, size, 12, ink, "middle")


def _ink(color: str) -> str:
    """White on dark colours, dark on light ones (weights of ITU-R BT.601)."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else DARK


def _whisker(plan: Plan, y: float, most: float) -> Iterator[Shape]:
    """The error bar of the sum, below the bar, with its numbers."""
    low, high = _x(plan.need.low / GIB, most), _x(plan.need.high / GIB, most)
    middle, line = _x(plan.need.value / GIB, most), y + BAR + 10
    yield Path(((low, line), (high, line)), DARK, 1.6)
    for x, half in ((low, 5), (high, 5), (middle, 7)):
        yield Path(((x, line - half), (x, line + half)), DARK, 1.6)
    need = plan.need
    text = f"need {need.value / GIB:.2f} GiB, {need.low / GIB:.2f} to {need.high / GIB:.2f}"
    if low - LEFT > 7 * len(text):
        yield Label(low - 10, line + 5, text, 12, DARK, "end")
    else:
        yield Label(high + 10, line + 5, text, 12, DARK)


def _lines(plan: Plan, y: float, most: float) -> Iterator[Shape]:
    """The limit as a line through the bar, and where the card ends."""
    limit, card = _x(plan.limit.size / GIB, most), _x(plan.device.cuda_total.value / GIB, most)
    yield Path(((limit, y - 12), (limit, y + BAR + 22)), LIMIT, 2, dash=5)
    text = f"limit {plan.limit.size / GIB:.2f} GiB"
    yield Label(limit - 5, y - 6, text, 12, LIMIT, "end")
    if card - limit > 4:
        yield Path(((card, y - 4), (card, y + BAR + 4)), FAINT, 1.4)
        size = f"card {plan.device.cuda_total.value / GIB:.2f} GiB"
        yield Label(min(card + 4, WIDTH - 8), y - 18, size, 12, FAINT, "end")


def _axis(y: float, most: float) -> Iterator[Shape]:
    yield Path(((LEFT, y), (LEFT + SPAN, y)), FAINT)
    step = next(step for step in (1, 2, 4, 5, 10, 20, 50, 100, 1000) if most / step <= TICKS)
    for size in range(0, int(most) + 1, step):
        x = _x(size, most)
        yield Path(((x, y), (x, y + 5)), FAINT)
        yield Label(x, y + 20, f"{size} GiB" if size else "0", 12, FAINT, "middle")


def _legend(fits: Sequence[Fit], top: float, colors: dict[str, str]) -> Iterator[Shape]:
    """Each colour with its term, and in a picture of one plan with its interval."""
    for index, (name, color) in enumerate(colors.items()):
        column, row = index % 2, index // 2
        x, y = LEFT + column * SPAN / 2, top + row * ROW
        yield Box(x, y, 13, 13, color)
        yield Label(x + 20, y + 11.5, f"{name}{_size(fits, name)}")


def _size(fits: Sequence[Fit], name: str) -> str:
    if len(fits) != 1:
        return ""
    found = [term.estimate for term in fits[0].plan.terms if term.name == name]
    value = sum(size.value for size in found) / GIB
    low, high = sum(size.low for size in found) / GIB, sum(size.high for size in found) / GIB
    return f"  {value:.2f} GiB" + (f"  [{low:.2f}, {high:.2f}]" if low != high else "")


def _legend_rows(fits: Sequence[Fit], colors: dict[str, str]) -> int:
    return (len(colors) + 1) // 2 if fits else 0


def _frontier(found: Frontier, top: float) -> Iterator[Shape]:
    """The largest contexts over the sequences; sequences on a scale of powers of two."""
    yield Label(LEFT, top + 18, f"{found.context_field} against {found.sequences_field}", 15)
    area = _Area(found, top + 56)
    yield from area.grid()
    curves = (
        ("unproven up to", "#e69f00", [(one.sequences, one.not_refused) for one in found.points]),
        ("fits up to", "#0072b2", [(one.sequences, one.fits) for one in found.points]),
        ("all at full context", "#009e73", [(one.sequences, one.all_full) for one in found.points]),
    )
    for index, (name, color, points) in enumerate(curves):
        width = WIDTHS[index]
        yield from area.curve(color, width, points)
        x = LEFT + 330.0 + index * 190
        yield Path(((x, top + 13), (x + 22, top + 13)), color, width)
        yield Label(x + 28, top + 18, name, 12)
    context, sequences = found.present
    x, y = area.x(sequences), area.y(context)
    yield Path(((x - 6, y - 6), (x + 6, y + 6)), DARK, 2)
    yield Path(((x - 6, y + 6), (x + 6, y - 6)), DARK, 2)
    yield Label(x + 10, y - 8, "now", 12)


class _Area:
    """The plane of a frontier: sequences to the right by powers of two, tokens upwards."""

    def __init__(self, found: Frontier, top: float) -> None:
        self.found, self.top, self.height = found, top, CURVES - 56 - 60
        self.left, self.width = LEFT + 60, SPAN - 60
        values = [found.present[0]]
        for point in found.points:
            values += [size for size in _contexts(point) if size]
        self.most = max(values)
        self.last = max(found.points[-1].sequences if found.points else 2, found.present[1], 2)

    def x(self, sequences: int) -> float:
        return self.left + log2(sequences) / log2(self.last) * self.width

    def y(self, tokens: int) -> float:
        return self.top + self.height * (1 - tokens / self.most)

    def grid(self) -> Iterator[Shape]:
        bottom = self.top + self.height
        for part in range(5):
            tokens = self.most * part // 4
            y = self.y(tokens)
            yield Path(((self.left, y), (self.left + self.width, y)), "#dddddd")
            yield Label(self.left - 8, y + 4, f"{tokens}", 12, FAINT, "end")
        power = 1
        while power <= self.last:
            yield Label(self.x(power), bottom + 20, str(power), 12, FAINT, "middle")
            power *= 2
        middle = self.left + self.width / 2
        yield Label(middle, bottom + 40, self.found.sequences_field, 12, FAINT, "middle")

    def curve(
        self, color: str, width: float, points: Sequence[tuple[int, int | None]]
    ) -> Iterator[Shape]:
        """A line through the known points, in pieces where one is missing."""
        for (first, low), (second, high) in pairwise(points):
            if low is not None and high is not None:
                ends = ((self.x(first), self.y(low)), (self.x(second), self.y(high)))
                yield Path(ends, color, width)
        half = width / 2 + 1.5
        for sequences, tokens in points:
            if tokens is not None:
                x, y = self.x(sequences) - half, self.y(tokens) - half
                yield Box(x, y, 2 * half, 2 * half, color)


def _contexts(point: Point) -> tuple[int | None, ...]:
    return point.fits, point.not_refused, point.all_full

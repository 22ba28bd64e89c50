"""The compute buffer of a graph, by replaying what llama.cpp's allocator does with it.

A graph's tensors are given room and lose it in a fixed order, which `graphs.txt` has for
each architecture: recorded from builds of both eras, with sizes named by what they are
made of. The allocator takes the smallest hole that fits, so the buffer's size follows
from a model's widths alone. Sizes grow with the context along a straight line as long as
no hole is chosen differently; that stretch of contexts is worked out once and kept.

Source: ggml-alloc.c of llama.cpp 7d442abf (May 2026) and 0c1e57098 (October 2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chartgen.engines.llamacpp.settings import Era
from chartgen.engines.llamacpp.shape import Shape

__all__ = ["GRAPHS", "Question", "borrowed", "form", "reserved", "sizes_of", "turned"]

GRAPHS = Path(__file__).with_name("graphs.txt")

Line = tuple[int, int]
"""Bytes as a straight line over the context: at no context, and for each cell of it."""

ENDLESS = 1 << 62
ALIGNMENT = 128
"""Bytes that a tensor's room is rounded up to on CUDA (ggml-cuda.cu, October 2026)."""

MOST_STRETCHES = 256
"""Stretches of contexts that are kept for one question before all are forgotten."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a graph's size depends on beside the model and the context.

    `turned` says that a quantised cache turns its heads, `flash` that attention is flash
    attention. `sliding` are the cells of the sliding layers, None where they have as many
    as the others.
    """

    era: Era
    turned: bool
    flash: bool
    ubatch: int
    outputs: int
    sequences: int
    sliding: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a graph: room for a size (`drops` is 0), or what becomes of the block
    that was given room as the last but `drops`: gone, or cut to a size."""

    size: str
    drops: int


@dataclass(frozen=True, slots=True)
class Graph:
    """Steps in three parts, of which the middle one repeats: `repeats` times in a model of
    `layers`, once more for every `period` layers."""

    head: tuple[Step, ...]
    unit: tuple[Step, ...]
    tail: tuple[Step, ...]
    repeats: int
    layers: int
    period: int

    def times(self, layers: int) -> int:
        """How often the middle part stands in a model of so many layers."""
        if not self.unit:
            return 0
        return max(1, self.repeats + (layers - self.layers) // self.period)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Contexts between `low` and `high` over which the buffer is one straight line; a single
    context where two sizes happen to be equal at it."""

    low: float
    high: float
    line: Line

    def at(self, context: int) -> int:
        """Bytes of the buffer."""
        return self.line[0] + self.line[1] * context


def reserved(shape: Shape, question: Question, context: int) -> int | None:
    """Bytes of the compute buffer; None for an architecture whose graph is not recorded."""
    stretches = _stretches(shape, question)
    for stretch in stretches:
        if stretch.low < context < stretch.high or stretch.low == context == stretch.high:
            return stretch.at(context)
    graph = _graph(shape, question)
    if graph is None:
        return None
    if len(stretches) >= MOST_STRETCHES:
        stretches.clear()
    found = _replay(graph, shape, question, context)
    stretches.append(found)
    return found.at(context)


@cache
def _stretches(shape: Shape, question: Question) -> list[Stretch]:
    """What is known so far; filled by `reserved`."""
    del shape, question  # they only tell the lists apart
    return []


class _Memory:
    """The allocator: blocks in use by age, and holes by place, the last one endless."""

    def __init__(self, context: int) -> None:
        self.context = context
        self.low, self.high = 0.0, float("inf")
        self.live: list[tuple[Line, Line]] = []
        self.holes: list[tuple[Line, Line]] = [((0, 0), (ENDLESS, 0))]
        self.peak: Line = (0, 0)

    def above(self, one: Line, other: Line) -> int:
        """How far `one` lies above `other` at this context; where lines are not parallel,
        the answer's sign holds up to where they cross. Contexts and widths are often
        powers of two, so they do happen to cross right here."""
        apart, slope = one[0] - other[0], one[1] - other[1]
        if slope:
            crossing = -apart / slope
            if crossing >= self.context:
                self.high = min(self.high, crossing)
            if crossing <= self.context:
                self.low = max(self.low, crossing)
        return apart + slope * self.context

    def take(self, size: Line) -> None:
        """Room in the smallest hole that has enough, the later one of two alike."""
        holes = self.holes
        best = len(holes) - 1
        for index in range(len(holes) - 1):
            if self.above(holes[index][1], size) >= 0 and (
                best == len(holes) - 1 or self.above(holes[best][1], holes[index][1]) >= 0
            ):
                best = index
        place, room = holes[best]
        end = (place[0] + size[0], place[1] + size[1])
        if not self.above(room, size):
            del holes[best]
        else:
            holes[best] = (end, (room[0] - size[0], room[1] - size[1]))
        self.live.append((place, size))
        if self.above(end, self.peak) > 0:
            self.peak = end

    def drop(self, age: int) -> None:
        """The block of this age becomes a hole, one with the holes beside it."""
        self.give(*self.live.pop(-age))

    def cut(self, age: int, size: Line) -> None:
        """The block of this age keeps `size`, the rest becomes a hole."""
        place, old = self.live[-age]
        self.live[-age] = (place, size)
        self.give((place[0] + size[0], place[1] + size[1]), (old[0] - size[0], old[1] - size[1]))

    def give(self, place: Line, size: Line) -> None:
        """A hole, one with those that it touches. As in the original, a hole of no size
        (where a tensor had none) can keep two others apart."""
        holes = self.holes
        end = (place[0] + size[0], place[1] + size[1])
        for index, (start, room) in enumerate(holes):
            stop = (start[0] + room[0], start[1] + room[1])
            if not self.above(stop, place):
                self._join(index, start, (room[0] + size[0], room[1] + size[1]))
                return
            if not self.above(end, start):
                holes[index] = (place, (size[0] + room[0], size[1] + room[1]))
                if index:
                    before, less = holes[index - 1]
                    if not self.above((before[0] + less[0], before[1] + less[1]), place):
                        self._join(index - 1, before, less)
                return
        here = place[0] + place[1] * self.context
        later = (i for i, (at, _) in enumerate(holes) if at[0] + at[1] * self.context >= here)
        index = next(later, len(holes))
        holes.insert(index, (place, size))

    def _join(self, index: int, start: Line, room: Line) -> None:
        """A hole that has grown, and the next one where it now touches it."""
        holes = self.holes
        holes[index] = (start, room)
        if index + 1 < len(holes):
            after, more = holes[index + 1]
            if not self.above((start[0] + room[0], start[1] + room[1]), after):
                holes[index] = (start, (room[0] + more[0], room[1] + more[1]))
                del holes[index + 1]


def _replay(graph: Graph, shape: Shape, question: Question, context: int) -> Stretch:
    """Every step in its order; the middle part until it leaves the same state as before."""
    sizes = {name: _aligned(size) for name, size in sizes_of(shape, question)}
    memory = _Memory(context)
    _play(memory, graph.head, sizes)
    times = graph.times(shape.layers)
    seen: dict[tuple[tuple[tuple[Line, Line], ...], ...], int] = {}
    done = 0
    while done < times:
        state = (tuple(memory.live), tuple(memory.holes))
        if state in seen:
            done = times - (times - done) % (done - seen[state])
            seen.clear()
            if done == times:
                break
        seen[state] = done
        _play(memory, graph.unit, sizes)
        done += 1
    _play(memory, graph.tail, sizes)
    return Stretch(memory.low, memory.high, memory.peak)


def _aligned(size: Line) -> Line:
    """Whole units of alignment; a cell's part is whole already, as cells come in pads."""
    return -(-size[0] // ALIGNMENT) * ALIGNMENT, size[1]


def _play(memory: _Memory, steps: tuple[Step, ...], sizes: Mapping[str, Line]) -> None:
    for step in steps:
        if not step.drops:
            memory.take(sizes[step.size])
        elif step.size:
            memory.cut(step.drops, sizes[step.size])
        else:
            memory.drop(step.drops)


def borrowed(shape: Shape) -> bool:
    """Whether the graph is of a model whose layers stand in another order: of Nemotron-H two
    orders are recorded, and no part of them repeats."""
    graph = _recorded(form(shape), "new", "plain")
    return graph is not None and not graph.unit and graph.layers != shape.layers


def _graph(shape: Shape, question: Question) -> Graph | None:
    """The recorded graph of an architecture's form."""
    kind = "turned" if question.turned and not shape.latent else "plain"
    kind = kind if question.flash else "scores"
    return _recorded(form(shape), question.era, kind)


@cache
def _recorded(name: str, era: Era, kind: str) -> Graph | None:
    lines = _blocks().get((name, era, kind))
    if lines is None:
        return None
    layers, period = lines[0].split()[3:]
    return _assembled([line.split() for line in lines[1:]], int(layers), int(period))


def form(shape: Shape) -> str:
    """An architecture, and which of its forms: they differ in steps, not in sizes alone."""
    if shape.arch == "gemma4" and shape.per_layer:
        return f"gemma4-e{shape.layers}"
    if shape.arch == "gemma4" and shape.mixture:
        return "gemma4-experts"
    if shape.latent:
        return "deepseek2" if shape.latent.query else "deepseek2-lite"
    return shape.arch


@cache
def _blocks() -> Mapping[tuple[str, str, str], list[str]]:
    """The lines of each graph's block, by form, era and kind of cache: what it is of, then
    its parts, each with how often it stands there; the one with a plus repeats with the
    layers."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for block in GRAPHS.read_text(encoding="utf-8").split("\n\n"):
        lines = block.strip().splitlines()
        forms, era, kind, *_ = lines[0].split()
        found |= dict.fromkeys(((one, era, kind) for one in forms.split(",")), lines)
    return found


def _assembled(parts: list[list[str]], layers: int, period: int) -> Graph:
    head: list[Step] = []
    unit: tuple[Step, ...] = ()
    tail: list[Step] = []
    repeats = 0
    for times, *words in parts:
        steps = tuple(map(_step, words))
        if times.startswith("+"):
            unit, repeats = steps, int(times)
        else:
            (tail if repeats else head).extend(steps * int(times))
    return Graph(tuple(head), unit, tuple(tail), repeats, layers, period)


@cache
def _step(word: str) -> Step:
    """`E` takes room, `-2` drops the last block but one, `-2=E` cuts it."""
    if not word.startswith("-"):
        return Step(word, 0)
    age, _, size = word[1:].partition("=")
    return Step(size, int(age))


def sizes_of(shape: Shape, question: Question) -> Iterator[tuple[str, Line]]:
    """Every size that a graph names. Most are rows of f32, one for each token of the
    micro-batch, or with `.o` for each output; `.s` are of sequences."""
    outputs, tokens = question.outputs, -(-question.ubatch // question.sequences)
    tokens *= question.sequences  # as many for each sequence
    for name, width in _rows(shape):
        yield name, (4 * width * tokens, 0)
        yield f"{name}.o", (4 * width * outputs, 0)
    sides = (("turn64", 64), ("turn", turned(shape.head)), ("turn.q", turned(shape.swa_head)))
    for name, side in sides:
        yield name, (4 * side * side, 0)
    for name, cells in (("mask", (0, 1)), ("window", _cells(question))):
        for suffix, size in (("", 2), (".f32", 4), (".scores", 4 * shape.heads)):
            yield name + suffix, (size * tokens * cells[0], size * tokens * cells[1])
    if shape.state:
        conv, dim, sequences = shape.state.conv - 1, shape.state.conv_dim, question.sequences
        states = 4 * shape.state.state * shape.state.inner * sequences
        yield "conv.s", (4 * conv * dim * sequences, 0)
        yield "convolved.s", (4 * dim * (conv * sequences + tokens), 0)
        yield "state.s", (states, 0)
        yield "scan.s", (states + 4 * shape.state.inner * tokens, 0)


def turned(head: int) -> int:
    """The largest power of two from 64 that divides a head: the matrix that turns it."""
    return max(64, head & -head)


def _cells(question: Question) -> Line:
    return (0, 1) if question.sliding is None else (question.sliding, 0)


def _rows(shape: Shape) -> Iterator[tuple[str, int]]:
    """Elements of one row."""
    yield from (
        ("nil", 0),
        ("one", 1),
        ("two", 2),
        ("four", 4),
        ("E", shape.embd),
        ("V", shape.vocab),
    )
    yield from (("F", shape.ff), ("W", shape.wide))
    yield from (("Q", shape.heads * shape.head), ("K", shape.kv_heads * shape.head))
    yield from (("q", shape.heads * shape.swa_head), ("k", shape.swa_kv_heads * shape.swa_head))
    # Places to write values to, of 8 bytes, one for each element without flash attention.
    yield "places", 2 * max(shape.kv_heads * shape.head, shape.swa_kv_heads * shape.swa_head)
    yield from (("QQ", 2 * shape.heads * shape.head), ("P", shape.per_layer))
    yield "PP", shape.per_layer * shape.layers
    if shape.mixture:
        used, width = shape.mixture.used, shape.mixture.width
        yield from (("U", used), ("N", shape.mixture.count), ("S", shape.mixture.shared))
        yield from (("UX", used * width), ("UXX", 2 * used * width), ("UE", used * shape.embd))
    if shape.state:
        state = shape.state
        yield from (("C", state.conv_dim), ("I", state.inner), ("H", state.heads))
        yield from (("G", state.groups * state.state), ("HH", 2 * state.heads))
        yield "Z", state.inner + state.conv_dim + state.heads
    if shape.latent:
        yield from _latent_rows(shape)


def _latent_rows(shape: Shape) -> Iterator[tuple[str, int]]:
    latent, heads = shape.latent, shape.heads
    if latent:
        yield from (("Lq", latent.query), ("LQ", heads * (latent.nope + latent.rope)))
        yield from (("Lr", latent.rank), ("LR", latent.rank + latent.rope))
        yield from (("La", heads * latent.rank), ("LA", heads * (latent.rank + latent.rope)))
        yield from (("Lv", heads * latent.value), ("Ln", heads * latent.nope))
        yield from (("Lh", heads * latent.rope), ("Lo", latent.rope))

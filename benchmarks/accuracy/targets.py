"""The aims that the project set for itself, held against what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.accuracy.points import APPROXIMATE, Judged, Point
from benchmarks.accuracy.statistics import Errors, errors
from chartgen.quantities import GIB, MIB

KV = ("kv", "kv_full", "kv_swa")
PLANNER = "vllm planner"
"""The engine of points that vLLM's own planning code answered."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One aim in words, what was found, and whether that is enough."""

    aim: str
    found: str
    met: bool


@dataclass(frozen=True, slots=True)
class _Aim:
    """An aim for the points of one engine and some quantities."""

    words: str
    engine: str
    quantities: tuple[str, ...]
    enough: Callable[[Errors], bool]
    shown: Callable[[Errors], str]
    detail: str = ""

    def points(self, points: Sequence[Point]) -> list[Point]:
        return [
            point
            for point in points
            if point.engine == self.engine
            and (not self.quantities or point.quantity in self.quantities)
            and point.independent
            and point.detail != APPROXIMATE
            and point.detail == (self.detail or point.detail)
        ]


def _largest_mib(found: Errors) -> str:
    return (
        f"{found.exact} of {found.count} to the printed digit, at most {found.most / MIB:.3f} MiB"
    )


def _shares(found: Errors) -> str:
    return f"median {found.median_share:.2%}, p95 {found.p95_share:.2%} of {found.count}"


def _largest(found: Errors) -> str:
    beyond = f", {found.unrounded:.2%} beyond rounding" if found.unrounded else ""
    return f"at most {found.most_share:.2%}{beyond}, of {found.count}"


def _exact(found: Errors) -> str:
    return f"{found.exact} of {found.count}"


def _all_exact(found: Errors) -> bool:
    return found.exact == found.count


AIMS = (
    _Aim("llama.cpp: KV cache to 0.01 MiB", "llama.cpp", KV, _all_exact, _largest_mib),
    _Aim(
        "llama.cpp: recurrent state to 0.01 MiB",
        "llama.cpp",
        ("recurrent",),
        _all_exact,
        _largest_mib,
    ),
    _Aim(
        "llama.cpp: compute buffer, median 0.2 % and p95 4 %",
        "llama.cpp",
        ("compute",),
        lambda found: found.median_share <= 0.002 and found.p95_share <= 0.04,
        _shares,
    ),
    _Aim("vLLM's planner: every number", PLANNER, (), _all_exact, _exact),
    _Aim("vLLM logs: block size exact", "vllm", ("block_size",), _all_exact, _exact),
    _Aim(
        "vLLM logs: needed KV within 0.15 %",
        "vllm",
        ("needed_kv",),
        lambda found: found.unrounded <= 0.0015,
        _largest,
    ),
    _Aim(
        "vLLM logs: concurrency within 0.5 %",
        "vllm",
        ("concurrency",),
        lambda found: found.unrounded <= 0.005,
        _largest,
    ),
    _Aim(
        "vLLM: bf16 weights within 0.5 %",
        "vllm",
        ("weights",),
        lambda found: found.unrounded <= 0.005,
        _largest,
        "bf16",
    ),
    _Aim(
        "vLLM: available KV, median 0.5 GiB, 95 % inside; the row's source left out",
        "vllm",
        ("available_kv",),
        lambda found: found.median <= GIB / 2 and found.inside >= 0.95 * found.count,
        lambda found: (
            f"median {found.median / GIB:.2f} GiB, {found.inside} of {found.count} inside"
        ),
    ),
)


def check(points: Sequence[Point], judged: Sequence[Judged]) -> list[Checked]:
    """Every aim that these points and runs speak about."""
    return [*_numbers(points), *_runs(judged)]


def _numbers(points: Sequence[Point]) -> Iterator[Checked]:
    for aim in AIMS:
        chosen = aim.points(points)
        for collection in sorted({point.collection for point in chosen}):
            found = errors([point for point in chosen if point.collection == collection])
            words = f"{aim.words} ({collection})"
            yield Checked(words, aim.shown(found), aim.enough(found))


def _runs(judged: Sequence[Judged]) -> Iterator[Checked]:
    for collection in sorted({item.collection for item in judged}):
        yield from _verdicts(collection, [one for one in judged if one.collection == collection])


def _verdicts(collection: str, judged: Sequence[Judged]) -> Iterator[Checked]:
    failed = [item for item in judged if item.outcome == "failed"]
    if failed:
        wrong = [item.id for item in failed if item.verdict == "fits"]
        found = f"{len(wrong)} of {len(failed)}" + (f": {', '.join(wrong)}" if wrong else "")
        yield Checked(f"no failed run accepted ({collection})", found, not wrong)
    open_ones = sum(item.verdict == "unproven" for item in judged)
    found = f"{open_ones} of {len(judged)}"
    yield Checked(f"at most a fifth unproven ({collection})", found, open_ones <= len(judged) / 5)

"""The constants of vLLM's overhead, derived from public start-up logs and tested on each
source in turn without it.

`python -m benchmarks.accuracy.overhead` prints the table of docs/intervals.md.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from statistics import fmean, median, stdev

from benchmarks.accuracy.models import Model, read_models
from chartgen.engines.vllm.overhead import (
    AUTOTUNED,
    CONTEXT,
    encoder_pass,
    graphs_term,
    predicted,
    token_bytes,
)
from chartgen.engines.vllm.settings import Settings, version_of
from chartgen.facts import Device, Measure, ModelFacts
from chartgen.quantities import GIB, ZERO

DATA = Path(__file__).parent / "data"

SAMPLER_GRID = tuple(range(5, 45, 5))
CONSTANT_GRID = tuple(step / 20 for step in range(21))
"""Bytes of a sequence and vocabulary entry, and GiB beside the passes: the two constants
that are fitted, on coarse grids so that no single log decides them."""

STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14)
"""The 97.5 % points of Student's t for 1 to 14 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Point:
    """One log that tells its whole overhead; sizes in GiB. `group` is its source."""

    id: str
    group: str
    model: ModelFacts
    settings: Settings
    device: Device
    weights: float
    available: float
    graphs: float | None
    """What the log says it held back for CUDA graphs."""

    @property
    def measured(self) -> float:
        """What was taken beside weights and KV cache."""
        limit = self.device.cuda_total.value / GIB * self.settings.gpu_memory_utilization
        return limit - self.weights - self.available

    @property
    def autotunes(self) -> bool:
        """Whether kernels of a gated delta net may leave memory behind here."""
        terms = predicted(self.model, self.settings, self.device)
        return any(term.estimate == AUTOTUNED for term in terms)


@dataclass(frozen=True, slots=True)
class Constants:
    """What is fitted; `low` and `high` bound the constant for a source not yet seen."""

    sampler: int
    constant: float
    low: float
    high: float
    autotuned: float


@dataclass(frozen=True, slots=True)
class Held:
    """One log held against constants that never saw its source; sizes in GiB."""

    point: Point
    value: float
    low: float
    high: float

    @property
    def residual(self) -> float:
        """Measured less predicted: positive where vLLM took more."""
        return self.point.measured - self.value

    @property
    def inside(self) -> bool:
        """Whether the measured overhead lies in the interval, to the printed digits."""
        return self.low - 0.01 <= self.point.measured <= self.high + 0.01


def read_points(path: Path = DATA / "overhead.csv") -> list[Point]:
    """The logs, with the dimensions of their models."""
    models = read_models([DATA / "models.json"])
    with path.open(encoding="utf-8") as file:
        return [_point(row, models.find(row["model"])) for row in csv.DictReader(file)]


def _point(row: dict[str, str], model: Model | None) -> Point:
    if model is None:
        raise ValueError(f"{row['id']}: no dimensions of {row['model']}")
    spoken = int(row["num_speculative_tokens"])
    settings = Settings(
        max_model_len=int(row["ctx"]),
        max_num_seqs=int(row["max_num_seqs"]),
        max_num_batched_tokens=int(row["max_num_batched_tokens"]),
        version=version_of(row["version"]),
        gpu_memory_utilization=float(row["util"]),
        speculation="mtp" if spoken else None,
        num_speculative_tokens=spoken,
        # With speculation FlashInfer captures piece by piece only, as the log says.
        cudagraph_mode="PIECEWISE" if spoken else None,
        enforce_eager=row["eager"] == "1",
        images_per_prompt=int(row["vision"]),
    )
    device = _card(float(row["total_gib"]), row["compute_capability"])
    return Point(
        id=row["id"],
        group=row["group"],
        model=model.facts,
        settings=settings,
        device=device,
        weights=float(row["weights_gib"]),
        available=float(row["available_gib"]),
        graphs=float(row["graphs_gib"]) if row["graphs_gib"] else None,
    )


def _card(total: float, capability: str) -> Device:
    size = round(total * GIB)
    measure = Measure(value=size, low=size, high=size, source="the log")
    return Device(
        name="card",
        title="the log's card",
        gpu="the log's card",
        mode="nvidia",
        arch="amd64",
        compute_capability=capability,
        cuda_total=measure,
        smi_total=measure,
    )


def passes(point: Point, sampler: int) -> tuple[float, float]:
    """The largest of the three passes in GiB, low and value."""
    settings = point.settings
    language = settings.max_num_batched_tokens * token_bytes(point.model)
    sampling = settings.max_num_seqs * point.model.vocab_size.value * sampler
    encoder = encoder_pass(point.model, settings)
    known = max(language, sampling)
    return max(known, encoder.low) / GIB, max(known, encoder.value) / GIB


def held_back(point: Point) -> tuple[float, float, float]:
    """Memory for CUDA graphs inside the budget in GiB: low, value, high."""
    term = graphs_term(point.model, point.settings, point.device)
    size = term.estimate if term else ZERO
    if term and "outside" in term.formula:
        size = ZERO
    return size.low / GIB, size.value / GIB, size.high / GIB


def fit(points: Sequence[Point]) -> Constants:
    """Constants by least absolute deviations, and their bounds by the spread of sources."""
    plain = [point for point in points if not point.autotunes]
    tables = {sampler: [_rest(point, sampler) for point in plain] for sampler in SAMPLER_GRID}
    sampler, constant = min(
        product(SAMPLER_GRID, CONSTANT_GRID),
        key=lambda pair: sum(abs(rest - pair[1]) for rest in tables[pair[0]]),
    )
    groups: dict[str, list[float]] = {}
    for point, rest in zip(plain, tables[sampler], strict=True):
        groups.setdefault(point.group, []).append(rest - constant)
    means = [fmean(rests) for rests in groups.values()]
    width = STUDENT[len(means) - 2] * stdev(means) * (1 + 1 / len(means)) ** 0.5
    high = constant + fmean(means) + width
    return Constants(
        sampler, constant, CONTEXT.low / GIB, high, _left_behind(points, sampler, constant)
    )


def _left_behind(points: Iterable[Point], sampler: int, constant: float) -> float:
    """The most that autotuned kernels left behind."""
    rests = (_rest(point, sampler) - constant for point in points if point.autotunes)
    return max(rests, default=0.0)


def _rest(point: Point, sampler: int) -> float:
    """What neither the passes nor the graphs explain; the log's own graphs where it has them."""
    graph = held_back(point)[1] if point.graphs is None else point.graphs
    return point.measured - passes(point, sampler)[1] - graph


def hold(point: Point, found: Constants) -> Held:
    """The point against constants."""
    low, value = passes(point, found.sampler)
    graph = held_back(point)
    extra = found.autotuned if point.autotunes else 0.0
    return Held(
        point,
        value + graph[1] + found.constant,
        low + graph[0] + found.low,
        value + graph[2] + found.high + extra,
    )


def leave_one_out(points: Sequence[Point]) -> list[Held]:
    """Every point against constants of the other sources."""
    found = []
    for group in dict.fromkeys(point.group for point in points):
        constants = fit([point for point in points if point.group != group])
        found += [hold(point, constants) for point in points if point.group == group]
    return found


def summary(held: Sequence[Held]) -> str:
    """How far off, and how often outside."""
    errors = sorted(abs(one.residual) for one in held)
    inside = sum(one.inside for one in held)
    return (
        f"{len(held)} logs of {len({one.point.group for one in held})} sources: "
        f"median error {median(errors):.2f} GiB, largest {errors[-1]:.2f}; "
        f"{inside} of {len(held)} inside ({inside / len(held):.0%})"
    )


def main() -> None:
    """The table of docs/intervals.md."""
    points = read_points()
    lines = ["| log | measured | predicted | low to high | residual |", "|---|---|---|---|---|"]
    held = leave_one_out(points)
    for one in held:
        mark = "" if one.inside else " **outside**"
        lines.append(
            f"| {one.point.id} | {one.point.measured:.2f} | {one.value:.2f} "
            f"| {one.low:.2f} to {one.high:.2f}{mark} | {one.residual:+.2f} |"
        )
    found = fit(points)
    lines.append(f"\nLeft out by source, {date.today()}: {summary(held)}.")
    lines.append(
        f"All: {found.sampler} bytes, {found.constant:.2f} GiB, at most {found.high:.2f} GiB; "
        f"autotuned at most {found.autotuned:.2f} GiB."
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

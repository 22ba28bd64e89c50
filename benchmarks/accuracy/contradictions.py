"""Records of one deployment that say different things: listed, never fitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from benchmarks.accuracy.collection import Row
from benchmarks.accuracy.quantities import Stated, outcome_of, stated

SAME = (
    "engine", "model", "quant", "gpu", "gpu_total_mib", "ctx", "kv_dtype", "n_parallel",
    "kv_unified", "ubatch", "mmproj", "max_num_seqs", "max_num_batched_tokens", "util", "mamba",
    "rs_seq", "part",
)  # fmt: skip
"""Fields that two records of one deployment share; the engine's version is not among them."""

NAMED = ("model", "quant", "gpu")
"""Fields without which nobody can say that two records are of one deployment."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two records that cannot both hold for one deployment under one rule."""

    quantity: str
    first: str
    second: str
    words: str


def contradictions(rows: Sequence[Row]) -> list[Contradiction]:
    """Pairs of rows with the same settings and different numbers or outcomes."""
    alike: dict[tuple[str | None, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if all(row.record.text(name) for name in NAMED):
            alike[tuple(row.record.text(name) for name in SAME)].append(row)
    return [
        found
        for group in alike.values()
        for first, second in combinations(group, 2)
        for found in _between(first, second)
    ]


def _between(first: Row, second: Row) -> Iterator[Contradiction]:
    ours, theirs = outcome_of(first.record), outcome_of(second.record)
    if ours and theirs and ours != theirs:
        yield _said(first, second, "outcome", ours, theirs)
    numbers = {item.quantity: item for item in stated(second.record)[0]}
    for item in stated(first.record)[0]:
        other = numbers.get(item.quantity)
        if other and not _agree(item, other):
            yield _said(first, second, item.quantity, item.words, other.words)


def _agree(one: Stated, other: Stated) -> bool:
    return abs(one.truth - other.truth) <= one.rounding + other.rounding + 0.005 * one.truth


def _said(first: Row, second: Row, quantity: str, ours: str, theirs: str) -> Contradiction:
    def version(row: Row) -> str:
        return row.record.text("engine_version") or "version not given"

    words = (
        f"{first.id} ({version(first)}) says {ours}, {second.id} ({version(second)}) says {theirs}"
    )
    return Contradiction(quantity, first.id, second.id, words)

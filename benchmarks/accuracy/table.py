"""The report as text: tables in Markdown, aligned so that they read as they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.accuracy.collection import Skipped
from benchmarks.accuracy.contradictions import Contradiction
from benchmarks.accuracy.peers import hf_mem_version
from benchmarks.accuracy.points import APPROXIMATE, Judged, Point, Unit
from benchmarks.accuracy.statistics import Errors, errors, peer_errors
from benchmarks.accuracy.targets import Checked
from chartgen.quantities import MIB

PEERS = ("naive", "hf-mem")
"""Other tools, in the order of their columns."""

LONGEST_LIST = 40
"""Lines of a list of single rows; the rest is counted and stands in the JSON file."""

WORST = 25
"""Rows outside their interval that are named."""


def markdown(
    points: Sequence[Point],
    judged: Sequence[Judged],
    skipped: Sequence[Skipped],
    contradictions: Sequence[Contradiction],
    checked: Sequence[Checked],
) -> str:
    """The whole report."""
    parts = [
        "# Accuracy of the planner",
        "Errors are absolute, with a share of the truth in brackets; sizes in MiB. *Inside*: the "
        "truth, as printed, lies in the stated interval. A row is *circular* where a setting or "
        "a dimension was deduced from the very number. Of fewer than 20 rows, p95 is the largest.",
        "## Aims",
        _checked(checked),
        "## Quantities",
        _quantities(points),
        "## Other tools on the same rows",
        _peers(points),
        "## Verdicts",
        _verdicts(judged),
        "## Rows outside their interval",
        _outside(points),
        "## Records that contradict each other",
        _contradictions(contradictions),
        "## Skipped",
        _skipped(skipped),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its columns padded to one width."""
    cells = [[_plain(cell) for cell in row] for row in (head, *rows)]
    widths = [max(3, *(len(row[i]) for row in cells)) for i in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _plain(cell: str) -> str:
    return " ".join(cell.replace("|", "/").split())


def _quantities(points: Sequence[Point]) -> str:
    head = (
        "collection", "engine", "quantity", "rows", "n", "exact", "median", "p95", "max", "inside"
    )  # fmt: skip
    groups: dict[tuple[str, str, str, str], list[Point]] = defaultdict(list)
    for point in points:
        groups[point.collection, point.engine, point.quantity, _sort(point)].append(point)
    return grid(head, ([*key, *_numbers(group)] for key, group in sorted(groups.items())))


def _sort(point: Point) -> str:
    if not point.independent:
        return "circular"
    if point.detail == APPROXIMATE:
        return APPROXIMATE
    return "source left out" if point.left_out else "independent"


def _numbers(group: Sequence[Point]) -> list[str]:
    found, unit = errors(group), group[0].unit
    return [
        str(found.count),
        str(found.exact),
        _error(found.median, found.median_share, unit),
        _error(found.p95, found.p95_share, unit),
        _error(found.most, found.most_share, unit),
        f"{found.inside / found.count:.0%}",
    ]


def _error(size: float, part: float, unit: Unit) -> str:
    if unit == "equal":
        return f"{size:g}"
    shown = size / MIB if unit == "bytes" else size
    return f"{shown:.3f} ({_percent(part)})"


def _percent(part: float) -> str:
    return "of zero" if part == float("inf") else f"{part:.2%}"


def _peers(points: Sequence[Point]) -> str:
    """Ours, the naive formula and hf-mem on the rows that each of them answers."""
    head = ("collection", "engine", "quantity", "tool", "n", "median", "p95", "max")
    groups: dict[tuple[str, str, str], list[Point]] = defaultdict(list)
    for point in points:
        if point.peers and point.independent:
            groups[point.collection, point.engine, point.quantity].append(point)
    rows = [[*key, *row] for key, group in sorted(groups.items()) for row in _tools(group)]
    version = hf_mem_version()
    words = f"hf-mem {version}" if version else "hf-mem is not installed, so its rows are missing"
    if not rows:
        return "No row has a number that another tool answers."
    return f"Errors as shares of the truth; {words}.\n\n" + grid(head, rows)


def _tools(group: Sequence[Point]) -> Iterable[list[str]]:
    yield _tool("chartgen", errors(group))
    for peer in PEERS:
        found = peer_errors(group, peer)
        if found:
            yield _tool(peer, found)


def _tool(name: str, found: Errors) -> list[str]:
    shares = (found.median_share, found.p95_share, found.most_share)
    return [name, str(found.count), *map(_percent, shares)]


def _verdicts(judged: Sequence[Judged]) -> str:
    """Verdicts against what happened, and by name every one that was wrong or open."""
    if not judged:
        return "No row says how a run went."
    parts = [_matrix(judged)]
    lists: Mapping[str, list[Judged]] = {
        "Accepted, but it failed": _those(judged, "fits", "failed"),
        "Refused, but it served": _those(judged, "does-not-fit", "served"),
        "Unproven": [item for item in judged if item.verdict == "unproven"],
    }
    for title, items in lists.items():
        lines = [f"- {item.id} ({item.collection}, {item.outcome}): {item.why}" for item in items]
        parts.append(f"{title}: {len(items)}.\n\n" + _shortened(lines))
    return "\n\n".join(part.rstrip() for part in parts)


def _matrix(judged: Sequence[Judged]) -> str:
    counts = Counter((item.collection, item.engine, item.verdict, item.outcome) for item in judged)
    keys = sorted({(item.collection, item.engine) for item in judged})
    head = ("collection", "engine", "verdict", "served", "failed")
    rows = [
        [*key, verdict, str(counts[*key, verdict, "served"]), str(counts[*key, verdict, "failed"])]
        for key in keys
        for verdict in ("fits", "unproven", "does-not-fit")
    ]
    return grid(head, rows)


def _those(judged: Sequence[Judged], verdict: str, outcome: str) -> list[Judged]:
    return [item for item in judged if (item.verdict, item.outcome) == (verdict, outcome)]


def _outside(points: Sequence[Point]) -> str:
    missed = sorted((p for p in points if not p.inside), key=lambda p: -p.relative)
    if not missed:
        return "None."
    head = ("collection", "id", "quantity", "rows", "truth", "planned", "low", "high")
    rows = [
        [p.collection, p.id, p.quantity, _sort(p), *(_amount(x, p.unit) for x in _values(p))]
        for p in missed[:WORST]
    ]
    left = len(missed) - len(rows)
    return grid(head, rows) + (f"\n\nand {left} more" if left else "")


def _values(point: Point) -> tuple[float, float, float, float]:
    return point.truth, point.planned.value, point.planned.low, point.planned.high


def _amount(size: float, unit: Unit) -> str:
    return f"{size / MIB:.2f} MiB" if unit == "bytes" else f"{size:g} {unit}"


def _contradictions(found: Sequence[Contradiction]) -> str:
    lines = [f"- {item.quantity}: {item.words}" for item in found]
    return _shortened(lines) if lines else "None."


def _checked(checked: Sequence[Checked]) -> str:
    head = ("aim", "found", "met")
    return grid(head, ([c.aim, c.found, "yes" if c.met else "no"] for c in checked))


def _skipped(skipped: Sequence[Skipped]) -> str:
    """By reason, with the rows."""
    by_why: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in skipped:
        by_why[item.collection, item.why].append(item.id)
    lines = [f"- {collection}: {why}: {_named(ids)}" for (collection, why), ids in by_why.items()]
    return _shortened(lines) if lines else "None."


def _named(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:6])
    return shown if len(ids) <= 6 else f"{shown} and {len(ids) - 6} more"


def _shortened(lines: Sequence[str]) -> str:
    left = len(lines) - LONGEST_LIST
    return "\n".join([*lines[:LONGEST_LIST], *([f"- and {left} more"] if left > 0 else [])])

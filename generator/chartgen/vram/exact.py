"""What an engine's own planning program says, beside the sum: as text, and as facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chartgen.engines import Exact, ExactRow
from chartgen.quantities import MIB

HEADS = ("", "ours", "between", "theirs", "ours - theirs")


def exact_text(exact: Exact) -> str:
    """A table with the difference of each number, and what was said in words."""
    lines = [f"exact: {exact.version}, run as {exact.program}"]
    if exact.rows:
        lines += _table([HEADS, *map(_cells, exact.rows)])
    return "\n".join([*lines, *(f"  {note}" for note in exact.notes)])


def exact_facts(exact: Exact) -> dict[str, object]:
    """The same for programs, in the units that are named."""
    return {
        "program": exact.program,
        "version": exact.version,
        "rows": [_row(row) for row in exact.rows],
        "notes": list(exact.notes),
    }


def _row(row: ExactRow) -> dict[str, object]:
    return {
        "name": row.name,
        "unit": row.unit,
        "ours": row.ours,
        "low": row.low,
        "high": row.high,
        "theirs": row.theirs,
        "difference": row.ours - row.theirs,
    }


def _cells(row: ExactRow) -> tuple[str, ...]:
    sure = row.low == row.high
    between = "" if sure else f"{_number(row.low, row.unit)} to {_number(row.high, row.unit)}"
    ours, theirs = (_with_unit(value, row.unit) for value in (row.ours, row.theirs))
    return row.name, ours, between, theirs, _difference(row)


def _difference(row: ExactRow) -> str:
    """The difference with its sign, and as a share of what the program says."""
    if row.theirs == row.ours:
        return "none"
    off = row.ours - row.theirs
    text = f"{'+' if off > 0 else '-'}{_number(abs(off), row.unit)}"
    return f"{text} ({off / row.theirs:+.2%})" if row.theirs else text


def _with_unit(value: float, unit: str) -> str:
    return f"{_number(value, unit)} {'MiB' if unit == 'bytes' else unit}"


def _number(value: float, unit: str) -> str:
    """Bytes in MiB, as servers print them; counts whole, others to hundredths."""
    if unit == "bytes":
        return f"{value / MIB:,.2f}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Names to the left, numbers to the right; a column without a number is left out."""
    full = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in full]
    for name, *cells in zip(*full, strict=True):
        aligned = (f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        yield "  ".join([f"  {name:<{widths[0]}}", *aligned])

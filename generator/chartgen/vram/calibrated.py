"""A calibration for people and for programs: the record, measured beside predicted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chartgen.facts import Reading
from chartgen.quantities import GIB
from chartgen.vram.calibrate import Calibration, Range, Row, Unit

__all__ = ["calibration_facts", "calibration_text"]

DIVISORS: Mapping[Unit, float] = {"bytes": GIB, "tokens": 1, "requests": 1}
WORDS: Mapping[Unit, str] = {"bytes": "GiB", "tokens": "tokens", "requests": "requests"}


def calibration_text(found: Calibration) -> str:
    """The record with its measurements, as aligned lines."""
    return "\n".join(_lines(found))


def _lines(found: Calibration) -> Iterator[str]:
    run = found.run
    yield f"{found.app} on {found.device.title}: {run.outcome}, {run.date} ({run.engine_version})"
    yield f"  {run.said}"
    width = max((len(row.name) for row in found.rows), default=0)
    yield f"  {'':<{width}}  {'measured':>14}  {'predicted':>12}"
    yield from (f"  {row.name:<{width}}  {_cells(row)}".rstrip() for row in found.rows)
    if found.assumed:
        yield f"  from the spec, not in the log: {', '.join(found.assumed)}"
    if found.missing:
        yield f"  not found in the log: {', '.join(found.missing)}"
    yield from (f"  note: {note}" for note in found.notes)
    if not found.speaks_for:
        yield "  this record is of another deployment than the spec's: it gives no verdict yet"


def _cells(row: Row) -> str:
    measured = _number(row.measured.value, row.unit) if row.measured else "-"
    predicted = _range(row.predicted, row.unit) if row.predicted else "-"
    outside = "  outside the interval" if row.inside is False else ""
    return f"{measured:>14}  {predicted}{outside}"


def _number(value: float, unit: Unit) -> str:
    digits = 0 if unit == "tokens" else 2
    return f"{value / DIVISORS[unit]:.{digits}f} {WORDS[unit]}"


def _range(size: Range, unit: Unit) -> str:
    low, high = size.low / DIVISORS[unit], size.high / DIVISORS[unit]
    interval = f"  [{low:.2f}, {high:.2f}]" if low != high else ""
    return f"{_number(size.value, unit):>12}{interval}"


def calibration_facts(found: Calibration) -> dict[str, object]:
    """The same for JSON; sizes are bytes."""
    return {
        "app": found.app,
        "device": found.device.name,
        "speaks_for_the_spec": found.speaks_for,
        "record": found.run.model_dump(mode="json", exclude_none=True),
        "terms": [_row_facts(row) for row in found.rows],
        "from_the_spec": list(found.assumed),
        "not_found": list(found.missing),
        "notes": list(found.notes),
    }


def _row_facts(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "unit": row.unit,
        "predicted": _ends(row.predicted),
        "measured": _ends(row.measured),
        "inside": row.inside,
    }


def _ends(size: Range | Reading | None) -> dict[str, float] | None:
    return {"value": size.value, "low": size.low, "high": size.high} if size else None

"""Waivers: a chart may set a rule of the house aside, with a reason and until a date."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from chartgen.lint.finding import Place, Problem
from chartgen.lint.rules import rule
from chartgen.lint.source import ChartSource

FILE = ".chartgen-lint.toml"
MAX_BYTES = 1 << 16
"""Bytes of that file."""
_REMEDY = 'Write [[waive]] with rule = "H05", reason = "why", until = 2027-01-31.'


@dataclass(frozen=True, slots=True)
class Waiver:
    """One rule set aside; `line` counts from 1, `until` is the last day that it holds."""

    rule: str
    reason: str
    until: date
    line: int | None


def apply_waivers(source: ChartSource, problems: list[Problem], today: date) -> list[Problem]:
    """The problems that no waiver covers, and what is wrong with the waivers."""
    data = source.files.get(FILE)
    if data is None:
        return problems
    waivers, faults = _read(data)
    holding = {waiver.rule for waiver in waivers if waiver.until >= today}
    faults += [_expired(waiver) for waiver in waivers if waiver.until < today]
    broken = {problem.rule for problem in problems}
    faults += [_needless(waiver) for waiver in waivers if waiver.rule not in broken]
    return [problem for problem in problems if problem.rule not in holding] + faults


def _read(data: bytes) -> tuple[list[Waiver], list[Problem]]:
    if len(data) > MAX_BYTES:
        return [], [_faulty(f"{len(data)} bytes", "The file is too large.", None)]
    try:
        table: object = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return [], [_faulty(str(error)[:200], "The file is not TOML.", None)]
    rows = table.get("waive", []) if isinstance(table, dict) else []
    if not isinstance(rows, list) or (isinstance(table, dict) and table.keys() - {"waive"}):
        return [], [_faulty("", "The file holds [[waive]] tables and nothing else.", None)]
    lines = _lines(data)
    read = [_row(row, next(lines, None)) for row in rows]
    waivers = [one for one in read if isinstance(one, Waiver)]
    return waivers, [one for one in read if isinstance(one, Problem)]


def _lines(data: bytes) -> Iterator[int]:
    lines = data.decode("utf-8", "replace").split("\n")
    return (at for at, line in enumerate(lines, 1) if line.strip().startswith("[[waive]]"))


def _row(row: object, line: int | None) -> Waiver | Problem:
    fields = row if isinstance(row, dict) else {}
    name, reason, until = (fields.get(key) for key in ("rule", "reason", "until"))
    known = rule(name) if isinstance(name, str) else None
    if known is None:
        return _faulty(str(name), "No rule has this id.", line)
    if not known.waivable:
        return _forbidden(known.id, line)
    if not isinstance(reason, str) or not reason.strip():
        return _faulty(known.id, "A waiver gives its reason.", line)
    if type(until) is not date:
        return _faulty(str(until), "A waiver ends on a date, as in until = 2027-01-31.", line)
    return Waiver(known.id, reason, until, line)


def _faulty(value: str, message: str, line: int | None) -> Problem:
    return Problem("W02", Place(FILE, line), value, message, _REMEDY)


def _forbidden(name: str, line: int | None) -> Problem:
    message = "Only rules of the house can be waived: nobody else asks for our leave."
    return Problem("W03", Place(FILE, line), name, message, "Mend the chart, and drop the waiver.")


def _expired(waiver: Waiver) -> Problem:
    message = f"The waiver of {waiver.rule} has expired ({waiver.reason[:100]})."
    remedy = "Mend the chart, or find a new reason and date."
    return Problem("W01", Place(FILE, waiver.line), waiver.until.isoformat(), message, remedy)


def _needless(waiver: Waiver) -> Problem:
    message = "The chart does not break this rule."
    return Problem("W04", Place(FILE, waiver.line), waiver.rule, message, "Drop the waiver.")

"""Writes a recorded run into a file of `charts_src/evidence/`, which people also edit.

The file is kept as text: a new record is appended, an old one is replaced only where
nobody has touched it since it was written. The file is written whole or not at all.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from chartgen.errors import Fault, Faults
from chartgen.facts.evidence import Reading, Run
from chartgen.facts.load import RunFile
from chartgen.facts.write import replace_file

__all__ = ["WriteStatus", "Written", "run_text", "write_run"]

FOLDER = Path("charts_src") / "evidence"
HEADER = "[[runs]]"


class WriteStatus(StrEnum):
    """What became of a record."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Written:
    """The file that holds a record, from the repository's root, and what became of it."""

    file: str
    status: WriteStatus


def write_run(root: Path, name: str, run: Run, *, keep_day: bool) -> Written:
    """Writes a run into `charts_src/evidence/<name>.toml`, or into the file that has it.

    With `keep_day` an old record that differs in its day alone stays as it is: a log
    without a date gets another one each day. Raises `Faults` where the file cannot be
    read, or where a record was edited by hand.
    """
    path, text, runs = _home(root, name, run.id)
    where = path.relative_to(root).as_posix()
    old = next((one for one in runs if one.id == run.id), None)
    if old is None:
        blank = "\n" if text.strip() else ""
        after = f"{text.rstrip()}\n{blank}{run_text(run)}" if text.strip() else run_text(run)
        _replace(path, where, after, (*runs, run))
        return Written(where, WriteStatus.ADDED)
    new = run.model_copy(update={"date": old.date}) if keep_day else run
    if new == old:
        return Written(where, WriteStatus.UNCHANGED)
    block = run_text(old)
    if text.count(block) != 1:
        problem = "this record was edited by hand, and the log says something else now"
        remedy = "Delete the record, comments and all, and calibrate again."
        raise Faults([Fault(where, problem, remedy, run.id)])
    kept = tuple(new if one.id == run.id else one for one in runs)
    _replace(path, where, text.replace(block, run_text(new)), kept)
    return Written(where, WriteStatus.UPDATED)


def run_text(run: Run) -> str:
    """A record as TOML; the same record gives the same bytes."""
    return "\n".join([HEADER, *_lines(run)]) + "\n"


def _lines(run: Run) -> Iterator[str]:
    for name in Run.model_fields:
        value = getattr(run, name)
        if name != "readings" and value is not None and value != ():
            yield f"{name} = {_value(value)}"
    if run.readings:
        yield "readings = ["
        yield from (f"  {_inline(one)}," for one in run.readings)
        yield "]"


def _inline(reading: Reading) -> str:
    pairs = (f"{name} = {_value(getattr(reading, name))}" for name in Reading.model_fields)
    return f"{{ {', '.join(pairs)} }}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{int(value):_}" if value.is_integer() else repr(value)
    if isinstance(value, int):
        return f"{value:_}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _home(root: Path, name: str, wanted: str) -> tuple[Path, str, tuple[Run, ...]]:
    """The file that has the record, else the file of that name, with its text and runs."""
    own = root / FOLDER / f"{name}.toml"
    others = (path for path in sorted((root / FOLDER).glob("*.toml")) if path != own)
    for path in (own, *others):
        text = path.read_text("utf-8") if path.exists() else ""
        runs = _runs(path.relative_to(root).as_posix(), text) if text.strip() else ()
        if any(run.id == wanted for run in runs):
            return path, text, runs
        if path == own:
            found = path, text, runs
    return found


def _runs(where: str, text: str) -> tuple[Run, ...]:
    try:
        return RunFile.model_validate(tomllib.loads(text) or {"runs": ()}).runs
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        problem = f"this is not a file of recorded runs: {str(error).splitlines()[0]}"
        raise Faults([Fault(where, problem, "Correct the file first.")]) from error


def _replace(path: Path, where: str, text: str, wanted: tuple[Run, ...]) -> None:
    """Writes the text once it is sure that it says what it should and nothing else."""
    try:
        said = _runs(where, text)
    except Faults:
        said = ()
    if said != wanted:
        problem = "its runs are not written as [[runs]] tables"
        raise Faults([Fault(where, problem, "Write each of its runs as a [[runs]] table.")])
    replace_file(path, text)

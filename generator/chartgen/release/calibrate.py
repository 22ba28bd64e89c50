"""`chartgen calibrate`: a log file becomes a record of the repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chartgen.errors import Fault, Faults
from chartgen.facts import load_facts
from chartgen.facts.write_evidence import Written, write_run
from chartgen.quantities import MIB
from chartgen.spec.load import load_apps
from chartgen.vram.calibrate import About, Calibration, calibrate

__all__ = ["Calibrated", "calibrate_log", "read_ends"]

MOST_BYTES = 8 * MIB
"""Bytes that are read of each end of a log; a start takes some hundred KiB of it."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The calibration and where its record stands; `written` is None for a dry run."""

    calibration: Calibration
    written: Written | None


def calibrate_log(root: Path, name: str, log: Path, about: About, *, dry_run: bool) -> Calibrated:
    """Reads a log of an app and writes its record, unless it is a dry run.

    Raises `Faults` for faults in specs and facts, for a log that contradicts the spec,
    and for one that does not tell how the server's start ended.
    """
    loaded = load_apps(root, [name])
    if loaded.faults:
        raise Faults(loaded.faults)
    raw = read_ends(log)
    if not raw.strip():
        remedy = "Give the output of the server's start."
        raise Faults([Fault(str(log), "this log is empty", remedy)])
    found = calibrate(loaded.apps[0], load_facts(root), raw, about)
    if dry_run:
        return Calibrated(found, None)
    written = write_run(root, found.model, found.run, keep_day=not found.day_known)
    return Calibrated(found, written)


def read_ends(path: Path) -> bytes:
    """A file, or its two ends where it is longer than twice `MOST_BYTES`.

    The start of a server stands at the beginning, the failure of a later one at the end.
    A pipe is read to its end.
    """
    with path.open("rb") as file:
        head = file.read(2 * MOST_BYTES)
        if file.seekable():
            size = file.seek(0, 2)
            if size <= len(head):
                return head
            file.seek(max(len(head), size - MOST_BYTES))
        tail = b""
        while chunk := file.read(MOST_BYTES):
            tail = (tail + chunk)[-MOST_BYTES:]
    return head[:MOST_BYTES] + b"\n" + (head[MOST_BYTES:] + tail)[-MOST_BYTES:] if tail else head

"""Whole processes, timed in turn so that a drifting machine treats both alike."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PYTHON = sys.executable
CHARTGEN = (PYTHON, "-m", "chartgen")


def helm_program() -> str:
    """The helm program that `make tools` built, or the one on PATH."""
    built = Path(__file__).resolve().parent.parent / ".tools" / "bin" / "helm"
    found = os.environ.get("CHARTGEN_HELM") or (str(built) if built.exists() else None)
    program = found or shutil.which("helm")
    if program is None:
        raise SystemExit("no helm program: run `make tools`")
    return program


def seconds(command: Sequence[str], cwd: Path) -> float:
    """Wall time of one process; a process that fails ends the benchmark."""
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def medians(runs: int, *measured: Callable[[], float]) -> list[float]:
    """The median of each, measured in turn: a b a b, never a a b b."""
    taken = [[one() for one in measured] for _ in range(runs)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]

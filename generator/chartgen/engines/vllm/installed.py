"""An installed vLLM, found and asked through the Python that has it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chartgen.engines.vllm import own_planner
from chartgen.errors import Fault, Faults

VARIABLE = "CHARTGEN_VLLM_PYTHON"
"""Names a Python that has vLLM, where the running one has none."""

PATIENCE = 300
"""Seconds that vLLM may take to import and to answer; 15 on two cores of a laptop."""

REMEDY = (
    "Name a Python that can import vllm, such as the one in the app's own image, with "
    f"--exact-program or in {VARIABLE}."
)


@dataclass(frozen=True, slots=True)
class Installed:
    """The vLLM of the Python at `program`."""

    program: Path

    @property
    def name(self) -> str:
        """The program's path."""
        return str(self.program)

    def version(self) -> str:
        """The installed version, by its metadata: vLLM is not imported for it."""
        return str(json.loads(self._said([own_planner.VERSION], "")))

    def answers(self, cases: Sequence[dict[str, object]]) -> Sequence[dict[str, object]]:
        """Run the planner once for all cases."""
        found: list[dict[str, object]] = json.loads(self._said([], json.dumps(cases)))
        return found

    def _said(self, arguments: Sequence[str], asked: str) -> str:
        """The last line that the planner's script prints; raises `Faults`."""
        words = (self.name, "-W", "ignore", str(own_planner.__file__), *arguments)
        quiet = {**os.environ, "VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}
        try:
            done = subprocess.run(  # noqa: S603 a program that the caller names
                words,
                input=asked,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
                env=quiet,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _silent(self.name, str(error)) from error
        said = _last_line(done.stdout)
        if done.returncode or not _is_json(said):
            raise _silent(self.name, _last_line(done.stderr) or "it printed nothing")
        return said


def installed(program: Path | None) -> Installed:
    """The vLLM that is given, that of the running Python, or the one that `VARIABLE` names.

    Raises `Faults` where there is none of the three.
    """
    if program is not None:
        return Installed(program)
    if importlib.util.find_spec("vllm"):
        return Installed(Path(sys.executable))
    if named := os.environ.get(VARIABLE):
        return Installed(Path(named))
    raise Faults([Fault("exact", "this Python has no vLLM whose planner could be asked", REMEDY)])


def _silent(program: str, said: str) -> Faults:
    return Faults([Fault("exact", f"no planner answered: {said}", REMEDY, program)])


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True

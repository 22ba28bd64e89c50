"""The words that start the engine, run by a real shell."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.chart.hostile import TEXTS
from tests.chart.reading import Installed, at, words

TELL = """\
import json, os, sys
print(json.dumps([os.environ.get("CUDA_DEVICE_MEMORY_LIMIT_0"), sys.argv[1:]]))
"""
WHOLE = "23982m"


def started(it: Installed, limit: str | None, *arguments: str) -> tuple[str | None, list[str]]:
    """What a program sees that the container's command starts: the limit, its arguments."""
    command = [*words(it.engine, "command"), sys.executable, "-c", TELL, *arguments]
    variables = {} if limit is None else {"CUDA_DEVICE_MEMORY_LIMIT_0": limit}
    done = subprocess.run(command, env=variables, capture_output=True, check=True, timeout=30)
    assert done.stderr == b""
    seen, passed = json.loads(done.stdout)
    return seen, passed


@pytest.mark.parametrize("limit", ["0", "0m"])
def test_a_limit_of_nothing_becomes_the_demand(it: Installed, limit: str) -> None:
    assert started(it, limit)[0] == WHOLE
    assert at(it.demand, "requiredGPUMemory") == WHOLE.replace("m", "Mi")


@pytest.mark.parametrize("limit", [None, "", "20000m", "10", "00m"])
def test_any_other_limit_stays(it: Installed, limit: str | None) -> None:
    assert started(it, limit)[0] == limit


def test_arguments_pass_unchanged(it: Installed) -> None:
    assert started(it, "0m", *TEXTS, "a b", "*")[1] == [*TEXTS, "a b", "*"]


def test_the_shell_makes_way_for_the_engine(it: Installed) -> None:
    """Signals reach the engine only if it takes the shell's place."""
    command = [*words(it.engine, "command"), sys.executable, "-c", "import os; print(os.getpid())"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        answer, _ = process.communicate(timeout=30)
    assert int(answer) == process.pid

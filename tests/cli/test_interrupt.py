"""Stopped by a person, watched by a person: Ctrl-C and progress."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.release.steps import files, leftovers, set_version
from tests.repository import PROJECT, SECONDS, VLLM, Repository

STOP = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
STOP_WHILE_LOADING = """\
import os, signal, sys
class Stop:
    wanted = sys.argv[1]
    def find_spec(self, name, path=None, target=None):
        if name == self.wanted:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Stop())
import chartgen.cli.entry
sys.argv[1:] = ["build"]
sys.exit(chartgen.cli.entry.main())
"""


def started(
    repository: Repository, *arguments: str, stderr: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *(arguments or ("-m", "chartgen", "build"))],
        cwd=repository.root,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "generator"), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=stderr,
        encoding="utf-8",
    )


def interrupted(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, err
    assert out == ""
    assert err == "chartgen: interrupted; the catalog is as it was.\n"


def test_a_build_is_interrupted_in_its_middle(repository: Repository) -> None:
    repository.build(VLLM)
    before = files(repository)
    set_version(repository, "1.0.3", "Never.")
    repository.write("zz", STOP + repository.read(VLLM))
    interrupted(started(repository))
    assert files(repository) == before
    assert leftovers(repository) == []


def test_a_build_that_waits_is_interrupted(repository: Repository) -> None:
    with (repository.root / ".catalog.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = started(repository)
        time.sleep(1.0)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        interrupted(process)
    assert not repository.catalog.exists()


@pytest.mark.parametrize("module", ["chartgen.cli.app", "typer", "chartgen.spec", "jinja2"])
def test_a_build_is_interrupted_while_it_loads(repository: Repository, module: str) -> None:
    interrupted(started(repository, "-c", STOP_WHILE_LOADING, module))
    assert not repository.catalog.exists()


def watched(repository: Repository, *arguments: str) -> tuple[str, str]:
    """What a build prints to its output and, being a terminal, to its error output."""
    ours, theirs = pty.openpty()
    process = started(repository, "-m", "chartgen", "build", *arguments, stderr=theirs)
    out, _ = process.communicate(timeout=SECONDS)
    shown = b""
    os.set_blocking(ours, False)
    while part := _read(ours):
        shown += part
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 0
    return out, shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return b""


def test_a_terminal_sees_progress_that_goes_away(repository: Repository) -> None:
    out, shown = watched(repository)
    steps = shown.split("\r\x1b[K")
    assert any(step.startswith(f"{VLLM} 2/2") for step in steps)
    assert any("Helm" in step for step in steps)
    assert any("writing the catalog" in step for step in steps)
    assert steps[-1] == ""
    assert "\x1b" not in out


def test_a_pipe_sees_no_progress(repository: Repository) -> None:
    done = repository.run("build")
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr == ""


def test_the_same_json_with_and_without_a_terminal(repository: Repository, tmp_path: Path) -> None:
    copy = Repository.copied(tmp_path / "copy" / "market")
    out, _ = watched(repository, "--json")
    plain = copy.run("build", "--json").stdout
    assert out.replace(str(repository.root), "") == plain.replace(str(copy.root), "")

"""The real program as a server in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.repository import PROJECT

SECONDS = 20.0
PROGRAM = ("-m", "chartgen")
HASTY = ("-m", "tests.market.hasty")
"""The program with limits of a second, so that a test need not wait for half a minute."""


@dataclass
class Served:
    """A running server; `log` is what it said."""

    process: subprocess.Popen[bytes]
    port: int
    base: str
    folder: Path

    @property
    def log(self) -> str:
        """Both of its outputs so far."""
        return (self.folder / "log").read_text("utf-8")

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    def wait_to_answer(self) -> None:
        """Wait until it takes connections."""
        end = time.monotonic() + SECONDS
        while not _answers(self.port):
            assert self.process.poll() is None, self.log
            assert time.monotonic() < end, f"it does not listen:\n{self.log}"
            time.sleep(0.02)

    def wait_for(self, words: str) -> None:
        """Wait until it said so."""
        end = time.monotonic() + SECONDS
        while words not in self.log:
            assert time.monotonic() < end, f"it never said {words!r}:\n{self.log}"
            time.sleep(0.02)


@contextmanager
def serving(
    catalog: Path,
    *options: str,
    folder: Path,
    program: Sequence[str] = PROGRAM,
    prefix: str = "",
    scheme: str = "http",
) -> Iterator[Served]:
    """Serves a catalog until the block ends; nothing that failed inside may show in its log."""
    port = free_port()
    (folder / "log").unlink(missing_ok=True)
    with (folder / "log").open("wb") as log:
        process = start(catalog, port, *options, log=log, program=program)
        served = Served(process, port, f"{scheme}://127.0.0.1:{port}{prefix}", folder)
        try:
            served.wait_to_answer()
            yield served
        finally:
            process.kill() if process.poll() is None else None
            process.wait()
    assert "Traceback" not in served.log, served.log


def start(
    catalog: Path, port: int, *options: str, log: IO[bytes], program: Sequence[str] = PROGRAM
) -> subprocess.Popen[bytes]:
    """A server that may or may not come up."""
    places = os.pathsep.join([str(PROJECT / "generator"), str(PROJECT)])
    where = ("--catalog", str(catalog), "--port", str(port))
    return subprocess.Popen(
        [sys.executable, *program, "serve", *where, *options],
        env={**os.environ, "PYTHONPATH": places},
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

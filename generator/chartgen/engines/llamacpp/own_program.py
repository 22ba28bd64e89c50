"""Runs llama.cpp's own sizing program, `llama-fit-params`: the one place that starts it.

The program builds a model's graphs without allocating them. Beside it usually lies
llama.cpp's RPC server: through that the program sees a device that is not the host, so
that buffers divide between device and host as they do with a GPU.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from chartgen.engines.llamacpp.sparse import Header, write
from chartgen.errors import Fault, Faults
from chartgen.quantities import MIB

__all__ = ["PROGRAM", "Installed", "Planner", "Recorded", "Said", "installed"]

PROGRAM = "llama-fit-params"
VARIABLE = "CHARTGEN_LLAMA_FIT_PARAMS"
SERVERS = ("ggml-rpc-server", "rpc-server")
"""Names of llama.cpp's RPC server, the newer one first."""

PATIENCE = 60.0
"""Seconds that the program may take; it takes a tenth of one."""

START = 10.0
"""Seconds that the RPC server may take until it answers."""

MOST_WORDS = 16 * MIB
"""Most output that is read of each stream; a model of 64 layers prints 0.3 MiB when verbose."""

MOST_DISK = 64 * MIB
"""Most room that a file of holes may take on disk; a header takes less than 0.1 MiB."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the program printed, on both streams, and the code that it left with."""

    text: str
    code: int = 0
    remote: bool = False
    """Whether it saw a device beside the host."""


class Planner(Protocol):
    """Something that answers as `llama-fit-params` does."""

    @property
    def name(self) -> str:
        """What people know it by."""
        ...

    def says(self, flags: Sequence[str], header: Header | None = None) -> Said:
        """What it says to these flags, about the model of this header; raises `Faults`
        where it cannot be run."""
        ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """Answers that the real program gave before, by a flag that the question has."""

    answers: dict[str, Said]
    name: str = "recorded"
    asked: list[tuple[str, ...]] = field(default_factory=list)
    """Every question, in order."""

    def says(self, flags: Sequence[str], header: Header | None = None) -> Said:
        """The answer of the first flag for which there is one."""
        del header  # the answers are of one model
        self.asked.append(tuple(flags))
        found = next((flag for flag in flags if flag in self.answers), None)
        return Said("error: invalid argument", 1) if found is None else self.answers[found]


@dataclass(frozen=True, slots=True)
class Installed:
    """The program at `path`."""

    path: Path

    @property
    def name(self) -> str:
        """Where it lies."""
        return str(self.path)

    def says(self, flags: Sequence[str], header: Header | None = None) -> Said:
        """Run it once; a header becomes a file of holes that is gone afterwards."""
        if header is None:
            return self._run(flags)
        with tempfile.TemporaryDirectory(prefix="chartgen-") as folder:
            file = Path(folder) / "header.gguf"
            write(file, header)
            if file.stat().st_blocks * 512 > MOST_DISK:
                problem = "the folder of temporary files keeps no files of holes"
                remedy = "Name one on another file system in TMPDIR."
                raise Faults([Fault("exact", problem, remedy, folder)])
            with self._device() as device:
                said = self._run((*device, "--model", str(file), *flags))
                return Said(said.text, said.code, bool(device))

    def _run(self, flags: Sequence[str]) -> Said:
        """What it answers, then its log, each up to a limit of size, within one of time. They
        are read apart: the program writes its log from a thread of its own."""
        with _started((str(self.path), *flags), subprocess.PIPE) as process:
            log: list[bytes] = []
            reader = threading.Thread(target=lambda: log.append(_read(process.stderr)))
            reader.start()
            alarm = threading.Timer(PATIENCE, process.kill)
            alarm.start()
            try:
                answer = _read(process.stdout)
                reader.join()
            finally:
                alarm.cancel()
                process.kill()
        text = b"\n".join((answer, *log)).decode(errors="replace")
        return Said(text, process.wait())

    @contextmanager
    def _device(self) -> Iterator[tuple[str, ...]]:
        """The flags of a device beside the host, while its server runs; none without one."""
        server = next(filter(None, map(self._beside, SERVERS)), None)
        if server is None:
            yield ()
            return
        port = str(_free_port())
        words = (server, "--host", "127.0.0.1", "--port", port)
        with _started(words, subprocess.DEVNULL) as process:
            try:
                if _answers(int(port), process):
                    yield ("--rpc", f"127.0.0.1:{port}", "--device", "RPC0")
                else:
                    yield ()
            finally:
                process.kill()

    def _beside(self, name: str) -> str | None:
        return shutil.which(name, path=str(self.path.resolve().parent))


def installed(program: Path | None) -> Installed:
    """The program that is given, or the one that CHARTGEN_LLAMA_FIT_PARAMS names, or the
    one on PATH; raises `Faults` where there is none."""
    named = str(program or os.environ.get(VARIABLE) or PROGRAM)
    found = shutil.which(named)
    if found is None:
        remedy = f"Run `make fit-params`, put it on PATH, or name it in {VARIABLE}."
        raise Faults([Fault("exact", f"there is no program {PROGRAM}", remedy, named)])
    return Installed(Path(found))


@contextmanager
def _started(words: Sequence[str], stdout: int) -> Iterator[subprocess.Popen[bytes]]:
    """A program while it runs; it never outlives the block."""
    try:
        process = subprocess.Popen(  # noqa: S603
            words,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stdout,
            # A failed assertion shall end it, not start a debugger.
            env={**os.environ, "GGML_NO_BACKTRACE": "1"},
        )
    except OSError as error:
        remedy = f"Name another {PROGRAM}, or build one: `make fit-params`."
        raise Faults([Fault("exact", f"it does not start: {error}", remedy, words[0])]) from error
    with process:
        yield process


def _read(stream: IO[bytes] | None) -> bytes:
    """All of a stream up to the limit."""
    return stream.read(MOST_WORDS) if stream else b""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server takes connections before its time is over."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.02)
    return False

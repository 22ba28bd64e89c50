"""Processes that judge charts, each with a Helm of its own.

Helm's Go code shares the processor in threads, but reading YAML is Python's, so processes it
is. They are started anew rather than forked: Go does not survive a fork. One that gives no
answer in time is ended, and its chart reported as not judged.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Literal, TypeAlias

from chartgen.errors import HelmMissing
from chartgen.lint.finding import Profile
from chartgen.lint.helm import Helm, find_helm
from chartgen.lint.judge import failed, judge
from chartgen.lint.pull_request import PullRequest
from chartgen.lint.report import ChartReport

Pipe: TypeAlias = "Connection[object, object]"

HelmWish: TypeAlias = Literal["auto", "sdk", "program", "none"]
"""Which Helm renders: as `find_helm` takes it, or none at all."""

SECONDS = 150.0
"""The longest that one chart may take: more than twice what Helm is given for a render."""
BYTES = 6 << 30
"""Address space of one process, where the system bounds it; Helm's Go code has 1.8 GiB of it
reserved from the start (helm-python-sdk 0.2.2)."""
STARTING_SECONDS = 60.0
"""The longest that a process may take to find its Helm."""
_COLLECT_AFTER = 50_000
"""Objects between two looks for garbage: trees of nodes have no circles."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of every chart."""

    profiles: tuple[Profile, ...]
    helm: HelmWish
    request: PullRequest | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The reports in the order of the paths, and the Helm that rendered."""

    charts: list[ChartReport]
    helm: str


def wished(wish: HelmWish, *, bounded: bool = True) -> Helm | None:
    """The Helm wished for, `bounded` as `find_helm` has it. Raises HelmMissing where it is
    asked for by name and not there."""
    if wish == "none":
        return None
    try:
        return find_helm(wish, bounded=bounded)
    except HelmMissing:
        if wish == "auto":
            return None
        raise


def work_here(paths: Sequence[Path], task: Task) -> Done:
    """Judges all charts in this process. Raises HelmMissing."""
    helm = wished(task.helm)
    with _collecting_seldom():
        charts = [judge(path, task.profiles, helm, task.request) for path in paths]
    return Done(charts, helm.description if helm else "")


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def work(paths: Sequence[Path], task: Task, jobs: int, seconds: float = SECONDS) -> Done:
    """Judges the charts in that many processes. Raises HelmMissing."""
    team = _Team(paths, task, seconds)
    try:
        for _ in range(jobs):
            team.hire()
        while team.busy():
            team.listen()
    finally:
        team.dismiss()
    return Done([team.reports[number] for number in range(len(paths))], team.helm)


@dataclass(slots=True)
class _Worker:
    """A process, the end of its pipe, the number of its chart, and until when it may take."""

    process: multiprocessing.process.BaseProcess
    pipe: Pipe
    number: int | None = None
    deadline: float = 0.0


@dataclass(slots=True)
class _Team:
    """The processes at work, and what they have reported."""

    paths: Sequence[Path]
    task: Task
    seconds: float
    reports: dict[int, ChartReport] = field(default_factory=dict)
    helm: str = ""
    _next: int = 0
    _workers: list[_Worker] = field(default_factory=list)

    def hire(self) -> None:
        """Starts one more process; it asks for its first chart by naming its Helm."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.task), daemon=True)
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours, None, time.monotonic() + STARTING_SECONDS))

    def busy(self) -> bool:
        """Whether a chart is not reported yet."""
        return len(self.reports) < len(self.paths)

    def listen(self) -> None:
        """Waits for an answer, or for the end of somebody's time."""
        soonest = min(worker.deadline for worker in self._workers)
        ready = wait([one.pipe for one in self._workers], max(0.0, soonest - time.monotonic()))
        for worker in [one for one in self._workers if one.pipe in ready]:
            self._hear(worker)
        late = [one for one in self._workers if one.deadline <= time.monotonic()]
        for worker in late:
            self._replace(worker, f"no answer within {self.seconds:g} s")

    def dismiss(self) -> None:
        """Ends all processes."""
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
            worker.process.join()

    def _hear(self, worker: _Worker) -> None:
        try:
            answer = worker.pipe.recv()
        except (EOFError, ConnectionError):
            self._replace(worker, "its process ended")
            return
        if isinstance(answer, ChartReport) and worker.number is not None:
            self.reports[worker.number] = answer
        elif isinstance(answer, str):
            self.helm = self.helm or answer
        else:
            wished(self.task.helm)
        self._give(worker)

    def _give(self, worker: _Worker) -> None:
        if self._next >= len(self.paths):
            worker.number, worker.deadline = None, float("inf")
            return
        worker.number, self._next = self._next, self._next + 1
        worker.deadline = time.monotonic() + self.seconds
        worker.pipe.send(self.paths[worker.number])

    def _replace(self, worker: _Worker, why: str) -> None:
        if worker.number is None:
            raise RuntimeError(f"a process that judges charts does not start: {why}")
        path = self.paths[worker.number]
        self.reports[worker.number] = failed(path, self.task.profiles, why)
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.kill()
        worker.process.join()
        if self._next < len(self.paths):
            self.hire()


def _serve(pipe: Pipe, task: Task) -> None:
    """What a process does: name its Helm, then judge one path after another."""
    gc.set_threshold(_COLLECT_AFTER)
    _confine()
    try:
        helm = wished(task.helm, bounded=False)
    except HelmMissing:
        pipe.send(None)
        return
    pipe.send(helm.description if helm else "")
    for path in _paths(pipe):
        pipe.send(judge(path, task.profiles, helm, task.request))


def _confine() -> None:
    """Bounds what this process may take, and silences what Go says when it dies of that."""
    if sys.platform != "win32":
        # Not on every system.
        import resource  # noqa: PLC0415

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = BYTES if hard == resource.RLIM_INFINITY else min(BYTES, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _paths(pipe: Pipe) -> Iterator[Path]:
    while True:
        try:
            path = pipe.recv()
        except EOFError:
            return
        if isinstance(path, Path):
            yield path

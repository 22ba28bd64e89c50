"""Calls into code that nothing stops, with an end to the waiting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """Threads that make calls for others, used again and again.

    One whose call does not end is left behind; they are daemons, which an ending process
    does not wait for.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._idle: list[_Lane[T]] = []

    def call(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; TimeoutError where it takes too long."""
        try:
            lane = self._idle.pop()
        except IndexError:
            lane = _Lane()
        answer: Future[T] = Future()
        lane.tasks.put((work, answer))
        error = answer.exception(self._seconds)
        self._idle.append(lane)
        if error is not None:
            raise error
        return answer.result()


class _Lane(Generic[T]):
    """One thread and what it has to do."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[tuple[Callable[[], T], Future[T]]] = SimpleQueue()
        Thread(target=self._run, name="lane", daemon=True).start()

    def _run(self) -> None:
        while True:
            work, answer = self.tasks.get()
            try:
                answer.set_result(work())
            except Exception as error:  # noqa: BLE001 - handed on to who waits
                answer.set_exception(error)

"""One download: from the hub into a content, with progress in the log."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPResponse
from urllib.parse import quote

from .content import CHUNK, Content
from .hub import NETWORK, Hub
from .telling import TemporaryError, gib, log

_PROGRESS_SECONDS = 10.0


@dataclass(frozen=True)
class Turn:
    """Which of all downloads is on: file `number` of `of`, and `after` bytes behind it."""

    number: int
    of: int
    after: int

    def __str__(self) -> str:
        return f"file {self.number} of {self.of}"


@dataclass(frozen=True)
class Source:
    """Where a file lies: the hub, the repository and its commit."""

    hub: Hub
    repo: str
    commit: str


class _Pace:
    def __init__(self, clock: Callable[[], float], content: Content, turn: Turn) -> None:
        self.clock = clock
        self.content = content
        self.turn = turn
        self._mark()

    def _mark(self) -> None:
        self.since = self.clock()
        self.before = self.content.size

    def tell(self) -> None:
        seconds = self.clock() - self.since
        if seconds >= _PROGRESS_SECONDS:
            log(self._line((self.content.size - self.before) / seconds))
            self._mark()

    def _line(self, rate: float) -> str:
        want, left = self.content.want, self.content.left()
        share = f"{100 * self.content.size // want.size}% of {gib(want.size)}"
        file = f"{share}, {rate / 2**20:.1f} MiB/s, {left / rate / 60:.0f} min left"
        total = f"{(left + self.turn.after) / rate / 60:.0f} min for all"
        return f"{want.path} ({self.turn}): {file}, {total}"


def stream(source: Source, content: Content, turn: Turn) -> None:
    """Bring the bytes that `content` lacks; raises FetchError, OSError.

    What has come stays in `content`, so that a new attempt continues there.
    """
    if content.left() < 0:
        content.restart()
    if content.left() == 0:
        return
    want, repo = content.want, source.repo
    path = f"/{repo}/resolve/{source.commit}/{quote(want.path)}"
    with source.hub.ask(path, repo, f"{repo}/{want.path}", content.size) as answer:
        _begin(answer, content)
        pace = _Pace(source.hub.clock, content, turn)
        while content.left():
            content.append(_next(answer, content))
            pace.tell()


def _begin(answer: HTTPResponse, content: Content) -> None:
    want, offset = content.want, content.size
    span = answer.headers.get("Content-Range", "")
    if answer.status == 206 and re.fullmatch(rf"bytes {offset}-\d+/({want.size}|\*)", span):
        return
    length = answer.headers.get("Content-Length")
    if answer.status == 200 and length not in (None, str(want.size)):
        raise TemporaryError(f"{want.path}: {length} bytes announced, not {want.size}")
    content.restart()
    if answer.status != 200:
        raise TemporaryError(f"{want.path}: the hub cannot continue at {offset}")


def _next(answer: HTTPResponse, content: Content) -> bytes:
    path = content.want.path
    try:
        chunk = answer.read1(min(CHUNK, content.left()))
    except NETWORK as fault:
        raise TemporaryError(f"{path}: {type(fault).__name__}: {fault}") from None
    if not chunk:
        raise TemporaryError(f"{path}: the connection ended early")
    return chunk

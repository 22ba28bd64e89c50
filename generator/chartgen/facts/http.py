"""HTTP for headers: no redirect is followed unseen, and every answer is bounded."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import Self

__all__ = ["Answer", "Http", "Refused"]

_REDIRECTED = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429)
_PIECE = 1 << 16


class Refused(Exception):
    """A request that brought no content; `status` is 0 where there was no answer at all."""

    def __init__(self, problem: str, status: int = 0, *, passing: bool = False) -> None:
        self.status = status
        self.passing = passing or status in _PASSING or status >= 500
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose content is read in pieces until `deadline`, a time of `clock`."""

    response: HTTPResponse
    clock: Callable[[], float]
    deadline: float

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def status(self) -> int:
        """The status of HTTP."""
        return self.response.status

    @property
    def redirects(self) -> bool:
        """Whether it sends the asker elsewhere."""
        return self.status in _REDIRECTED

    def header(self, name: str) -> str:
        """A header's text, empty where there is none."""
        return self.response.headers.get(name, "")

    def close(self) -> None:
        """Ends the connection, however much of the content is left."""
        self.response.close()

    def checked(self) -> Answer:
        """Itself; raises `Refused` unless it brings content."""
        if self.status in (200, 206):
            return self
        self.close()
        raise Refused(f"the hub answered {self.status}", self.status)

    def take(self, length: int) -> bytes:
        """At most `length` bytes of the content; less only where it ends."""
        pieces: list[bytes] = []
        while length > 0 and (piece := self._piece(length)):
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def drop(self, length: int) -> None:
        """Reads over `length` bytes and keeps none."""
        while length > 0 and (piece := self._piece(length)):
            length -= len(piece)

    def _piece(self, length: int) -> bytes:
        if self.clock() > self.deadline:
            raise Refused("the answer took too long")
        try:
            # What has come so far: a server that drips must not outlast the deadline.
            return self.response.read1(min(length, _PIECE))
        except (OSError, HTTPException) as error:
            raise Refused(f"the answer broke off: {type(error).__name__}", passing=True) from None


class _AsTheyAre(urllib.request.HTTPErrorProcessor):
    """Hands on redirects and refusals, so that no token goes with them."""

    def http_response(
        self,
        request: urllib.request.Request,  # noqa: ARG002 - the handler's signature
        response: HTTPResponse,
    ) -> HTTPResponse:
        return response

    https_response = http_response


@dataclass(frozen=True, slots=True)
class Http:
    """Asks servers; `timeout` bounds each wait and `longest` a whole answer, in seconds."""

    timeout: float = 30.0
    longest: float = 300.0
    clock: Callable[[], float] = time.monotonic
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(_AsTheyAre)
    )

    def get(self, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """The answer, whatever its status; raises `Refused` where there is none.

        With a `body` it is a POST.
        """
        request = urllib.request.Request(url, body, dict(headers))  # noqa: S310 - http alone
        try:
            response: HTTPResponse = self.opener.open(request, timeout=self.timeout)
        except (OSError, HTTPException, ValueError) as error:
            reason = f"no answer: {type(error).__name__}: {error}"
            raise Refused(reason, passing=True) from None
        return Answer(response, self.clock, self.clock() + self.longest)

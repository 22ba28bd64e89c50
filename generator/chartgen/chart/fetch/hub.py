"""Asking a Hugging Face hub: redirects, refusals, and new attempts."""

from __future__ import annotations

import shutil
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urljoin, urlsplit

from .telling import FetchError, TemporaryError, log

NETWORK = (OSError, HTTPException, ValueError)
"""What a connection that fails, or an answer that is no HTTP, raises."""

_ANSWERED = (200, 206, 416)
_REDIRECTED = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429)
_REDIRECTS = 8
_ATTEMPTS = 8
_LONGEST_BACKOFF = 60.0
_LONGEST_WAIT = 300.0

T = TypeVar("T")


def _free(root: Path) -> int:
    return shutil.disk_usage(root).free


@dataclass(frozen=True)
class Hub:
    """A hub and the world around it; `timeout` in seconds bounds each wait for bytes.

    `opener` hands on redirects and refusals as they are; `free` returns the free bytes of the
    disk that holds a folder.
    """

    endpoint: str
    token: str
    opener: urllib.request.OpenerDirector
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    free: Callable[[Path], int] = _free
    timeout: float = 60.0

    def ask(self, path: str, repo: str, what: str, offset: int = 0) -> HTTPResponse:
        """Return the answer for `path` from byte `offset`; raises FetchError on refusals."""
        url, headers = self.endpoint + path, self._headers(offset)
        try:
            for _ in range(_REDIRECTS):
                answer = self._open(url, headers)
                if answer.status in _ANSWERED:
                    return answer
                answer.close()
                if answer.status not in _REDIRECTED:
                    raise self._refusal(answer, urlsplit(url).netloc, repo, what)
                old, url = url, _target(url, answer, what)
                if urlsplit(url)[:2] != urlsplit(old)[:2]:
                    headers.pop("Authorization", None)  # it is for the hub alone
        except NETWORK as fault:
            raise TemporaryError(f"{what}: {type(fault).__name__}: {fault}") from None
        raise FetchError(f"{what}: redirected more than {_REDIRECTS} times")

    def _headers(self, offset: int) -> dict[str, str]:
        headers = {"User-Agent": "chartgen"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers

    def _open(self, url: str, headers: dict[str, str]) -> HTTPResponse:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http alone
        answer: HTTPResponse = self.opener.open(request, timeout=self.timeout)
        return answer

    def _refusal(self, answer: HTTPResponse, host: str, repo: str, what: str) -> FetchError:
        told = f"{what}: {host} answered {answer.status}"
        sent = f"a token was {'' if self.token else 'not '}sent"
        denied = answer.status in (401, 403)
        if denied and host == urlsplit(self.endpoint).netloc:
            return FetchError(f"{told}, {sent}. {self._licence(repo)}")
        if answer.status == 404:
            return FetchError(f"{told}: not found, or private ({sent})")
        # A CDN denies a link that has expired; the hub gives a new one.
        if denied or answer.status in _PASSING or answer.status >= 500:
            return TemporaryError(told, _pause_asked(answer))
        return FetchError(told)

    def _licence(self, repo: str) -> str:
        return (
            f"If the model is gated, accept its licence on {self.endpoint}/{repo} and set the "
            "Hugging Face token in Olares' settings; hubs also answer so where there is no such "
            "repository"
        )

    def persist(self, attempt: Callable[[], T], progress: Callable[[], int] = int) -> T:
        """Return what `attempt` returns, tried again while `progress` grows.

        Raises TemporaryError after eight attempts on end without progress.
        """
        failures, best = 0, progress()
        while True:
            try:
                return attempt()
            except TemporaryError as fault:
                failures = 1 if progress() > best else failures + 1
                best = max(best, progress())
                if failures == _ATTEMPTS:
                    raise TemporaryError(f"{fault}; gave up after {_ATTEMPTS} attempts") from None
                pause = max(min(2.0**failures, _LONGEST_BACKOFF), fault.wait)
                log(f"{fault}; next attempt in {pause:.0f} s")
            self.sleep(pause)


def _target(url: str, answer: HTTPResponse, what: str) -> str:
    location = urljoin(url, answer.headers.get("Location", ""))
    target = quote(location, safe="%/:=&?~#+!$,;'@()*[]")
    scheme = urlsplit(url).scheme
    if urlsplit(target).scheme not in ("https", scheme):
        raise FetchError(f"{what}: refused a redirect away from {scheme}")
    return target


def _pause_asked(answer: HTTPResponse) -> float:
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_WAIT) if asked.isdecimal() else 0.0

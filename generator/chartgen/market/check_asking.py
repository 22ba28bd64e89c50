"""Asking a market source as a device's client does: over HTTP, or in a folder.

Over HTTP (Olares market contract 1.1): GET follows redirects; a POST that is answered
by 301, 302 or 303 becomes a GET without a body, as in Go; gzip is the only coding.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode, urljoin, urlsplit

from chartgen.facts.http import Answer, Http, Refused

BATCH = 10
"""Ids that a client asks for at once (Olares market contract 1.2)."""

LARGEST = 64 << 20
"""Bytes of an answer that are read; the official store's largest is a few MiB."""

REDIRECTS = 10
"""Redirects that Go's client follows."""

LOSING_BODY = (301, 302, 303)
"""Redirects after which a POST goes on as a GET without a body."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, its body unzipped; `trouble` says why there is none.

    `lost_body` is the status of the redirect that turned a POST into a GET. A
    `content_type` of None is that of a file, which has none.
    """

    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    trouble: str = ""
    lost_body: int = 0


class Market(Protocol):
    """A market source that can be asked."""

    @property
    def whole(self) -> bool:
        """Whether its one answer to a question for details holds all apps, as a file does."""

    def ask(self, path: str, query: Mapping[str, str], body: bytes | None = None) -> Reply | None:
        """The answer at a path below the base; None where it cannot be asked here."""

    def picture(self, url: str) -> Reply | None:
        """What is at the address of an icon; None where it cannot be asked here."""


@dataclass(frozen=True, slots=True)
class Served:
    """A source at an address, `base` without a slash at its end."""

    base: str
    http: Http = field(default_factory=Http)
    whole: bool = False

    def ask(self, path: str, query: Mapping[str, str], body: bytes | None = None) -> Reply | None:
        """See `Market.ask`."""
        headers = {"Accept-Encoding": "gzip", "User-Agent": "chartgen"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = f"{self.base}{quote(path)}" + (f"?{urlencode(query)}" if query else "")
        return self._follow(url, headers, body)

    def picture(self, url: str) -> Reply | None:
        """See `Market.picture`; a source on this machine is asked for its own icons first.

        Such a source is tried out before it stands at its public address.
        """
        if is_loopback(self.base):
            own = self.ask(urlsplit(url).path, {})
            if own is not None and own.status == 200 and not own.trouble:
                return own
        return self._follow(url, {"User-Agent": "chartgen"}, None)

    def _follow(self, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        lost = 0
        for _ in range(REDIRECTS + 1):
            if urlsplit(url).scheme not in ("http", "https"):
                return Reply(0, trouble=f"{url} is no http address", lost_body=lost)
            try:
                with self.http.get(url, headers, body) as answer:
                    target = answer.header("Location") if answer.redirects else ""
                    if not target:
                        return replace(_reply(answer), lost_body=lost)
                    if body is not None and answer.status in LOSING_BODY:
                        lost, body = answer.status, None
            except Refused as refused:
                return Reply(0, trouble=str(refused), lost_body=lost)
            url = urljoin(url, quote(target, safe="%/:=&?~#+!$,;'@()*[]"))
        return Reply(0, trouble=f"redirected more than {REDIRECTS} times", lost_body=lost)


def _reply(answer: Answer) -> Reply:
    coding = answer.header("Content-Encoding").strip().lower()
    body = answer.take(LARGEST + 1)
    trouble = f"it has more than {LARGEST} bytes" if len(body) > LARGEST else ""
    if coding == "gzip" and not trouble:
        body, trouble = _unzipped(body)
    elif coding not in ("", "identity", "gzip"):
        trouble = f"it is coded as {coding}; a client asks for gzip or nothing"
    return Reply(answer.status, body, answer.header("Content-Type"), trouble)


def _unzipped(data: bytes) -> tuple[bytes, str]:
    """The content of gzip, and what is wrong with it."""
    unzip = zlib.decompressobj(wbits=31)
    try:
        body = unzip.decompress(data, LARGEST)
    except zlib.error as error:
        return b"", f"its gzip cannot be read: {error}"
    if unzip.unconsumed_tail:
        return b"", f"it unpacks to more than {LARGEST} bytes"
    return body, "" if unzip.eof else "its gzip is cut off"


def is_loopback(address: str) -> bool:
    """Whether an address is that of this machine, which no device can reach."""
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d+){3}", host))


PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("appstore/hash", ("hash",)),
    ("appstore/info", ("info",)),
    ("applications/info", ("details",)),
)
"""Short names under which an answer may lie in a folder, beside its own path."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Answers as files: at their paths, with or without `.json`; all details in one.

    Packages lie in `charts/`, at their address or beside the answers.
    """

    root: Path
    whole: bool = True

    def ask(
        self,
        path: str,
        query: Mapping[str, str],
        body: bytes | None = None,  # noqa: ARG002 - the file answers for every id
    ) -> Reply | None:
        """See `Market.ask`."""
        return self._read(self._candidates(path.lstrip("/"), query.get("fileName", "")))

    def picture(self, url: str) -> Reply | None:
        """See `Market.picture`."""
        path = urlsplit(url).path.lstrip("/")
        return self._read([path, f"icons/{path.rpartition('/')[2]}"])

    def _candidates(self, path: str, filename: str) -> Iterator[str]:
        if filename:
            yield from (f"charts/{filename}", f"packages/{filename}", filename)
        yield from (path, f"{path}.json")
        short = path.partition("/")[2].partition("/")[2] if path.startswith("api/v1/") else ""
        for address, names in PLACES:
            if short == address:
                yield from (address, f"{address}.json", *(f"{name}.json" for name in names))

    def _read(self, candidates: Sequence[str] | Iterator[str]) -> Reply | None:
        for name in candidates:
            if (file := inside(self.root, name)) is not None:
                return read_file(file)
        return None


def inside(root: Path, name: str) -> Path | None:
    """The file of that name below a folder; None where there is none, or it leads outside."""
    try:
        file = (root / name).resolve()
        return file if file.is_file() and file.is_relative_to(root.resolve()) else None
    except (OSError, ValueError):
        return None


def read_file(file: Path) -> Reply:
    """A file as an answer."""
    try:
        with file.open("rb") as opened:
            body = opened.read(LARGEST + 1)
    except OSError as error:
        return Reply(0, trouble=f"it cannot be read: {error.strerror}")
    return Reply(body=body, trouble=_too_long(body))


def _too_long(body: bytes) -> str:
    return f"it has more than {LARGEST} bytes" if len(body) > LARGEST else ""


def question(ids: Sequence[str], version: str) -> bytes:
    """The body with which a client asks for details."""
    return json.dumps({"app_ids": list(ids), "version": version}).encode()

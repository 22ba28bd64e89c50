"""The market as an HTTP server: a thin shell around `answer`.

One process serves from memory; the catalog is watched and a new one takes the old
one's place between two requests. A broken new catalog changes nothing but the health.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Mount

from chartgen.catalog.store import INDEX, LEDGER
from chartgen.errors import ChartgenError
from chartgen.market.answer import GZIPPED, MAX_BODY, Answer, Request, answer, fault, last
from chartgen.market.site import Site, load_site

log = logging.getLogger("chartgen.market")

Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Scope: TypeAlias = MutableMapping[str, object]
Headers: TypeAlias = list[tuple[bytes, bytes]]
Key: TypeAlias = tuple[str, bytes, bytes]
"""What a kept answer was asked with: path, query and accepted encodings as they came."""

MAX_URL = 2048
"""Bytes of path and query; the longest that a client sends has about 150."""

BODY_SECONDS = 10.0
"""Seconds that a body may take to arrive."""

KEPT_BYTES = 64 << 20
"""Memory for finished answers that are kept; they are made again when they are not."""

ENTRY_BYTES = 2048
"""What a kept answer takes beside its body and its key."""

KEPT_PATHS = "/api/"
WATCH_SECONDS = 1.0
COMPRESSED = ("application/json", "text/html; charset=utf-8")
WORTH_COMPRESSING = 512
"""Bytes from which on compression saves a packet."""


@dataclass(frozen=True, slots=True)
class Finished:
    """An answer as it goes over the wire."""

    status: int
    headers: Headers
    body: bytes


class Kept:
    """Finished answers of one site, the least recently asked forgotten first."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Key, Finished] = OrderedDict()
        self._bytes = 0

    def find(self, key: Key) -> Finished | None:
        """The answer kept under a key."""
        found = self._answers.get(key)
        if found:
            self._answers.move_to_end(key)
        return found

    def keep(self, key: Key, made: Finished) -> None:
        """Keeps an answer, and forgets others to make room."""
        self._answers[key] = made
        self._bytes += _cost(key, made)
        while self._bytes > KEPT_BYTES:
            self._bytes -= _cost(*self._answers.popitem(last=False))


def _cost(key: Key, made: Finished) -> int:
    return len(made.body) + sum(map(len, key)) + ENTRY_BYTES


@dataclass(frozen=True, slots=True)
class State:
    """One site with its finished answers: they come and go together."""

    site: Site
    kept: Kept


class Market:
    """What is served now, and what was wrong with a newer catalog."""

    def __init__(self, root: Path) -> None:
        """Opens a catalog; raises `CatalogBroken`."""
        self.root = root
        self.seen = stamp(root)
        self.trouble = ""
        self.state = State(load_site(root), Kept())

    @property
    def site(self) -> Site:
        """The site that is served."""
        return self.state.site

    def newer(self) -> Site | str | None:
        """The site of a catalog that changed on disk, or what is wrong with it; None while
        nothing changed. Changes nothing that is served, so a thread may ask."""
        now = stamp(self.root)
        if now == self.seen:
            return None
        self.seen = now
        try:
            return load_site(self.root)
        except (ChartgenError, OSError) as error:
            return str(error)

    def take(self, found: Site | str | None) -> None:
        """Serves a newer site from the next request on; a broken one changes the health."""
        if isinstance(found, str):
            self.trouble = found
            log.error("the catalog on disk is broken, the last good one stays: %s", found)
        elif found:
            self.state, self.trouble = State(found, Kept()), ""
            log.info("serving a new catalog: %s apps, hash %s", len(found.apps), found.hash)

    def finished(self, request: Request) -> Finished:
        """The answer to a request, as it goes over the wire."""
        return finish(answer(self.site, request, self.trouble), request)


def stamp(root: Path) -> object:
    """What changes when a catalog is replaced: both files are replaced together."""
    try:
        found = [(root / name).stat() for name in (INDEX, LEDGER)]
    except OSError:
        return None
    return [(one.st_ino, one.st_mtime_ns, one.st_size) for one in found]


def finish(made: Answer, request: Request) -> Finished:
    """An answer with its headers and, where it pays and is wanted, compressed."""
    headers = {"Content-Type": made.content_type, "Cache-Control": made.cache, **made.headers}
    headers["X-Content-Type-Options"] = "nosniff"
    body = made.body
    if made.content_type in COMPRESSED:
        headers["Vary"] = "Accept-Encoding"
        if len(body) >= WORTH_COMPRESSING and accepts_gzip(request.headers):
            body = gzip.compress(body, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
            # Other bytes want another strong validator.
            headers["ETag"] = made.etag[:-1] + GZIPPED
    if made.status not in (204, 304):
        headers["Content-Length"] = str(len(body))
    wire = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Finished(made.status, wire, body)


def accepts_gzip(headers: Mapping[str, str]) -> bool:
    """Whether a client takes gzip."""
    for part in headers.get("accept-encoding", "").split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def asgi(market: Market, base_path: str = "") -> Starlette:
    """The ASGI application that serves a market below `base_path`."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(market, base_path, scope, receive, send)

    @asynccontextmanager
    async def watching(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(watch(market))
        yield
        task.cancel()

    return Starlette(routes=[Mount("/", app=serve)], lifespan=watching)


async def watch(market: Market) -> None:
    """Looks for a new catalog once a second; loading it does not hold up requests."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        try:
            market.take(await asyncio.to_thread(market.newer))
        except Exception:  # whatever a file on disk does, watching goes on
            log.exception("looking for a new catalog failed")


async def respond(
    market: Market, base_path: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answers one request of the ASGI protocol."""
    state, key = market.state, _key(scope)
    made = state.kept.find(key) if key else None
    if made is None:
        made = await _make(market, base_path, scope, receive)
        if key and made.status == 200:
            state.kept.keep(key, made)
    body = b"" if scope["method"] == "HEAD" else made.body
    await send({"type": "http.response.start", "status": made.status, "headers": made.headers})
    await send({"type": "http.response.body", "body": body})


async def _make(market: Market, base_path: str, scope: Scope, receive: Receive) -> Finished:
    request = _request(scope, base_path)
    if isinstance(request, Answer):
        return finish(request, Request("GET", "/"))
    if request.method == "POST":
        return await _posted(market, request, receive)
    return market.finished(request)


def _key(scope: Scope) -> Key | None:
    """What a kept answer is found by. The page names the address it was asked under and
    health the present, so neither is kept."""
    path = cast("str", scope["path"])
    if scope["method"] not in ("GET", "HEAD") or KEPT_PATHS not in path:
        return None
    encodings = b""
    for name, value in cast("Headers", scope["headers"]):
        if name == b"if-none-match":
            return None
        if name == b"accept-encoding":
            encodings = value
    return path, cast("bytes", scope["query_string"]), encodings


async def _posted(market: Market, request: Request, receive: Receive) -> Finished:
    try:
        body = await asyncio.wait_for(_body(receive), BODY_SECONDS)
    except TimeoutError:
        return finish(last(fault(408, "the body did not arrive in time")), request)
    sent = Request(request.method, request.path, request.query, request.headers, body)
    return market.finished(sent)


async def _body(receive: Receive) -> bytes:
    """A body, read no further than it takes to know that it is too long."""
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        body += cast("bytes", message.get("body", b""))
        if not message.get("more_body"):
            break
    return body


def _request(scope: Scope, base_path: str) -> Request | Answer:
    path = cast("str", scope["path"])
    query = cast("bytes", scope["query_string"])
    if len(path) + len(query) > MAX_URL:
        return fault(414, f"an address holds at most {MAX_URL} bytes")
    if base_path and path != base_path and not path.startswith(f"{base_path}/"):
        return fault(404, "there is nothing at this address")
    raw = cast("list[tuple[bytes, bytes]]", scope["headers"])
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    headers["x-chartgen-scheme"] = cast("str", scope["scheme"])
    headers["x-chartgen-base"] = base_path
    try:
        pairs = dict(parse_qsl(query.decode("latin-1"), max_num_fields=32)) if query else {}
    except ValueError:
        return fault(400, "a query holds at most 32 fields")
    method = cast("str", scope["method"])
    return Request(method, path[len(base_path) :] or "/", pairs, headers)

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Mount

from chartgen.errors import ChartgenError
from chartgen.market.answer import MAX_BODY, Answer, Request, answer, fault
from chartgen.market.site import Site, load_site

log = logging.getLogger("chartgen.market")

Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Scope: TypeAlias = MutableMapping[str, object]
Headers: TypeAlias = list[tuple[bytes, bytes]]

MAX_URL = 2048
"""Bytes of path and query; the longest that a client sends has about 150."""

BODY_SECONDS = 10.0
"""Seconds that a body may take to arrive."""

KEPT_BYTES = 64 << 20
"""Bytes of finished answers that are kept; they are made again when they are not."""

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


@dataclass
class Market:
    """The site that is served now, what was wrong with a newer one, finished answers."""

    root: Path
    site: Site
    trouble: str = ""
    seen: object = None
    kept: OrderedDict[tuple[str, ...], Finished] = field(default_factory=OrderedDict)
    kept_bytes: int = 0

    @classmethod
    def open(cls, root: Path) -> Market:
        """The market of a catalog; raises `CatalogBroken`."""
        seen = stamp(root)
        return cls(root, load_site(root), seen=seen)

    def reload(self) -> None:
        """Loads a catalog that changed on disk; a broken one leaves the old one serving."""
        now = stamp(self.root)
        if now == self.seen:
            return
        self.seen = now
        try:
            site = load_site(self.root)
        except ChartgenError as error:
            self.trouble = str(error)
            log.error("the catalog on disk is broken, the last good one stays: %s", error)
            return
        self.site, self.trouble = site, ""
        self.kept.clear()
        self.kept_bytes = 0
        log.info("serving a new catalog: %s apps, hash %s", len(site.apps), site.hash)

    def finished(self, request: Request, key: tuple[str, ...] | None) -> Finished:
        """The answer to a request, kept under `key` where there is one."""
        if key and key in self.kept:
            self.kept.move_to_end(key)
            return self.kept[key]
        made = finish(answer(self.site, request, self.trouble), request)
        if key and made.status == 200:
            self._keep(key, made)
        return made

    def _keep(self, key: tuple[str, ...], made: Finished) -> None:
        self.kept[key] = made
        self.kept_bytes += len(made.body)
        while self.kept_bytes > KEPT_BYTES:
            self.kept_bytes -= len(self.kept.popitem(last=False)[1].body)


def stamp(root: Path) -> object:
    """What changes when a catalog is replaced: both files are replaced together."""
    try:
        found = [(root / name).stat() for name in ("index.json", "ledger.jsonl")]
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
        await asyncio.to_thread(market.reload)


async def respond(
    market: Market, base_path: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answers one request of the ASGI protocol."""
    request = _request(scope, base_path)
    if isinstance(request, Answer):
        made = finish(request, Request("GET", "/"))
    elif request.method == "POST":
        made = await _posted(market, request, receive)
    else:
        made = market.finished(request, _key(request))
    body = b"" if scope["method"] == "HEAD" else made.body
    await send({"type": "http.response.start", "status": made.status, "headers": made.headers})
    await send({"type": "http.response.body", "body": body})


async def _posted(market: Market, request: Request, receive: Receive) -> Finished:
    try:
        body = await asyncio.wait_for(_body(receive), BODY_SECONDS)
    except TimeoutError:
        return finish(fault(408, "the body did not arrive in time"), request)
    sent = Request(request.method, request.path, request.query, request.headers, body)
    return market.finished(sent, None)


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


def _key(request: Request) -> tuple[str, ...] | None:
    """What decides a kept answer; the page names the address it was asked under."""
    if request.method not in ("GET", "HEAD") or request.path in ("/", "/healthz"):
        return None
    if "if-none-match" in request.headers:
        return None
    asked = sorted(f"{name}={value}" for name, value in request.query.items())
    return (request.path, str(accepts_gzip(request.headers)), *asked)

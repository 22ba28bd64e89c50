"""From a request to its answer, without a socket.

Every v1 route is answered under `/api/v1` and `/api/v2`; HEAD is GET without its body;
an ETag is a digest of the content, so it changes exactly when the content does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from chartgen.catalog import icon_path
from chartgen.market import page, v1, v2
from chartgen.market.site import Site, dump

MAX_BODY = 64 * 1024
"""Bytes of a request's body; a client asks for ten ids, about 150 bytes."""

SHORT = "public, max-age=0, must-revalidate"
"""For addresses that name no version: keep, but ask whether it is still so."""

FOR_EVER = "public, max-age=31536000, immutable"
"""For an address whose query names the version: those bytes never change."""

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": "ETag",
}
GZIPPED = '-gz"'
"""How the validator of a compressed answer ends."""

NAME = r"(?P<name>[a-z0-9]{1,30})"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks. `path` is decoded and below the base path; header names are
    in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it gets; `digest` is the body's SHA-256 where it is known already."""

    status: int
    body: bytes
    content_type: str = "application/json"
    cache: str = SHORT
    headers: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""

    @property
    def etag(self) -> str:
        """A strong validator of the content, before it is compressed."""
        digest = self.digest or hashlib.sha256(self.body).hexdigest()
        return f'"{digest[:32]}"'


def answer(site: Site, request: Request, trouble: str = "") -> Answer:
    """The answer to any request; nothing a client sends raises.

    `trouble` says what is wrong with a newer catalog that is not served; health tells it.
    """
    found = _route(site, request, trouble)
    headers = {**CORS, **found.headers}
    if found.status != 200:
        return replace(found, headers=headers, cache="no-store")
    headers["ETag"] = found.etag
    if request.method in ("GET", "HEAD") and (known := _matched(request, found.etag)):
        return replace(found, status=304, body=b"", headers={**headers, "ETag": known})
    return replace(found, headers=headers)


def fault(status: int, reason: str) -> Answer:
    """An answer that says what was wrong, as JSON."""
    return Answer(status, dump({"error": reason}))


def last(found: Answer) -> Answer:
    """An answer after which the connection is closed: what is still coming is not read."""
    return replace(found, headers={**found.headers, "Connection": "close"})


def _matched(request: Request, etag: str) -> str:
    """The validator that a client sent and that still holds, or an empty text."""
    asked = request.headers.get("if-none-match", "")
    given = [one.strip().removeprefix("W/") for one in asked.split(",")]
    known = (etag, etag[:-1] + GZIPPED)
    return next((one for one in given if one in known), etag if "*" in given else "")


def _route(site: Site, request: Request, trouble: str) -> Answer:
    if request.method == "OPTIONS":
        return Answer(204, b"", headers={"Allow": CORS["Access-Control-Allow-Methods"]})
    path = request.path.rstrip("/") or "/"
    if re.fullmatch(r"/api/v[12]/applications/info", path):
        return _details(site, request)
    if request.method not in ("GET", "HEAD"):
        return replace(fault(405, "this address takes GET"), headers={"Allow": "GET, HEAD"})
    if path == "/healthz":
        return _health(site, trouble)
    for pattern, handler in _GETS:
        if match := re.fullmatch(pattern, path):
            return handler(site, request, match.groupdict())
    return fault(404, "there is nothing at this address")


def _details(site: Site, request: Request) -> Answer:
    if request.method != "POST":
        return replace(fault(405, "this address takes POST"), headers={"Allow": "POST"})
    if len(request.body) > MAX_BODY:
        return last(fault(413, f"a body holds at most {MAX_BODY} bytes"))
    try:
        asked = json.loads(request.body)
        ids, version = v1.asked(asked)
    except (ValueError, RecursionError) as error:
        return fault(400, f"the body is not what this address takes: {error}")
    return Answer(200, v1.details(site, ids, version))


Handler = Callable[[Site, Request, Mapping[str, str]], Answer]


def _json(make: Callable[[Site, Mapping[str, str]], bytes]) -> Handler:
    return lambda site, request, _: Answer(200, make(site, request.query))


def _chart(site: Site, request: Request, parts: Mapping[str, str]) -> Answer:
    listing = site.by_name.get(parts["name"])
    version = request.query.get("version")
    named = f"{parts['name']}-{version}.tgz" if version else ""
    newest = listing.release.filename if listing else ""
    wanted = request.query.get("fileName") or named or newest
    if listing is None or wanted not in listing.packages:
        return fault(404, "there is no such package")
    if named and wanted != named:
        return fault(404, "fileName and version name different packages")
    data = site.package(listing, wanted)
    if data is None:
        return fault(503, f"{wanted} on disk is not what was released")
    cache = FOR_EVER if request.query.get("fileName") or version else SHORT
    return Answer(200, data, "application/gzip", cache, digest=listing.packages[wanted])


def _icon(site: Site, _: Request, parts: Mapping[str, str]) -> Answer:
    if site.by_name.get(parts["name"]) is None:
        return fault(404, "there is no such icon")
    data = _read(site.root / icon_path(parts["name"]))
    return Answer(200, data, "image/png") if data else fault(503, "the icon cannot be read")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _page(site: Site, request: Request, _: Mapping[str, str]) -> Answer:
    return Answer(200, page.page(site, request.headers), "text/html; charset=utf-8")


def _health(site: Site, trouble: str) -> Answer:
    state = {"status": "stale" if trouble else "ok", "hash": site.hash, "apps": len(site.apps)}
    return Answer(200, dump({**state, **({"trouble": trouble} if trouble else {})}))


_GETS: tuple[tuple[str, Handler], ...] = (
    ("/", _page),
    (r"/api/v[12]/appstore/hash", _json(v1.hash_answer)),
    (r"/api/v[12]/appstore/info", _json(v1.info)),
    (rf"/api/v[12]/applications/{NAME}/chart", _chart),
    (r"/api/v2/catalog", _json(v2.catalog)),
    (r"/api/v2/taxonomy", _json(v2.taxonomy)),
    (r"/api/v2/(?:browse/)?applications", _json(v2.applications)),
    (rf"/icons/{NAME}\.png", _icon),
)

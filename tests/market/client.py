"""A device's market client, written from the contract: v1 and v2 syncs over a socket."""

from __future__ import annotations

import gzip
import json
import random
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import cast
from urllib.parse import urlencode, urlsplit

from chartgen.chart import unpack
from tests.market.shapes import (
    DETAIL,
    HASH,
    INFO,
    V2_CATALOG,
    V2_PAGE,
    V2_TAXONOMY,
    Json,
    Refused,
    Shape,
    read_json,
)

SECONDS = 15.0
BATCH = 10
LONGEST_VERSION, LONGEST_NAME, LONGEST_ID = 16, 100, 32
HIDING = ("suspend", "remove")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, its body unzipped."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Device:
    """One device of one Olares version with one market source.

    `rows` are what its database holds (details by id), `packages` what it downloaded.
    """

    base: str
    version: str = "1.12.7"
    trust: ssl.SSLContext | None = None
    page_size: int = 2
    rows: dict[str, Json] = field(default_factory=dict)
    packages: dict[str, bytes] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    hash: str = ""
    offered: tuple[str, ...] = ()

    def sync_v1(self) -> None:
        """Hash, info, details in batches, packages; raises `Refused` where a device would."""
        told = _answer(self._get("/api/v1/appstore/hash"), HASH, typed=False)
        info = _answer(self._get("/api/v1/appstore/info"), INFO)
        if told["hash"] != info["hash"]:
            raise Refused("hash and info tell different hashes")
        self._take(ids_of(info), ("/api/v1",))
        self.hash = str(info["hash"])

    def sync_v2(self) -> None:
        """Catalog, taxonomy, every page; details and packages under both prefixes."""
        catalog = _data(self._get("/api/v2/catalog", source_id="any"), V2_CATALOG)
        taxonomy = _data(self._get("/api/v2/taxonomy"), V2_TAXONOMY)
        if cast("Json", taxonomy["source"])["source_id"] != catalog["source_id"]:
            raise Refused("catalog and taxonomy name different sources")
        pages = list(self._pages())
        items = [item for page in pages for item in cast("list[Json]", page["items"])]
        if len(items) != pages[0]["total"]:
            raise Refused(f"{len(items)} of {pages[0]['total']} apps on the pages")
        _check_times(items)
        self.removed = tuple(cast("list[str]", pages[-1]["removed"]))
        self._take([str(item["app_id"]) for item in items], ("/api/v2", "/api/v1"))
        self.hash = str(catalog["apps_filter_digest"])

    def versions(self) -> dict[str, str]:
        """The version that the device has of each app, by name."""
        return {str(row["name"]): str(row["version"]) for row in self.rows.values()}

    def _pages(self) -> Iterator[Json]:
        number, more = 1, True
        while more:
            query = {"page": str(number), "size": str(self.page_size)}
            page = _data(self._get("/api/v2/applications", **query), V2_PAGE)
            yield page
            number, more = number + 1, bool(page["has_more"])

    def _take(self, ids: Sequence[str], prefixes: Sequence[str]) -> None:
        self.offered = tuple(sorted(ids))
        shuffled = random.sample(ids, len(ids))
        for start in range(0, len(shuffled), BATCH):
            self._take_batch(shuffled[start : start + BATCH], prefixes)

    def _take_batch(self, ids: Sequence[str], prefixes: Sequence[str]) -> None:
        body = json.dumps({"app_ids": ids, "version": self.version}).encode()
        reply = self._first([f"{one}/applications/info" for one in prefixes], body)
        found = cast("dict[str, Json]", _answer(reply, by_id)["apps"])
        if set(found) - set(ids):
            raise Refused(f"not asked for: {set(found) - set(ids)}")
        rows = {key: row for key, row in found.items() if self._wanted(key, row)}
        for key, row in rows.items():
            check_row(key, row)
        self.rows |= rows
        for row in rows.values():
            self._fetch(str(row["name"]), str(row["version"]), prefixes)

    def _wanted(self, key: str, row: Json) -> bool:
        labels = row.get("appLabels")
        words = [str(one).lower() for one in labels] if isinstance(labels, list) else []
        known = self.rows.get(key, {}).get("version")
        return not set(words) & set(HIDING) and row.get("version") != known

    def _fetch(self, name: str, version: str, prefixes: Sequence[str]) -> None:
        query = urlencode({"fileName": f"{name}-{version}.tgz", "version": version})
        reply = self._first([f"{one}/applications/{name}/chart?{query}" for one in prefixes])
        files = unpack(reply.body, name)
        manifest = files["OlaresManifest.yaml"]
        if name not in manifest or version not in manifest:
            raise Refused(f"the package of {name} is not of {version}")
        self.packages[f"{name}-{version}"] = reply.body

    def _first(self, addresses: Sequence[str], body: bytes | None = None) -> Reply:
        replies = (self.ask(one, body=body) for one in addresses)
        for reply in replies:
            if reply.status == 200:
                return reply
        raise Refused(f"none of {addresses} answers 200")

    def _get(self, path: str, **query: str) -> Reply:
        return self.ask(f"{path}?{urlencode({'version': self.version, **query})}")

    def ask(
        self,
        path: str,
        method: str = "",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request on a connection of its own."""
        line = connect(self.base, self.trust)
        sent = {"Accept-Encoding": "gzip", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            prefix = urlsplit(self.base).path.removesuffix("/")
            line.request(method or ("GET" if body is None else "POST"), prefix + path, body, sent)
            return reply_of(line.getresponse())
        finally:
            line.close()


def connect(base: str, trust: ssl.SSLContext | None = None) -> HTTPConnection:
    """A connection to the server of an address."""
    place = urlsplit(base)
    if place.scheme == "https":
        return HTTPSConnection(place.netloc, timeout=SECONDS, context=trust)
    return HTTPConnection(place.netloc, timeout=SECONDS)


def reply_of(response: HTTPResponse) -> Reply:
    """What came, read to its end."""
    headers = {name.lower(): value for name, value in response.getheaders()}
    body = response.read()
    if headers.get("content-encoding") == "gzip" and body:
        body = gzip.decompress(body)
    return Reply(response.status, headers, body)


def ids_of(info: Json) -> list[str]:
    """The ids whose details a client asks for; raises where an app would vanish."""
    apps = cast("Json", cast("Json", info["data"]).get("apps") or {})
    for key, entry in apps.items():
        if not isinstance(entry, dict) or entry.get("id") != key:
            raise Refused(f"{key} vanishes: its entry is {entry!r}")
    return list(apps)


def by_id(document: object, where: str) -> None:
    """An answer with details: an object of objects, and a list of what is not there."""
    held = cast("Json", document)
    apps, missing = held.get("apps"), held.get("not_found")
    if not isinstance(apps, dict) or not all(isinstance(row, dict) for row in apps.values()):
        raise Refused(f"{where}: apps are no object of objects")
    if not isinstance(missing, list):
        raise Refused(f"{where}: not_found is no list")


def check_row(key: str, row: Json) -> None:
    """A row as the database takes it; one that it refuses loses its whole batch."""
    version, name = row.get("version"), row.get("name")
    if not isinstance(version, str) or not version.strip() or len(version) > LONGEST_VERSION:
        raise Refused(f"{key}: {version!r} is no version")
    if not isinstance(name, str) or len(name) > LONGEST_NAME or len(key) > LONGEST_ID:
        raise Refused(f"{key}: {name!r} is no name")
    if "\\u0000" in json.dumps(row):
        raise Refused(f"{key}: a NUL")
    for kept, shape in DETAIL.items():
        shape(row.get(kept), f"{key}.{kept}")


def _answer(reply: Reply, shape: Shape, *, typed: bool = True) -> Json:
    kind = reply.headers.get("content-type", "")
    if reply.status != 200:
        raise Refused(f"status {reply.status}")
    if typed and not (kind.startswith(("application/", "text/")) and "json" in kind):
        raise Refused(f"{kind!r} is not JSON")
    document = read_json(reply.body)
    shape(document, "answer")
    return document


def _data(reply: Reply, shape: Shape) -> Json:
    document = _answer(reply, lambda _value, _where: None)
    if document.get("code") != 0 or not isinstance(document.get("data"), dict):
        raise Refused(f"v2 says {document!r}")
    shape(document["data"], "data")
    return cast("Json", document["data"])


def _check_times(items: Sequence[Json]) -> None:
    """`last_modify_time` is in milliseconds, `updated_at` in seconds: both after 2020."""
    for item in items:
        late, seconds = cast("int", item["last_modify_time"]), cast("int", item["updated_at"])
        if not (1_577_836_800 < seconds < 10_000_000_000 and late // 1000 == seconds):
            raise Refused(f"{item['app_id']}: {late} and {seconds} are not one time")

"""A catalog, ready to be asked: verified, indexed, with every answer's parts at hand."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import cast

from pydantic_core import from_json

from chartgen.catalog import Catalog, Release, package_path, read_catalog
from chartgen.catalog.index import OLARES_VERSION, Detail, Summary, content_digest
from chartgen.catalog.layout import CategoryEntry
from chartgen.catalog.store import ICONS, INDEX
from chartgen.errors import CatalogBroken
from chartgen.quantities.ranges import admits, parse_version

CLOCK_NS = 1_000_000_000
"""How far a file system's clock may lag behind the system's."""

REMEDY = "Run `chartgen build`: it writes index and packages together."


@dataclass(frozen=True, slots=True)
class Listing:
    """One app of the site; `detail` and `summary` are as the index holds them,
    `packages` the digests of all its releases by file name."""

    release: Release
    summary: Summary
    detail: Detail
    olares_range: str
    suspended: bool
    packages: Mapping[str, str]

    @property
    def released_ms(self) -> int:
        """The release's day in milliseconds since 1970."""
        return self.released_s * 1000

    @property
    def released_s(self) -> int:
        """The release's day in seconds since 1970."""
        day = self.release.released
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Source:
    """The market's own name and categories."""

    id: str
    title: str
    url: str
    categories: tuple[CategoryEntry, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What devices of one Olares version are offered: apps by id, and a hash of it."""

    apps: Mapping[str, Listing]
    hash: str
    data_json: bytes


@dataclass(frozen=True)
class Site:
    """One state of a catalog. `updated` is RFC 3339; `layout` the data beside the apps;
    `verified_ns` the moment before its packages were hashed."""

    root: Path
    source: Source
    hash: str
    updated: str
    apps: Mapping[str, Listing]
    layout: Mapping[str, object]
    removed: tuple[str, ...] = ()
    verified_ns: int = 0
    _offers: dict[tuple[str, ...], Offer] = field(default_factory=dict, compare=False)
    _details: dict[str, bytes] = field(default_factory=dict, compare=False)
    _checked: dict[str, tuple[int, ...]] = field(default_factory=dict, compare=False)

    @cached_property
    def by_name(self) -> Mapping[str, Listing]:
        """The apps by name."""
        return {item.release.name: item for item in self.apps.values()}

    def offer(self, version: str) -> Offer:
        """What an Olares of that version is offered; equal for versions in the same ranges."""
        ranges = sorted({item.olares_range for item in self.apps.values()})
        admitted = tuple(text for text in ranges if admits(text, version))
        if admitted not in self._offers:
            self._offers[admitted] = _offer(self, admitted, everything=len(ranges))
        return self._offers[admitted]

    def detail(self, key: str) -> bytes:
        """An app's entry as it goes over the wire, made when it is first asked for."""
        if key not in self._details:
            self._details[key] = dump(self.apps[key].detail)
        return self._details[key]

    def package(self, listing: Listing, filename: str) -> bytes | None:
        """The bytes of a released package, or None if they are not what was released.

        Loading the site hashed every file; one that has changed since is hashed again.
        """
        try:
            with (self.root / package_path(filename)).open("rb") as file:
                data, stat = file.read(), os.fstat(file.fileno())
        except OSError:
            return None
        mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        changed = stat.st_ctime_ns > self.verified_ns - CLOCK_NS
        if changed and self._checked.get(filename) != mark:
            if hashlib.sha256(data).hexdigest() != listing.packages[filename]:
                return None
            self._checked[filename] = mark
        return data


def asked_version(text: str | None) -> str:
    """The Olares version a client asks with, or the lowest that the charts run on."""
    return text if text and len(text) <= 40 and parse_version(text) else OLARES_VERSION


def load_site(root: Path) -> Site:
    """The site of the catalog in `root`; raises `CatalogBroken` naming what does not agree."""
    now = time.time_ns()
    return replace(_site(read_catalog(root), _read_index(root / INDEX)), verified_ns=now)


@dataclass(frozen=True, slots=True)
class _Index:
    """The parts of an index file whose hash is its own."""

    hash: str
    updated: str
    data: Mapping[str, object]
    summaries: Mapping[str, Summary]
    details: Mapping[str, Detail]
    ranges: Mapping[str, str]
    removed: tuple[str, ...]
    source: Source


def _read_index(file: Path) -> _Index:
    try:
        return _parse_index(from_json(file.read_bytes()))
    except OSError as error:
        problem = f"the index cannot be read: {error.strerror}"
        raise CatalogBroken(path=str(file), problem=problem, remedy=REMEDY) from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        problem = f"this is no index: {type(error).__name__} {error}"
        raise CatalogBroken(path=str(file), problem=problem, remedy=REMEDY) from error


def _parse_index(index: dict[str, dict[str, object]]) -> _Index:
    info, source, data = index["info"], index["source"], index["info"]["data"]
    content = {"data": data, "details": index["details"]["apps"], "source": source}
    kept = {"olares": index["olares"], "removed": index["removed"]}
    if content_digest({**content, **kept}) != info["hash"]:
        raise ValueError("its hash is not of its content")
    return _Index(
        hash=str(info["hash"]),
        updated=str(info["last_updated"]),
        data=cast("dict[str, object]", data),
        summaries=cast("dict[str, dict[str, Summary]]", data)["apps"],
        details=cast("dict[str, Detail]", index["details"]["apps"]),
        ranges=cast("dict[str, str]", index["olares"]),
        removed=tuple(cast("list[str]", index["removed"])),
        source=Source(
            str(source["id"]),
            str(source["title"]),
            str(source["url"]),
            tuple(cast("list[CategoryEntry]", source["categories"])),
        ),
    )


def _site(catalog: Catalog, index: _Index) -> Site:
    apps = {
        key: _listing(catalog, index.summaries[key], detail, index.ranges[key])
        for key, detail in index.details.items()
    }
    _check_agreement(catalog, apps.values())
    return Site(
        root=catalog.root,
        source=index.source,
        hash=index.hash,
        updated=index.updated,
        apps=apps,
        layout={key: value for key, value in index.data.items() if key != "apps"},
        removed=index.removed,
    )


def _listing(catalog: Catalog, summary: Summary, detail: Detail, olares_range: str) -> Listing:
    name = detail["name"]
    release = catalog.ledger.newest(name)
    if release is None or release.version != detail["version"]:
        there = release.version if release else "no release"
        problem = f"the index lists {name} {detail['version']}, the ledger has {there}"
        raise CatalogBroken(path=str(catalog.root), problem=problem, remedy=REMEDY)
    return Listing(
        release,
        summary,
        detail,
        olares_range,
        name in catalog.ledger.suspended,
        {row.filename: row.sha256 for row in catalog.ledger.releases[name]},
    )


def _check_agreement(catalog: Catalog, listed: Iterable[Listing]) -> None:
    names = {item.release.name for item in listed}
    icons = {path.stem for path in (catalog.root / ICONS).glob("*.png")}
    for name in catalog.ledger.releases.keys() - catalog.ledger.removed.keys():
        if name not in names or name not in icons:
            missing = "an entry in the index" if name not in names else f"its icon {name}.png"
            problem = f"{name} is released, but {missing} is missing"
            raise CatalogBroken(path=str(catalog.root), problem=problem, remedy=REMEDY)


def _offer(site: Site, admitted: tuple[str, ...], everything: int) -> Offer:
    apps = {key: item for key, item in site.apps.items() if item.olares_range in admitted}
    whole = len(admitted) == everything
    told = site.hash if whole else _mixed(site.hash, admitted)
    names = {item.release.name for item in apps.values()}
    data = {"apps": {key: item.summary for key, item in apps.items()}, **site.layout}
    if not whole:
        tops = cast("list[dict[str, object]]", site.layout["tops"])
        data["tops"] = [top for top in tops if top["appId"] in names]
        data["latest"] = [n for n in cast("list[str]", site.layout["latest"]) if n in names]
    return Offer(apps, told, dump(data))


def _mixed(digest: str, admitted: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join([digest, *admitted]).encode()).hexdigest()


def dump(value: object) -> bytes:
    """JSON as it goes over the wire: compact, UTF-8, keys in order.

    Half a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "replace")

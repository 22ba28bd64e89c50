"""The index: the answers that devices ask for, derived from the ledger and the packages.

Its shapes are those of the Olares market contract 1.3 to 1.5 and 1.7b: `hash`,
`info` and `details` are the three answers of a market source. One wrong type in
`info` makes a device drop the whole source, so every entry is typed. `olares` holds
the range of Olares versions of each app, `removed` the ids that are gone, `source` the
market itself: what later clients ask for. The hash is a pure function of the content:
no clock, no host.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from chartgen.catalog.layout import categories, layout
from chartgen.catalog.ledger import Ledger, Release
from chartgen.catalog.manifest import Entrance, I18n, Manifest
from chartgen.spec import Market

OLARES_VERSION = "1.12.6"
"""The lowest Olares that accepts these charts (`olares >=1.12.6-0`); `/info` must name one."""

LOCALES = ("en-US", "zh-CN")
NO_RELEASE = "1970-01-01T00:00:00Z"
"""The date of a catalog without a release: an answer must hold one."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The newest release of an app, as its package describes it."""

    release: Release
    manifest: Manifest
    i18n: Mapping[str, I18n]


@dataclass(frozen=True, slots=True)
class Index:
    """The index: its hash, the number of apps in it, and its file's text."""

    hash: str
    apps: int
    text: str


class Summary(TypedDict):
    """An app in `info.data.apps`; it is fetched only if `id` equals its key."""

    id: str
    name: str
    title: str
    version: str
    icon: str
    categories: list[str]


class Past(TypedDict):
    """One release in an app's history."""

    appName: str
    version: str
    versionName: str
    upgradeDescription: str
    mergedAt: str


class EntranceEntry(TypedDict):
    """One door of the app."""

    name: str
    host: str
    port: int
    title: str
    icon: str
    authLevel: str
    openMethod: str


class LicenseEntry(TypedDict):
    """A licence by name and address."""

    text: str
    url: str


class Detail(TypedDict):
    """An app in an answer to `applications/info`; names and types are the client's.

    The keys of CPU and GPU have the catalogue's spelling, not the manifest's.
    """

    id: str
    name: str
    cfgType: str
    chartName: str
    icon: str
    appID: str
    version: str
    versionName: str
    apiVersion: str
    title: str
    description: str
    fullDescription: dict[str, str]
    upgradeDescription: dict[str, str]
    categories: list[str]
    appLabels: list[str]
    locale: list[str]
    supportArch: list[str]
    requiredMemory: str
    limitedMemory: str
    requiredDisk: str
    limitedDisk: str
    requiredCPU: str
    limitedCPU: str
    requiredGPU: str
    limitedGPU: str
    developer: str
    submitter: str
    website: str
    sourceCode: str
    doc: str
    updated_at: str
    license: list[LicenseEntry]
    entrances: list[EntranceEntry]
    versionHistory: list[Past]


def derive_index(ledger: Ledger, listed: Sequence[Listed], market: Market) -> Index:
    """The index of a catalog: a pure function of what is in it."""
    by_id = {app_id(item.release.name): item for item in listed}
    details = {key: _detail(key, by_id[key], ledger) for key in sorted(by_id)}
    summaries = {key: _summary(key, by_id[key]) for key in details}
    updated = max(map(_midnight, _releases(ledger)), default=NO_RELEASE)
    offered = {
        item.release.name: item.release
        for item in listed
        if item.release.name not in ledger.suspended
    }
    data = {"apps": summaries, **layout(market, offered, updated)}
    ranges = {key: by_id[key].manifest.olares_range for key in details}
    source = {
        "id": market.source_id,
        "title": market.title,
        "url": market.public_url,
        "categories": categories(market),
    }
    removed = sorted(map(app_id, ledger.removed))
    content = {
        "data": data,
        "details": details,
        "olares": ranges,
        "removed": removed,
        "source": source,
    }
    digest = content_digest(content)
    head = {"hash": digest, "last_updated": updated, "version": OLARES_VERSION}
    answers = {
        "hash": head,
        "info": {**head, "stats": {}, "data": data},
        "details": {"apps": details, "version": OLARES_VERSION, "not_found": []},
        "olares": ranges,
        "removed": removed,
        "source": source,
    }
    text = json.dumps(answers, ensure_ascii=False, indent=1, sort_keys=True)
    return Index(digest, len(details), f"{text}\n")


def app_id(name: str) -> str:
    """The id that a device computes for an app (Olares market contract 1.4)."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:8]


def _releases(ledger: Ledger) -> list[Release]:
    return [release for releases in ledger.releases.values() for release in releases]


def _summary(key: str, item: Listed) -> Summary:
    about = item.manifest.metadata
    return {
        "id": key,
        "name": about.name,
        "title": about.title,
        "version": about.version,
        "icon": about.icon,
        "categories": list(about.categories),
    }


def _detail(key: str, item: Listed, ledger: Ledger) -> Detail:
    about, spec = item.manifest.metadata, item.manifest.spec
    demand = spec.accelerator[0]
    return {
        "id": key,
        "name": about.name,
        "cfgType": item.manifest.kind,
        "chartName": about.name,
        "icon": about.icon,
        "appID": key,
        "version": about.version,
        "versionName": spec.version_name,
        "apiVersion": item.manifest.api_version,
        "title": about.title,
        "description": about.description,
        "fullDescription": {lang: t.spec.full_description for lang, t in item.i18n.items()},
        "upgradeDescription": {lang: t.spec.upgrade_description for lang, t in item.i18n.items()},
        "categories": list(about.categories),
        "appLabels": ["suspend"] if about.name in ledger.suspended else [],
        "locale": list(spec.locale),
        "supportArch": list(spec.support_arch),
        "requiredMemory": demand.required_memory,
        "limitedMemory": demand.limited_memory,
        "requiredDisk": demand.required_disk,
        "limitedDisk": demand.limited_disk,
        "requiredCPU": demand.required_cpu,
        "limitedCPU": demand.limited_cpu,
        "requiredGPU": demand.required_gpu,
        "limitedGPU": demand.limited_gpu,
        "developer": spec.developer,
        "submitter": spec.submitter,
        "website": spec.website,
        "sourceCode": spec.source_code,
        "doc": spec.doc,
        "updated_at": _midnight(item.release),
        "license": [{"text": one.text, "url": one.url} for one in spec.license],
        "entrances": [_entrance(door) for door in item.manifest.entrances],
        "versionHistory": [_past(row) for row in reversed(ledger.releases[about.name])],
    }


def _entrance(door: Entrance) -> EntranceEntry:
    return {
        "name": door.name,
        "host": door.host,
        "port": door.port,
        "title": door.title,
        "icon": door.icon,
        "authLevel": door.auth_level,
        "openMethod": door.open_method,
    }


def _past(row: Release) -> Past:
    return {
        "appName": row.name,
        "version": row.version,
        "versionName": row.version,
        "upgradeDescription": row.changes.en,
        "mergedAt": _midnight(row),
    }


def _midnight(row: Release) -> str:
    """The day of a release as RFC 3339; a day has no hour, so its first one is told."""
    return f"{row.released.isoformat()}T00:00:00Z"


def content_digest(content: Mapping[str, object]) -> str:
    """The hash of an index, of its parts `data`, `details`, `olares`, `removed` and `source`."""
    return hashlib.sha256(_canonical(content)).hexdigest()


def _canonical(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

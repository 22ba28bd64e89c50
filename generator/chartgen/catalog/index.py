"""The index: the answers that devices ask for, derived from the ledger and the packages.

Its shapes are those of the Olares market contract 1.3 to 1.5 and 1.7b: `hash`,
`info` and `details` are the three answers of a market source. One wrong type in
`info` makes a device drop the whole source, so every entry is a typed model. The
hash is a pure function of the content: no clock, no host, no order of files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from chartgen.catalog.ledger import Ledger, Release
from chartgen.catalog.manifest import I18n, Manifest
from chartgen.spec import Market

OLARES_VERSION = "1.12.6"
"""The lowest Olares that accepts these charts (`olares >=1.12.6-0`); `/info` must name one."""

LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
EMPTY_DATE = "1970-01-01"
"""The date of a catalog without a release: the answer must hold one."""


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


class _Entry(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Summary(_Entry):
    """An app in `info.data.apps`; it is fetched only if `id` equals its key."""

    id: str
    name: str
    title: str
    version: str
    icon: str
    categories: tuple[str, ...]


class Past(_Entry):
    """One release in an app's history."""

    app_name: str
    version: str
    version_name: str
    upgrade_description: str
    merged_at: str


class EntranceEntry(_Entry):
    """One door of the app."""

    name: str
    host: str
    port: int
    title: str
    icon: str
    auth_level: str
    open_method: str


class LicenseEntry(_Entry):
    """A licence by name and address."""

    text: str
    url: str


class Detail(_Entry):
    """An app in an answer to `applications/info`; names are the client's, types too.

    The GPU and CPU keys are the catalogue's spelling, not the manifest's.
    """

    id: str
    name: str
    cfg_type: str
    chart_name: str
    icon: str
    app_id: str = Field(alias="appID")
    version: str
    version_name: str
    api_version: str
    title: str
    description: str
    full_description: Mapping[str, str]
    upgrade_description: Mapping[str, str]
    categories: tuple[str, ...]
    app_labels: tuple[str, ...]
    locale: tuple[str, ...]
    support_arch: tuple[str, ...]
    required_memory: str
    limited_memory: str
    required_disk: str
    limited_disk: str
    required_cpu: str = Field(alias="requiredCPU")
    limited_cpu: str = Field(alias="limitedCPU")
    required_gpu: str = Field(alias="requiredGPU")
    limited_gpu: str = Field(alias="limitedGPU")
    developer: str
    submitter: str
    website: str
    source_code: str
    updated_at: str = Field(alias="updated_at")
    license: tuple[LicenseEntry, ...]
    entrances: tuple[EntranceEntry, ...]
    version_history: tuple[Past, ...]


def derive_index(ledger: Ledger, listed: Sequence[Listed], market: Market) -> Index:
    """The index of a catalog: a pure function of what is in it."""
    by_id = {app_id(item.release.name): item for item in listed}
    details = {key: _detail(key, by_id[key], ledger) for key in sorted(by_id)}
    summaries = {key: _dump(_summary(key, by_id[key])) for key in details}
    data = {"apps": summaries, **_layout(ledger, listed, market)}
    content = {"data": data, "details": {key: _dump(value) for key, value in details.items()}}
    digest = hashlib.sha256(_canonical(content).encode()).hexdigest()
    updated = max((row.released.isoformat() for row in _releases(ledger)), default=EMPTY_DATE)
    head = {"hash": digest, "last_updated": f"{updated}T00:00:00Z", "version": OLARES_VERSION}
    answers = {
        "hash": head,
        "info": {**head, "stats": {}, "data": data},
        "details": {"apps": content["details"], "version": OLARES_VERSION, "not_found": []},
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
    return Summary(
        id=key,
        name=about.name,
        title=about.title,
        version=about.version,
        icon=about.icon,
        categories=about.categories,
    )


def _detail(key: str, item: Listed, ledger: Ledger) -> Detail:
    about, spec = item.manifest.metadata, item.manifest.spec
    demand = spec.accelerator[0]
    shared = demand.model_dump(exclude={"mode"}) | spec.model_dump(
        include={"version_name", "developer", "submitter", "website", "source_code", "license"}
    )
    return Detail(
        id=key,
        name=about.name,
        cfg_type=item.manifest.kind,
        chart_name=about.name,
        icon=about.icon,
        appID=key,
        version=about.version,
        api_version=item.manifest.api_version,
        title=about.title,
        description=about.description,
        full_description={lang: text.spec.full_description for lang, text in item.i18n.items()},
        upgrade_description={
            lang: text.spec.upgrade_description for lang, text in item.i18n.items()
        },
        categories=about.categories,
        app_labels=("suspend",) if about.name in ledger.suspended else (),
        locale=spec.locale,
        support_arch=spec.support_arch,
        updated_at=f"{item.release.released.isoformat()}T00:00:00Z",
        entrances=tuple(EntranceEntry(**door.model_dump()) for door in item.manifest.entrances),
        version_history=tuple(_past(row) for row in reversed(ledger.releases[about.name])),
        **shared,
    )


def _past(row: Release) -> Past:
    return Past(
        app_name=row.name,
        version=row.version,
        version_name=row.version,
        upgrade_description=row.changes.en,
        merged_at=f"{row.released.isoformat()}T00:00:00Z",
    )


def _layout(ledger: Ledger, listed: Sequence[Listed], market: Market) -> dict[str, object]:
    """Pages, tags and lists around the apps; integers are integers (1, never 1.0)."""
    offered = {item.release.name for item in listed} - set(ledger.suspended)
    newest = sorted(
        (item.release for item in listed if item.release.name in offered),
        key=lambda row: (-row.released.toordinal(), row.name),
    )
    hottest = [name for name in market.hottest if name in offered]
    return {
        "recommends": {},
        "pages": {"All": _page()},
        "topics": {},
        "topic_lists": {},
        "tops": [{"appId": name, "rank": rank} for rank, name in enumerate(hottest, 1)],
        "latest": [row.name for row in newest],
        "tags": _tags(market),
    }


def _page() -> dict[str, object]:
    items = [{"type": "Default Topic", "id": name} for name in ("Newest", "Hottest")]
    return {"category": "All", "content": json.dumps(items), "source": 1}


def _tags(market: Market) -> dict[str, object]:
    return {
        category.slug: {
            "_id": category.slug,
            "name": category.name,
            "title": {"en-US": category.title.en, "zh-CN": category.title.zh},
            "icon": category.icon,
            "sort": place,
            "source": 1,
        }
        for place, category in enumerate(market.categories, 1)
    }


def _dump(entry: _Entry) -> dict[str, object]:
    return entry.model_dump(mode="json", by_alias=True)


def _canonical(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

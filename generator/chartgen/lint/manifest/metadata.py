"""Rules of metadata: names, texts, icon, version and the catalogue's lists (L09 to L12, L52)."""

from __future__ import annotations

import re
from collections.abc import Callable

from chartgen.lint.finding import Problem
from chartgen.lint.go.language import canonical_language
from chartgen.lint.go.url import is_http_url
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.manifest.said import Said, Voice, repeated
from chartgen.quantities.ranges import parse_version

MAX_NAME = 30
"""Bytes of a name or a title (Olares market contract 3.2)."""
RESERVED = frozenset(
    (
        *("market", "auth", "citus", "desktop", "did", "docs", "files", "fsnotify", "headscale"),
        *("infisical", "intentprovider", "ksserver", "message", "mongo", "monitoring", "nitro"),
        *("notifications", "profile", "redis", "recommend", "seafile", "search", "search-admin"),
        *("settings", "systemserver", "tapr", "vault", "video", "zinc", "accounts", "dashboard"),
        *("control-hub", "olares-app"),
    )
)
"""Ids of the device's own apps (Olares market contract 3.5, November 2026)."""
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def metadata_fields(manifest: Manifest) -> Said:
    """The fields of metadata."""
    said, voice, data = Said(), Voice(manifest), manifest.config.metadata
    said.first_of(
        voice.long("L09", "metadata.name", data.name, MAX_NAME),
        _reserved(voice, "metadata.name", data.name),
    )
    said.first_of(
        voice.needed("L09", "metadata.icon", data.icon),
        http_icon(voice, "L10", "metadata.icon", data.icon),
    )
    said.first_of(voice.needed("L09", "metadata.description", data.description))
    said.first_of(voice.long("L09", "metadata.title", data.title, MAX_NAME))
    said.first_of(
        voice.needed("L09", "metadata.version", data.version), _version(voice, data.version)
    )
    said.first_of(_reserved(voice, "metadata.appid", data.appid))
    return said


def http_icon(voice: Voice, rule: str, path: str, value: str) -> list[Problem]:
    """That an icon is no address of the web; an empty one passes."""
    if not value or is_http_url(value):
        return []
    remedy = "Write an http or https address with a host."
    return [voice.says(rule, path, "is not an http(s) address", remedy)]


def _reserved(voice: Voice, path: str, value: str) -> list[Problem]:
    if value.strip(_GO_SPACE) not in RESERVED:
        return []
    return [voice.says("L52", path, "is the id of one of the device's own apps", "Rename the app.")]


def _version(voice: Voice, value: str) -> list[Problem]:
    if not value or parse_version(value):
        return []
    wrong = "is not a semantic version"
    return [voice.says("L11", "metadata.version", wrong, "Write one such as 1.0.2.")]


def taxonomy(manifest: Manifest) -> list[Problem]:
    """The lists that the catalogue sorts by."""
    voice, catalog = Voice(manifest), manifest.catalog
    return [
        *_listed(voice, "metadata.categories_v2", catalog.categories_v2, _bad_slug),
        *_listed(voice, "metadata.tags", catalog.tags, _bad_slug),
        *_listed(voice, "spec.locale", manifest.config.spec.locale, _bad_locale),
    ]


def _listed(
    voice: Voice, path: str, values: tuple[str, ...], fault: Callable[[str], tuple[str, str] | None]
) -> list[Problem]:
    twice = dict.fromkeys(repeated(values), ("is listed twice", "Remove it."))
    faults = ((place, twice.get(place) or fault(value)) for place, value in enumerate(values))
    return [voice.says("L12", f"{path}.{place}", *wrong) for place, wrong in faults if wrong]


def _bad_slug(value: str) -> tuple[str, str] | None:
    if not value:
        return "is empty", "Remove it."
    if _SLUG.fullmatch(value):
        return None
    return "is no slug", "Use small letters and digits, in words joined by single hyphens."


def _bad_locale(value: str) -> tuple[str, str] | None:
    if not value:
        return "is empty", "Remove it."
    canonical = canonical_language(value)
    if canonical is None:
        return "is not a language tag of BCP 47", "Use one such as en-US."
    if canonical != value:
        return "is not spelled as BCP 47 has it", f"Write {canonical}."
    if canonical == "und" or canonical.startswith("und-"):
        return "names the undefined language", "Name the languages of the app's texts."
    return None

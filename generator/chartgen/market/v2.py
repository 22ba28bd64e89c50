"""The v2 protocol of a market source (Olares market contract 1.8, second-hand).

Times of records are milliseconds, `updated_at` alone is in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from chartgen.market.site import Listing, Offer, Site, asked_version, dump

PAGE_SIZE = 100
MAX_PAGE_SIZE = 500
LANGUAGES = (("en-US", "English"), ("zh-CN", "简体中文"))


def catalog(site: Site, query: Mapping[str, str]) -> bytes:
    """`GET /api/v2/catalog`: what a device compares before it asks for more."""
    offer = _offer(site, query)
    modified = _modified(offer)
    return _wrap(
        {
            "schema_version": "v2",
            "source_id": site.source.id,
            "taxonomy_last_modify_time": modified,
            "apps_last_modify_time": modified,
            "apps_filter_digest": offer.hash,
        }
    )


def taxonomy(site: Site, query: Mapping[str, str]) -> bytes:
    """`GET /api/v2/taxonomy`: the source's name, languages, categories and pages."""
    source = site.source
    return _wrap(
        {
            "last_modify_time": _modified(_offer(site, query)),
            "source": {
                "source_id": source.id,
                "short_label": source.title,
                "display_name": {code: source.title for code, _ in LANGUAGES},
                "icon": "",
                "is_official": False,
            },
            "languages": [
                {"code": code, "display_name": name, "sort": place, "enabled": True}
                for place, (code, name) in enumerate(LANGUAGES, 1)
            ],
            "categories": [
                {
                    "id": category["slug"],
                    "builtin": False,
                    "sort": category["sort"],
                    "icon": category["icon"],
                    "title": category["title"],
                    "description": category["title"],
                }
                for category in source.categories
            ],
            "nav": [category["slug"] for category in source.categories],
            "pages": [_page(category["slug"]) for category in source.categories],
            "tags": _values(site, "tags"),
            "topic_lists": _values(site, "topic_lists"),
            "topics": _values(site, "topics"),
            "recommends": _values(site, "recommends"),
        }
    )


def applications(site: Site, query: Mapping[str, str]) -> bytes:
    """`GET /api/v2/applications` and its twin for browsing, page by page from 1."""
    offer = _offer(site, query)
    page = _number(query.get("page"), 1, 1 << 31)
    size = _number(query.get("size") or query.get("page_size"), PAGE_SIZE, MAX_PAGE_SIZE)
    keys = sorted(offer.apps)
    shown = keys[(page - 1) * size : page * size]
    slugs = {category["name"]: category["slug"] for category in site.source.categories}
    return _wrap(
        {
            "items": [_item(key, offer.apps[key], slugs) for key in shown],
            "removed": list(site.removed),
            "has_more": page * size < len(keys),
            "max_last_modify_time": _modified(offer),
            "total": len(keys),
            "page": page,
            "page_size": size,
        }
    )


def _values(site: Site, part: str) -> list[object]:
    """The entries of a part of the layout, which v2 tells as a list."""
    return list(cast("Mapping[str, object]", site.layout[part]).values())


def _item(key: str, app: Listing, slugs: Mapping[str, str]) -> dict[str, object]:
    return {
        "app_id": key,
        "name": app.release.name,
        "title": app.detail["title"],
        "version": app.release.version,
        "icon": app.detail["icon"],
        "featured_image": "",
        "cfg_type": app.detail["cfgType"],
        "categories": app.detail["categories"],
        "categories_v2": [slugs[name] for name in app.detail["categories"] if name in slugs],
        "tags": [],
        "app_labels": app.detail["appLabels"],
        "olares_version_constraint": app.olares_range,
        "last_modify_time": app.released_ms,
        "updated_at": app.released_s,
    }


def _page(slug: str) -> dict[str, object]:
    items = [{"type": "Default Topic", "id": name} for name in ("Newest", "Hottest")]
    return {"category_id": slug, "items": cast("object", items)}


def _offer(site: Site, query: Mapping[str, str]) -> Offer:
    return site.offer(asked_version(query.get("version")))


def _modified(offer: Offer) -> int:
    return max((app.released_ms for app in offer.apps.values()), default=0)


def _number(text: str | None, default: int, most: int) -> int:
    """A number from a query; what is none, or less than 1, is the default."""
    number = int(text) if text and text.isascii() and text.isdecimal() and len(text) < 12 else 0
    return min(number, most) if number > 0 else default


def _wrap(data: Mapping[str, object]) -> bytes:
    return dump({"code": 0, "msg": "success", "data": data})

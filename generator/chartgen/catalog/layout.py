"""What stands around the apps in an index: pages, tags, topics, lists.

Shapes: Olares market contract 1.4 and 1.6. All integers are integers (1, never 1.0), the
content of a page is a string that holds JSON, and lists of apps are names with commas.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypedDict

from chartgen.catalog.ledger import Release
from chartgen.spec import Market, Text, Topic

FEATURED = "Featured"
"""The name of the recommendation that holds the featured apps."""

FEATURED_TITLE = Text("Featured", "精选")
TOPIC_LIST = "Topics"
TOPICS_TITLE = Text("Topics", "专题")


class CategoryEntry(TypedDict):
    """A category of the sidebar."""

    slug: str
    name: str
    title: dict[str, str]
    icon: str
    sort: int


ALL: CategoryEntry = {
    "slug": "all",
    "name": "All",
    "title": {"en-US": "All", "zh-CN": "全部"},
    "icon": "sym_r_apps",
    "sort": 0,
}
"""The tag that every client shows first."""


def layout(market: Market, offered: Mapping[str, Release], updated: str) -> dict[str, object]:
    """Everything around the apps; only names that are offered are told."""
    newest = sorted(offered.values(), key=lambda row: (-row.released.toordinal(), row.name))
    hottest = [name for name in market.hottest if name in offered]
    return {
        "recommends": _recommends(market, offered, updated),
        "pages": {"All": _page(market)},
        "topics": {topic.id: _topic(topic, offered) for topic in market.topics},
        "topic_lists": _topic_lists(market),
        "tops": [{"appId": name, "rank": rank} for rank, name in enumerate(hottest, 1)],
        "latest": [row.name for row in newest],
        "tags": {entry["slug"]: _tag(entry) for entry in (ALL, *categories(market))},
    }


def categories(market: Market) -> list[CategoryEntry]:
    """The market's categories in their order."""
    return [
        {
            "slug": category.slug,
            "name": category.name,
            "title": by_language(category.title),
            "icon": category.icon,
            "sort": place,
        }
        for place, category in enumerate(market.categories, 1)
    ]


def by_language(text: Text) -> dict[str, str]:
    """A text under the names that clients have for languages."""
    return {"en-US": text.en, "zh-CN": text.zh}


def _names(wanted: Iterable[str], offered: Mapping[str, Release]) -> str:
    return ",".join(name for name in wanted if name in offered)


def _recommends(
    market: Market, offered: Mapping[str, Release], updated: str
) -> dict[str, dict[str, object]]:
    if not market.featured:
        return {}
    title = by_language(FEATURED_TITLE)
    entry = {
        "name": FEATURED,
        "description": FEATURED_TITLE.en,
        "content": _names(market.featured, offered),
        "data": {"title": title, "description": title},
        "source": 1,
        "updated_at": updated,
        "createdAt": updated,
    }
    return {FEATURED: entry}


def _page(market: Market) -> dict[str, object]:
    items = [{"type": "Recommends", "id": FEATURED}] if market.featured else []
    items += [{"type": "Topic", "id": TOPIC_LIST}] if market.topics else []
    items += [{"type": "Default Topic", "id": name} for name in ("Newest", "Hottest")]
    return {"category": "All", "content": json.dumps(items), "source": 1}


def _topic(topic: Topic, offered: Mapping[str, Release]) -> dict[str, object]:
    apps = _names(topic.apps, offered)
    told = {"en-US": (topic.title.en, topic.description.en)}
    told["zh-CN"] = (topic.title.zh, topic.description.zh)
    data = {language: _card(topic, *texts, apps) for language, texts in told.items()}
    return {"_id": topic.id, "name": topic.title.en, "data": data, "source": 1}


def _card(topic: Topic, title: str, description: str, apps: str) -> dict[str, object]:
    """One language of a topic; pictures are addresses, empty where there are none."""
    return {
        "group": topic.id,
        "title": title,
        "des": description,
        "iconimg": topic.image,
        "detailimg": topic.image,
        "richtext": "",
        "mobileDetailImg": topic.image,
        "mobileRichtext": "",
        "backgroundColor": "",
        "apps": apps,
        "isdelete": False,
    }


def _topic_lists(market: Market) -> dict[str, dict[str, object]]:
    """Lists hold topic ids, not app names."""
    if not market.topics:
        return {}
    entry = {
        "name": TOPIC_LIST,
        "type": "Topic",
        "description": TOPICS_TITLE.en,
        "content": ",".join(topic.id for topic in market.topics),
        "title": by_language(TOPICS_TITLE),
        "source": 1,
    }
    return {TOPIC_LIST: entry}


def _tag(category: CategoryEntry) -> dict[str, object]:
    return {
        "_id": category["slug"],
        "name": category["name"],
        "title": category["title"],
        "icon": category["icon"],
        "sort": category["sort"],
        "source": 1,
    }

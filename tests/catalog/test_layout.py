"""What stands around the apps: pages, recommendations, topics, lists."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from chartgen.catalog import Release
from chartgen.catalog.layout import layout
from chartgen.spec import Category, Market, Text, Topic

DAY = "2026-11-21T00:00:00Z"
MARKET = Market(
    source_id="test",
    title="Test",
    public_url="https://market.test",
    categories=(Category(name="AI", slug="ai", title=Text("AI", "人工智能"), icon="sym"),),
    featured=("beta", "gone"),
    hottest=("gone", "alpha", "beta"),
    topics=(
        Topic(
            id="office",
            title=Text("Office", "办公"),
            description=Text("For work.", "用于工作。"),
            apps=("alpha", "gone"),
        ),
    ),
)


def release(name: str, day: int) -> Release:
    return Release(
        name=name,
        version="1.0.0",
        sha256="0" * 64,
        spec_sha256="1" * 64,
        released=date(2026, 11, day),
        changes=Text("First.", "首个版本。"),
    )


OFFERED = {"alpha": release("alpha", 1), "beta": release("beta", 2)}


def told(market: Market = MARKET) -> dict[str, object]:
    # Through JSON, as a device gets it.
    found: dict[str, object] = json.loads(json.dumps(layout(market, OFFERED, DAY)))
    return found


def test_lists_name_only_what_is_offered() -> None:
    found = told()
    assert found["tops"] == [{"appId": "alpha", "rank": 1}, {"appId": "beta", "rank": 2}]
    assert found["latest"] == ["beta", "alpha"]


def test_featured_apps_are_a_recommendation_on_the_page() -> None:
    found = json.dumps(told())
    assert '"content": "beta"' in found
    assert '{\\"type\\": \\"Recommends\\", \\"id\\": \\"Featured\\"}' in found


def test_a_topic_is_told_in_both_languages_and_listed_by_its_id() -> None:
    text = json.dumps(told(), ensure_ascii=False)
    assert '"title": "办公"' in text
    assert '"des": "For work."' in text
    assert '"content": "office"' in text
    assert '"apps": "alpha"' in text


def test_without_featured_apps_and_topics_there_are_neither() -> None:
    found = told(replace(MARKET, featured=(), topics=()))
    assert (found["recommends"], found["topics"], found["topic_lists"]) == ({}, {}, {})
    assert "Recommends" not in json.dumps(found["pages"])


def test_the_tag_that_shows_everything_comes_first() -> None:
    tags = told()["tags"]
    assert isinstance(tags, dict)
    assert [tag["name"] for tag in sorted(tags.values(), key=lambda tag: tag["sort"])] == [
        "All",
        "AI",
    ]

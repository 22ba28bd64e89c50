"""Our answers against the contract's tables, and the client against its list of mutations."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import TypeAlias, cast

import pytest

from chartgen.catalog.index import app_id
from chartgen.market.answer import Answer, Request, answer
from chartgen.market.site import Site
from tests.market.client import by_id, check_row, ids_of
from tests.market.shapes import DETAIL, HASH, INFO, Json, Refused, read_json

Document: TypeAlias = dict[str, object]
PREFIXES = pytest.mark.parametrize("prefix", ["/api/v1", "/api/v2"])


def get(site: Site, path: str, **query: str) -> Answer:
    return answer(site, Request("GET", path, query))


def ask(site: Site, *ids: str, version: str = "1.12.6", prefix: str = "/api/v1") -> Document:
    body = json.dumps({"app_ids": ids, "version": version}).encode()
    told = answer(site, Request("POST", f"{prefix}/applications/info", body=body))
    assert (told.status, told.content_type) == (200, "application/json")
    return cast("Document", json.loads(told.body))


def info(site: Site, version: str = "1.12.6") -> Document:
    return cast("Document", read_json(get(site, "/api/v1/appstore/info", version=version).body))


@PREFIXES
@pytest.mark.parametrize("leaf", ["hash", "info"])
def test_every_answer_is_200_and_json(site: Site, prefix: str, leaf: str) -> None:
    told = get(site, f"{prefix}/appstore/{leaf}", version="1.12.7")
    assert (told.status, told.content_type) == (200, "application/json")


@pytest.mark.parametrize("version", ["1.12.7", "1.12.6", "1.12.5", "1.11.0"])
def test_hash_and_info_have_the_types_of_the_client(site: Site, version: str) -> None:
    told = read_json(get(site, "/api/v1/appstore/hash", version=version).body)
    whole = info(site, version)
    HASH(told, "hash")
    INFO(whole, "info")
    assert [told[key] for key in told] == [whole[key] for key in told]
    assert (whole["version"], whole["stats"]) == (version, {})
    assert set(told) == {"hash", "last_updated", "version"}


def test_every_app_would_be_fetched(site: Site) -> None:
    assert ids_of(info(site)) == sorted(app_id(name) for name in ("alpha", "beta", "gamma"))


def test_lists_hold_names_of_apps_that_are_offered(site: Site) -> None:
    for version, names in (("1.12.6", {"alpha", "beta", "gamma"}), ("1.12.7", {"alpha", "beta"})):
        data = cast("Json", info(site, version)["data"])
        assert set(cast("list[str]", data["latest"])) == names
        tops = cast("list[dict[str, object]]", data["tops"])
        assert [(top["appId"], top["rank"]) for top in tops] == [("alpha", 1), ("beta", 2)]


def test_page_content_is_json_in_a_string(site: Site) -> None:
    pages = cast("dict[str, dict[str, str]]", cast("Json", info(site)["data"])["pages"])
    for page in pages.values():
        items = json.loads(page["content"])
        assert {item["type"] for item in items} == {"Default Topic"}
        assert {item["id"] for item in items} == {"Newest", "Hottest"}


def test_every_tag_and_category_speaks_both_languages(site: Site) -> None:
    tags = cast("dict[str, Json]", cast("Json", info(site)["data"])["tags"])
    assert {tag["name"] for tag in tags.values()} == {"All", "AI", "Games"}
    assert all(set(cast("Json", tag["title"])) == {"en-US", "zh-CN"} for tag in tags.values())


@PREFIXES
def test_details_are_kept_whole(site: Site, prefix: str) -> None:
    """No field of ours has a form that the client would drop."""
    asked = [app_id(name) for name in ("alpha", "beta", "gamma")]
    apps = cast("dict[str, Json]", ask(site, *asked, prefix=prefix)["apps"])
    assert set(apps) == set(asked)
    for key, row in apps.items():
        check_row(key, row)
        assert set(row) <= set(DETAIL)
        assert (row["id"], row["appID"], row["cfgType"]) == (key, key, "app")
        assert key == app_id(str(row["name"]))
        assert isinstance(row["appLabels"], list)


def test_alpha_is_told_in_its_newest_version(site: Site) -> None:
    key = app_id("alpha")
    apps = cast("dict[str, Json]", ask(site, key)["apps"])
    summary = cast("dict[str, Json]", cast("Json", info(site)["data"])["apps"])[key]
    assert (apps[key]["version"], summary["version"]) == ("1.1.0", "1.1.0")
    history = cast("list[Json]", apps[key]["versionHistory"])
    assert [past["version"] for past in history] == ["1.1.0", "1.0.0"]


@PREFIXES
def test_only_what_was_asked_is_answered(site: Site, prefix: str) -> None:
    alpha = app_id("alpha")
    told = ask(site, alpha, "unknown", alpha, "", prefix=prefix)
    assert list(cast("Json", told["apps"])) == [alpha]
    assert told["not_found"] == ["unknown", ""]
    assert told["version"] == "1.12.6"


def test_nothing_asked_is_an_empty_answer(site: Site) -> None:
    assert ask(site) == {"apps": {}, "not_found": [], "version": "1.12.6"}


def test_an_app_of_another_olares_is_not_found(site: Site) -> None:
    gamma = app_id("gamma")
    assert ask(site, gamma, version="1.12.7")["not_found"] == [gamma]
    assert ask(site, gamma, version="1.12.6")["not_found"] == []


@pytest.mark.parametrize("version", ["", "nonsense", "9" * 41, "1.2.3.4", "{}", "1.12.7 "])
def test_a_version_that_is_none_gets_the_answer_of_the_lowest(site: Site, version: str) -> None:
    told = info(site, version)
    assert told["version"] == "1.12.6"
    assert told == info(site, "1.12.6")


Edit: TypeAlias = Callable[[Document], object]


def _at(document: Document, *path: str) -> Document:
    for key in path:
        document = cast("Document", document[key])
    return document


def _set(*path: str, to: object) -> Edit:
    return lambda document: _at(document, *path[:-1]).__setitem__(path[-1], to)


def _tag(field: str, to: object) -> Edit:
    return lambda document: _at(document, "data", "tags", "ai").__setitem__(field, to)


def _top(rank: object) -> Edit:
    return lambda document: _at(document, "data").__setitem__(
        "tops", [{"appId": "alpha", "rank": rank}]
    )


REFUSED = {
    "last_updated empty": _set("last_updated", to=""),
    "last_updated number": _set("last_updated", to=1),
    "last_updated without zone": _set("last_updated", to="2026-01-01T00:00:00"),
    "hash empty": _set("hash", to=""),
    "hash absent": lambda document: document.pop("hash"),
    "version absent": lambda document: document.pop("version"),
    "version number": _set("version", to=1),
    "stats array": _set("stats", to=[]),
    "apps array": _set("data", "apps", to=[]),
    "pages array": _set("data", "pages", to=[]),
    "page content array": _set("data", "pages", to={"All": {"content": []}}),
    "rank string": _top("1"),
    "rank half": _top(1.5),
    "rank float": _top(1.0),
    "latest objects": _set("data", "latest", to=[{}]),
    "tag sort string": _tag("sort", "1"),
    "tag source string": _tag("source", "1"),
}
ACCEPTED = {
    "baseline": lambda _document: None,
    "apps null": _set("data", "apps", to=None),
    "pages null": _set("data", "pages", to=None),
    "tops empty": _set("data", "tops", to=[]),
    "tops absent": lambda document: _at(document, "data").pop("tops"),
    "last_updated absent": lambda document: document.pop("last_updated"),
    "last_updated with ms": _set("last_updated", to="2026-01-01T00:00:00.123Z"),
}
VANISHED = {
    "id absent": {"name": "alpha"},
    "id other": {"id": "other"},
    "id number": {"id": 1},
    "entry a string": "alpha",
}


@pytest.mark.parametrize("edit", REFUSED.values(), ids=REFUSED.keys())
def test_the_client_refuses_what_the_real_one_refuses(site: Site, edit: Edit) -> None:
    document = copy.deepcopy(info(site))
    edit(document)
    with pytest.raises(Refused):
        INFO(read_json(json.dumps(document).encode()), "info")


@pytest.mark.parametrize("edit", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_the_client_takes_what_the_real_one_takes(site: Site, edit: Edit) -> None:
    document = copy.deepcopy(info(site))
    edit(document)
    INFO(read_json(json.dumps(document).encode()), "info")


@pytest.mark.parametrize("entry", VANISHED.values(), ids=VANISHED.keys())
def test_the_client_sees_an_app_vanish(site: Site, entry: object) -> None:
    document = copy.deepcopy(info(site))
    _at(document, "data", "apps")[app_id("alpha")] = entry
    with pytest.raises(Refused, match="vanishes"):
        ids_of(document)


@pytest.mark.parametrize(
    "edit",
    [
        *({"version": 1}, {"version": None}, {"version": " "}, {"version": "1.0.0-rc.20261120"}),
        *({"title": {"en-US": "A"}}, {"requiredMemory": 4}, {"name": "a\0"}, {"appLabels": "x"}),
        *({"license": [""]}, {"fullDescription": {"en-US": 1}}, {"onlyAdmin": 1}),
    ],
)
def test_the_client_sees_a_detail_that_would_be_lost(site: Site, edit: Document) -> None:
    key = app_id("alpha")
    row = cast("Document", cast("Json", ask(site, key)["apps"])[key])
    with pytest.raises(Refused):
        check_row(key, row | edit)


@pytest.mark.parametrize(
    "document", [{"apps": []}, {"apps": {"a": 1}, "not_found": []}, {"apps": {}}]
)
def test_the_client_sees_details_of_another_form(document: Document) -> None:
    with pytest.raises(Refused):
        by_id(document, "details")


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf{}", b"{}x", b'{"a":1e400}', b'{"a":NaN}', b"[]"])
def test_the_client_takes_strict_json_only(body: bytes) -> None:
    with pytest.raises(Refused):
        read_json(body)

"""Pages of the v2 list, and what any catalog has in common."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.catalog.index import Detail, app_id
from chartgen.market.answer import Request, answer
from chartgen.market.site import Listing, Site, load_site
from chartgen.market.v2 import MAX_PAGE_SIZE, PAGE_SIZE
from tests.market.client import ids_of
from tests.market.shapes import INFO, V2_PAGE, Json, read_json
from tests.market.shop import Made, shop

LIST = "/api/v2/applications"
SIZES = st.sampled_from([1, 2, 3, 7, 99, 100, 101, 499, 500, 501, 10_000])
COUNTS = st.sampled_from([0, 1, 2, 3, 99, 100, 101, 500, 501, 1000]) | st.integers(0, 1200)
WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@cache
def template() -> Site:
    """A site of one app, as it was read from disk."""
    with TemporaryDirectory() as folder:
        return load_site(shop(Path(folder) / "catalog", Made(name="template")).root)


@cache
def site_of(count: int) -> Site:
    """A site of any number of apps, in memory: each the template by another name."""
    (one,) = template().apps.values()
    apps = {item.detail["id"]: item for item in (_named(one, n) for n in range(count))}
    digest = hashlib.sha256(b"%d" % count).hexdigest()
    return replace(template(), apps=apps, hash=digest, _offers={}, _details={})


def _named(one: Listing, number: int) -> Listing:
    name = f"app{number:05d}"
    key = app_id(name)
    about = {"id": key, "appID": key, "name": name, "chartName": name}
    return replace(
        one,
        release=one.release.model_copy(update={"name": name}),
        summary=one.summary | {"id": key, "name": name},
        detail=cast("Detail", one.detail | about),
    )


def page(site: Site, path: str = LIST, **query: str) -> Json:
    told = answer(site, Request("GET", path, {"version": "1.12.7", **query}))
    assert told.status == 200
    document = read_json(told.body)
    assert (document["code"], document["msg"]) == (0, "success")
    V2_PAGE(document["data"], "data")
    return cast("Json", document["data"])


def pages(site: Site, size: int) -> Iterator[Json]:
    number, more = 1, True
    while more:
        told = page(site, page=str(number), size=str(size))
        yield told
        number, more = number + 1, bool(told["has_more"])


def shown(told: Json) -> list[str]:
    return [str(item["app_id"]) for item in cast("list[Json]", told["items"])]


def check_complete(site: Site, size: int) -> None:
    told = list(pages(site, size))
    found = [key for one in told for key in shown(one)]
    assert sorted(found) == sorted(site.apps)
    assert len(set(found)) == len(found)
    assert {one["total"] for one in told} == {len(site.apps)}
    assert [one["page"] for one in told] == list(range(1, len(told) + 1))
    assert {one["page_size"] for one in told} == {min(size, MAX_PAGE_SIZE)}
    assert all(shown(one) for one in told) or not site.apps


@settings(max_examples=25, deadline=None)
@given(COUNTS, SIZES)
def test_any_catalog_pages_completely(count: int, size: int) -> None:
    if count / min(size, MAX_PAGE_SIZE) <= 120:
        check_complete(site_of(count), size)


@pytest.mark.parametrize("size", [500, 700])
def test_ten_thousand_apps_page_completely(size: int) -> None:
    check_complete(site_of(10_000), size)


def test_ten_thousand_apps_are_in_one_info() -> None:
    told = answer(site_of(10_000), Request("GET", "/api/v1/appstore/info"))
    document = read_json(told.body)
    INFO(document, "info")
    assert len(set(ids_of(document))) == 10_000


@pytest.mark.parametrize(
    "text", ["0", "-1", "", "x", "1e3", "\uff11", "²", "9" * 30, "1.0", " 1", "\0"]
)
def test_what_is_no_number_is_the_first_page_of_usual_size(text: str) -> None:
    told = page(site_of(250), page=text, size=text)
    assert (told["page"], told["page_size"], told["has_more"]) == (1, PAGE_SIZE, True)
    assert len(shown(told)) == PAGE_SIZE


def test_behind_the_last_page_is_an_empty_one() -> None:
    for number in ("4", "5", "99999999999", "2147483648"):
        told = page(site_of(250), page=number)
        assert (shown(told), told["has_more"], told["total"]) == ([], False, 250)


def test_the_size_has_a_limit_which_is_told() -> None:
    told = page(site_of(1000), size="100000")
    assert (len(shown(told)), told["page_size"], told["has_more"]) == (500, 500, True)


def test_browsing_and_the_other_name_of_size_answer_alike() -> None:
    site = site_of(250)
    assert page(site, "/api/v2/browse/applications", size="9") == page(site, size="9")
    assert page(site, page_size="9") == page(site, size="9")


def state(site: Site) -> dict[str, tuple[str, bytes]]:
    """The mark and the body of every answer that depends on apps."""
    paths = ("/api/v1/appstore/hash", "/api/v1/appstore/info", "/api/v2/catalog", LIST)
    told = {path: answer(site, Request("GET", path, {"version": "1.12.7"})) for path in paths}
    return {path: (one.headers["ETag"], one.body) for path, one in told.items()}


@settings(max_examples=30, deadline=None)
@given(WORDS, WORDS, st.booleans())
def test_hash_and_marks_change_exactly_when_content_does(
    one: str, other: str, suspend: bool
) -> None:
    with TemporaryDirectory() as folder:
        first = shop(Path(folder) / "a", Made(name="alpha", title=one), Made(name="beta"))
        second = shop(Path(folder) / "b", Made(name="alpha", title=other), Made(name="beta"))
        if suspend:
            second.suspend("beta")
        before, after = load_site(first.root), load_site(second.root)
    same = one == other and not suspend
    assert (before.hash == after.hash) == same
    told, again = state(before), state(after)
    assert all(
        (told[path][0] == again[path][0]) == (told[path][1] == again[path][1]) for path in told
    )
    assert (told["/api/v1/appstore/hash"] == again["/api/v1/appstore/hash"]) == same
    assert (told["/api/v1/appstore/info"] == again["/api/v1/appstore/info"]) == same
    assert (told["/api/v2/catalog"] == again["/api/v2/catalog"]) == same


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([">=1.12.6-0", ">=1.12.7-0", "<1.12.7-0", ""]), max_size=6))
def test_each_olares_is_offered_the_apps_in_range_and_a_hash_of_its_own(ranges: list[str]) -> None:
    with TemporaryDirectory() as folder:
        apps = [Made(name=f"app{n}", olares=text) for n, text in enumerate(ranges)]
        site = load_site(shop(Path(folder) / "catalog", *apps, Made(name="any")).root)
    hashes: dict[str, tuple[str, ...]] = {}
    for version in ("1.12.5", "1.12.6", "1.12.7", "1.13.0-rc.1"):
        told = answer(site, Request("GET", "/api/v1/appstore/info", {"version": version}))
        document = json.loads(told.body)
        offered = tuple(sorted(document["data"]["apps"]))
        assert hashes.setdefault(document["hash"], offered) == offered
        newest = {app_id(name) for name in document["data"]["latest"]}
        assert newest == set(offered)

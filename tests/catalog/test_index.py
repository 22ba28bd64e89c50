"""The index has the shapes that devices read (Olares market contract 1.3 to 1.5, 1.7b)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

import pytest

from tests.chart.reading import at, entries, table, words
from tests.release.steps import amend, resume, set_version, suspend
from tests.repository import LLAMACPP, VLLM, Repository

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DETAIL: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(
        ["id", "name", "cfgType", "chartName", "icon", "appID", "version", "versionName"], str
    ),
    **dict.fromkeys(["apiVersion", "title", "description", "developer", "submitter"], str),
    **dict.fromkeys(["website", "sourceCode", "doc", "updated_at"], str),
    **{
        f"{word}{kind}": str
        for word in ("required", "limited")
        for kind in ("Memory", "Disk", "CPU", "GPU")
    },
    **dict.fromkeys(["fullDescription", "upgradeDescription"], dict),
    **dict.fromkeys(["categories", "appLabels", "locale", "supportArch"], list),
    **dict.fromkeys(["license", "entrances", "versionHistory"], list),
}
NAMES = (LLAMACPP, VLLM)


def app_id(name: str) -> str:
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:8]


def index_of(repository: Repository) -> object:
    value: object = json.loads((repository.catalog / "index.json").read_text("utf-8"))
    return value


@pytest.fixture
def index(repository: Repository) -> object:
    """The index of a catalog with both apps, both of them offered."""
    resume(repository, LLAMACPP)
    repository.build()
    return index_of(repository)


def test_the_three_answers_agree(index: object) -> None:
    head, info = table(index, "hash"), table(index, "info")
    assert set(head) == {"hash", "last_updated", "version"}
    assert {key: info[key] for key in head} == head
    assert set(info) == {*head, "stats", "data"}
    assert re.fullmatch("[0-9a-f]{64}", str(head["hash"]))
    assert RFC3339.fullmatch(str(head["last_updated"]))
    assert head["version"] == "1.12.6"
    assert info["stats"] == {}
    assert set(table(index, "details")) == {"apps", "version", "not_found"}
    assert at(index, "details", "not_found") == []
    assert at(index, "details", "version") == head["version"]


def test_ids_are_keys_are_digests_of_names(index: object) -> None:
    ids = {app_id(name): name for name in NAMES}
    for apps in (table(index, "info", "data", "apps"), table(index, "details", "apps")):
        assert {key: at(app, "name") for key, app in apps.items()} == ids
        assert all(at(app, "id") == key for key, app in apps.items())


def test_every_field_of_an_app_has_its_type(index: object) -> None:
    for app in table(index, "details", "apps").values():
        assert set(table(app)) == set(DETAIL)
        for field, kind in DETAIL.items():
            assert isinstance(at(app, field), kind), field
        for field in ("categories", "appLabels", "locale", "supportArch"):
            assert words(app, field) == at(app, field)
        for field in ("fullDescription", "upgradeDescription"):
            assert set(table(app, field)) == {"en-US", "zh-CN"}
            assert all(isinstance(text, str) and text for text in table(app, field).values())
        assert all(isinstance(item, dict) for item in entries(app, "entrances"))
        assert len(str(at(app, "version"))) <= 16
        assert at(app, "cfgType") == "app"
        assert RFC3339.fullmatch(str(at(app, "updated_at")))


def test_the_layout_has_its_types(index: object) -> None:
    data = table(index, "info", "data")
    maps = {"apps", "recommends", "pages", "topics", "topic_lists", "tags"}
    assert set(data) == maps | {"tops", "latest"}
    assert all(isinstance(data[key], dict) for key in maps)
    assert words(data, "latest") == list(NAMES)
    assert entries(data, "tops") == [{"appId": VLLM, "rank": 1}]
    for key, tag in table(data, "tags").items():
        assert set(table(tag)) == {"_id", "name", "title", "icon", "sort", "source"}
        assert at(tag, "_id") == key
        assert set(table(tag, "title")) == {"en-US", "zh-CN"}
    for page in table(data, "pages").values():
        assert {at(page, "category"), at(page, "source")} == {"All", 1}
        shown = json.loads(str(at(page, "content")))
        assert {at(item, "type") for item in shown} <= {"Default Topic", "Recommends", "Topic"}
        assert [at(item, "id") for item in shown] == ["Featured", "Newest", "Hottest"]


def test_apps_lie_in_categories_that_have_a_tag(index: object) -> None:
    tags = {at(tag, "name") for tag in table(index, "info", "data", "tags").values()}
    for app in table(index, "info", "data", "apps").values():
        assert words(app, "categories")
        assert set(words(app, "categories")) <= tags


def test_whole_numbers_are_written_as_such(index: object) -> None:
    assert not [number for number in numbers(index) if type(number) is not int]
    assert len(numbers(index)) > 3


def numbers(value: object) -> list[object]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, int | float) else []


def test_the_index_says_what_the_package_says(repository: Repository) -> None:
    built = {app.name: app for app in repository.build().apps}
    for app in table(index_of(repository), "details", "apps").values():
        name = str(at(app, "name"))
        assert at(app, "version") == built[name].version
        assert at(app, "requiredGPU") == at(app, "limitedGPU") == "23982Mi"
        assert at(app, "requiredMemory") == "24Gi"
        spec = repository.app(name)
        assert at(app, "title") == spec.title
        assert at(app, "license") == [{"text": spec.license.text, "url": spec.license.url}]
        (door,) = entries(app, "entrances")
        assert at(door, "port") == spec.engine.port


def test_every_hash_is_the_same_for_the_same_content(repository: Repository) -> None:
    first = repository.build(VLLM, LLAMACPP, out=repository.root / "one")
    other = repository.build(LLAMACPP, out=repository.root / "two")
    repository.build(LLAMACPP)
    backwards = repository.build(VLLM)
    assert first.catalog_hash == backwards.catalog_hash
    assert other.catalog_hash != first.catalog_hash


def test_the_hash_changes_with_the_market(repository: Repository) -> None:
    before = repository.build()
    repository.edit("market.py", "sym_r_robot_2", "sym_r_robot")
    after = repository.build()
    assert after.catalog_hash != before.catalog_hash
    assert [app.sha256 for app in after.apps] == [app.sha256 for app in before.apps]


def test_the_history_tells_every_release(repository: Repository) -> None:
    for version, text in (("1.0.0", "First."), ("1.0.1", "More {context}."), ("1.0.2", "{{x}}")):
        set_version(repository, version, text)
        repository.build(VLLM)
    (app,) = table(index_of(repository), "details", "apps").values()
    history = entries(app, "versionHistory")
    assert [at(row, "version") for row in history] == ["1.0.2", "1.0.1", "1.0.0"]
    assert {at(row, "appName") for row in history} == {VLLM}
    assert all(RFC3339.fullmatch(str(at(row, "mergedAt"))) for row in history)
    assert [at(row, "versionName") for row in history] == [at(row, "version") for row in history]
    assert [at(row, "upgradeDescription") for row in history] == ["{x}", "More 128K.", "First."]


def test_a_suspended_app_is_labelled_and_left_out_of_the_lists(repository: Repository) -> None:
    resume(repository, LLAMACPP)
    repository.build()
    suspend(repository)
    repository.build()
    index = index_of(repository)
    details = table(index, "details", "apps")
    assert at(details[app_id(VLLM)], "appLabels") == ["suspend"]
    assert at(details[app_id(LLAMACPP)], "appLabels") == []
    assert words(index, "info", "data", "latest") == [LLAMACPP]
    assert entries(index, "info", "data", "tops") == []
    assert app_id(VLLM) in table(index, "info", "data", "apps")


def test_the_newest_release_is_listed_first(repository: Repository) -> None:
    resume(repository, LLAMACPP)
    amend(repository, LLAMACPP, released="date(2026, 11, 20)")
    repository.build()
    assert words(index_of(repository), "info", "data", "latest") == [VLLM, LLAMACPP]
    amend(repository, VLLM, version='"9.0.0"', changes='Text("x", "x")')
    amend(repository, VLLM, released="date(2027, 1, 2)")
    repository.build()
    assert at(index_of(repository), "hash", "last_updated") == "2027-01-02T00:00:00Z"

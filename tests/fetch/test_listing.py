"""What the hub lists: the commit of a branch, and names and sizes that may be hostile."""

from __future__ import annotations

import json

import pytest

from tests.fetch.device import FILES, Device, model, weights
from tests.fetch.hub import commit_id, git_id, sibling


def test_a_pinned_model_is_asked_for_by_its_commit_alone(device: Device) -> None:
    assert device.start(weights(device.hub.commit)) == 0
    assert [request.path.rpartition("/")[2] for request in device.hub.listings()] == [
        device.hub.commit
    ]
    assert "unpinned" not in device.log


def test_the_listing_is_that_of_the_resolved_commit(device: Device) -> None:
    assert device.start() == 0
    asked = [request.path.rpartition("/")[2] for request in device.hub.listings()]
    assert asked == ["main", device.hub.commit]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/evil.json",
        "../evil.json",
        "a/../../evil.json",
        "a//evil.json",
        "./evil.json",
        "a\\evil.json",
        "a\nevil.json",
        "a\u202eevil.json",
        "a" * 300 + ".json",
        "a/" * 600 + "evil.json",
        ".chartgen-record.json",
        "a/.chartgen-lock/evil.json",
        "\ud800.json",
    ],
)
def test_hostile_names_are_refused(device: Device, name: str) -> None:
    siblings = [sibling("config.json", b"{}"), {**sibling("x", b"x"), "rfilename": name}]
    device.hub.listing = json.dumps({"sha": device.hub.commit, "siblings": siblings}).encode()
    assert device.start() == 2
    assert "refused the file name" in device.log
    assert device.found() == {}
    assert device.hub.downloads() == []


def test_a_hostile_name_that_nobody_chooses_does_no_harm(device: Device) -> None:
    siblings = [sibling("config.json", FILES["config.json"]), sibling("../evil.bin", b"x")]
    device.hub.listing = json.dumps({"sha": device.hub.commit, "siblings": siblings}).encode()
    assert device.start() == 0
    assert device.found() == {"config.json": FILES["config.json"]}


@pytest.mark.parametrize(
    "change",
    [
        {"size": -1},
        {"size": "3"},
        {"size": 2**60},
        {"blobId": "zz"},
        {"blobId": None},
        {"rfilename": 3},
        {"lfs": {"sha256": "00", "size": 3}},
        {"lfs": {"size": 3}},
    ],
)
def test_a_malformed_listing_is_refused(device: Device, change: dict[str, object]) -> None:
    siblings = [{**sibling("config.json", b"{}"), **change}]
    device.hub.listing = json.dumps({"sha": device.hub.commit, "siblings": siblings}).encode()
    assert device.start() == 2
    assert "listing is malformed" in device.log


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"sha": "main", "siblings": []}', b"3"])
def test_a_listing_of_another_shape_is_refused(device: Device, body: bytes) -> None:
    device.hub.listing = body
    assert device.start() == 2
    assert "listing is malformed" in device.log


def test_the_listing_of_another_commit_is_refused(device: Device) -> None:
    other = commit_id({})
    device.hub.listing = json.dumps({"sha": other, "siblings": []}).encode()
    assert device.start(model(revision=device.hub.commit)) == 2
    assert "listing is malformed" in device.log


@pytest.mark.parametrize("body", [b"<html>", b"", b"[" * 10**5, b" " * (2**25 + 1)], ids=range(4))
def test_an_answer_that_is_no_listing_may_pass(device: Device, body: bytes) -> None:
    device.hub.listing = body
    assert device.start() == 1
    assert "no listing" in device.log


def test_small_files_are_checked_by_their_git_id() -> None:
    assert git_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"

"""What a plan may ask for, and what it pins, against what the hub has."""

from __future__ import annotations

import hashlib

import pytest

from tests.fetch.device import FILES, WEIGHTS, Device, model


@pytest.mark.parametrize(
    "change",
    [
        {"repo": "name"},
        {"repo": "../name"},
        {"into": "../out"},
        {"into": ".."},
        {"revision": "main"},
        {"surprise": 1},
        {"files": 3},
        {"files": []},
        {"known": [{"size": 3}]},
    ],
)
def test_a_bad_plan_is_refused(device: Device, change: dict[str, object]) -> None:
    assert device.start(model() | change) == 2
    assert "bad plan" in device.log
    assert device.hub.requests == []


def test_a_folder_belongs_to_one_commit(device: Device) -> None:
    assert device.start(model(), model(revision="0" * 40)) == 2
    assert "bad plan" in device.log


def test_two_models_share_a_folder(device: Device) -> None:
    pair = (model(["*.gguf"]), model(["config.json"], role="mmproj"))
    assert device.start(*pair) == 0
    assert device.found() == {name: FILES[name] for name in ("model.gguf", "config.json")}
    device.hub.switch_off()
    assert device.start(*pair) == 0


def test_overlapping_models_fetch_a_file_once(device: Device) -> None:
    assert device.start(model(), model(role="again")) == 0
    assert len(device.hub.downloads()) == len([file for file in FILES.values() if file])


@pytest.mark.parametrize(
    ("files", "named"),
    [(["config.json", "gone.json"], "gone.json"), (["*.bin", "*.pt"], "*.bin, *.pt")],
)
def test_files_the_hub_does_not_have_are_named(
    device: Device, files: list[str], named: str
) -> None:
    assert device.start(model(files)) == 2
    assert f"has no file {named}" in device.log
    assert device.found() == {}


def test_pinned_sizes_and_hashes_that_agree_are_no_trouble(device: Device) -> None:
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    known = [
        {"path": "model.gguf", "size": len(WEIGHTS), "sha256": sha256},
        {"path": "config.json", "size": None, "sha256": None},
    ]
    assert device.start(model(known=known)) == 0


@pytest.mark.parametrize(
    ("pinned", "theirs"),
    [
        ({"size": 7, "sha256": None}, str(len(WEIGHTS))),
        ({"size": None, "sha256": "0" * 64}, hashlib.sha256(WEIGHTS).hexdigest()),
    ],
)
def test_a_pin_that_contradicts_the_hub_is_refused(
    device: Device, pinned: dict[str, object], theirs: str
) -> None:
    assert device.start(model(known=[{"path": "model.gguf", **pinned}])) == 2
    ours = str(pinned["size"] or pinned["sha256"])
    assert ours in device.log
    assert theirs in device.log
    assert device.hub.downloads() == []
    assert not device.record().exists()


def test_a_pinned_hash_holds_for_small_files_too(device: Device) -> None:
    right = hashlib.sha256(FILES["config.json"]).hexdigest()
    entry = {"path": "config.json", "size": None, "sha256": right}
    assert device.start(model(known=[entry])) == 0
    device.hub.switch_off()
    assert device.start(model(known=[entry])) == 0
    assert device.start(model(known=[{**entry, "sha256": "0" * 64}])) == 2
    assert f"{'0' * 64} is pinned, the hub has {right}" in device.log


def test_a_pinned_file_that_is_not_on_the_hub_is_named(device: Device) -> None:
    known = [{"path": "two.gguf", "size": None, "sha256": None}]
    assert device.start(model(known=known)) == 2
    assert "has no file two.gguf" in device.log

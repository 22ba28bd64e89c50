"""What a folder remembers of its commit and of the files found right."""

from __future__ import annotations

import json

import pytest

from tests.fetch.device import FILES, NEWER, WEIGHTS, Device, model, weights
from tests.fetch.hub import REPO


def test_a_second_start_needs_no_network(device: Device) -> None:
    assert device.start() == 0
    before = len(device.hub.requests)
    assert device.start() == 0
    assert len(device.hub.requests) == before
    device.hub.switch_off()
    assert device.start() == 0
    assert "model.gguf: kept" in device.log


def test_a_moved_branch_does_not_move_the_model(device: Device) -> None:
    first = device.hub.commit
    assert device.start(weights()) == 0
    device.hub.move({"model.gguf": NEWER, "config.json": b"{}"})
    assert device.start(model(["model.gguf", "config.json"])) == 0
    assert f"staying with commit {first}" in device.log
    assert device.found() == {"model.gguf": WEIGHTS, "config.json": FILES["config.json"]}


def test_a_branch_that_moves_amid_a_download_does_not_mix_commits(device: Device) -> None:
    device.hub.cuts = [2**20] + [0] * 20
    assert device.start(weights()) == 1
    device.hub.move({"model.gguf": NEWER})
    device.hub.cuts = []
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}


def test_a_later_pin_takes_over_and_unchanged_files_stay(device: Device) -> None:
    assert device.start() == 0
    pinned = device.hub.move({**FILES, "config.json": b'{"layers": 3}'})
    before = len(device.hub.downloads())
    assert device.start(model(revision=pinned)) == 0
    assert [request.path for request in device.hub.downloads()[before:]] == [
        f"/{REPO}/resolve/{pinned}/config.json"
    ]
    assert device.found()["config.json"] == b'{"layers": 3}'
    device.hub.switch_off()
    assert device.start(model(revision=pinned)) == 0


def test_a_dropped_pin_stays_with_its_commit(device: Device) -> None:
    first = device.hub.commit
    assert device.start(weights(first)) == 0
    device.hub.move({"model.gguf": NEWER})
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}


def test_another_branch_is_resolved_anew(device: Device) -> None:
    assert device.start(weights()) == 0
    assert device.start(model(["model.gguf"], branch="gone")) == 2
    assert f"{REPO} at gone" in device.log


def test_charts_that_share_a_folder_do_not_undo_each_other(device: Device) -> None:
    charts = (weights(), model(["config.json"]))
    for chart in charts:
        assert device.start(chart) == 0
    device.hub.switch_off()
    for chart in charts:
        assert device.start(chart) == 0
        assert "checking" not in device.log


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"files": 3}', b"\xff", b"[" * 10**5], ids=range(6)
)
def test_a_broken_record_is_as_none_but_good_files_are_kept(device: Device, text: bytes) -> None:
    assert device.start() == 0
    device.record().write_bytes(text)
    before = len(device.hub.downloads())
    assert device.start() == 0
    assert "the record is unusable" in device.log
    assert "model.gguf: checking" in device.log
    assert len(device.hub.downloads()) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("path", "../../evil.json"), ("size", -1), ("size", True), ("digest", "x"), ("path", 3)],
)
def test_a_hostile_record_is_as_none(device: Device, field: str, value: object) -> None:
    assert device.start() == 0
    record = json.loads(device.record().read_text("utf-8"))
    record["files"][0][field] = value
    device.record().write_text(json.dumps(record), "utf-8")
    before = len(device.hub.listings())
    assert device.start() == 0
    assert "the record is unusable" in device.log
    assert len(device.hub.listings()) == before + 2
    assert device.found() == FILES


def test_a_record_whose_commit_is_no_commit_is_as_none(device: Device) -> None:
    assert device.start() == 0
    record = json.loads(device.record().read_text("utf-8"))
    device.record().write_text(json.dumps(record | {"commit": "../main"}), "utf-8")
    assert device.start() == 0
    assert json.loads(device.record().read_text("utf-8")) == record


def test_a_record_that_lost_files_is_asked_for_anew(device: Device) -> None:
    assert device.start(weights()) == 0
    record = json.loads(device.record().read_text("utf-8"))
    device.record().write_text(json.dumps(record | {"files": []}), "utf-8")
    before = len(device.hub.downloads())
    assert device.start(weights()) == 0
    assert len(device.hub.downloads()) == before
    assert json.loads(device.record().read_text("utf-8")) == record

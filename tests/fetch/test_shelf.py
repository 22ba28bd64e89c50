"""The folder of a model: files that went wrong, links, parts, and the room on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fetch.device import FILES, NEWER, WEIGHTS, Device, weights


def test_every_chosen_file_arrives_and_is_told_of(device: Device) -> None:
    assert device.start() == 0
    assert device.found() == FILES
    assert device.parts() == []
    commit = device.hub.commit
    assert "branch main is unpinned" in device.log
    assert f"unpinned: staying with commit {commit} from now on" in device.log
    for name in FILES:
        assert f"{name}: done" in device.log


def test_corruption_of_the_same_size_is_found_and_mended(device: Device) -> None:
    assert device.start(weights()) == 0
    (device.folder / "model.gguf").write_bytes(b"\0" + WEIGHTS[1:])
    assert device.start(weights()) == 0
    assert "not the wanted one" in device.log
    assert device.found() == {"model.gguf": WEIGHTS}


def test_a_touched_file_is_checked_once_and_kept_offline(device: Device) -> None:
    assert device.start(weights()) == 0
    os.utime(device.folder / "model.gguf", ns=(1, 1))
    device.hub.switch_off()
    assert device.start(weights()) == 0
    assert "checking" in device.log
    assert device.start(weights()) == 0
    assert "checking" not in device.log


def test_a_truncated_file_is_fetched_again(device: Device) -> None:
    assert device.start(weights()) == 0
    (device.folder / "model.gguf").write_bytes(WEIGHTS[:-1])
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}


def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    device: Device, tmp_path: Path
) -> None:
    device.folder.mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (device.folder / "sub dir").symlink_to(tmp_path / "out")
    assert device.start() == 2
    assert "leads out of" in device.log
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_that_is_a_link_out_of_the_root_is_not_used(
    device: Device, tmp_path: Path
) -> None:
    device.root.mkdir()
    (tmp_path / "out").mkdir()
    device.folder.symlink_to(tmp_path / "out")
    assert device.start() == 2
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_is_a_link_is_replaced_not_written_through(
    device: Device, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(WEIGHTS)
    device.hub.cuts = [10] + [0] * 20
    assert device.start(weights()) == 1
    (part,) = device.parts()
    part.unlink()
    part.symlink_to(outside)
    (device.folder / "model.gguf").symlink_to(outside)
    device.hub.cuts = []
    assert device.start(weights()) == 0
    assert outside.read_bytes() == WEIGHTS
    assert not (device.folder / "model.gguf").is_symlink()
    assert device.found() == {"model.gguf": WEIGHTS}


def test_the_part_of_another_commit_is_not_mixed_in(device: Device) -> None:
    device.hub.cuts = [2**20] + [0] * 20
    assert device.start(weights()) == 1
    (old,) = device.parts()
    pinned = device.hub.move({"model.gguf": NEWER})
    device.hub.cuts = [2**20] + [0] * 20
    assert device.start(weights(pinned)) == 1
    assert old not in device.parts()
    device.hub.cuts = []
    assert device.start(weights(pinned)) == 0
    assert device.found() == {"model.gguf": NEWER}
    assert device.parts() == []


def test_too_little_disk_is_told_in_three_numbers(device: Device) -> None:
    device.free = 2**30
    assert device.start(weights(), margin=2**33) == 2
    for number in ("0.00 GiB", "8.00 GiB", "1.00 GiB"):
        assert number in device.log
    assert device.hub.downloads() == []


def test_what_is_there_already_counts(device: Device) -> None:
    device.hub.cuts = [2**20] + [0] * 20
    assert device.start(weights()) == 1
    device.hub.cuts = []
    device.free = len(WEIGHTS) - 2**20 + 9
    assert device.start(weights(), margin=10) == 2
    assert device.start(weights(), margin=9) == 0
    device.free = 0
    assert device.start(weights(), margin=9) == 0


def test_a_disk_that_refuses_is_told_without_a_traceback(device: Device) -> None:
    device.root.write_bytes(b"")
    assert device.start() == 2
    assert device.log.startswith("error: ")
    assert "Traceback" not in device.log


@pytest.mark.parametrize("place", [".", "sub dir", "sub dir/deep"])
def test_links_in_a_circle_are_told_without_a_traceback(device: Device, place: str) -> None:
    device.hub.move({**FILES, "sub dir/deep/more.json": b"{}"})
    link = device.folder / place
    link.parent.mkdir(parents=True)
    link.symlink_to(link)
    assert device.start() == 2
    assert "symbolic links" in device.log.splitlines()[-1]
    assert device.hub.downloads() == []


def test_a_root_in_a_circle_of_links_is_told_without_a_traceback(device: Device) -> None:
    device.root.symlink_to(device.root)
    assert device.start() == 2
    assert "symbolic links" in device.log
    assert device.hub.requests == []

"""Downloads that are cut, continued, and sent wrong."""

from __future__ import annotations

import re

import pytest

from tests.fetch.device import FILES, NEWER, WEIGHTS, Device, model, weights


def test_progress_tells_percent_rate_and_time_left(device: Device) -> None:
    ticks = iter(range(0, 10**6, 6))
    device.clock = lambda: float(next(ticks))
    assert device.start(weights()) == 0
    lines = [line for line in device.log.splitlines() if "% of" in line]
    assert lines
    assert all("MiB/s" in line and "left" in line for line in lines)


def test_progress_tells_where_among_all_files_it_is(device: Device) -> None:
    ticks = iter(range(0, 10**6, 6))
    device.clock = lambda: float(next(ticks))
    device.hub.move({"a.gguf": WEIGHTS, "b.gguf": NEWER * 3, "small.json": b"{}"})
    assert device.start() == 0
    told = re.findall(r"(.+ of 3\)): .+, (\d+) min left, (\d+) min for all", device.log)
    for place, left, total in told:
        if place == "a.gguf (file 1 of 3)":
            assert int(left) < int(total)
        else:
            assert (place, left) == ("b.gguf (file 2 of 3)", total)
    assert len({place for place, _, _ in told}) == 2
    assert "small.json: done, 0.00 GiB (file 3 of 3)" in device.log


def test_a_cut_connection_is_resumed(device: Device) -> None:
    device.hub.cuts = [2**20, 2**20]
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}
    assert device.hub.sent == len(WEIGHTS)
    ranges = [request.headers.get("Range") for request in device.hub.downloads()]
    assert ranges == [None, f"bytes={2**20}-", f"bytes={2**21}-"]


def test_progress_starts_the_count_of_attempts_anew(device: Device) -> None:
    device.hub.cuts = [2**17] * 20
    assert device.start(weights()) == 0
    assert len(device.pauses) == 20
    assert set(device.pauses) == {2.0}


def test_attempts_without_progress_end(device: Device) -> None:
    device.hub.cuts = [2**20] + [0] * 20
    assert device.start(weights()) == 1
    assert "gave up after 8 attempts" in device.log
    assert len(device.hub.downloads()) == 1 + 8 - 1
    assert device.pauses == sorted(device.pauses)
    (part,) = device.parts()
    assert part.read_bytes() == WEIGHTS[: 2**20]


def test_a_next_start_goes_on_where_the_last_gave_up(device: Device) -> None:
    device.hub.cuts = [2**20] + [0] * 20
    assert device.start(weights()) == 1
    device.hub.cuts = []
    assert device.start(weights()) == 0
    assert device.hub.sent == len(WEIGHTS)


def test_a_hub_without_ranges_starts_over(device: Device) -> None:
    device.hub.cuts, device.hub.ignore_range = [2**20], True
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}
    assert device.hub.sent == 2**20 + len(WEIGHTS)


def test_starting_over_again_and_again_is_no_progress(device: Device) -> None:
    device.hub.cuts, device.hub.ignore_range = [2**20, 2**19] * 20, True
    assert device.start(weights()) == 1
    assert len(device.hub.downloads()) == 8


def test_a_hub_that_refuses_the_range_starts_over(device: Device) -> None:
    device.hub.cuts, device.hub.refuse_range = [2**20], True
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}


@pytest.mark.parametrize(
    "span", ["", "bytes 0-9/10", f"bytes {2**20}-{len(WEIGHTS) - 1}/7", "pages 1-2"]
)
def test_a_range_that_was_not_asked_for_is_not_mixed_in(device: Device, span: str) -> None:
    device.hub.cuts, device.hub.ranges = [2**20], [span]
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}


def test_a_range_of_unknown_total_is_taken(device: Device) -> None:
    device.hub.cuts = [2**20]
    device.hub.ranges = [f"bytes {2**20}-{len(WEIGHTS) - 1}/*"]
    assert device.start(weights()) == 0
    assert device.hub.sent == len(WEIGHTS)


def test_wrong_content_is_fetched_once_more(device: Device) -> None:
    device.hub.lies = [b"\0" * len(WEIGHTS)]
    assert device.start(weights()) == 0
    assert "wrong hash" in device.log
    assert device.found() == {"model.gguf": WEIGHTS}
    assert [request.headers.get("Range") for request in device.hub.downloads()] == [None, None]


@pytest.mark.parametrize("name", ["model.gguf", "config.json"])
def test_content_that_is_wrong_twice_is_never_kept(device: Device, name: str) -> None:
    device.hub.lies = [b"\0" * len(FILES[name])] * 2
    assert device.start(model([name])) == 2
    assert f"{name}: the hub sent wrong content twice" in device.log
    assert device.found() == {}
    assert device.parts() == []


def test_a_part_that_was_damaged_is_found_out(device: Device) -> None:
    device.hub.cuts = [2**20] + [0] * 20
    assert device.start(weights()) == 1
    (part,) = device.parts()
    part.write_bytes(b"\0" * 2**20)
    device.hub.cuts = []
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}


@pytest.mark.parametrize("extra", [b"", b"more"])
def test_a_whole_part_needs_no_request_and_a_longer_one_starts_over(
    device: Device, extra: bytes
) -> None:
    device.hub.cuts = [2**20] + [0] * 20
    assert device.start(weights()) == 1
    (part,) = device.parts()
    part.write_bytes(WEIGHTS + extra)
    device.hub.cuts = []
    before = len(device.hub.requests)
    assert device.start(weights()) == 0
    assert len(device.hub.requests) == before + bool(extra)
    assert device.found() == {"model.gguf": WEIGHTS}


def test_more_bytes_than_announced_are_not_stored(device: Device) -> None:
    device.hub.lies, device.hub.lengths = [WEIGHTS + b"more" * 2**18], [None]
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}


def test_another_length_than_listed_is_not_stored(device: Device) -> None:
    device.hub.lies = [b"<html>please log in</html>"] * 20
    assert device.start(weights()) == 1
    assert "26 bytes announced" in device.log
    assert device.found() == {}


def test_a_hub_that_falls_silent_is_left(device: Device) -> None:
    device.hub.stall_after, device.timeout = 0, 0.05
    assert device.start(weights()) == 1
    assert "timed out" in device.log

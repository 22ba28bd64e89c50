"""The program as the device runs it: its call, its environment, its end, its text."""

from __future__ import annotations

import ast
import fcntl
import json
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from chartgen.chart.fetch.__main__ import connect, main
from chartgen.chart.fetch.telling import FetchError
from tests.fetch.device import FILES, PROGRAM, WEIGHTS, Device, model, weights


def test_a_real_process_fetches_and_starts_again_offline(device: Device) -> None:
    device.write(model())
    for expected in ("done", "kept"):
        process = device.spawn()
        out, _ = process.communicate(timeout=20)
        assert process.returncode == 0, out
        assert f"model.gguf: {expected}" in out
        device.hub.switch_off()
    assert device.found() == FILES


def test_a_missing_plan_and_a_wrong_call_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.json")], {}) == 2
    assert main([], {}) == 2
    assert "usage" in capsys.readouterr().out


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_empty_mirror_is_the_hub_itself(value: str | None) -> None:
    environ = {} if value is None else {"HF_ENDPOINT": value, "HF_TOKEN": value}
    assert connect(environ).endpoint == "https://huggingface.co"
    assert connect(environ).token == ""


def test_a_mirror_may_lie_under_a_path() -> None:
    made = connect({"HF_ENDPOINT": "http://mirror.lan:8080/hf/", "HF_TOKEN": " t "})
    assert (made.endpoint, made.token) == ("http://mirror.lan:8080/hf", "t")


@pytest.mark.parametrize("value", ["ftp://x", "huggingface.co", "http://", "http://u:p@x"])
def test_a_mirror_is_reached_by_http(value: str) -> None:
    with pytest.raises(FetchError, match="HF_ENDPOINT"):
        connect({"HF_ENDPOINT": value})


def test_a_token_that_breaks_headers_is_refused_and_not_told(device: Device) -> None:
    device.environ["HF_TOKEN"] = "hf_sec\nret"
    assert device.start() == 2
    assert "sec" not in device.log
    assert device.hub.requests == []


def await_part(device: Device) -> None:
    assert device.hub.stalled.wait(15)
    deadline = time.monotonic() + 15
    while not any(part.stat().st_size == 2**20 for part in device.parts()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_download_goes_on_with_fewer_bytes(device: Device) -> None:
    device.hub.stall_after = 2**20
    device.write(weights())
    process = device.spawn()
    await_part(device)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    assert device.found() == {}
    device.hub.stall_after = None
    assert device.start(weights()) == 0
    assert device.hub.sent == len(WEIGHTS) - 2**20
    assert device.found() == {"model.gguf": WEIGHTS}


def test_a_stopped_download_ends_promptly_and_is_kept(device: Device) -> None:
    device.hub.stall_after = 2**20
    device.write(weights())
    process = device.spawn()
    await_part(device)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=5)
    assert process.returncode == 1
    assert "stopped" in out
    assert "Traceback" not in out
    (part,) = device.parts()
    assert part.read_bytes() == WEIGHTS[: 2**20]


def test_a_second_copy_waits_for_the_first(device: Device) -> None:
    device.folder.mkdir(parents=True)
    device.write(weights())
    with (device.folder / ".chartgen-lock").open("ab") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        process = device.spawn()
        assert process.stdout is not None
        assert "waiting for another copy" in process.stdout.readline()
        assert device.hub.requests == []
    out, _ = process.communicate(timeout=15)
    assert process.returncode == 0, out
    assert device.found() == {"model.gguf": WEIGHTS}


def test_two_copies_at_once_fetch_once(device: Device) -> None:
    device.write(model())
    codes: list[int] = []

    def start() -> None:
        codes.append(main([str(device.plan)], device.environ, device.adjust))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert codes == [0, 0]
    assert device.found() == FILES
    assert device.hub.sent == sum(map(len, FILES.values()))


@pytest.mark.parametrize("file", PROGRAM, ids=lambda file: file.name)
def test_the_program_fits_into_a_template(file: Path) -> None:
    source = file.read_bytes()
    assert source.isascii()
    for forbidden in (b"{{", b"}}", b"\t"):
        assert forbidden not in source


def test_the_program_needs_the_standard_library_alone() -> None:
    nodes = [node for file in PROGRAM for node in ast.walk(ast.parse(file.read_bytes()))]
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    named = [node.module or "" for node in froms if node.level == 0]
    ours = {f".{node.module}" for node in froms if node.level == 1}
    assert {name.partition(".")[0] for name in plain + named} <= sys.stdlib_module_names
    assert ours <= {f".{file.stem}" for file in PROGRAM}
    assert all(node.level <= 1 for node in froms)


@pytest.mark.parametrize("root", ["/nul\0", "/\ud800"], ids=["nul", "surrogate"])
def test_a_root_that_no_system_has_is_told_without_a_traceback(device: Device, root: str) -> None:
    device.plan.write_text(json.dumps({"root": root, "margin_bytes": 0, "models": [model()]}))
    process = device.spawn()
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert out.startswith("error: ")
    assert "Traceback" not in out


def test_a_log_that_nobody_takes_does_not_end_a_download(device: Device) -> None:
    device.write(model())
    process = device.spawn()
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(20) == 0
    assert device.found() == FILES

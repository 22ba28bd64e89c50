"""A catalog that changes, breaks and comes back while clients ask."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chartgen.catalog.index import app_id
from chartgen.market.site import load_site
from tests.market.client import Device, connect, reply_of
from tests.market.server import HASTY, Served, serving
from tests.market.shop import Made, Shop
from tests.market.wire import HASH

KEY = app_id("alpha")


def health(served: Served) -> dict[str, object]:
    told = Device(served.base).ask("/healthz")
    assert told.status == 200
    found = json.loads(told.body)
    assert isinstance(found, dict)
    return found


def wait_until(served: Served, said: Callable[[dict[str, object]], bool]) -> dict[str, object]:
    end = time.monotonic() + 15
    while not said(found := health(served)):
        assert time.monotonic() < end, f"the health stays {found}"
        time.sleep(0.02)
    return found


def synced(served: Served) -> Device:
    device = Device(served.base, "1.12.6")
    device.sync_v1()
    device.sync_v2()
    return device


def no_index(root: Path) -> None:
    (root / "index.json").unlink()


def half_an_index(root: Path) -> None:
    text = (root / "index.json").read_text("utf-8")
    (root / "index.json").write_text(text[: len(text) // 2], "utf-8")


def other_shapes(root: Path) -> None:
    found = json.loads((root / "index.json").read_text("utf-8"))
    found["details"]["apps"] = []
    (root / "index.json").write_text(json.dumps(found), "utf-8")


def an_edited_index(root: Path) -> None:
    found = json.loads((root / "index.json").read_text("utf-8"))
    found["info"]["data"]["tops"] = None
    (root / "index.json").write_text(json.dumps(found), "utf-8")


def deep_nesting(root: Path) -> None:
    (root / "index.json").write_text("[" * 100_000, "utf-8")


def a_folder_for_an_index(root: Path) -> None:
    (root / "index.json").unlink()
    (root / "index.json").mkdir()


def no_text(root: Path) -> None:
    (root / "index.json").write_bytes(b"\xff\xfe")


def a_row_too_many(root: Path) -> None:
    with (root / "ledger.jsonl").open("a") as ledger:
        ledger.write("{}\n")


def a_lost_package(root: Path) -> None:
    (root / "charts" / "alpha-1.0.0.tgz").unlink()
    (root / "ledger.jsonl").touch()


def a_changed_package(root: Path) -> None:
    (root / "charts" / "alpha-1.0.0.tgz").write_bytes(b"not what it was")
    (root / "ledger.jsonl").touch()


def a_lost_icon(root: Path) -> None:
    (root / "icons" / "alpha.png").unlink()
    (root / "ledger.jsonl").touch()


def nothing_at_all(root: Path) -> None:
    shutil.rmtree(root)


BREAKS = (
    *(no_index, half_an_index, other_shapes, an_edited_index, deep_nesting, no_text),
    *(a_folder_for_an_index, a_row_too_many, a_lost_package, a_changed_package, a_lost_icon),
    nothing_at_all,
)


def test_a_broken_catalog_leaves_the_last_good_one_and_says_so(three: Shop, tmp_path: Path) -> None:
    """Every kind of damage in turn, and a recovery after each."""
    good = tmp_path / "good"
    shutil.copytree(three.root, good)
    with serving(three.root, folder=tmp_path, program=HASTY) as running:
        told = health(running)
        wrong = [
            damage.__name__ for damage in BREAKS if not _survives(running, three, good, damage)
        ]
        assert health(running) == told
        device = synced(running)
    assert wrong == []
    assert device.packages == three.packages()
    assert "the last good one stays" in running.log


def _survives(served: Served, made: Shop, good: Path, damage: Callable[[Path], None]) -> bool:
    before = health(served)
    damage(made.root)
    found = before
    end = time.monotonic() + 2
    while found["status"] == "ok" and time.monotonic() < end:
        time.sleep(0.03)
        found = health(served)
    stale = found["status"] == "stale" and bool(found["trouble"])
    kept = {**found, "status": "ok"}
    kept.pop("trouble", None)
    answered = Device(served.base).ask(HASH).status == 200
    shutil.rmtree(made.root, ignore_errors=True)
    shutil.copytree(good, made.root)
    wait_until(served, lambda state: state["status"] == "ok")
    return stale and kept == before and answered


def test_no_request_is_dropped_or_mixed_while_catalogs_change(three: Shop, tmp_path: Path) -> None:
    """Each answer is of one catalog: what it lists in a version can be fetched in it."""
    done = threading.Event()

    def write() -> int:
        for number in range(1, 9):
            three.release(Made(name="alpha", version=f"1.{number}.0"))
            time.sleep(0.15)
        done.set()
        return 8

    def hammer(served: Served) -> int:
        line, count = connect(served.base), 0
        while not done.is_set():
            line.request("GET", "/api/v1/appstore/info?version=1.12.6")
            told = reply_of(line.getresponse())
            assert told.status == 200
            version = json.loads(told.body)["data"]["apps"][KEY]["version"]
            file = f"alpha-{version}.tgz"
            line.request("GET", f"/api/v1/applications/alpha/chart?fileName={file}")
            package = reply_of(line.getresponse())
            assert (package.status, package.body) == (
                200,
                (three.root / "charts" / file).read_bytes(),
            )
            count += 1
        line.close()
        return count

    with serving(three.root, folder=tmp_path, program=HASTY) as running:
        with ThreadPoolExecutor(5) as pool:
            writer = pool.submit(write)
            counts = [one.result() for one in [pool.submit(hammer, running) for _ in range(4)]]
        assert writer.result() == 8
        newest = load_site(three.root).hash
        wait_until(running, lambda state: state["hash"] == newest)
        assert synced(running).versions()["alpha"] == "1.8.0"
    assert min(counts) > 5
    assert running.log.count("serving a new catalog") > 3


@pytest.mark.parametrize("path", [HASH, "/api/v1/appstore/info", "/api/v2/catalog", "/"])
def test_an_answer_is_never_kept_past_its_catalog(three: Shop, tmp_path: Path, path: str) -> None:
    with serving(three.root, folder=tmp_path, program=HASTY) as running:
        before = [Device(running.base).ask(path) for _ in range(2)]
        told = health(running)
        three.release(Made(name="beta", version="1.5.0", title="Beta, newer"))
        wait_until(running, lambda state: state["hash"] != told["hash"])
        after = Device(running.base).ask(path)
    assert before[0].body == before[1].body
    assert after.body != before[0].body
    assert after.headers["etag"] != before[0].headers["etag"]

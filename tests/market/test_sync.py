"""A device's client syncs from the real program over a real socket."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from chartgen.catalog.index import app_id
from tests.market.client import Device
from tests.market.server import HASTY, Served, serving
from tests.market.shapes import Refused
from tests.market.shop import Made, Shop, empty, many, shop
from tests.repository import LLAMACPP, VLLM, Repository

SYNCS = pytest.mark.parametrize("sync", [Device.sync_v1, Device.sync_v2], ids=["v1", "v2"])
Sync = Callable[[Device], None]
OLD = "1.12.6"


def ids(*names: str) -> tuple[str, ...]:
    return tuple(sorted(map(app_id, names)))


def resync(device: Device, sync: Sync, until: Callable[[], bool]) -> None:
    """Sync as devices do, again and again, until a change has come through."""
    end = time.monotonic() + 15
    while not until():
        assert time.monotonic() < end, "the change never came through"
        with suppress(Refused):  # half of a sync before the change and half after it
            sync(device)
        time.sleep(0.02)


@SYNCS
def test_every_app_and_package_arrives(tmp_path: Path, sync: Sync) -> None:
    made = shop(tmp_path / "catalog", *many(34))
    with serving(made.root, folder=tmp_path) as running:
        device = Device(running.base, page_size=7)
        sync(device)
    assert device.versions() == {app.name: "1.0.0" for app in many(34)}
    assert device.packages == made.packages()


@SYNCS
def test_the_real_catalog_syncs(repository: Repository, tmp_path: Path, sync: Sync) -> None:
    repository.build()
    with serving(repository.catalog, folder=tmp_path) as running:
        device = Device(running.base)
        sync(device)
    assert device.offered == ids(VLLM, LLAMACPP)
    assert list(device.versions()) == [VLLM]
    assert list(device.packages) == [f"{VLLM}-1.0.2"]


@SYNCS
def test_a_second_sync_changes_nothing(served: Served, sync: Sync) -> None:
    device = Device(served.base)
    sync(device)
    before = (dict(device.rows), dict(device.packages), device.hash)
    sync(device)
    assert (device.rows, device.packages, device.hash) == before


@SYNCS
def test_a_new_version_arrives_while_the_server_runs(
    three: Shop, tmp_path: Path, sync: Sync
) -> None:
    with serving(three.root, folder=tmp_path, program=HASTY) as running:
        device = Device(running.base, OLD)
        sync(device)
        before = device.hash
        three.release(Made(name="alpha", version="1.1.0"))
        resync(device, sync, lambda: device.hash not in ("", before))
    assert device.versions()["alpha"] == "1.1.0"
    assert device.packages == three.packages()


@SYNCS
def test_a_suspended_app_is_not_for_new_devices(three: Shop, tmp_path: Path, sync: Sync) -> None:
    with serving(three.root, folder=tmp_path, program=HASTY) as running:
        device = Device(running.base, OLD)
        sync(device)
        before = device.hash
        three.suspend("alpha")
        resync(device, sync, lambda: device.hash != before)
        assert device.versions()["alpha"] == "1.0.0"
        fresh = Device(running.base, OLD)
        sync(fresh)
    assert sorted(fresh.versions()) == ["beta", "gamma"]
    assert fresh.offered == ids("alpha", "beta", "gamma")


@SYNCS
def test_a_removed_app_is_not_listed_any_more(three: Shop, tmp_path: Path, sync: Sync) -> None:
    three.suspend("alpha")
    with serving(three.root, folder=tmp_path, program=HASTY) as running:
        device = Device(running.base, OLD)
        three.remove("alpha")
        resync(device, sync, lambda: device.offered == ids("beta", "gamma"))
        assert device.removed == (ids("alpha") if sync is Device.sync_v2 else ())
        three.resume("alpha")
        resync(device, sync, lambda: "alpha" in device.versions())
    assert device.removed == ()


@SYNCS
def test_an_app_is_offered_to_the_versions_in_its_range(served: Served, sync: Sync) -> None:
    new, old = Device(served.base, "1.12.7"), Device(served.base, OLD)
    sync(new)
    sync(old)
    assert new.offered == ids("alpha", "beta")
    assert old.offered == ids("alpha", "beta", "gamma")
    assert new.hash != old.hash


@SYNCS
@pytest.mark.parametrize("version", ["1.12.5", "1.11.0", "0.1.0"])
def test_an_olares_that_is_too_old_gets_nothing_and_no_error(
    served: Served, sync: Sync, version: str
) -> None:
    device = Device(served.base, version)
    sync(device)
    assert device.offered == ()
    assert device.rows == {}


@SYNCS
def test_an_empty_catalog_syncs(tmp_path: Path, sync: Sync) -> None:
    made = empty(tmp_path / "catalog")
    with serving(made.root, folder=tmp_path) as running:
        device = Device(running.base)
        sync(device)
    assert device.rows == {}
    assert device.hash

"""A hub that runs, and a device at home that fetches from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fetch.device import FILES, Device
from tests.fetch.hub import FakeHub


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub(dict(FILES)) as running:
        yield running


@pytest.fixture
def device(hub: FakeHub, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Device:
    return Device(hub, tmp_path / "models", capfd)

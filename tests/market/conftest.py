"""A small catalog, in memory and served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chartgen.market.site import Site, load_site
from tests.market.server import HASTY, Served, serving
from tests.market.shop import Made, Shop, shop

APPS = (
    Made(name="alpha", title="Alpha"),
    Made(name="beta", title="Beta", description="b" * 900),
    Made(name="gamma", title="Gamma", olares=">=1.12.6-0,<1.12.7-0"),
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of three apps that nobody changes; `gamma` is not for Olares 1.12.7."""
    made = shop(tmp_path_factory.mktemp("shop") / "catalog", *APPS)
    made.release(Made(name="alpha", version="1.1.0", title="Alpha"))
    return made.root


@pytest.fixture(scope="session")
def site(folder: Path) -> Site:
    """That catalog, loaded."""
    return load_site(folder)


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """That catalog, served with short limits."""
    with serving(folder, folder=tmp_path_factory.mktemp("run"), program=HASTY) as running:
        yield running


@pytest.fixture
def three(tmp_path: Path) -> Shop:
    """A catalog of the same apps that a test may change."""
    return shop(tmp_path / "catalog", *APPS)

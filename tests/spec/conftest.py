"""A repository whose apps are the samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository import PROJECT, Repository
from tests.spec.samples import FOLDER, LLAMACPP, VLLM


@pytest.fixture
def project() -> Repository:
    """The project's own sources, to be read only."""
    return Repository(PROJECT)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """The project's sources with the samples in place of its apps."""
    made = Repository.copied(tmp_path / "market")
    made.remove(*(app.name for app in made.load().apps))
    for name in (VLLM, LLAMACPP):
        made.write(name, (FOLDER / f"{name}.py").read_text("utf-8"))
    return made

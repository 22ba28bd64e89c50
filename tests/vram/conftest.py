"""The project's facts and its two apps, read once; tests change copies of them."""

from __future__ import annotations

import pytest

from chartgen.facts import Facts
from chartgen.spec import App
from tests.repository import LLAMACPP, PROJECT, VLLM, Repository

HERE = Repository(PROJECT)


@pytest.fixture(scope="session")
def facts() -> Facts:
    """All facts of the project."""
    return HERE.facts()


@pytest.fixture(scope="session")
def flagship() -> App:
    """The vLLM app as it stands: 128K at 0.92."""
    return HERE.app(VLLM)


@pytest.fixture(scope="session")
def llama() -> App:
    """The llama.cpp app as it stands: one slot of 128K in q4_0."""
    return HERE.app(LLAMACPP)

"""Both Helm engines, and both apps of the repository as a device has them."""

from __future__ import annotations

import os

import pytest

from chartgen.facts import Facts
from chartgen.lint.helm import Helm, ProgramHelm, SdkHelm
from tests.chart.reading import Installed, installed
from tests.helm.samples import WISHES
from tests.repository import LLAMACPP, PROJECT, VLLM, Repository, real_helm


def engine(wish: str) -> Helm:
    """One of Helm's two engines; the program is the one that `make tools` builds."""
    if wish == "sdk":
        return SdkHelm()
    return ProgramHelm(os.environ.get("CHARTGEN_HELM") or str(PROJECT / ".tools/bin/helm"))


@pytest.fixture(scope="session")
def engines() -> dict[str, Helm]:
    """Every engine that this machine must have."""
    return {wish: engine(wish) for wish in WISHES}


@pytest.fixture(scope="session", params=WISHES)
def helm(request: pytest.FixtureRequest, engines: dict[str, Helm]) -> Helm:
    """Each engine in turn."""
    return engines[str(request.param)]


@pytest.fixture(scope="session")
def facts() -> Facts:
    """The project's own facts."""
    return Repository(PROJECT).facts()


@pytest.fixture(scope="session", params=[VLLM, LLAMACPP])
def it(
    request: pytest.FixtureRequest, facts: Facts, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """Each app in turn, as a device has it."""
    app = Repository(PROJECT).app(str(request.param))
    return installed(real_helm(), app, facts, tmp_path_factory.mktemp("charts"))

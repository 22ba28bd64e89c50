"""Each engine and each chart, as fixtures."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from chartgen.lint.helm import Helm, find_helm
from tests.helm.samples import AILING_TEMPLATES, CHARTS, ODD_TEMPLATES, WISHES, write_chart


@pytest.fixture(scope="session", params=WISHES)
def helm(request: pytest.FixtureRequest) -> Helm:
    """Each engine in turn."""
    wish: Literal["sdk", "program"] = request.param
    return find_helm(wish)


@pytest.fixture(params=["v3", "flat"])
def chart(request: pytest.FixtureRequest) -> Path:
    """Each example chart in turn."""
    return CHARTS / str(request.param) / "examplellm"


@pytest.fixture
def odd_chart(tmp_path: Path) -> Path:
    """A chart whose templates take after what trips a reader of Helm's output."""
    folder = write_chart(tmp_path, "odd", ODD_TEMPLATES)
    (folder / "values.yaml").write_text("text: plain\n")
    return folder


@pytest.fixture
def ailing_chart(tmp_path: Path) -> Path:
    """A chart that gives `helm lint` something to say at every severity."""
    return write_chart(tmp_path, "ailing", AILING_TEMPLATES)

"""The charts of both apps, file by file."""

from __future__ import annotations

from tests.chart.reading import Installed
from tests.conftest import Golden


def test_the_chart_is_the_golden_one(it: Installed, golden: Golden) -> None:
    golden(it.app.name, it.chart.files)

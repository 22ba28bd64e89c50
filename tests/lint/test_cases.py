"""The recorded verdicts of the device's own lint, each by its variation of a base chart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.agreement.compare import Answer, ask
from benchmarks.agreement.rows import Row, variations

CASES = Path(__file__).parent / "cases"
FILE = CASES / "cases.jsonl"
ROWS = [one.row for one in variations(FILE, Path())]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Answer]:
    """What the lint says of all variations."""
    made: list[Row] = []
    for variation in variations(FILE, tmp_path_factory.mktemp("cases")):
        variation.build(CASES / "base")
        made.append(variation.row)
    found, helm = ask(made, jobs=1)
    assert helm
    return {one.row.name: one for one in found}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name} {row.label}")
def test_as_recorded(row: Row, answers: Mapping[str, Answer]) -> None:
    said = answers[row.name]
    assert said.verdict == row.verdict
    assert said.rules[:1] == list(row.rules[:1])

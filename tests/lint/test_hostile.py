"""Hostile content, through the whole lint: an answer in bounded time, and never a traceback."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from chartgen.lint.finding import Profile, Verdict
from chartgen.lint.report import ChartReport
from chartgen.lint.run import lint
from tests.lint.overlay import BASES

SECONDS = 30.0
"""Far more than an answer takes, and far less than a hang."""

ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefghijkl")
)
"""Three hundred thousand million nodes, if somebody expands them."""


def judged(folder: Path, file: str, data: bytes) -> ChartReport:
    chart = folder / "examplellm"
    shutil.copytree(BASES / "v3" / "examplellm", chart)
    (chart / file).write_bytes(data)
    begin = monotonic()
    (report,) = lint([chart], tuple(Profile), jobs=1).charts
    assert monotonic() - begin < SECONDS
    return report


@pytest.mark.parametrize("file", ["OlaresManifest.yaml", "Chart.yaml", "values.yaml"])
@pytest.mark.parametrize(
    "data",
    [
        ALIASES.encode(),
        b"a: \xff\n",
        b"[" * 1_000_000,
        b"{a: " * 100_000,
        b"a: &a\n  <<: *a\n",
        b"a: !!python/object/apply:os.system [true]\n",
        b"\x00",
    ],
    ids=["aliases", "no text", "deep list", "deep map", "circle", "tag", "zero"],
)
def test_a_hostile_file_is_refused(tmp_path: Path, file: str, data: bytes) -> None:
    report = judged(tmp_path, file, data)
    assert report.verdicts[Profile.DEVICE] is Verdict.REFUSE


def test_a_million_documents_are_not_all_read(tmp_path: Path) -> None:
    report = judged(tmp_path, "OlaresManifest.yaml", b"---\n" * 1_000_000)
    assert report.verdicts[Profile.DEVICE] is Verdict.REFUSE


@pytest.mark.parametrize(
    "data",
    [ALIASES.encode(), b"{{/*" * 500_000, b"{{" * 500_000, b"{{" + b" " * 1_000_000],
    ids=["aliases", "comments", "braces", "spaces"],
)
def test_a_hostile_template_is_refused(tmp_path: Path, data: bytes) -> None:
    report = judged(tmp_path, "templates/hostile.yaml", data)
    assert report.verdicts[Profile.DEVICE] is Verdict.REFUSE


def test_the_house_has_no_verdict_without_a_manifest(tmp_path: Path) -> None:
    report = judged(tmp_path, "OlaresManifest.yaml", b"[")
    assert report.verdicts[Profile.HOUSE] is Verdict.UNKNOWN

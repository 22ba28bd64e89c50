"""What all tests share: a repository of their own, and golden trees."""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.repository import Repository

GOLDEN = Path(__file__).parent / "golden"

Golden = Callable[[str, Mapping[str, str]], None]
"""Compares texts by their paths with the tree `tests/golden/<name>`."""


# Where `make tools` puts the helm program, for runs that make did not start.
os.environ.setdefault(
    "CHARTGEN_HELM", str(Path(__file__).parent.parent / ".tools" / "bin" / "helm")
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the golden trees instead of comparing"
    )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A fresh copy of the project's sources, which a test may change."""
    return Repository.copied(tmp_path / "market")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares with a golden tree; with `--update-golden`, rewrites it."""
    return _rewrite if request.config.getoption("--update-golden") else _compare


def _compare(name: str, found: Mapping[str, str]) -> None:
    wanted = _read(GOLDEN / name)
    lines = [
        line
        for path in sorted(wanted.keys() | found.keys())
        for line in _diff(path, wanted.get(path, ""), found.get(path, ""))
    ]
    missing = sorted(wanted.keys() ^ found.keys())
    assert not lines, "\n".join([f"golden/{name} differs (make update-golden):", *lines])
    assert not missing, f"golden/{name} or what was made lacks {missing} (make update-golden)"


def _rewrite(name: str, found: Mapping[str, str]) -> None:
    shutil.rmtree(GOLDEN / name, ignore_errors=True)
    for path, text in found.items():
        file = GOLDEN / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())


def _read(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes().decode() for file in files}


def _diff(path: str, wanted: str, found: str) -> list[str]:
    old, new = wanted.splitlines(), found.splitlines()
    return list(difflib.unified_diff(old, new, f"golden/{path}", path, lineterm="", n=1))

"""Killed at any moment, or two at once: the catalog is whole, the old one or the new one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chartgen.catalog import Release, catalog_lock, read_catalog
from chartgen.errors import CatalogBusy
from tests.release.steps import leftovers, set_version
from tests.repository import LLAMACPP, PROJECT, SECONDS, VLLM, Repository

KILLS = 25


def started(repository: Repository, *arguments: str) -> subprocess.Popen[str]:
    temporary = repository.root.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "chartgen", "build", *arguments],
        cwd=repository.root,
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT / "generator"),
            "TMPDIR": str(temporary),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def released(repository: Repository) -> list[str]:
    """The versions in a catalog, which is whole: ledger, packages and index agree."""
    ledger = read_catalog(repository.catalog).ledger
    rows = [row for row in ledger.rows if isinstance(row, Release)]
    there = {path.name for path in (repository.catalog / "charts").iterdir()}
    assert there == {row.filename for row in rows}
    index = json.loads((repository.catalog / "index.json").read_text("utf-8"))
    listed = {app["name"]: app["version"] for app in index["details"]["apps"].values()}
    assert listed == {name: releases[-1].version for name, releases in ledger.releases.items()}
    assert {path.stem for path in (repository.catalog / "icons").iterdir()} == set(listed)
    return [row.version for row in rows if row.name == VLLM]


def seconds(repository: Repository) -> float:
    """How long a build takes here."""
    begin = time.monotonic()
    process = started(repository, VLLM)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    return time.monotonic() - begin


def test_a_build_that_is_killed_leaves_a_whole_catalog(repository: Repository) -> None:
    set_version(repository, "1.0.0", "First.")
    moments, delay = random.Random(1), seconds(repository)
    ends = []
    for patch in range(1, KILLS + 1):
        before = released(repository)
        set_version(repository, f"1.0.{patch}", f"This is {patch}.")
        process = started(repository, VLLM)
        time.sleep(delay * moments.uniform(0.9, 1.05))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=SECONDS)
        now = released(repository)
        assert now in (before, [*before, f"1.0.{patch}"])
        ends.append(now == before)
        # Most kills fall near the moment at which the catalog is written.
        delay *= 1.08 if ends[-1] else 0.94
    assert set(ends) == {True, False}
    set_version(repository, f"1.1.{KILLS}", "The last.")
    result = repository.build()
    assert result.catalog_apps == 2
    assert released(repository)[-1] == f"1.1.{KILLS}"
    assert leftovers(repository) == []


def test_the_first_build_is_whole_or_not_there(repository: Repository) -> None:
    whole = seconds(Repository.copied(repository.root.parent / "timed"))
    for share in (0.6, 0.8, 0.9, 1.0):
        process = started(repository)
        time.sleep(whole * share)
        process.kill()
        process.communicate(timeout=SECONDS)
        assert not repository.catalog.exists() or released(repository) == ["1.0.2"]
    repository.build()
    assert released(repository) == ["1.0.2"]
    assert leftovers(repository) == []


def test_two_builds_at_once_release_both_apps(repository: Repository) -> None:
    processes = [started(repository, name) for name in (VLLM, LLAMACPP)]
    for process in processes:
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, err) == (0, "")
        assert "built " in out
    ledger = read_catalog(repository.catalog).ledger
    assert set(ledger.releases) == {VLLM, LLAMACPP}
    assert released(repository) == ["1.0.2"]
    assert leftovers(repository) == []


def test_many_builds_of_one_version_release_it_once(repository: Repository) -> None:
    processes = [started(repository) for _ in range(4)]
    said = []
    for process in processes:
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, err) == (0, "")
        said.append("built " in out)
    assert sorted(said) == [False, False, False, True]
    assert released(repository) == ["1.0.2"]


def test_two_copies_to_one_place_do_not_harm_each_other(repository: Repository) -> None:
    other = Repository.copied(repository.root.parent / "other")
    out = repository.root.parent / "out"
    for _ in range(3):
        processes = [started(one, "--out", str(out)) for one in (repository, other)]
        for process in processes:
            _, err = process.communicate(timeout=SECONDS)
            assert (process.returncode, err) == (0, "")
    assert len(list((out / "charts").iterdir())) == 2
    assert leftovers(repository) == []


def test_a_copy_waits_for_whoever_writes_to_its_place(repository: Repository) -> None:
    out = repository.root.parent / "out"
    with catalog_lock(out):
        process = started(repository, "--out", str(out))
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        assert not out.exists()
    _, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (0, "")
    assert len(list((out / "charts").iterdir())) == 2


def test_whoever_waits_too_long_is_told(tmp_path: Path) -> None:
    waited = []
    with (
        catalog_lock(tmp_path / "catalog"),
        pytest.raises(CatalogBusy, match="another build has held this catalog for 0 s"),
        catalog_lock(tmp_path / "catalog", 0.1, lambda: waited.append("once")),
    ):
        waited.append("never")
    assert waited == ["once"]
    with catalog_lock(tmp_path / "catalog", 0.1):
        waited.append("free again")
    assert waited == ["once", "free again"]

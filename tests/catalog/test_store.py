"""The catalog on disk: read with every digest checked, written whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from chartgen.catalog import read_catalog
from chartgen.errors import CatalogBroken
from tests.release.steps import files, leftovers, marks, set_version
from tests.repository import LLAMACPP, VLLM, Repository

NEWLINE = b"\n"
PACKAGE = f"charts/{VLLM}-1.0.2.tgz"


def broken(repository: Repository) -> str:
    with pytest.raises(CatalogBroken) as refused:
        repository.build()
    return str(refused.value)


def test_where_no_catalog_is_an_empty_one_is_read(tmp_path: Path) -> None:
    catalog = read_catalog(tmp_path / "catalog")
    assert catalog.ledger.rows == ()
    assert not list(tmp_path.iterdir())


def test_it_is_read_as_it_was_written(repository: Repository) -> None:
    repository.build()
    catalog = read_catalog(repository.catalog)
    assert catalog.ledger.text() == files(repository)["ledger.jsonl"].decode()
    for releases in catalog.ledger.releases.values():
        for release in releases:
            assert catalog.package(release) == files(repository)[f"charts/{release.filename}"]


def test_a_missing_package_is_refused(repository: Repository) -> None:
    repository.build()
    (repository.catalog / PACKAGE).unlink()
    assert f"{PACKAGE}: the package cannot be read" in broken(repository)


def test_a_changed_package_is_refused(repository: Repository) -> None:
    repository.build()
    package = repository.catalog / PACKAGE
    package.write_bytes(package.read_bytes()[:-1] + b"\1")
    said = broken(repository)
    assert PACKAGE in said
    assert "the ledger says" in said


def test_an_old_package_counts_too(repository: Repository) -> None:
    set_version(repository, "1.0.0", "First.")
    repository.build()
    set_version(repository, "1.0.1", "Second.")
    repository.build()
    (repository.catalog / f"charts/{VLLM}-1.0.0.tgz").write_bytes(b"")
    assert f"{VLLM}-1.0.0.tgz" in broken(repository)


def test_a_broken_ledger_is_refused_by_its_line(repository: Repository) -> None:
    repository.build()
    ledger = repository.catalog / "ledger.jsonl"
    rows = ledger.read_bytes()
    ledger.write_bytes(rows + b"{}\n")
    assert f"ledger.jsonl:{rows.count(NEWLINE) + 1}: " in broken(repository)


def test_a_ledger_that_is_no_text_is_refused(repository: Repository) -> None:
    repository.build()
    (repository.catalog / "ledger.jsonl").write_bytes(b"\xff\xfe\n")
    assert "ledger.jsonl" in broken(repository)


@pytest.mark.parametrize("lost", ["index.json", f"icons/{VLLM}.png"])
def test_what_is_derived_is_made_again(repository: Repository, lost: str) -> None:
    repository.build()
    before = files(repository)
    (repository.catalog / lost).unlink()
    result = repository.build()
    assert files(repository) == before
    assert result.written


@pytest.mark.parametrize("changed", ["index.json", f"icons/{VLLM}.png"])
def test_what_is_derived_is_corrected(repository: Repository, changed: str) -> None:
    repository.build()
    before = files(repository)
    (repository.catalog / changed).write_bytes(b"{}")
    result = repository.build()
    assert files(repository) == before
    assert result.written


def test_nothing_is_written_when_nothing_changed(repository: Repository) -> None:
    repository.build()
    before = marks(repository)
    assert not repository.build().written
    assert marks(repository) == before
    assert leftovers(repository) == []


def test_nothing_is_written_through_a_relative_path(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.build()
    before = marks(repository)
    monkeypatch.chdir(repository.root)
    assert not Repository(Path()).build().written
    assert marks(repository) == before


def test_nothing_is_written_through_a_linked_catalog(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    repository.catalog.symlink_to(tmp_path / "elsewhere")
    repository.build()
    before = marks(repository)
    assert not repository.build().written
    assert marks(repository) == before
    assert repository.catalog.is_symlink()


def test_a_new_release_leaves_the_old_files_alone(repository: Repository) -> None:
    set_version(repository, "1.0.0", "First.")
    repository.build()
    old = repository.catalog / f"charts/{VLLM}-1.0.0.tgz"
    before = (old.stat().st_ino, old.stat().st_mtime_ns)
    set_version(repository, "1.0.1", "Second.")
    repository.build()
    assert (old.stat().st_ino, old.stat().st_mtime_ns) == before


def test_a_reader_of_the_old_catalog_keeps_it(repository: Repository) -> None:
    repository.build(VLLM)
    with (repository.catalog / "ledger.jsonl").open("rb") as ledger:
        repository.build(LLAMACPP)
        old, new = ledger.read(), files(repository)["ledger.jsonl"]
    assert old.count(NEWLINE) == 1
    assert new.startswith(old)
    assert len(new) > len(old)


def test_files_of_other_people_stay(repository: Repository) -> None:
    repository.build(VLLM)
    (repository.catalog / "CNAME").write_text("market.example.org\n")
    repository.build(LLAMACPP)
    assert files(repository)["CNAME"] == b"market.example.org\n"


def test_everybody_may_read_it(repository: Repository) -> None:
    repository.build()
    there = [repository.catalog, *repository.catalog.rglob("*")]
    assert {path.stat().st_mode & 0o444 for path in there} == {0o444}


def test_what_a_killed_build_left_is_removed(repository: Repository) -> None:
    leftover = repository.root / ".catalog.new-abc"
    for name in ((VLLM,), ()):
        shutil.copytree(repository.path("icons/x.png").parent, leftover)
        repository.build(*name)
        assert leftovers(repository) == []


def test_what_a_killed_build_left_is_removed_by_an_unchanged_one(repository: Repository) -> None:
    repository.build()
    (repository.root / ".catalog.new-abc").mkdir()
    repository.build()
    assert leftovers(repository) == []


def test_a_copy_elsewhere_shares_no_bytes_with_the_catalog(
    repository: Repository, tmp_path: Path
) -> None:
    repository.build()
    repository.build(out=tmp_path / "copy")
    (package,) = (tmp_path / "copy" / "charts").glob(f"{VLLM}-*.tgz")
    package.write_bytes(b"written over")
    assert not repository.build().written


def test_a_package_without_a_row_is_refused(repository: Repository) -> None:
    repository.build()
    ledger = repository.catalog / "ledger.jsonl"
    rows = ledger.read_text("utf-8").splitlines(keepends=True)
    ledger.write_text("".join(row for row in rows if VLLM not in row), "utf-8")
    before = files(repository)
    with pytest.raises(CatalogBroken, match="no row of the ledger names this package"):
        repository.build()
    assert files(repository) == before


def test_a_web_server_can_read_the_catalog_whatever_the_umask(repository: Repository) -> None:
    old = os.umask(0o077)
    try:
        repository.build()
    finally:
        os.umask(old)
    found = [repository.catalog, *repository.catalog.rglob("*")]
    assert {oct(path.stat().st_mode & 0o777) for path in found if path.is_dir()} == {"0o755"}
    assert {oct(path.stat().st_mode & 0o777) for path in found if path.is_file()} == {"0o644"}

"""`--out`: the whole catalog elsewhere, and never over something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartgen.errors import CatalogBroken, ChartgenError
from tests.release.steps import files, set_version
from tests.repository import LLAMACPP, VLLM, Repository


def elsewhere(folder: Path) -> dict[str, bytes]:
    there = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in there}


def test_it_holds_every_released_version(repository: Repository, tmp_path: Path) -> None:
    for version in ("1.0.0", "1.0.1"):
        set_version(repository, version, f"This is {version}.")
        repository.build()
    out = tmp_path / "out"
    repository.build(out=out)
    assert elsewhere(out) == files(repository)
    assert {f"charts/{VLLM}-1.0.0.tgz", f"charts/{VLLM}-1.0.1.tgz"} < set(elsewhere(out))


def test_the_catalog_at_home_stays_as_it_is(repository: Repository, tmp_path: Path) -> None:
    repository.build(LLAMACPP)
    before = files(repository)
    repository.build(VLLM, out=tmp_path / "deep" / "out")
    assert files(repository) == before
    assert f"charts/{VLLM}-1.0.2.tgz" in elsewhere(tmp_path / "deep" / "out")
    assert f"charts/{LLAMACPP}-1.0.3.tgz" in elsewhere(tmp_path / "deep" / "out")


def test_an_older_copy_is_brought_up_to_date(repository: Repository, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    set_version(repository, "1.0.0", "First.")
    repository.build()
    repository.build(out=out)
    set_version(repository, "1.0.1", "Second.")
    repository.build()
    repository.build(out=out)
    assert elsewhere(out) == files(repository)


def test_a_folder_that_is_no_catalog_is_refused(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"jpg")
    with pytest.raises(CatalogBroken, match="holds no catalog"):
        repository.build(out=tmp_path / "photos")
    assert elsewhere(tmp_path / "photos") == {"one.jpg": b"jpg"}


def test_another_catalog_is_refused(repository: Repository, tmp_path: Path) -> None:
    other = Repository.copied(tmp_path / "other")
    set_version(other, "7.0.0", "Another market.")
    other.build()
    before = files(other)
    with pytest.raises(CatalogBroken, match="releases that this catalog does not have"):
        repository.build(out=other.catalog)
    assert files(other) == before


def test_the_sources_are_never_overwritten(repository: Repository) -> None:
    before = elsewhere(repository.root)
    for folder in (repository.root, repository.root / "charts_src"):
        with pytest.raises(CatalogBroken):
            repository.build(out=folder)
    assert elsewhere(repository.root / "charts_src") == {
        path.removeprefix("charts_src/"): data
        for path, data in before.items()
        if path.startswith("charts_src/")
    }


def test_a_copy_inside_the_catalog_is_refused(repository: Repository) -> None:
    repository.build()
    before = files(repository)
    with pytest.raises(ChartgenError):
        repository.build(out=repository.catalog / "copy")
    assert files(repository) == before


def test_what_else_lies_in_the_folder_is_not_lost(repository: Repository, tmp_path: Path) -> None:
    """A folder that is published from is often a checkout."""
    out = tmp_path / "out"
    repository.build(VLLM)
    repository.build(VLLM, out=out)
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("ref: refs/heads/pages\n")
    repository.build(LLAMACPP)
    repository.build(out=out)
    assert elsewhere(out)[".git/HEAD"] == b"ref: refs/heads/pages\n"

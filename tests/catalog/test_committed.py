"""The catalog of this repository, as it is committed: devices install from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from chartgen.catalog import read_catalog
from tests.repository import LLAMACPP, PROJECT, VLLM, Repository

RELEASED = {LLAMACPP: ["1.0.0", "1.0.1", "1.0.2", "1.0.3"], VLLM: ["1.0.0", "1.0.1", "1.0.2"]}


def test_every_release_is_there_with_its_digest() -> None:
    ledger = read_catalog(PROJECT / "catalog").ledger
    told = {name: [row.version for row in rows] for name, rows in ledger.releases.items()}
    assert {name: versions[: len(RELEASED[name])] for name, versions in told.items()} == RELEASED
    assert LLAMACPP in ledger.suspended


def test_the_index_lists_the_newest_of_each() -> None:
    catalog = PROJECT / "catalog"
    index = json.loads((catalog / "index.json").read_text("utf-8"))
    ledger = read_catalog(catalog).ledger
    listed = {app["name"]: app["version"] for app in index["details"]["apps"].values()}
    newest = {name: rows[-1].version for name, rows in ledger.releases.items()}
    assert listed == newest


def test_a_build_touches_no_released_byte(repository: Repository) -> None:
    """Whatever the generator has become since: unchanged or drifted, never other."""
    shutil.copytree(PROJECT / "catalog", repository.catalog)
    before = _packages(repository.catalog)
    result = repository.build()
    assert {app.status.value for app in result.apps} <= {"unchanged", "drifted"}
    assert _packages(repository.catalog) == before


def _packages(catalog: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (catalog / "charts").iterdir()}

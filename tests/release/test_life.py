"""The life of an app: releases one after the other, edited, moved on, withdrawn."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

from chartgen.catalog import Release, Remove, Resume, Suspend, read_catalog
from chartgen.catalog.index import app_id
from chartgen.errors import Faults, ReleasedSpecEdited, Several
from chartgen.release.result import AppResult, BuildResult, Status
from chartgen.vram import Verdict
from tests.release.steps import (
    amend,
    files,
    leftovers,
    marks,
    released,
    resume,
    set_version,
    suspend,
)
from tests.repository import LLAMACPP, VLLM, Repository

VERSIONS = ("1.0.0", "1.0.1", "1.0.2")


def only(result: BuildResult) -> AppResult:
    (app,) = result.apps
    return app


def live(repository: Repository) -> list[AppResult]:
    """Release the versions one after the other, each by an edit of the one spec."""
    results = []
    for version in VERSIONS:
        set_version(repository, version, f"This is {version}.")
        results.append(only(repository.build(VLLM)))
    return results


def test_every_release_is_kept(repository: Repository) -> None:
    results = live(repository)
    assert [app.status for app in results] == [Status.BUILT] * 3
    kept = {path for path in files(repository) if path.startswith("charts/")}
    assert kept == {f"charts/{VLLM}-{version}.tgz" for version in VERSIONS}
    assert {app.package for app in results} == kept
    rows = read_catalog(repository.catalog).ledger.rows
    assert [row.version for row in rows if isinstance(row, Release)] == list(VERSIONS)
    assert [row.sha256 for row in rows if isinstance(row, Release)] == [
        app.sha256 for app in results
    ]
    assert len({app.sha256 for app in results}) == 3


def test_a_row_tells_the_day_and_the_changes_of_its_spec(repository: Repository) -> None:
    set_version(repository, "1.0.0", "First.")
    amend(repository, released="date(2026, 2, 3)")
    repository.build(VLLM)
    (row,) = read_catalog(repository.catalog).ledger.rows
    assert isinstance(row, Release)
    assert (row.released, row.changes.en) == (date(2026, 2, 3), "First.")


def test_the_ledger_only_grows(repository: Repository) -> None:
    before = b""
    for version in VERSIONS:
        set_version(repository, version, f"This is {version}.")
        repository.build(VLLM)
        ledger = files(repository)["ledger.jsonl"]
        assert ledger.startswith(before)
        assert ledger.count(b"\n") == before.count(b"\n") + 1
        before = ledger


def test_both_apps_live_as_the_market_tells(repository: Repository) -> None:
    live(repository)
    resume(repository, LLAMACPP)
    for version in ("1.0.0", "1.0.1", "1.0.2", "1.0.3"):
        set_version(repository, version, f"This is {version}.", LLAMACPP)
        repository.build(LLAMACPP)
    suspend(repository, LLAMACPP)
    result = repository.build()
    assert [(app.status, app.suspended) for app in result.apps] == [
        (Status.UNCHANGED, True),
        (Status.UNCHANGED, False),
    ]
    assert sum(path.startswith("charts/") for path in files(repository)) == 7
    assert result.catalog_apps == 2


def test_a_second_build_changes_nothing(repository: Repository) -> None:
    first = repository.build()
    before = marks(repository)
    second = repository.build()
    assert [app.status for app in second.apps] == [Status.UNCHANGED] * 2
    assert second.catalog_hash == first.catalog_hash
    assert (second.written, second.helm) == (False, "")
    assert [app.sha256 for app in second.apps] == [app.sha256 for app in first.apps]
    assert marks(repository) == before


def test_one_app_keeps_the_others(repository: Repository) -> None:
    repository.build(LLAMACPP)
    both = repository.build(VLLM)
    assert both.catalog_apps == 2
    set_version(repository, "1.0.3", "Next.")
    assert repository.build(VLLM).catalog_apps == 2
    assert f"charts/{LLAMACPP}-1.0.3.tgz" in files(repository)


def test_the_plan_comes_with_the_result(repository: Repository) -> None:
    app = only(repository.build(VLLM))
    assert (app.plan.verdict, app.plan.measured) == (Verdict.FITS, True)
    assert any("not pinned by digest" in warning for warning in app.warnings)
    assert any("not pinned: no source names" in warning for warning in app.warnings)


def test_the_example_address_is_a_warning(repository: Repository) -> None:
    assert any("shipped example" in warning for warning in repository.build().warnings)
    repository.edit("market.py", "https://market.example.org", "https://market.example.com")
    assert not any("shipped example" in warning for warning in repository.build().warnings)


def test_an_edit_under_a_released_version_is_refused(repository: Repository) -> None:
    released = only(repository.build(VLLM))
    before = files(repository)
    amend(repository, title='"Another title"')
    with pytest.raises(ReleasedSpecEdited) as refused:
        repository.build(VLLM)
    said = str(refused.value)
    assert said.startswith(f"{VLLM}.version: 1.0.2 is released and never changes")
    (row,) = read_catalog(repository.catalog).ledger.rows
    assert isinstance(row, Release)
    assert row.spec_sha256[:16] in said
    assert released.sha256[:16] in said
    assert len(set(re.findall(r"\b[0-9a-f]{64}\b", said))) == 4
    assert "Set version to 1.0.3" in said
    assert files(repository) == before
    assert leftovers(repository) == []


def test_an_undone_edit_is_no_edit(repository: Repository) -> None:
    repository.build(VLLM)
    text = repository.read(VLLM)
    amend(repository, title='"Another title"')
    with pytest.raises(ReleasedSpecEdited):
        repository.build(VLLM)
    repository.write(VLLM, f"{text}\n# a comment\n")
    assert only(repository.build(VLLM)).status is Status.UNCHANGED


def test_edits_of_two_apps_are_refused_together(repository: Repository) -> None:
    repository.build()
    for name in (VLLM, LLAMACPP):
        amend(repository, name, title='"Another title"')
    with pytest.raises(Several) as refused:
        repository.build()
    assert all(f"{name}.version: " in str(refused.value) for name in (VLLM, LLAMACPP))


@pytest.mark.parametrize(
    "field", [{"evidence": "()"}, {"evidence": '("vllm-gemma-4-26b-awq-128k",) * 2'}]
)
def test_what_is_in_no_package_may_be_edited(repository: Repository, field: dict[str, str]) -> None:
    repository.build(VLLM)
    amend(repository, VLLM, **field)
    assert only(repository.build(VLLM)).status is Status.UNCHANGED


def test_a_setting_that_moved_on_is_a_drift(repository: Repository) -> None:
    first = repository.build()
    before = released(repository)
    repository.edit("market.py", "https://market.example.org", "https://charts.example.net")
    drifted = repository.build()
    for old, app in zip(first.apps, drifted.apps, strict=True):
        assert app.status is Status.DRIFTED
        assert app.sha256 == old.sha256
        lines = app.drift.splitlines()
        assert 3 <= len(lines) <= 13
        assert '-icon: "https://market.example.org/' in app.drift
        assert '+icon: "https://charts.example.net/' in app.drift
    assert released(repository) == before
    assert not repository.build().written


def test_the_next_version_carries_the_drift(repository: Repository) -> None:
    old = only(repository.build(VLLM))
    repository.edit("market.py", "https://market.example.org", "https://charts.example.net")
    set_version(repository, "1.0.3", "A new address.")
    new = only(repository.build(VLLM))
    assert (new.status, new.drift) == (Status.BUILT, "")
    assert new.sha256 != old.sha256
    assert b"https://charts.example.net/icons/" in files(repository)["index.json"]


def test_a_fact_that_moved_on_is_a_drift(repository: Repository) -> None:
    repository.build()
    repository.edit("models/gemma-4-26b-a4b.toml", "high = 18_200_000_000", "high = 19_400_000_000")
    llama, vllm = repository.build().apps
    assert (llama.status, vllm.status) == (Status.UNCHANGED, Status.DRIFTED)
    assert "requiredDisk" in vllm.drift


def test_a_drift_and_an_edit_is_an_edit(repository: Repository) -> None:
    repository.build(VLLM)
    repository.edit("market.py", "https://market.example.org", "https://charts.example.net")
    amend(repository, title='"Another title"')
    with pytest.raises(ReleasedSpecEdited):
        repository.build(VLLM)


@pytest.mark.parametrize("version", ["1.0.1", "0.9.9", "1.0.2-rc.1"])
def test_a_version_that_goes_back_is_refused(repository: Repository, version: str) -> None:
    set_version(repository, "1.0.2", "Now.")
    repository.build(VLLM)
    before = files(repository)
    set_version(repository, version, "Back.")
    with pytest.raises(Faults, match=r"goes back: 1\.0\.2 is released \(seen: .*1\.0\.3 or later"):
        repository.build(VLLM)
    assert files(repository) == before


def test_a_version_without_its_changes_is_refused(repository: Repository) -> None:
    repository.build(VLLM)
    amend(repository, version='"1.0.3"')
    with pytest.raises(
        Faults, match=rf"{VLLM}\.changes: the changelog entry of 1\.0\.3 is missing"
    ):
        repository.build(VLLM)


def test_an_app_is_suspended_and_resumed(repository: Repository) -> None:
    resume(repository, LLAMACPP)
    repository.build()
    packages = {p: data for p, data in files(repository).items() if p.startswith("charts/")}
    suspend(repository)
    stopped = repository.build()
    assert [app.suspended for app in stopped.apps] == [False, True]
    assert repository.build().written is False
    resume(repository)
    offered = repository.build()
    assert [app.suspended for app in offered.apps] == [False, False]
    rows = read_catalog(repository.catalog).ledger.rows
    assert [type(row) for row in rows] == [Release, Release, Suspend, Resume]
    now = {p: data for p, data in files(repository).items() if p.startswith("charts/")}
    assert now == packages
    assert offered.catalog_hash != stopped.catalog_hash


def test_another_reason_for_a_suspension_is_another_row(repository: Repository) -> None:
    repository.build(VLLM)
    suspend(repository)
    repository.build(VLLM)
    suspend(repository, VLLM, 'Text("Broken.", "坏。")')
    assert repository.build(VLLM).written
    rows = read_catalog(repository.catalog).ledger.rows
    assert [type(row) for row in rows] == [Release, Suspend, Suspend]


def test_a_released_app_without_a_spec_is_a_warning(repository: Repository) -> None:
    repository.build()
    repository.remove(VLLM)
    result = repository.build()
    assert any(f"{VLLM} is released but has no spec" in text for text in result.warnings)
    assert result.catalog_apps == 2
    assert f"charts/{VLLM}-1.0.2.tgz" in files(repository)


def test_hostile_texts_live_through_the_catalog(repository: Repository) -> None:
    hostile = 'a\u2028b\u0085c "d" \\ {{{{ .Values.x }}}} <b> 🦙'
    set_version(repository, "1.0.0", hostile)
    first = only(repository.build(VLLM))
    assert only(repository.build(VLLM)).sha256 == first.sha256
    set_version(repository, "1.0.1", "Plain.")
    repository.build(VLLM)
    rows = read_catalog(repository.catalog).ledger.rows
    assert isinstance(rows[0], Release)
    assert rows[0].changes.en == hostile.replace("{{{{", "{{").replace("}}}}", "}}")


def removal(reason: str) -> str:
    return (
        f"Suspended(since=date(2026, 12, 1), because=Text({reason!r}, '撤下。'), "
        "removed=date(2026, 12, 8))"
    )


def test_a_removed_app_leaves_the_list_and_keeps_its_packages(repository: Repository) -> None:
    repository.build(VLLM)
    suspend(repository)
    repository.build(VLLM)
    amend(repository, VLLM, suspended=removal("Gone."))
    gone = repository.build(VLLM)
    assert gone.catalog_apps == 0
    assert f"charts/{VLLM}-1.0.2.tgz" in files(repository)
    assert json.loads(files(repository)["index.json"])["removed"] == [app_id(VLLM)]
    rows = read_catalog(repository.catalog).ledger.rows
    assert [type(row) for row in rows] == [Release, Suspend, Suspend, Remove]
    amend(repository, VLLM, suspended="None")
    assert repository.build(VLLM).catalog_apps == 1
    assert repository.build(VLLM).written is False


def test_nothing_is_removed_before_it_is_suspended(repository: Repository) -> None:
    amend(repository, VLLM, suspended=removal("Gone.").replace("12, 8", "11, 1"))
    with pytest.raises(Faults, match=r"suspended\.removed: it is removed before"):
        repository.build(VLLM)

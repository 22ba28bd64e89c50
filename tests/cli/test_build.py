"""`chartgen build` as people and programs meet it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.chart.reading import at, entries, table
from tests.release.steps import amend, files, leftovers, marks, released, set_version, suspend
from tests.repository import LLAMACPP, VLLM, Repository, run_python

APP = {"name", "version", "package", "sha256", "verdict", "measured", "status"}


def facts(repository: Repository, *arguments: str) -> object:
    done = repository.run("build", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    value: object = json.loads(done.stdout)
    return value


def status(repository: Repository, *arguments: str) -> dict[object, object]:
    apps = entries(facts(repository, *arguments), "apps")
    return {at(app, "name"): at(app, "status") for app in apps}


def test_one_app_is_told_with_its_sum(repository: Repository) -> None:
    done = repository.run("build", VLLM)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"{VLLM} on Olares One (RTX 5090M laptop, 24 GB GDDR7)"
    for word in ("weights", "KV cache", "need", "limit", "FITS: measured", "biggest lever: "):
        assert word in done.stdout
    digest = hashlib.sha256(files(repository)[f"charts/{VLLM}-1.0.2.tgz"]).hexdigest()
    assert (
        f"built     {VLLM} 1.0.2: fits (measured), charts/{VLLM}-1.0.2.tgz, sha256 {digest}"
        in lines
    )
    assert f"catalog {repository.catalog}: written, 1 apps" in lines
    assert "new charts rendered by " in done.stdout
    assert "warning: market.public_url is still the shipped example" in done.stdout
    assert json.loads(files(repository)["index.json"])["hash"]["hash"] in lines[-1]


def test_a_second_run_says_that_nothing_changed(repository: Repository) -> None:
    repository.run("build")
    before = marks(repository)
    for _ in range(2):
        done = repository.run("build")
        assert (done.returncode, done.stderr) == (0, "")
        assert f"unchanged {VLLM} 1.0.2: fits" in done.stdout
        assert f"unchanged {LLAMACPP} 1.0.3" in done.stdout
        assert f"catalog {repository.catalog}: unchanged, 2 apps" in done.stdout
        assert "rendered by" not in done.stdout
    assert marks(repository) == before


def test_json_has_the_shape_that_programs_rely_on(repository: Repository) -> None:
    value = facts(repository)
    apps = {at(app, "name"): table(app) for app in entries(value, "apps")}
    assert set(apps) == {VLLM, LLAMACPP}
    for name, app in apps.items():
        assert set(app) >= APP
        assert app["package"] == f"charts/{name}-{app['version']}.tgz"
        package = files(repository)[str(app["package"])]
        assert app["sha256"] == hashlib.sha256(package).hexdigest()
        assert (app["verdict"], app["status"]) == ("fits", "built")
    index = json.loads(files(repository)["index.json"])
    catalog = table(value, "catalog")
    assert (catalog["hash"], catalog["apps"]) == (index["hash"]["hash"], 2)
    assert set(status(repository).values()) == {"unchanged"}


def test_json_tells_every_term_with_its_source(repository: Repository) -> None:
    (app,) = entries(facts(repository, VLLM), "apps")
    terms = entries(app, "terms")
    assert len(terms) >= 5
    assert sum(int(str(at(term, "bytes"))) for term in terms) == at(app, "need_bytes", "value")
    for term in terms:
        assert int(str(at(term, "low"))) <= int(str(at(term, "high")))
        assert at(term, "formula")
        assert at(term, "source")
    assert entries(app, "levers")


def test_one_app_keeps_the_other_in_the_index(repository: Repository) -> None:
    repository.run("build", LLAMACPP)
    value = facts(repository, VLLM)
    assert [at(app, "name") for app in entries(value, "apps")] == [VLLM]
    assert at(value, "catalog", "apps") == 2


def test_the_life_of_an_app(repository: Repository) -> None:
    for version in ("1.0.0", "1.0.1", "1.0.2"):
        set_version(repository, version, f"This is {version}.")
        assert status(repository, VLLM) == {VLLM: "built"}
        assert status(repository, VLLM) == {VLLM: "unchanged"}
    assert [path for path in files(repository) if path.startswith("charts/")] == [
        f"charts/{VLLM}-1.0.{patch}.tgz" for patch in range(3)
    ]
    assert files(repository)["ledger.jsonl"].count(b"\n") == 3


def test_a_drift_is_told_with_a_short_diff(repository: Repository) -> None:
    repository.run("build")
    before = released(repository)
    repository.edit("market.py", "https://market.example.org", "https://charts.example.net")
    done = repository.run("build")
    assert done.returncode == 0
    assert f"drifted   {VLLM} 1.0.2: fits" in done.stdout
    assert "drifted: 1.0.2 stays as released; the next version would change:" in done.stdout
    assert '    +icon: "https://charts.example.net/icons/' in done.stdout
    assert len(done.stdout.splitlines()) < 60
    assert released(repository) == before
    assert set(status(repository).values()) == {"drifted"}


def test_an_edit_under_a_released_version_ends_with_6(repository: Repository) -> None:
    repository.run("build")
    before = files(repository)
    amend(repository, title='"Another title"')
    done = repository.run("build")
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.startswith(f"chartgen: {VLLM}.version: 1.0.2 is released")
    assert "Set version to 1.0.3" in done.stderr
    assert files(repository) == before
    assert leftovers(repository) == []


def test_a_suspended_app_says_so(repository: Repository) -> None:
    repository.run("build")
    suspend(repository)
    done = repository.run("build")
    assert f"unchanged {VLLM} 1.0.2, suspended: fits" in done.stdout
    (app,) = entries(facts(repository, VLLM), "apps")
    assert at(app, "suspended") is True


def test_out_writes_the_whole_catalog_elsewhere(repository: Repository, tmp_path: Path) -> None:
    repository.run("build")
    before = marks(repository)
    done = repository.run("build", VLLM, "--out", str(tmp_path / "out"))
    assert done.returncode == 0
    assert f"catalog {tmp_path / 'out'}: written, 2 apps" in done.stdout
    there = {path.name for path in (tmp_path / "out" / "charts").iterdir()}
    assert there == {f"{VLLM}-1.0.2.tgz", f"{LLAMACPP}-1.0.3.tgz"}
    assert marks(repository) == before


@pytest.mark.parametrize("engine", ["sdk", "program"])
def test_the_engine_is_named(repository: Repository, engine: str) -> None:
    program = os.environ.get("CHARTGEN_HELM") or str(Path(__file__).parents[2] / ".tools/bin/helm")
    done = repository.run("build", VLLM, "--helm", engine, env={"CHARTGEN_HELM": program})
    assert done.returncode == 0, done.stderr
    said = {"sdk": "helm-python-sdk ", "program": "helm v"}[engine]
    assert f"new charts rendered by {said}" in done.stdout


def test_both_engines_prove_the_same_packages(repository: Repository, tmp_path: Path) -> None:
    one, other = (
        facts(repository, "--helm", name, "--out", str(tmp_path / name)) for name in ("sdk", "auto")
    )
    assert at(one, "catalog", "hash") == at(other, "catalog", "hash")


def test_a_broken_memory_is_only_forgotten(repository: Repository) -> None:
    repository.run("build")
    for text in ("", "[]", "{}", "null", '{"key": 1, "text": 2, "facts": 3}', "\0"):
        kept = list((repository.root / ".chartgen").iterdir())
        assert kept
        for file in kept:
            file.write_text(text)
        assert set(status(repository).values()) == {"unchanged"}


def test_what_is_remembered_never_hides_a_broken_catalog(repository: Repository) -> None:
    repository.run("build")
    repository.run("build")
    package = repository.catalog / f"charts/{VLLM}-1.0.2.tgz"
    package.write_bytes(package.read_bytes() + b"\0")
    done = repository.run("build")
    assert done.returncode == 7
    assert str(package) in done.stderr


def test_what_is_remembered_is_for_the_same_question(repository: Repository) -> None:
    repository.run("build")
    assert set(status(repository)) == {VLLM, LLAMACPP}
    assert set(status(repository, VLLM)) == {VLLM}
    repository.edit("devices/olares-one.toml", 'title = "Olares One"', 'title = "Olares Two"')
    assert "on Olares Two" in repository.run("build", VLLM).stdout


def test_it_works_from_any_environment(repository: Repository) -> None:
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = repository.run("build", env={**plain, "COLUMNS": "1", "TERM": "dumb", "HOME": "/none"})
    assert done.returncode == 0, done.stderr
    assert repository.run("build", "--json", env=plain).returncode == 0


def test_the_program_and_the_module_are_one(repository: Repository) -> None:
    script = "import sys; from chartgen.cli.entry import main; sys.exit(main())"
    done = run_python("-c", script, "build", VLLM, cwd=repository.root)
    assert done.returncode == 0
    assert f"built     {VLLM}" in done.stdout

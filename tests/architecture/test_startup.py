"""What a start loads: each command only what it needs, seen in real processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.repository import VLLM, Repository, run_python

LISTED = """
import json, sys, sysconfig
folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
before = set(sys.modules)
try:
    exec(sys.argv.pop(1))
except SystemExit as end:
    assert not end.code, end.code
found = set()
for name in set(sys.modules) - before:
    file = getattr(sys.modules[name], "__file__", None) or ""
    if any(file.startswith(folder) for folder in folders):
        found.add(name.partition(".")[0])
sys.stderr.write(json.dumps(sorted(found)))
"""
PROGRAM = "from chartgen.cli.entry import main; main()"
PYDANTIC = "from pydantic import BaseModel, Field, TypeAdapter"
HEAVY = {"helm_python", "kubernetes", "kubernetes_validate", "jsonschema", "rich"}


def loaded(statement: str, *arguments: str, cwd: Path) -> set[str]:
    """The packages outside the standard library that a statement loads."""
    run = run_python("-c", LISTED, statement, *arguments, cwd=cwd)
    assert run.returncode == 0, run.stderr
    found: list[str] = json.loads(run.stderr)
    return set(found)


def test_this_test_sees_what_is_loaded(tmp_path: Path) -> None:
    assert {"pydantic", "pydantic_core"} <= loaded(PYDANTIC, cwd=tmp_path)


def test_the_package_alone_loads_nothing(tmp_path: Path) -> None:
    assert loaded("import chartgen", cwd=tmp_path) == set()


def test_the_version_loads_nothing(tmp_path: Path) -> None:
    assert loaded(PROGRAM, "--version", cwd=tmp_path) == set()


def test_the_spec_loads_pydantic_alone(tmp_path: Path) -> None:
    spec = loaded("import chartgen.spec", cwd=tmp_path)
    assert "pydantic" in spec
    assert spec <= loaded(PYDANTIC, cwd=tmp_path) | {"semver"}


@pytest.mark.parametrize("arguments", [("--help",), ("build", "--help")])
def test_help_loads_no_library_of_the_build(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    found = loaded(PROGRAM, *arguments, cwd=tmp_path)
    assert "typer" in found
    assert not found & (HEAVY | {"jinja2", "ruamel", "semver"})


def test_a_build_that_changes_nothing_loads_no_helm(repository: Repository) -> None:
    first = loaded(PROGRAM, "build", "--json", cwd=repository.root)
    assert "pydantic" in first
    again = loaded(PROGRAM, "build", "--json", cwd=repository.root)
    assert not again & HEAVY


def test_a_fit_loads_the_engine_of_its_app_alone(repository: Repository) -> None:
    listing = f"""
import sys
try:
    {PROGRAM}
except SystemExit:
    folders = {{name.split(".")[2] for name in sys.modules if name.startswith("chartgen.engines.")}}
    sys.stderr.write(" ".join(sorted(folders)))
"""
    run = run_python("-c", listing, "fit", VLLM, cwd=repository.root)
    assert run.stderr == "base common vllm"

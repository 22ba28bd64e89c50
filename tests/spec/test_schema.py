"""The spec's JSON Schema, for editors and other languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

import pytest
from jsonschema import Draft202012Validator

from chartgen.spec import App
from chartgen.spec.check import adapter
from chartgen.spec.schema import spec_schema
from tests.repository import Repository
from tests.spec.samples import LLAMACPP, VLLM

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def schema() -> dict[str, Json]:
    found: dict[str, Json] = json.loads(spec_schema())
    return found


def dumped(repository: Repository, name: str) -> dict[str, Json]:
    found: dict[str, Json] = adapter(App).dump_python(repository.app(name), mode="json")
    return found


def errors(instance: Mapping[str, Json]) -> list[str]:
    return [error.json_path for error in Draft202012Validator(schema()).iter_errors(instance)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_project_s_own_specs_are_valid_under_it(project: Repository) -> None:
    names = [app.name for app in project.load().apps]
    assert len(names) >= 2
    assert [errors(dumped(project, name)) for name in names] == [[]] * len(names)


@pytest.mark.parametrize("name", [VLLM, LLAMACPP])
def test_real_specs_are_valid_under_it(repository: Repository, name: str) -> None:
    assert errors(dumped(repository, name)) == []


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("verison", "1.0.0", "$"),
        ("name", "a" * 31, "$.name"),
        ("version", "1.0.0-rc.12345678", "$.version"),
        ("title", 5, "$.title"),
        ("engine", {"kind": "other"}, "$.engine"),
    ],
)
def test_wrong_specs_are_not(repository: Repository, field: str, value: Json, path: str) -> None:
    assert errors({**dumped(repository, VLLM), field: value}) == [path]


def test_a_missing_field_is_seen(repository: Repository) -> None:
    spec = dumped(repository, VLLM)
    del spec["license"]
    assert errors(spec) == ["$"]


def test_the_program_prints_the_same(repository: Repository) -> None:
    run = repository.run("schema")
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout) == schema()

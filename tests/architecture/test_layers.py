"""Imports go one way, engines are known in one place, modules are small and explained."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.architecture.sources import CHARTS, PACKAGE, Module, modules

LAYERS = (
    {"__main__"},
    {"cli"},
    {"release", "market", "device"},
    {"catalog"},
    {"chart", "lint"},
    {"vram"},
    {"engines"},
    {"spec", "facts"},
    {"quantities", "errors"},
    {"__init__"},
)
"""From the top down; a room imports from the layers below its own."""

DEPTH = {room: depth for depth, rooms in enumerate(LAYERS) for room in rooms}
MAX_LINES = 400
GENERATOR = modules(PACKAGE)
ENGINES = sorted(path.name for path in (PACKAGE / "engines").iterdir() if path.is_dir())
WITHOUT_ENGINES = [
    module for module in GENERATOR if module.room in {"vram", "chart", "catalog", "release"}
]
HOMES = {"typer": {"cli"}, "jinja2": {"chart", "market"}, "helm_python": {"lint"}}
"""Libraries that these rooms alone know."""


def room_of(name: str) -> str | None:
    """The room that an import leads to, or None for one that leaves the package."""
    first, _, rest = name.partition(".")
    if first != "chartgen":
        return None
    return rest.partition(".")[0] or "__init__"


def engines_named(text: str) -> list[str]:
    return [word for word in ("vllm", "llamacpp", "llama.cpp", "llama") if word in text.lower()]


def test_the_modules_are_found() -> None:
    assert len(GENERATOR) > 40
    assert {module.room for module in GENERATOR} <= DEPTH.keys()
    assert {"cli", "release", "catalog", "chart", "vram"} <= {module.room for module in GENERATOR}
    assert {"vllm", "llamacpp"} <= set(ENGINES)


@pytest.mark.parametrize("module", GENERATOR, ids=str)
def test_imports_go_one_way(module: Module) -> None:
    rooms = {room_of(name) for name in module.imports()} - {None, module.room}
    up = sorted(room for room in rooms if room and DEPTH[room] <= DEPTH[module.room])
    assert up == []


@pytest.mark.parametrize("engine", ["vllm", "llamacpp"])
def test_engines_do_not_know_each_other(engine: str) -> None:
    others = [f"chartgen.engines.{other}" for other in ENGINES if other != engine]
    found = [
        f"{module}: {name}"
        for module in GENERATOR
        if f"engines/{engine}/" in module.name
        for name in module.imports()
        if name.startswith(tuple(others))
    ]
    assert found == []


@pytest.mark.parametrize("module", WITHOUT_ENGINES, ids=str)
def test_no_engine_is_named_above_the_engines(module: Module) -> None:
    assert [word for word in module.words() if engines_named(word)] == []


def skeleton() -> list[Path]:
    return sorted(path for path in (PACKAGE / "chart" / "skeleton").rglob("*") if path.is_file())


@pytest.mark.parametrize("path", skeleton(), ids=lambda path: path.name)
def test_no_engine_is_named_in_the_skeleton(path: Path) -> None:
    assert engines_named(path.read_text("utf-8")) == []


@pytest.mark.parametrize("library", HOMES)
def test_a_library_stays_at_home(library: str) -> None:
    users = {
        module.room
        for module in GENERATOR
        if any(name.partition(".")[0] == library for name in module.imports())
    }
    assert users
    assert users <= HOMES[library]


@pytest.mark.parametrize("module", modules(CHARTS), ids=str)
def test_specs_know_the_spec_and_their_families_only(module: Module) -> None:
    allowed = {"chartgen.spec", "charts_src.families", *sys.stdlib_module_names}
    names = {name for name in module.imports() if not name.startswith("charts_src.families.")}
    assert names <= allowed


@pytest.mark.parametrize("module", GENERATOR, ids=str)
def test_modules_are_small(module: Module) -> None:
    assert module.lines < MAX_LINES


@pytest.mark.parametrize("module", GENERATOR, ids=str)
def test_what_is_public_is_explained(module: Module) -> None:
    assert module.undocumented() == []

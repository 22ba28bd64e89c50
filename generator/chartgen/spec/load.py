"""Loads spec files: the edge where an author's Python becomes checked data.

A spec file is run once, from its present text (never from a byte-code cache:
two edits within one second must both count), with `charts_src` importable from
the repository it lies in and forgotten afterwards.
"""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, fields
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TypeVar

from chartgen.errors import Fault, Faults, UnknownApp
from chartgen.spec import (
    App,
    Category,
    EnvVar,
    Image,
    License,
    LlamaCpp,
    LlamaSpeculation,
    Market,
    Model,
    Resources,
    Sglang,
    Speculation,
    Suspended,
    Text,
    Topic,
    Transformers,
    Unknown,
    Vllm,
)
from chartgen.spec.check import check
from chartgen.spec.rules import app_faults, market_faults

PACKAGE = "charts_src"
NOT_APPS = ("__init__", "market")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The apps that loaded and the faults of those that did not."""

    apps: tuple[App, ...]
    faults: tuple[Fault, ...]


def app_files(root: Path) -> list[Path]:
    """The spec files of a repository, sorted by name."""
    files = (root / PACKAGE).glob("*.py")
    return sorted(file for file in files if file.stem not in NOT_APPS and file.stem[0] != "_")


def load_apps(root: Path, names: Sequence[str] = ()) -> Loaded:
    """The apps of a repository, all of them or those named; never raises for a fault.

    Raises `UnknownApp` for a name without a spec file.
    """
    files = _chosen(app_files(root), names)
    apps: list[App] = []
    faults: list[Fault] = []
    with _importable(root):
        for file in files:
            app, wrong = _load(file, "app", App, file.stem)
            faults += wrong or (app_faults(app, file.stem) if app else [])
            apps += [app] if app else []
    return Loaded(tuple(apps), tuple(faults + _duplicates(apps)))


def load_market(root: Path) -> Market:
    """The market's settings, from `charts_src/market.py`."""
    file = root / PACKAGE / "market.py"
    with _importable(root):
        market, faults = _load(file, "market", Market, "market")
    if market is None:
        raise Faults(faults)
    if wrong := market_faults(market):
        raise Faults(wrong)
    return market


def _chosen(files: Sequence[Path], names: Sequence[str]) -> list[Path]:
    known = {file.stem: file for file in files}
    unknown = [name for name in names if name not in known]
    if unknown:
        near = {
            name: difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
            for name in unknown
        }
        raise UnknownApp(near=near)
    return [known[name] for name in dict.fromkeys(names)] if names else list(files)


def _load(file: Path, name: str, kind: type[T], path: str) -> tuple[T | None, list[Fault]]:
    module, fault = _run(file)
    if fault:
        return None, [fault]
    value = getattr(module, name, None)
    if value is None:
        where = f"{PACKAGE}/{file.name}"
        remedy = f"End the file with `{name} = {kind.__name__}(...)`."
        return None, [Fault(where, f"it defines no `{name}`", remedy)]
    return check(kind, value, path)


def _run(file: Path) -> tuple[ModuleType, Fault | None]:
    """Runs a spec file as a module; whatever it raises becomes one fault."""
    module = ModuleType(f"{PACKAGE}.{file.stem}")
    module.__file__ = str(file)
    where = f"{PACKAGE}/{file.name}"
    try:
        exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)  # noqa: S102 specs are code
    except FileNotFoundError:
        return module, Fault(where, "there is no such file", "Add it; README shows an example.")
    except OSError as error:
        return module, Fault(where, f"it cannot be read: {error.strerror}", "Make it readable.")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 any code may raise anything
        return module, _broken(error, file)
    return module, None


def _broken(error: BaseException, file: Path) -> Fault:
    if isinstance(error, TypeError) and (fault := _wrong_field(error, file)):
        return fault
    problem = f"{type(error).__name__}: {error}".splitlines()[0]
    return Fault(_place(error, file), problem, "Correct the Python in this file.")


def _place(error: BaseException, file: Path) -> str:
    """The file and line of this repository's that was running last, or whose syntax breaks."""
    folder = file.parent
    found, line = file, 0
    trace = error.__traceback__
    while trace:
        running = Path(trace.tb_frame.f_code.co_filename)
        if running.is_relative_to(folder):
            found, line = running, trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        broken = Path(error.filename)
        found, line = (broken, error.lineno or 0) if broken.is_relative_to(folder) else (found, 0)
    place = f"{PACKAGE}/{found.relative_to(folder)}"
    return f"{place}:{line}" if line else place


def _wrong_field(error: TypeError, file: Path) -> Fault | None:
    """A constructor's complaint about its fields, as a fault with a dotted path."""
    text = str(error)
    owner = re.match(r"(\w+)\.__init__\(\)", text)
    named = re.findall(r"'(\w+)'", text)
    if not owner or not named or owner[1] not in _CLASSES:
        return None
    path = ".".join(filter(None, (file.stem, _CLASSES[owner[1]].place, named[0])))
    seen = _place(error, file)
    if "unexpected" in text:
        near = difflib.get_close_matches(named[0], _CLASSES[owner[1]].fields, n=2)
        hint = f"Did you mean {' or '.join(near)}?" if near else "Remove it."
        return Fault(path, f"{owner[1]} has no such field", hint, seen)
    return Fault(path, f"{owner[1]} needs {', '.join(named)}", "Add what is missing.", seen)


@dataclass(frozen=True, slots=True)
class _Class:
    """Where a spec class stands below an app, and what fields it has."""

    place: str
    fields: tuple[str, ...]


_PLACES = {
    App: "",
    Market: "",
    Vllm: "engine",
    LlamaCpp: "engine",
    Sglang: "engine",
    Transformers: "engine",
    Image: "engine.image",
    Speculation: "engine.speculation",
    LlamaSpeculation: "engine.speculation",
    EnvVar: "engine.env",
    Model: "models",
    License: "license",
    Resources: "resources",
    Suspended: "suspended",
    Category: "categories",
    Topic: "topics",
    Text: "text",
    Unknown: "unknown",
}
_CLASSES = {
    kind.__name__: _Class(place, tuple(item.name for item in fields(kind)))
    for kind, place in _PLACES.items()
}


def _duplicates(apps: Sequence[App]) -> list[Fault]:
    names = [app.name for app in apps]
    return [
        Fault(name, f"{names.count(name)} spec files declare this name", "Rename all but one.")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]


class _FreshLoader(SourceFileLoader):
    """Compiles from the present source, whatever cache lies beside it."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 the protocol's signature
        return self.source_to_code(self.get_data(self.path), self.path)


class _Finder(MetaPathFinder):
    """Finds `charts_src` and what lies in it below one repository."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 the protocol's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != PACKAGE:
            return None
        place = self.root.joinpath(*fullname.split("."))
        file = place.with_suffix(".py")
        if file.is_file():
            return importlib.util.spec_from_file_location(
                fullname, file, loader=_FreshLoader(fullname, str(file))
            )
        package = place / "__init__.py"
        if package.is_file():
            return importlib.util.spec_from_file_location(
                fullname,
                package,
                loader=_FreshLoader(fullname, str(package)),
                submodule_search_locations=[str(place)],
            )
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = [str(place)]
        return spec if place.is_dir() else None


@contextmanager
def _importable(root: Path) -> Iterator[None]:
    """`charts_src` of this repository, importable only inside the block."""
    finder = _Finder(root.resolve())
    before = {name: sys.modules.pop(name) for name in _loaded_names()}
    sys.meta_path.insert(0, finder)
    try:
        # What a spec prints must not get between the lines that programs read.
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.meta_path.remove(finder)
        for name in _loaded_names():
            del sys.modules[name]
        sys.modules.update(before)


def _loaded_names() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == PACKAGE]

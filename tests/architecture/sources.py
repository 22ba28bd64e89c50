"""The project's own Python, parsed: what each module imports, names and says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.repository import PROJECT

PACKAGE = PROJECT / "generator" / "chartgen"
CHARTS = PROJECT / "charts_src"

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One source file; `name` is its path below the package's parent."""

    name: str
    path: Path
    tree: ast.Module

    def __str__(self) -> str:
        return self.name

    @property
    def room(self) -> str:
        """The part of the package it belongs to."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def lines(self) -> int:
        """Lines of text."""
        return len(self.path.read_text("utf-8").splitlines())

    def imports(self) -> Iterator[str]:
        """The dotted names of all imports, wherever they stand."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield ".".join([*self._folder(node.level), *(node.module or "").split(".")])

    def _folder(self, level: int) -> list[str]:
        """The package that a relative import of that level starts from."""
        parts = Path(self.name).parts[:-level]
        return list(parts) if level else []

    def words(self) -> Iterator[str]:
        """Every identifier and every string, but docstrings."""
        bare = {
            id(node.value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from [] if id(node) in bare else [node.value]
            else:
                yield from _identifiers(node)

    def undocumented(self) -> list[str]:
        """Public modules, classes, functions and methods without a docstring."""
        own = [] if ast.get_docstring(self.tree) else [self.name]
        return own + [f"{self.name}: {name}" for name in _undocumented(self.tree.body, "")]


def _identifiers(node: ast.AST) -> list[str]:
    fields = (getattr(node, field, None) for field in ("id", "attr", "name", "arg", "module"))
    return [text for text in fields if isinstance(text, str)]


def _undocumented(body: list[ast.stmt], owner: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            name = f"{owner}{node.name}"
            yield from [] if ast.get_docstring(node) else [name]
            if isinstance(node, ast.ClassDef):
                yield from _undocumented(node.body, f"{name}.")


def modules(folder: Path) -> list[Module]:
    """All modules below a folder."""
    return [
        Module(
            file.relative_to(folder.parent).as_posix(),
            file,
            ast.parse(file.read_text("utf-8")),
        )
        for file in sorted(folder.rglob("*.py"))
    ]

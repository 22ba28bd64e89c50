"""A chart as its files: read once from a folder or a package, hostile until it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from chartgen.lint.contents import MANIFEST, Contents, find_manifest
from chartgen.lint.finding import Place, Problem
from chartgen.lint.reading import read_path

__all__ = ["MANIFEST", "ChartSource", "Opened", "charts_in", "find_manifest", "open_chart"]


@dataclass(frozen=True, slots=True)
class ChartSource:
    """The files of one chart.

    `name` is the base name of its folder, or of the one folder in its package. `files` hold
    the bytes by path below that folder, with `/` between parts; `folders` are all folders,
    the empty ones too. `root` is where the chart lies as a folder, for real Helm; for a
    package it is where it was unpacked to.
    """

    name: str
    files: Mapping[str, bytes]
    folders: frozenset[str]
    root: Path


@dataclass(frozen=True, slots=True)
class Opened:
    """A chart that could be read, or the reasons why not."""

    chart: ChartSource | None
    problems: tuple[Problem, ...] = ()


@contextmanager
def open_chart(path: Path) -> Iterator[Opened]:
    """Reads a chart folder or a package (.tgz), with bounds, and never raises for its content.

    A package is unpacked to a temporary folder, as is a folder whose links were left out;
    that folder is gone when the context ends.
    """
    contents = Contents()
    try:
        where = read_path(path, contents)
    except OSError as error:
        contents.refuse(_unreadable(error))
        where = None
    if contents.refused:
        yield Opened(None, contents.problems())
        return
    if where is not None and not contents.filtered:
        yield Opened(_chart(contents, where), contents.problems())
        return
    with TemporaryDirectory(prefix="chartgen-", ignore_cleanup_errors=True) as folder:
        yield Opened(_chart(contents, contents.unpack(Path(folder))), contents.problems())


def charts_in(path: Path) -> list[Path]:
    """The charts that a path stands for: itself, or those in a folder that is none itself.

    They are packages and chart folders right below it, or in a folder `charts` there.
    """
    own = ("Chart.yaml", MANIFEST, "templates", "values.yaml")
    try:
        if not path.is_dir() or any((path / name).exists() for name in own):
            return [path]
        folders = sorted(found.parent for found in path.glob("*/Chart.yaml"))
        packages = [*sorted(path.glob("*.tgz")), *sorted(path.glob("charts/*.tgz"))]
    except OSError:
        return [path]  # whoever opens it says why
    return [*folders, *packages] or [path]


def _chart(contents: Contents, root: Path) -> ChartSource:
    return ChartSource(contents.name, contents.files, frozenset(contents.folders), root)


def _unreadable(error: OSError) -> Problem:
    message = "The chart cannot be read."
    remedy = "Name a chart's folder, or a package that ends in .tgz."
    return Problem("S01", Place(), error.strerror or str(error), message, remedy)

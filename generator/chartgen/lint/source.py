"""A chart as its files: read once from a folder or a package, hostile until it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chartgen.lint.finding import Problem

MANIFEST = "OlaresManifest.yaml"


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

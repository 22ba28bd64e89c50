"""The chart's folder and what names it: L01 to L04 (Olares market contract 3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartgen.lint.finding import Place, Problem
from chartgen.lint.go.nodes import Node
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.rendered.chartfile import CHART, ChartFile, read_chart
from chartgen.lint.source import MANIFEST, ChartSource

VALUES = "values.yaml"
TEMPLATES = "templates"
_NAME = re.compile(r"[a-z0-9]{1,30}")


def layout(source: ChartSource) -> Iterator[Problem]:
    """L01 and L02: the folder's name, and the files that every chart has."""
    if not _NAME.fullmatch(source.name):
        message = "The chart's folder has a name that the device does not take."
        remedy = "Name it with 1 to 30 lower-case letters and digits."
        yield Problem("L01", Place(), source.name, message, remedy)
    for path in (CHART, VALUES, TEMPLATES, MANIFEST):
        there = path in (source.folders if path == TEMPLATES else source.files)
        if not there:
            what = "folder" if path == TEMPLATES else "file"
            message = f"The {what} {path} is missing."
            yield Problem("L02", Place(path), "", message, f"Add {path}, empty if need be.")


def identity(source: ChartSource, manifest: Manifest) -> Iterator[Problem]:
    """L03 and L04: Chart.yaml is complete, and agrees with the folder and the manifest.

    Nothing where Chart.yaml is missing or no YAML, of which other rules speak.
    """
    read = read_chart(source.files.get(CHART, b""))
    if read is None or CHART not in source.files:
        return
    for fault in read.faults:
        message = f"{CHART} has {fault.path or 'a value'} that is no text."
        yield Problem("L03", Place(CHART, fault.line), fault.seen, message, "Write it as text.")
    if read.faults:
        return
    chart = read.chart
    yield from _complete(chart)
    if chart.name:
        yield from _names(source, chart.name, manifest, _place(read.tree, "name"))
    if chart.version:
        yield from _versions(chart.version, manifest)


def _place(tree: Node, key: str) -> Place:
    node = tree.get(key)
    return Place(CHART, node.line if node else None)


def _complete(chart: ChartFile) -> Iterator[Problem]:
    named = (("apiVersion", chart.api_version), ("name", chart.name), ("version", chart.version))
    for name, value in named:
        if not value:
            yield Problem("L03", Place(CHART), "", f"{CHART} has no {name}.", f"Write {name}.")


def _names(source: ChartSource, name: str, manifest: Manifest, place: Place) -> Iterator[Problem]:
    remedy = f"Use one name for the folder, {CHART} and metadata.name in {MANIFEST}."
    if name != source.name:
        message = f"{CHART} names the chart {name}, its folder is {source.name}."
        yield Problem("L04", place, name, message, remedy)
    declared = manifest.config.metadata.name
    if declared != source.name:
        message = f"{MANIFEST} names the app {declared or 'nothing'}, its folder is {source.name}."
        yield Problem("L04", manifest.place("metadata.name"), declared, message, remedy)


def _versions(version: str, manifest: Manifest) -> Iterator[Problem]:
    declared = manifest.config.metadata.version
    if declared != version:
        message = f"{MANIFEST} says version {declared or 'nothing'}, {CHART} {version}."
        remedy = "Write one version into both, in quotes: without them 1.10 is 1.1."
        yield Problem("L04", manifest.place("metadata.version"), declared, message, remedy)

"""What Helm asks of a chart beside its templates, where engines of Helm differ from the
device's: the release's name, the Kubernetes version, and libraries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from chartgen.lint.finding import Place, Problem
from chartgen.lint.go.decode import TypeFault, decode
from chartgen.lint.go.nodes import Node
from chartgen.lint.go.yaml import GoYamlError, load
from chartgen.quantities.ranges import admits

CHART = "Chart.yaml"
KUBERNETES = "1.20.0"
"""The Kubernetes that Helm's library takes the cluster for in a program that was built without
saying another, as the device's is taken to be (Helm 3.19 chartutil, 2025-09)."""
_RELEASE = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LONGEST_RELEASE = 53


@dataclass(frozen=True, slots=True)
class ChartFile:
    """What the device and its Helm read of Chart.yaml."""

    api_version: str = ""
    name: str = ""
    version: str = ""
    type: str = ""
    kube_version: str = ""


@dataclass(frozen=True, slots=True)
class ChartRead:
    """Chart.yaml, the tree that it was decoded from, and values that are no text."""

    chart: ChartFile
    tree: Node
    faults: tuple[TypeFault, ...]


@lru_cache(maxsize=16)
def read_chart(text: bytes) -> ChartRead | None:
    """Chart.yaml as it is decoded; None where it is not YAML."""
    try:
        tree = load(text) or Node(None, 1)
    except GoYamlError:
        return None
    chart, faults = decode(ChartFile, tree)
    return ChartRead(chart, tree, tuple(faults))


def chart_problem(release: str, files: Mapping[str, bytes]) -> Problem | None:
    """L40: a name that no release can have, or a range that no device's Kubernetes is in."""
    if len(release) > _LONGEST_RELEASE or not _RELEASE.fullmatch(release):
        message = "Helm takes no release of this name, and the device names it after the app."
        remedy = "Name the app with lower-case letters and digits."
        return Problem("L40", Place(), release, message, remedy)
    wanted = _chart(files).kube_version
    if wanted and not _admits(wanted):
        message = "The chart's kubeVersion excludes the Kubernetes that the device checks with."
        remedy = "Leave kubeVersion out, or widen it."
        return Problem("L40", Place(CHART), wanted, message, remedy)
    return None


def is_library(files: Mapping[str, bytes]) -> bool:
    """Whether it is a library chart, which renders to nothing."""
    return _chart(files).type.lower() == "library"


def _chart(files: Mapping[str, bytes]) -> ChartFile:
    read = read_chart(files.get(CHART, b""))
    return read.chart if read else ChartFile()


def _admits(wanted: str) -> bool:
    try:
        return admits(wanted, KUBERNETES)
    except ValueError:
        return False

"""Rules on the text of templates and values, before anything is rendered: L34, L35, L36, L38
and L39 (Olares market contract 3.5).

The text is what counts: a comment is text too. Lines are read as Go's scanner reads them,
which gives up on one of 64 KiB; a file that was not read to its end is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from chartgen.lint.finding import Place, Problem
from chartgen.lint.folder import TEMPLATES, VALUES
from chartgen.lint.go.decode import fold
from chartgen.lint.go.nodes import Node
from chartgen.lint.go.yaml import GoYamlError, load
from chartgen.lint.manifest.probe import is_modern
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.source import MANIFEST, ChartSource

LONGEST_LINE = 65536
"""Bytes at which Go's bufio.Scanner gives up on a line (bufio.MaxScanTokenSize)."""

_USER = re.compile(rb"\bOLARES_USER")
_SPACE = r"[\t\n\f\r ]"
_CUT = re.compile(rf"(?m)^---{_SPACE}*?$")
_KIND = re.compile(rf"{_SPACE}*kind:{_SPACE}*[\"']?(?:Deployment|StatefulSet)[\"']?{_SPACE}*")
_REPLICAS = re.compile(rf"{_SPACE}*replicas:{_SPACE}*(?=[^\t\n\f\r ])")
_BY_NAME = re.compile(r"\.Values\.workloads\.([A-Za-z0-9_]+)\.replicaCount")
_BY_INDEX = re.compile(
    rf"index{_SPACE}+\.Values\.workloads{_SPACE}+\"([^\"]+)\"{_SPACE}*\){_SPACE}*\.replicaCount"
)


def permissions(source: ChartSource, manifest: Manifest) -> Iterator[Problem]:
    """L38 and L39: templates use what the manifest asks permission for."""
    granted = manifest.config.permission
    asked = [
        ("L38", b".Values.userspace.appdata", "appData", granted.app_data),
        ("L39", b".Values.userspace.appCommon", "appCommon", granted.app_common),
    ]
    if is_modern(manifest.config.config_version):
        asked.append(("L39", b".Values.sharedlib", "externalData", granted.external_data))
    for rule, reference, permission, allowed in asked:
        if allowed:
            continue
        for path, data in _templates(source):
            yield from _found(rule, path, data, re.compile(re.escape(reference)), permission)


def _found(
    rule: str, path: str, data: bytes, wanted: re.Pattern[bytes], permission: str
) -> Iterator[Problem]:
    remedy = f"Set permission.{permission} to true in {MANIFEST}, or do not use it."
    line = _search(data, wanted)
    if line is not None:
        message = f"The template uses what only permission.{permission} gives."
        yield Problem(rule, Place(path, line), _line(data, line), message, remedy)
    elif (long := _too_long(data)) is not None:
        yield _unread(rule, path, long)


def user_variables(source: ChartSource, manifest: Manifest) -> Iterator[Problem]:
    """L36: a v3 chart names no OLARES_USER variable in its templates and values."""
    if manifest.config.api_version.lower() != "v3":
        return
    for path in sorted(source.files):
        if not _is_scanned(path):
            continue
        data = source.files[path]
        line = _search(data, _USER)
        if line is not None:
            message = "A v3 chart may not name OLARES_USER variables, not even in a comment."
            remedy = f"Declare it in envs of {MANIFEST}, and use .Values.olaresEnv.NAME."
            yield Problem("L36", Place(path, line), _line(data, line), message, remedy)
        elif (long := _too_long(data)) is not None:
            yield _unread("L36", path, long)


def replica_values(source: ChartSource, manifest: Manifest) -> Iterator[Problem]:
    """L35: values.yaml has workloads.NAME.replicaCount for every workload declared."""
    declared = manifest.config.workload_replicas or {}
    there = _workload_values(source)
    for name in sorted(declared):
        values = there.get(name)
        if values is None or values.get("replicaCount") is None:
            place = Place(VALUES, values.line if values else None)
            message = f"{VALUES} has no workloads.{name}.replicaCount."
            remedy = f"Add it; {MANIFEST} declares {name} under workloadReplicas."
            yield Problem("L35", place, name, message, remedy)


def written_counts(source: ChartSource) -> dict[str, int]:
    """The replica counts that values.yaml has, by workload."""
    found: dict[str, int] = {}
    for name, values in _workload_values(source).items():
        count = values.get("replicaCount")
        if count is not None and isinstance(count.value, int):
            found[name] = count.value
    return found


def _workload_values(source: ChartSource) -> Mapping[str, Node]:
    try:
        tree = load(source.files.get(VALUES, b""))
    except GoYamlError:
        return {}
    if tree is None or not isinstance(tree.value, Mapping):
        return {}
    exact = tree.value.get("workloads")
    any_case = (node for key, node in tree.value.items() if fold(key) == "workloads")
    found = exact or next(any_case, None)
    return found.value if found is not None and isinstance(found.value, Mapping) else {}


def replica_templates(source: ChartSource, manifest: Manifest) -> Iterator[Problem]:
    """L35 and L34: a workload's `replicas` names a value of a workload that is declared."""
    declared = manifest.config.workload_replicas or {}
    for path in sorted(source.files):
        if TEMPLATES in path.split("/") and path.lower().endswith((".yaml", ".yml")):
            text = source.files[path].decode("utf-8", "replace")
            for line, value in _replicas(text):
                yield from _reference(Place(path, line), value, declared)


def _replicas(text: str) -> Iterator[tuple[int, str]]:
    """The first `replicas` of every document that has a line like a workload's kind."""
    start, above, counted = 0, 0, 0
    for end in [*(cut.start() for cut in _CUT.finditer(text)), len(text)]:
        lines = text[start:end].split("\n")
        if any(_KIND.fullmatch(line) for line in lines):
            above += text.count("\n", counted, start)
            counted = start
            fields = (
                (number, line[found.end() :].strip())
                for number, line in enumerate(lines, above + 1)
                if (found := _REPLICAS.match(line))
            )
            yield from [found for found in [next(fields, None)] if found]
        start = end


def _reference(place: Place, value: str, declared: Mapping[str, int]) -> Iterator[Problem]:
    found = _BY_NAME.search(value) or _BY_INDEX.search(value)
    if found is None:
        message = "The replicas do not come from the value by which the device starts and stops."
        remedy = "Write `replicas: {{ .Values.workloads.NAME.replicaCount }}`."
        yield Problem("L35", place, value, message, remedy)
    elif found[1] not in declared:
        message = f"The replicas come from the value of {found[1]}, which is not declared."
        remedy = f"Add {found[1]} to workloadReplicas in {MANIFEST}."
        yield Problem("L34", place, value, message, remedy)


def _templates(source: ChartSource) -> Iterator[tuple[str, bytes]]:
    for path in sorted(source.files):
        if path.startswith(f"{TEMPLATES}/") and path.endswith(".yaml"):
            yield path, source.files[path]


def _is_scanned(path: str) -> bool:
    above, _, name = path.rpartition("/")
    if path.endswith(MANIFEST):
        return False
    in_templates = above.rpartition("/")[2] == TEMPLATES
    return name in (VALUES, "values.yml") or (
        in_templates and path.lower().endswith((".yaml", ".yml"))
    )


def _search(data: bytes, wanted: re.Pattern[bytes]) -> int | None:
    """The first line that holds it, unless an earlier line is too long to be read."""
    found = wanted.search(data)
    if found is None:
        return None
    line = data.count(b"\n", 0, found.start()) + 1
    long = _too_long(data)
    return line if long is None or line < long else None


def _too_long(data: bytes) -> int | None:
    if len(data) < LONGEST_LINE:
        return None
    lines = data.split(b"\n")
    return next((n for n, line in enumerate(lines, 1) if len(line) >= LONGEST_LINE), None)


def _unread(rule: str, path: str, line: int) -> Problem:
    message = f"A line has {LONGEST_LINE} bytes or more, so the device does not read the file."
    return Problem(rule, Place(path, line), f"line {line}", message, "Break the line.")


def _line(data: bytes, line: int) -> str:
    return data.split(b"\n")[line - 1].decode("utf-8", "replace").strip()[:200]

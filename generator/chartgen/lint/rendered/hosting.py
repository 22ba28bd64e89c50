"""Rules on where objects lie and what they mount: L42, L43, L44 and L53 (Olares market
contract 3.5)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from chartgen.lint.finding import Problem
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.rendered.objects import (
    DEPLOYMENT,
    REPLICATED,
    WORKLOADS,
    Rendered,
    child,
    containers,
    is_map,
    members,
    pod,
    text,
)
from chartgen.lint.rendered.values import NAMESPACE

_ROLLING = ("", "RollingUpdate")
_STRATEGY = {DEPLOYMENT: ("strategy", "Recreate")}
_STATEFUL_STRATEGY = ("updateStrategy", "OnDelete")

_TYPES = {
    "string": "text, in quotes where it looks like something else,",
    "bool": "true or false without quotes",
    "int": "a whole number without quotes",
    "int-or-string": "a whole number or text",
    "quantity": "a quantity such as 500m or 8Gi",
    "time": "a time such as 2026-01-31T12:00:00Z",
}


def upload(objects: list[Rendered], manifest: Manifest) -> Iterator[Problem]:
    """L42: a container mounts what options.upload.dest names."""
    wanted = manifest.config.options.upload.dest
    paths = {
        _clean(text(mount, "mountPath"))
        for _, container in containers(objects)
        for mount in members(container, "volumeMounts")
    }
    if not wanted or _clean(wanted) in paths:
        return
    message = "No container mounts a volume at the path that uploads go to."
    remedy = f"Name one of the mounted paths: {', '.join(sorted(paths)) or 'none is mounted'}."
    yield Problem("L42", manifest.place("options.upload.dest"), wanted, message, remedy)


def conversions(objects: Sequence[Rendered]) -> Iterator[Problem]:
    """L53: every Deployment and StatefulSet is one to Kubernetes."""
    for one in objects:
        if one.kind not in REPLICATED or one.fault is None:
            continue
        fault = one.fault
        value = fault.node.value
        seen = value if isinstance(value, str) else type(value).__name__
        if isinstance(value, int | float) or value is None:
            seen = str(value)
        message = f"{one.title} cannot be read as an object of apps/v1: {fault.path} does not fit."
        remedy = f"Write {_words(fault.wanted)} at {fault.path}."
        yield Problem("L53", one.place(fault.node), seen, message, remedy)


def _words(wanted: str) -> str:
    """A field's type for people; what is no type is the very text that has to stand there."""
    if wanted[:2] in ("[]", "{}"):
        return "a list" if wanted.startswith("[") else "a map"
    return _TYPES.get(wanted, "a map" if wanted[0].isupper() else wanted)


def host_paths(objects: Sequence[Rendered]) -> Iterator[Problem]:
    """L43: what mounts a folder of the host is not rolled over two pods at once."""
    for one in objects:
        if one.kind not in REPLICATED or one.fault is not None:
            continue
        field, calm = _STRATEGY.get(one.kind, _STATEFUL_STRATEGY)
        strategy = text(one.node, "spec", field, "type")
        if strategy not in _ROLLING:
            continue
        for volume in members(pod(one), "volumes"):
            if not is_map(child(volume, "hostPath")):
                continue
            message = f"{one.title} has a hostPath volume and is updated by rolling over."
            remedy = f"Set spec.{field}.type to {calm}; without a type it is RollingUpdate."
            value = f"volume {text(volume, 'name')}, path {text(volume, 'hostPath', 'path')}"
            yield Problem("L43", one.place(volume), value, message, remedy)


def namespaces(objects: Sequence[Rendered]) -> Iterator[Problem]:
    """L44: workloads lie in the app's namespace, other objects there or in user-system-*."""
    for one in objects:
        allowed = one.namespace in ("", NAMESPACE) or (
            one.kind not in WORKLOADS and one.namespace.startswith("user-system-")
        )
        if allowed:
            continue
        message = f"{one.title} lies in a namespace of its own."
        remedy = "Write `namespace: {{ .Release.Namespace }}`."
        place = one.place(child(one.node, "metadata", "namespace"))
        yield Problem("L44", place, one.namespace, message, remedy)


def _clean(path: str) -> str:
    # Go's filepath.Clean has one slash at the start, where Python keeps two.
    clean = posixpath.normpath(path or ".")
    return "/" + clean.lstrip("/") if clean.startswith("//") else clean

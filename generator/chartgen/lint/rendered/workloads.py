"""Rules on which workloads there are: L34, L35, L41 and L51 (Olares market contract 3.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chartgen.lint.finding import Place, Problem
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.rendered.objects import REPLICATED, Rendered, child


def names(objects: Sequence[Rendered]) -> set[str]:
    """The names of all Deployments and StatefulSets."""
    return {one.name for one in objects if one.kind in REPLICATED}


def app_workload(objects: Sequence[Rendered], manifest: Manifest) -> Iterator[Problem]:
    """L41: an app has a workload of its own name."""
    config = manifest.config
    name = config.metadata.name
    if config.config_type != "app" or not name or name in names(objects):
        # An app without a name breaks a rule of its own.
        return
    there = ", ".join(sorted(names(objects))) or "none"
    message = f"No Deployment or StatefulSet has the app's name, {name}."
    remedy = f"Name the main workload {name}; `{{{{ .Release.Name }}}}` is that name too."
    yield Problem("L41", Place("templates"), there, message, remedy)


def overlay_workloads(objects: Sequence[Rendered], manifest: Manifest) -> Iterator[Problem]:
    """L51: every overlay entrance leads to a workload that is there."""
    there = names(objects)
    for number, entrance in enumerate(manifest.config.overlay_gateway.entrances):
        if not entrance.workload or entrance.workload in there:
            continue
        place = manifest.place(f"overlayGateway.entrances.{number}.workload")
        message = "This overlay entrance leads to a workload that the chart does not render."
        remedy = f"Name one of: {', '.join(sorted(there)) or 'none is rendered'}."
        yield Problem("L51", place, entrance.workload, message, remedy)


def followed_replicas(objects: Sequence[Rendered], wanted: int) -> Iterator[Problem]:
    """L35: rendered with `wanted` replicas for every workload, each has as many.

    One without `replicas` has one, as Kubernetes sees it.
    """
    for one in objects:
        if one.kind not in REPLICATED or one.fault is not None:
            continue
        node = child(one.node, "spec", "replicas")
        count = node.value if node is not None and node.value is not None else 1
        if count == wanted:
            continue
        seen = f"{count}" if node is not None else "unset, which means 1"
        message = (
            f"{one.title} has {seen} replicas where workloads.{one.name}.replicaCount is {wanted}; "
            "the device stops an app by setting that value to 0."
        )
        remedy = (
            f"Write `replicas: {{{{ .Values.workloads.{one.name}.replicaCount }}}}`, without "
            "`default`, which takes 0 for nothing."
        )
        yield Problem("L35", one.place(node), seen, message, remedy)


def uniform(replicas: Mapping[str, int], count: int) -> dict[str, int]:
    """The same count for every workload that the manifest declares."""
    return dict.fromkeys(replicas, count)

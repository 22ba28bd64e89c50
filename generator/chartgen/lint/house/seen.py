"""What the rules of the house look at: the manifest, the texts, the rendered objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

from chartgen.errors import HelmRefused
from chartgen.lint.finding import Place, Problem
from chartgen.lint.go.nodes import Node
from chartgen.lint.go.yaml import GoYamlError, load
from chartgen.lint.helm import Helm
from chartgen.lint.house.values import device_values
from chartgen.lint.manifest.read import Manifest, read_manifest
from chartgen.lint.rendered.documents import NotManifest, read_document, split
from chartgen.lint.source import MANIFEST, ChartSource

WORKLOADS = ("Deployment", "StatefulSet")
EMPTY = Node(None, 0)
MAX_OBJECTS = 2000
"""Rendered objects that are looked at; the largest official chart has far fewer."""
MAX_PARTS = 5000
"""Documents of one rendered file that are looked at, empty ones too."""


@dataclass(frozen=True, slots=True)
class Object:
    """One rendered object, and the template that it came from."""

    file: str
    node: Node

    @property
    def kind(self) -> str:
        """Its kind."""
        return text(self.node, "kind")

    @property
    def name(self) -> str:
        """Its name."""
        return text(self.node, "metadata", "name")

    @property
    def pod(self) -> Node:
        """The pod of a workload; an empty node for other objects."""
        return at(self.node, "spec", "template", "spec") if self.kind in WORKLOADS else EMPTY

    def containers(self, *, init: bool = False) -> Iterator[Node]:
        """The containers of a workload's pod, with those that run before them on demand."""
        if init:
            yield from at(self.pod, "initContainers").items()
        yield from at(self.pod, "containers").items()


@dataclass(frozen=True, slots=True)
class Seen:
    """A chart as the rules see it.

    `manifest` is None where it could not be read, `rendered` false where Helm did not render.
    """

    source: ChartSource
    manifest: Manifest | None
    chart: Node
    values: Node
    objects: tuple[Object, ...] = ()
    rendered: bool = False

    def tree(self, *path: str) -> Node:
        """A part of the manifest; an empty node where there is none."""
        return at(self.manifest.tree, *path) if self.manifest else EMPTY

    def written(self, *path: str) -> str:
        """A text of the manifest, or an empty one."""
        return plain(self.tree(*path))

    def place(self, *path: str | int) -> Place:
        """Where a part of the manifest stands, or its nearest parent; lists count from 0."""
        if self.manifest is None:
            return Place(MANIFEST)
        return self.manifest.place(".".join(str(key) for key in path))

    def find(self, file: str, wanted: str) -> Place:
        """The first line of a file that has a text in it, or the file without a line."""
        data = self.source.files.get(file, b"")
        where = data.find(wanted.encode()) if wanted else -1
        return Place(file, data.count(b"\n", 0, where) + 1 if where >= 0 else None)


Check: TypeAlias = Callable[[Seen], Iterator[Problem]]


def look(source: ChartSource, helm: Helm | None) -> tuple[Seen, list[Problem]]:
    """The chart as the rules see it, and what stood in the way."""
    manifest = read_manifest(source, helm).manifest if MANIFEST in source.files else None
    chart, values = _load(source, "Chart.yaml"), _load(source, "values.yaml")
    seen = Seen(source, manifest, chart, values)
    if helm is None:
        return seen, [_not_run("no Helm was found")]
    if manifest is None:
        return seen, [_unread()]
    try:
        objects = tuple(islice(_objects(seen, helm), MAX_OBJECTS))
    except HelmRefused as error:
        return seen, [_refused(error.reason)]
    except NotManifest as error:
        return seen, [_refused(error.message)]
    return replace(seen, objects=objects, rendered=True), []


def _load(source: ChartSource, file: str) -> Node:
    try:
        return load(source.files.get(file, b"")) or EMPTY
    except GoYamlError:
        return EMPTY


def _objects(seen: Seen, helm: Helm) -> Iterator[Object]:
    name = seen.source.name
    values = device_values(name, seen.tree())
    with helm.load(seen.source.root) as chart:
        texts = chart.render(release=name, namespace="app-namespace", values=values)
    for path, rendered in texts.items():
        for part, above in islice(split(rendered), MAX_PARTS):
            document = read_document(part, above)
            if document is not None:
                yield Object(path.partition("/")[2], document.node)


def at(node: Node, *path: str) -> Node:
    """The node under a path of keys; an empty node where there is none."""
    for key in path:
        node = node.get(key) or EMPTY
    return node


def plain(node: Node) -> str:
    """A scalar as text; an empty one for nothing, for a list and for a map."""
    value = node.value
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value) if _whole(value) else ""


def text(node: Node, *path: str) -> str:
    """The scalar under a path of keys, as text."""
    return plain(at(node, *path))


def _whole(value: object) -> bool:
    return isinstance(value, int)


def _not_run(reason: str) -> Problem:
    message = f"Rules about rendered objects did not run: {reason}."
    remedy = "Install the helm extra, put helm on PATH, or name it in CHARTGEN_HELM."
    return Problem("S20", Place(), "", message, remedy)


def _unread() -> Problem:
    message = "Rules about the manifest and rendered objects did not run: it cannot be read."
    remedy = "Mend what the device's profile says of it first."
    return Problem("S20", Place(MANIFEST), "", message, remedy)


def _refused(reason: str) -> Problem:
    message = "The chart does not render with the values that a device sets."
    remedy = "Render it with the values of an install, and give every value a default."
    return Problem("H31", Place(), reason[:300], message, remedy)

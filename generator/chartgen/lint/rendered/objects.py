"""Rendered objects as the gate's rules see them, and where in the chart they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from chartgen.lint.finding import Place
from chartgen.lint.go.nodes import Node
from chartgen.lint.rendered.documents import Document, read_document
from chartgen.lint.rendered.types import Misfit, misfit

DEPLOYMENT = "Deployment"
STATEFUL_SET = "StatefulSet"
DAEMON_SET = "DaemonSet"
REPLICATED = (DEPLOYMENT, STATEFUL_SET)
WORKLOADS = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
_WORKLOADS_API = "apps/v1"
_ROLES_API = "rbac.authorization.k8s.io/v1"
_APIS = {
    **dict.fromkeys(WORKLOADS, _WORKLOADS_API),
    **dict.fromkeys(("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"), _ROLES_API),
}


@dataclass(frozen=True, slots=True)
class Template:
    """A template of the chart (`templates/web.yaml`), its source, and what it rendered to."""

    path: str
    source: bytes
    rendered: str

    def place(self, line: int | None) -> Place:
        """The place in the source that a line of the rendered text comes from.

        The line is left out where it cannot be told: rendering may add and drop lines, and
        then only a line that is the same text in both, and only once, is sure.
        """
        return Place(self.path, None if line is None else self._source_line(line))

    def _source_line(self, line: int) -> int | None:
        before, after = _lines(self.source), _lines(self.rendered)
        if len(before) == len(after):
            return line
        if not 0 < line <= len(after):
            return None
        wanted = after[line - 1].strip()
        same = [number for number, text in enumerate(before, 1) if text.strip() == wanted]
        return same[0] if len(same) == 1 else None


@lru_cache(maxsize=8)
def _lines(text: str | bytes) -> list[str]:
    decoded = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return decoded.split("\n")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One object, and the text that it was read from, with the lines above it in the rendered
    file; `fault` tells why it is no object of its kind to Kubernetes, where it is one
    that the device turns into its Go type."""

    kind: str
    name: str
    namespace: str
    node: Node
    template: Template
    part: str
    above: int
    fault: Misfit | None = field(default=None)

    @property
    def title(self) -> str:
        """Kind and name, for people."""
        return f"{self.kind} {self.name}"

    def place(self, node: Node | None = None) -> Place:
        """Where a part of the object is written; without one, where the object starts."""
        return self.template.place((node or self.node).line + self.above)


def read_object(template: Template, part: str, above: int) -> Rendered | None:
    """The object of one part of what a template rendered to; None for a hook, and for an
    empty document. Raises `NotManifest`."""
    document = read_document(part, above)
    if document is None:
        return None
    node = document.node
    metadata = node.get("metadata") if node.get("items") is None else None
    name, namespace = text(metadata, "name"), text(metadata, "namespace")
    fault = _fault(document)
    return Rendered(document.kind, name, namespace, node, template, part, above, fault)


def _fault(document: Document) -> Misfit | None:
    wanted = _APIS.get(document.kind)
    if wanted is None:
        return None
    version = document.node.get("apiVersion")
    if version is None or version.value != wanted:
        return Misfit("apiVersion", version or document.node, wanted)
    return misfit(document.node, document.kind)


def child(node: Node | None, *keys: str) -> Node | None:
    """What lies under the keys, one below the other."""
    for key in keys:
        node = node.get(key) if node is not None else None
    return node


def text(node: Node | None, *keys: str) -> str:
    """The text under the keys; empty where there is none."""
    found = child(node, *keys)
    return found.value if found is not None and isinstance(found.value, str) else ""


def members(node: Node | None, *keys: str) -> Iterator[Node]:
    """The members of the list under the keys."""
    found = child(node, *keys)
    return found.items() if found is not None else iter(())


def texts(node: Node | None, *keys: str) -> list[str]:
    """The texts in the list under the keys."""
    return [one.value for one in members(node, *keys) if isinstance(one.value, str)]


def pod(one: Rendered) -> Node | None:
    """The pod's spec of a workload."""
    return child(one.node, "spec", "template", "spec")


def pods(objects: list[Rendered]) -> Iterator[tuple[Rendered, Node]]:
    """The workloads that Kubernetes can read, each with its pod's spec."""
    for one in objects:
        spec = pod(one) if one.kind in WORKLOADS and one.fault is None else None
        if spec is not None:
            yield one, spec


def containers(objects: list[Rendered]) -> Iterator[tuple[Rendered, Node]]:
    """The containers, but not those for initialization, of all Deployments and StatefulSets."""
    for one, spec in pods(objects):
        if one.kind in REPLICATED:
            yield from ((one, container) for container in members(spec, "containers"))


def container_title(one: Rendered, container: Node) -> str:
    """A container and its workload, for people."""
    return f"container {text(container, 'name') or 'without a name'} of {one.title}"


def is_map(node: Node | None) -> bool:
    """Whether there is a map."""
    return node is not None and isinstance(node.value, Mapping)


def template_path(path: str) -> str:
    """A path as Helm names it (`chart/templates/web.yaml`), below the chart's folder."""
    return path.partition("/")[2]

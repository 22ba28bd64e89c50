"""Rules on what objects may do: L47, L48 and L49 (Olares market contract 3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.lint.finding import Problem
from chartgen.lint.go.nodes import Node
from chartgen.lint.rendered.objects import (
    Rendered,
    child,
    container_title,
    members,
    pods,
    text,
    texts,
)

_RESOURCES = frozenset({"nodes", "networkpolicies"})
_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_ROLES = ("Role", "ClusterRole")


def roles(objects: list[Rendered]) -> Iterator[Problem]:
    """L47: no role that a service account has may change nodes or network policies.

    Words are compared as they stand, so `*` passes; a rule without verbs or without
    resources counts as one for all of them.
    """
    bound = {
        text(one.node, "roleRef", "name")
        for one in objects
        if one.kind in _BINDINGS and one.fault is None
        if any(
            text(subject, "kind") == "ServiceAccount" for subject in members(one.node, "subjects")
        )
    }
    for one in objects:
        if one.kind not in _ROLES or one.fault is not None or one.name not in bound:
            continue
        for rule in members(one.node, "rules"):
            if not texts(rule, "nonResourceURLs") and _forbidden(rule):
                message = f"{one.title} lets a service account change nodes or network policies."
                remedy = "Leave those resources out of the role, or let it only read them."
                value = f"{texts(rule, 'verbs')} on {texts(rule, 'resources')}"
                yield Problem("L47", one.place(rule), value, message, remedy)


def _forbidden(rule: Node) -> bool:
    verbs, resources = set(texts(rule, "verbs")), set(texts(rule, "resources"))
    return (not verbs or bool(verbs & _VERBS)) and (not resources or bool(resources & _RESOURCES))


def root_images(objects: list[Rendered]) -> Iterator[Problem]:
    """L48: images of others than beclab do not run as root, by their pod or by themselves."""
    for one, spec in pods(objects):
        every = [*members(spec, "containers"), *members(spec, "initContainers")]
        for container in every:
            if _is_trusted(text(container, "image")):
                continue
            setting = _rootly(child(spec, "securityContext"), pod=True) or _rootly(
                child(container, "securityContext"), pod=False
            )
            if setting is not None:
                yield _as_root(one, container, *setting)


def _is_trusted(image: str) -> bool:
    return image.startswith("beclab/") or "/beclab/" in image


def _rootly(context: Node | None, *, pod: bool) -> tuple[str, Node] | None:
    wanted: tuple[tuple[str, int | bool], ...] = (("runAsUser", 0), ("runAsNonRoot", False))
    if not pod:
        wanted = (("privileged", True), *wanted)
    for name, bad in wanted:
        node = child(context, name)
        if node is not None and node.value is not None and node.value == bad:
            return name, node
    return None


def _as_root(one: Rendered, container: Node, name: str, node: Node) -> Problem:
    shown = str(node.value).lower()
    image = text(container, "image")
    message = f"The {container_title(one, container)} runs {image} as root."
    remedy = "Only images of beclab may: set another user, or leave the setting out."
    return Problem("L48", one.place(node), f"{name}: {shown}", message, remedy)


def path_expressions(objects: list[Rendered]) -> Iterator[Problem]:
    """L49: no mount has a subPathExpr, which the device does not expand."""
    for one, spec in pods(objects):
        for kind in ("containers", "initContainers", "ephemeralContainers"):
            for container in members(spec, kind):
                yield from _expressions(one, container)


def _expressions(one: Rendered, container: Node) -> Iterator[Problem]:
    for mount in members(container, "volumeMounts"):
        expression = text(mount, "subPathExpr")
        if expression:
            who = container_title(one, container)
            message = f"The {who} mounts {text(mount, 'name')} by an expression."
            remedy = "Use subPath with a fixed path."
            yield Problem("L49", one.place(mount), expression, message, remedy)

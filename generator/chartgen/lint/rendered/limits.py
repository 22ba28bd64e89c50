"""Rules on requests and limits of containers: L26, L45 and L46 (Olares market contract 3.5).

Everything is compared exactly, as Kubernetes compares quantities. Containers for
initialization, and those of other kinds than Deployment and StatefulSet, are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from chartgen.lint.finding import Place, Problem
from chartgen.lint.go.nodes import Node
from chartgen.lint.go.quantity import quantity_or_nought
from chartgen.lint.manifest.spec_rules import AUTO
from chartgen.lint.rendered.objects import Rendered, child, container_title, containers

_RESOURCES = ("memory", "cpu")
_NOUGHT = Fraction(0)


@dataclass(frozen=True, slots=True)
class Declared:
    """What the manifest declares of one resource, and where."""

    resource: str
    required: str
    limited: str
    required_place: Place
    limited_place: Place


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the manifest declares; `mode` is the accelerator's, empty for the flat fields."""

    mode: str
    cpu: Declared
    memory: Declared


def limits(objects: list[Rendered], envelope: Envelope) -> Iterator[Problem]:
    """L26, L45 and L46 of one render, in the gate's order."""
    found = list(containers(objects))
    yield from _order(envelope.cpu)
    yield from _order(envelope.memory)
    for one, container in found:
        yield from _container(one, container)
    for kind in ("limits", "requests"):
        for declared in (envelope.cpu, envelope.memory):
            yield from _sum(found, kind, declared, envelope.mode)


def _order(declared: Declared) -> Iterator[Problem]:
    if AUTO in (declared.required.strip(), declared.limited.strip()):
        return
    if quantity_or_nought(declared.required) <= quantity_or_nought(declared.limited):
        return
    name = declared.resource.capitalize()
    message = f"required{name} is more than limited{name}, {declared.limited or 'nothing'}."
    remedy = f"Raise limited{name}, or lower required{name}."
    yield Problem("L26", declared.required_place, declared.required, message, remedy)


def _container(one: Rendered, container: Node) -> Iterator[Problem]:
    who = container_title(one, container)
    for resource in ("cpu", "memory"):
        request = _amount(container, "requests", resource)
        limit = _amount(container, "limits", resource)
        if request and limit and request > limit:
            node = child(container, "resources", "requests", resource)
            message = f"The {resource} request of {who} is above its limit."
            remedy = "A request may be at most the limit."
            yield Problem("L45", one.place(node), _shown(node), message, remedy)
    for kind in ("requests", "limits"):
        for resource in _RESOURCES:
            if _amount(container, kind, resource) == 0:
                word = kind.removesuffix("s")
                node = child(container, "resources", kind) or child(container, "resources")
                message = f"The {who} has no {resource} {word}."
                remedy = f"Set resources.{kind}.{resource}; 0 counts as none."
                yield Problem("L45", one.place(node or container), "", message, remedy)


def _sum(
    found: list[tuple[Rendered, Node]], kind: str, declared: Declared, mode: str
) -> Iterator[Problem]:
    limiting = kind == "limits"
    allowed = declared.limited if limiting else declared.required
    amounts = (_amount(container, kind, declared.resource) for _, container in found)
    total = sum(amounts, _NOUGHT)
    if allowed.strip() == AUTO or total <= quantity_or_nought(allowed):
        return
    field = f"{'limited' if limiting else 'required'}{declared.resource.capitalize()}"
    where = f" in mode {mode}" if mode else ""
    message = f"The containers' {declared.resource} {kind}{where} come to {show(total)}."
    remedy = f"Raise {field} from {allowed or 'nothing'} to that, or lower the {kind}."
    place = declared.limited_place if limiting else declared.required_place
    yield Problem("L46", place, f"{show(total)} > {allowed or '0'}", message, remedy)


ABSURD = 1 << 63
"""More than a device can count, and too long to print."""


def show(amount: Fraction) -> str:
    """An amount in the largest unit that leaves it whole, an absurd one by its magnitude."""
    if amount >= ABSURD:
        return f"{Decimal(amount.numerator) / Decimal(amount.denominator):.3e}"
    for suffix, unit in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10), ("", 1)):
        if amount % unit == 0:
            return f"{amount // unit}{suffix}"
    return f"{float(amount * 1000):g}m"


def _amount(container: Node, kind: str, resource: str) -> Fraction:
    node = child(container, "resources", kind, resource)
    if node is None or node.value is None:
        return _NOUGHT
    return quantity_or_nought(_shown(node).strip())


def _shown(node: Node | None) -> str:
    if node is None:
        return ""
    value = node.value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)

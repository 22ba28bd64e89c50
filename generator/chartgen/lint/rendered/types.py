"""Whether a rendered object fits the Go types that Kubernetes has for its kind.

The device turns workloads and roles into apps/v1 and rbac/v1 objects before it looks at
them. That knows no defaults and no required fields, only types: a number where text belongs
is refused, an unknown field is not. `kubernetes_1_32.json` has the fields of those kinds and
their types, made from the published API of Kubernetes 1.32; a test compares the two.
"""

from __future__ import annotations

import json
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from chartgen.lint.go.nodes import Node, Scalar
from chartgen.lint.go.quantity import is_quantity

_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    r"(?:[.,]\d+)?(?:Z|[+-](?:[01]\d|2[0-4]):[0-5]\d)",
    re.ASCII,
)
"""As Go's time.RFC3339 has it."""
_INT32 = range(-(1 << 31), 1 << 31)
_SOURCE = "kubernetes_1_32.json"


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that its field cannot hold; `path` is dotted, `wanted` is the field's type."""

    path: str
    node: Node
    wanted: str


def misfit(node: Node, kind: str) -> Misfit | None:
    """The first value of an object that the Go type of its kind cannot hold."""
    found = _misfit(node, kind)
    if found is None:
        return None
    path, seen, wanted = found
    return Misfit(".".join(reversed(path)), seen, wanted)


_Found = tuple[list[str], Node, str]


def _misfit(node: Node, wanted: str) -> _Found | None:
    if node.value is None:
        return None
    if wanted[:2] == "[]":
        return _in_list(node, wanted)
    if wanted[:2] == "{}":
        return _in_map(node, wanted)
    fits = _SCALARS.get(wanted)
    if fits is None:
        return _in_struct(node, wanted)
    value = node.value
    if isinstance(value, list | Mapping):
        return None if wanted == "any" else ([], node, wanted)
    return None if fits(value) else ([], node, wanted)


def _in_list(node: Node, wanted: str) -> _Found | None:
    if not isinstance(node.value, list):
        return [], node, wanted
    for place, item in enumerate(node.value):
        if found := _misfit(item, wanted[2:]):
            found[0].append(str(place))
            return found
    return None


def _in_map(node: Node, wanted: str) -> _Found | None:
    if not isinstance(node.value, Mapping):
        return [], node, wanted
    for key, item in node.value.items():
        if found := _misfit(item, wanted[2:]):
            found[0].append(key)
            return found
    return None


def _in_struct(node: Node, wanted: str) -> _Found | None:
    if not isinstance(node.value, Mapping):
        return [], node, wanted
    fields = _types()[wanted]
    for key, item in node.value.items():
        field = fields.get(key)
        if field is not None and (found := _misfit(item, field)):
            found[0].append(key)
            return found
    return None


@cache
def _types() -> Mapping[str, Mapping[str, str]]:
    text = files("chartgen.lint.rendered").joinpath(_SOURCE).read_text("utf-8")
    types: dict[str, dict[str, str]] = json.loads(text)
    return types


def _is_whole(value: Scalar) -> bool:
    # A float that is whole is written to JSON without a point, and read back as an integer.
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_quantity(value: Scalar) -> bool:
    if isinstance(value, bool):
        return False
    return not isinstance(value, str) or is_quantity(value.strip())


def _is_time(value: Scalar) -> bool:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return False
    year, month, day = (int(part) for part in found.groups())
    # Go knows a year 0, which has as many days as 2000.
    return 1 <= month <= 12 and 1 <= day <= monthrange(year or 2000, month)[1]


def _is_int_or_string(value: Scalar) -> bool:
    return isinstance(value, str) or (_is_whole(value) and int(value or 0) in _INT32)


_SCALARS: Mapping[str, Callable[[Scalar], bool]] = {
    "string": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": _is_whole,
    "quantity": _is_quantity,
    "int-or-string": _is_int_or_string,
    "time": _is_time,
    "any": lambda _: True,
}

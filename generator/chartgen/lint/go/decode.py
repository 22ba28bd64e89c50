"""Decodes a YAML tree into typed objects as Go's sigs.k8s.io/yaml and encoding/json do.

Keys match their field in any case, the exact spelling first; keys without a field are passed
over; null leaves a field at its zero value. A number or a boolean becomes text where the field
is text, at any depth through structs, lists, maps and pointers, but not inside a struct that
another embeds: sigs.k8s.io/yaml 1.6 looks for the field's type on the embedding struct there
and finds none. Integers may be written as floats (`8000.0`), if whole.

A type to decode into is a frozen dataclass whose fields all have a default. A field is spelled
in the manifest as its own name in camel case, unless `spelled` says otherwise.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import NewType, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from chartgen.lint.go.nodes import Node
from chartgen.lint.go.numbers import format_float32

Int32 = NewType("Int32", int)
Int64 = NewType("Int64", int)
Float32 = NewType("Float32", float)
NO_INT32 = Int32(0)
NO_INT64 = Int64(0)
NO_FLOAT32 = Float32(0.0)

T = TypeVar("T")

_MAX_FLOAT32 = 3.4028235677973366e38
"""The first number that Go does not round down to the largest float32."""
_EXPONENT_FROM = 1e21
"""encoding/json writes a float with an exponent from here on, which no integer field takes."""
_FOLDED = str.maketrans({"\u017f": "s", "\u212a": "k"})
"""The long s and the Kelvin sign, which Go's case folding takes for letters."""


def spelled(json: str) -> Mapping[str, str]:
    """Metadata of a field that the manifest spells otherwise than its camel case."""
    return {"json": json}


EMBEDDED: Mapping[str, str] = {"embedded": "yes"}
"""Metadata of a struct whose fields stand among those of the struct that embeds it."""


@dataclass(frozen=True, slots=True)
class TypeFault:
    """A value whose type is not the field's; `path` is dotted, `expected` Go's name of it."""

    path: str
    line: int
    seen: str
    expected: str


@dataclass(slots=True)
class _Run:
    """What one decoding has found; `texts` counts numbers that no JSON can hold and that
    became text."""

    faults: list[TypeFault]
    texts: int = 0

    def fault(self, path: str, node: Node, expected: str) -> None:
        self.faults.append(TypeFault(path, node.line, describe(node), expected))


_Reader: TypeAlias = Callable[[Node, str, _Run], object]


def decode(kind: type[T], node: Node, *, coerce: bool = True) -> tuple[T, list[TypeFault]]:
    """A tree as `kind`, and every value of a wrong type, which is left at its zero.

    With `coerce` off numbers do not become text, as in Go's plain encoding/json.
    """
    run = _Run([])
    made = _reader(cast("object", kind), coerce)(node, "", run)
    if _unwritable(node) > run.texts:
        run.faults.append(TypeFault("", node.line, "a number that is not finite", "JSON"))
    assert isinstance(made, kind)  # noqa: S101 - what its reader makes
    return made, run.faults


def describe(node: Node) -> str:
    """A value as a message shows it."""
    value = node.value
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}..."'
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return str(value) if isinstance(value, (int, float)) else _collection(value)


def fold(key: str) -> str:
    """A key as Go compares keys of any case."""
    return key.translate(_FOLDED).lower() if not key.isascii() else key.lower()


def _collection(value: list[Node] | Mapping[str, Node]) -> str:
    return "a list" if isinstance(value, list) else "a map"


@cache
def _reader(hint: object, coerce: bool) -> _Reader:
    if hint in _SCALARS:
        read, name = _SCALARS[hint]
        return _scalar(read, name)
    if hint is str:
        return _text if coerce else _plain_text
    if hint is Node:
        return lambda node, _path, _run: node
    if isinstance(hint, type) and is_dataclass(hint):
        return _struct(hint, coerce)
    return _compound(hint, coerce)


def _compound(hint: object, coerce: bool) -> _Reader:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _list(_reader(parts[0], coerce))
    if origin is Mapping:
        return _map(_reader(parts[1], coerce))
    if origin in (Union, types.UnionType):
        return _pointer(_reader(parts[0], coerce))
    raise TypeError(f"no way to decode {hint}")


def _scalar(read: Callable[[Node], object], name: str) -> _Reader:
    zero = read(Node(None, 0))

    def reader(node: Node, path: str, run: _Run) -> object:
        found = read(node)
        if found is None:
            run.fault(path, node, name)
            return zero
        return found

    return reader


def _bool(node: Node) -> bool | None:
    if node.value is None:
        return False
    return node.value if isinstance(node.value, bool) else None


def _integer(bits: int) -> Callable[[Node], int | None]:
    allowed = range(-(1 << bits - 1), 1 << bits - 1)

    def read(node: Node) -> int | None:
        value = node.value
        if value is None:
            return 0
        if isinstance(value, float) and abs(value) < _EXPONENT_FROM and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return value if value in allowed else None

    return read


def _float32(node: Node) -> float | None:
    value = node.value
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < _MAX_FLOAT32 else None


_SCALARS: Mapping[object, tuple[Callable[[Node], object], str]] = {
    bool: (_bool, "bool"),
    Int32: (_integer(32), "int32"),
    Int64: (_integer(64), "int64"),
    Float32: (_float32, "float32"),
}


def _text(node: Node, path: str, run: _Run) -> object:
    value = node.value
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        run.texts += not math.isfinite(value)
        return format_float32(value)
    return str(value) if isinstance(value, int) else _plain_text(node, path, run)


def _plain_text(node: Node, path: str, run: _Run) -> object:
    if isinstance(node.value, str):
        return node.value
    if node.value is not None:
        run.fault(path, node, "string")
    return ""


def _list(item: _Reader) -> _Reader:
    def reader(node: Node, path: str, run: _Run) -> object:
        if isinstance(node.value, list):
            return tuple(
                item(child, f"{path}.{place}", run) for place, child in enumerate(node.value)
            )
        if node.value is not None:
            run.fault(path, node, "list")
        return ()

    return reader


def _map(item: _Reader) -> _Reader:
    def reader(node: Node, path: str, run: _Run) -> object:
        if isinstance(node.value, Mapping):
            return {key: item(child, f"{path}.{key}", run) for key, child in node.value.items()}
        if node.value is not None:
            run.fault(path, node, "map")
        return {}

    return reader


def _pointer(target: _Reader) -> _Reader:
    return lambda node, path, run: None if node.value is None else target(node, path, run)


@dataclass(frozen=True, slots=True)
class _Fields:
    """How a struct's keys are read: attribute, spelling and reader by key."""

    exact: Mapping[str, tuple[str, str, _Reader]]
    folded: Mapping[str, tuple[str, str, _Reader]]
    embedded: Mapping[str, _Reader]


def _struct(kind: type, coerce: bool) -> _Reader:
    plan = _plan(kind, coerce)

    def reader(node: Node, path: str, run: _Run) -> object:
        if not isinstance(node.value, Mapping):
            if node.value is not None:
                run.fault(path, node, "map")
            return kind()
        head = f"{path}." if path else ""
        made: dict[str, object] = {}
        # Of two spellings both are decoded, the one that sorts last on top of the other.
        for name, key, read, child in _chosen(plan, node.value):
            made[name] = read(child, head + key, run)
        for name, read in plan.embedded.items():
            made[name] = read(node, path, run)
        return kind(**made)

    return reader


def _plan(kind: type, coerce: bool) -> _Fields:
    hints = get_type_hints(kind)
    exact: dict[str, tuple[str, str, _Reader]] = {}
    inner: dict[str, _Reader] = {}
    for one in fields(kind):
        if one.metadata.get("embedded"):
            inner[one.name] = _reader(hints[one.name], False)
            continue
        key = str(one.metadata.get("json") or camel(one.name))
        exact[key] = (one.name, key, _reader(hints[one.name], coerce))
    return _Fields(exact, {fold(key): value for key, value in exact.items()}, inner)


def _chosen(plan: _Fields, value: Mapping[str, Node]) -> Iterator[tuple[str, str, _Reader, Node]]:
    """The members that have a field, as attribute, path, reader and value."""
    if all(key in plan.exact for key in value):
        yield from ((*plan.exact[key], child) for key, child in value.items())
        return
    before: dict[str, Node] = {}
    # JSON has a map's keys in order.
    for key in sorted(value):
        found = plan.exact.get(key) or plan.folded.get(fold(key))
        if found is not None:
            child = _joined(before.get(found[0]), value[key])
            before[found[0]] = child
            yield (*found, child)


def _joined(first: Node | None, second: Node) -> Node:
    """What Go decodes where another spelling of the field came before."""
    if first is None:
        return second
    if second.value is None:
        return first
    if isinstance(first.value, Mapping) and isinstance(second.value, Mapping):
        again = {fold(key) for key in second.value}
        kept = {key: node for key, node in first.value.items() if fold(key) not in again}
        return Node(kept | dict(second.value), second.line)
    return second


def camel(name: str) -> str:
    """`required_cpu` as a manifest spells it."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _unwritable(root: Node) -> int:
    """How many numbers of a tree are infinite or none at all."""
    count, seen, stack = 0, set[int](), [root]
    while stack:
        value = stack.pop().value
        if isinstance(value, float):
            count += not math.isfinite(value)
        elif isinstance(value, (list, dict)) and id(value) not in seen:
            seen.add(id(value))
            stack.extend(value.values() if isinstance(value, dict) else value)
    return count

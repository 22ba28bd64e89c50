"""Checks a value against a spec class and turns every fault into a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Annotated, TypeVar, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from chartgen.errors import Fault

T = TypeVar("T")
_ADAPTERS: dict[type[object], TypeAdapter] = {}  # type: ignore[type-arg]
MAX_SHOWN = 120
"""Characters of a wrong value that an error repeats."""


def check(kind: type[T], value: object, path: str) -> tuple[T | None, list[Fault]]:
    """The checked `value`, or None with all its faults, each below `path`."""
    try:
        return adapter(kind).validate_python(value), []
    except ValidationError as error:
        return None, faults_of(error.errors(include_url=False), kind, path)


def adapter(kind: type[T]) -> TypeAdapter[T]:
    """The validator of a spec class, built once."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    found: TypeAdapter[T] = _ADAPTERS[kind]
    return found


def faults_of(errors: Sequence[ErrorDetails], kind: type[object], path: str) -> list[Fault]:
    """One fault for each wrong place; a union reports its branches, the first is enough."""
    found: dict[str, Fault] = {}
    for error in errors:
        names = _names(error["loc"])
        dotted = ".".join([path, *names])
        found.setdefault(dotted, _fault(error, dotted, _described(kind, names)))
    return [fault for fault in found.values() if not _follows(fault, found)]


def _follows(fault: Fault, found: Mapping[str, Fault]) -> bool:
    """Whether a list is only called too short because its items are wrong."""
    short = "after validation" in fault.problem
    return short and any(path.startswith(f"{fault.path}.") for path in found)


def _fault(error: ErrorDetails, path: str, wanted: str) -> Fault:
    problem = error["msg"].removeprefix("Value error, ")
    seen = "" if error["type"] == "missing" else shown(error["input"])
    remedy = f"Write {wanted}." if wanted else "Correct this field."
    return Fault(path, problem, remedy, seen)


def shown(value: object) -> str:
    """A wrong value as an error shows it: short, on one line."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _names(loc: Sequence[int | str]) -> list[str]:
    """The location as an author knows it: no names of union branches."""
    branches = ("vllm", "llamacpp", "constrained-str", "Unknown", "int", "float", "none", "str")
    return [str(part) for part in loc if str(part) not in branches and "[" not in str(part)]


def _described(kind: object, names: Sequence[str]) -> str:
    """The description of the field at `names` below `kind`, or an empty text."""
    described = ""
    hint: object = kind
    for name in names:
        described, hint = next(
            ((_description(inner), inner) for inner in _fields(hint, name)), (described, hint)
        )
    return described


def _fields(hint: object, name: str) -> list[object]:
    """The types that a field `name` (or an item, for an index) has below `hint`."""
    if name.isdigit():
        return [arg for arg in get_args(_bare(hint)) if arg is not Ellipsis][:1]
    return [_hints(one)[name] for one in _classes(hint) if name in _hints(one)]


def _classes(hint: object) -> list[type[object]]:
    bare = _bare(hint)
    if isinstance(bare, type) and is_dataclass(bare):
        return [bare]
    return [inner for arg in get_args(bare) for inner in _classes(arg)]


def _hints(kind: type[object]) -> Mapping[str, object]:
    hints = get_type_hints(kind, include_extras=True)
    return {item.name: hints[item.name] for item in fields(kind)}  # type: ignore[arg-type]


def _bare(hint: object) -> object:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _description(hint: object) -> str:
    """The description in the annotations of `hint` or of one branch of its union."""
    if get_origin(hint) is Annotated:
        for note in reversed(get_args(hint)[1:]):
            if isinstance(note, FieldInfo) and note.description:
                return note.description
    for arg in get_args(hint):
        if get_origin(arg) is Annotated and (text := _description(arg)):
            return text
    return ""

"""Changes of a spec that are given as text: `max_model_len=65536`.

Each goes through the spec's own check, so a command line can say nothing that a
spec could not.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from chartgen.errors import Fault
from chartgen.spec.app import App
from chartgen.spec.check import check, faults_of, shown
from chartgen.spec.rules import app_faults

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FIXED = ("kind",)
"""Fields that make an engine what it is; they are not changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field of the engine, with dots for what lies inside it, and its new value as text.

    `none` unsets a field that may be unset; a text in braces or brackets is JSON.
    """

    field: str
    text: str


def changed(app: App, changes: Sequence[Change]) -> tuple[App, list[Fault]]:
    """The app with its engine changed, and every fault of the changes.

    The changed app claims no record: its claims were made for other settings.
    """
    if not changes:
        return app, []
    engine: object = app.engine
    faults: list[Fault] = []
    for change in changes:
        engine, wrong = _set(engine, change.field.split("."), change.text, f"{app.name}.engine")
        faults += wrong
    if faults:
        return app, faults
    checked, faults = check(type(app.engine), engine, f"{app.name}.engine")
    if checked is None:
        return app, faults
    made = replace(app, engine=checked, evidence=())
    return made, app_faults(made, app.name)


def _set(holder: object, names: Sequence[str], text: str, path: str) -> tuple[object, list[Fault]]:
    """`holder` with the field at `names` set, or `holder` itself and what is wrong."""
    name, *inner = names
    if not is_dataclass(holder) or isinstance(holder, type):
        return holder, [Fault(path, "it has no fields of its own", "Set it as a whole.", name)]
    if name in FIXED or name not in (item.name for item in fields(holder)):
        return holder, [_no_field(holder, name, path)]
    if inner:
        value, faults = _set(getattr(holder, name), inner, text, f"{path}.{name}")
    else:
        value, faults = _parsed(type(holder), name, text, path)
    return (holder if faults else replace(holder, **{name: value})), faults


def _no_field(holder: DataclassInstance, name: str, path: str) -> Fault:
    known = [item.name for item in fields(holder) if item.name not in FIXED]
    near = difflib.get_close_matches(name, known, n=2)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    problem = f"{type(holder).__name__} has no such field"
    return Fault(f"{path}.{name}", problem, f"{hint}Its fields are {', '.join(known)}.")


def _parsed(kind: type[object], name: str, text: str, path: str) -> tuple[object, list[Fault]]:
    """The text as a value of the field's type."""
    hint = get_type_hints(kind, include_extras=True)[name]
    if text == "none" and type(None) in get_args(hint):
        return None, []
    try:
        adapter: TypeAdapter[object] = TypeAdapter(hint)
        if text[:1] in ("{", "["):
            return adapter.validate_json(text), []
        return adapter.validate_strings(text), []
    except ValidationError as error:
        found = [_inside(name, one) for one in error.errors(include_url=False)]
        (fault, *_) = faults_of(found, kind, path)
        return None, [Fault(f"{path}.{name}", fault.problem, fault.remedy, shown(text))]


def _inside(name: str, error: ErrorDetails) -> ErrorDetails:
    return {**error, "loc": (name, *error["loc"])}

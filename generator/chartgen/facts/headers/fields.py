"""Typed access to what a configuration or a GGUF file says; faults are collected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from chartgen.errors import Fault, Faults
from chartgen.facts.base import Number
from chartgen.facts.headers.faults import shown
from chartgen.facts.headers.strict_json import Json

__all__ = ["Fields"]

LARGEST = 1 << 40
"""A dimension beyond any model; contexts and vocabularies are far below."""
MOST_LAYERS = 1 << 12
LONGEST_TEXT = 200


class Fields:
    """The fields below `prefix` of one document, named by `where` in sources and faults.

    A getter notes a fault and returns a harmless value for a field that is missing or
    absurd: `check()` raises them all, so call it before computing. A name can be
    several, divided by "|", of which the first that is there counts. Configurations
    leave out what equals their class's defaults: `filled` adds those, and `source`
    tells which were needed.
    """

    def __init__(self, values: Mapping[str, Json], where: str, prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix
        self._where = where
        self._loader = ""
        self._defaults: Mapping[str, Json] = {}
        self._faults: list[Fault] = []
        self._assumed: list[str] = []

    @property
    def source(self) -> str:
        """Names the document, and the fields that defaults filled."""
        if not self._assumed:
            return self._where
        return f"{self._where}; defaults of {self._loader}: {', '.join(self._assumed)}"

    def has(self, name: str) -> bool:
        """Whether the field says anything: neither null nor an empty list, or has a default."""
        return self._find(name)[1] not in (None, [])

    def is_list(self, name: str) -> bool:
        """Whether the field is there and holds a list."""
        return isinstance(self._find(name)[1], list)

    def count(self, name: str, default: int | None = None, least: int = 1) -> int:
        """A whole number of at least `least`; `default` is what a missing field means."""
        path, found = self._find(name)
        if found is None and default is not None:
            return default
        if type(found) is int and least <= found <= LARGEST:
            return found
        self._wrong(path, f"this has to be a whole number of at least {least}", found)
        return max(least, 1)

    def number(self, name: str, default: int | None = None, least: int = 1) -> Number:
        """A whole number with its source."""
        value = self.count(name, default, least)
        path = self._find(name)[0]
        told = f"; the default of {self._loader}" if path in self._assumed else ""
        return Number(value=value, source=f"{self._where}{told}")

    def flag(self, name: str, default: bool | None = None) -> bool:
        """True or false; `default` is what a missing field means."""
        path, found = self._find(name)
        if found is None and default is not None:
            return default
        if isinstance(found, bool):
            return found
        self._wrong(path, "this has to be true or false", found)
        return False

    def text(self, name: str, default: str | None = None, longest: int = LONGEST_TEXT) -> str:
        """A short text in one line."""
        path, found = self._find(name)
        if found is None and default is not None:
            return default
        if isinstance(found, str) and 0 < len(found) <= longest and found.isprintable():
            return found
        self._wrong(path, "this has to be a short text", found)
        return ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, one for each layer."""
        path, found = self._find(name)
        if isinstance(found, list) and len(found) <= MOST_LAYERS and _all_texts(found):
            return tuple(found)
        self._wrong(path, "this has to be a list of texts", found)
        return ()

    def flags(self, name: str) -> tuple[bool, ...]:
        """A list of flags, one for each layer."""
        path, found = self._find(name)
        if isinstance(found, list) and len(found) <= MOST_LAYERS and _all_flags(found):
            return tuple(found)
        self._wrong(path, "this has to be a list of true and false", found)
        return ()

    def counts(self, name: str, layers: int, default: int | None = None) -> tuple[int, ...]:
        """A number for each layer; one number is the same for all."""
        path, found = self._find(name)
        if isinstance(found, list) and len(found) == layers and _all_counts(found):
            return tuple(found)
        if isinstance(found, list):
            self._wrong(path, f"this has to be {layers} whole numbers, one a layer", len(found))
            return (1,) * layers
        return (self.count(name, default, least=0),) * min(layers, MOST_LAYERS)

    def inside(self, name: str) -> Fields:
        """The fields of an object in this one; without any where it is no object."""
        path, found = self._find(name)
        if not isinstance(found, dict):
            self._wrong(path, "this has to be an object", found)
        inner = found if isinstance(found, dict) else {}
        return self._related(Fields(inner, self._where))

    def inside_first(self) -> Fields:
        """The fields of the first object in this one, whatever its name."""
        return self.inside(next(iter(self._values), "0"))

    def filled(self, loader: str, defaults: Mapping[str, Json]) -> Fields:
        """The same fields; what is missing is as `loader` takes it."""
        other = self._related(Fields(self._values, self._where, self._prefix))
        other._loader, other._defaults = loader, defaults
        return other

    def wrong(self, name: str, problem: str, seen: object = "") -> None:
        """Notes that a field contradicts another."""
        self._wrong(self._find(name)[0], problem, seen)

    def check(self) -> None:
        """Raises all `Faults` that were noted in this document."""
        if self._faults:
            raise Faults(self._faults)

    def _related(self, other: Fields) -> Fields:
        other._faults = self._faults
        return other

    def _find(self, names: str) -> tuple[str, Json]:
        """The full name and the value of the first field that is there."""
        found = [f"{self._prefix}{name}" for name in names.split("|")]
        there = [name for name in found if self._values.get(name) is not None]
        if there:
            return there[0], self._values[there[0]]
        default = self._defaults.get(names)
        if default is not None and names not in self._assumed:
            self._assumed.append(names)
        return found[0], default

    def _wrong(self, path: str, problem: str, seen: object) -> None:
        remedy = "Get the file anew, or add what it lacks from the model's own publisher."
        value = "nothing" if seen is None else shown(seen)
        fault = Fault(f"{self._where}: {path}", problem, remedy, value)
        if fault not in self._faults:  # a field is read wherever it is needed
            self._faults.append(fault)


def _all_texts(found: list[Json]) -> TypeGuard[list[str]]:
    return all(isinstance(item, str) and len(item) <= LONGEST_TEXT for item in found)


def _all_flags(found: list[Json]) -> TypeGuard[list[bool]]:
    return all(isinstance(item, bool) for item in found)


def _all_counts(found: list[Json]) -> TypeGuard[list[int]]:
    return all(type(item) is int and 0 <= item <= LARGEST for item in found)

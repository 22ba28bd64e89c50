"""YAML as Go's decoder sees it: plain values, each with the line that it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Scalar: TypeAlias = "str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a list of nodes or a map of nodes by key, and its line counted from 1.

    Keys are strings, as they are after Go has turned YAML into JSON.
    """

    value: Scalar | list[Node] | Mapping[str, Node]
    line: int

    def get(self, key: str) -> Node | None:
        """The value under a key, or None where this is no map or has no such key."""
        return self.value.get(key) if isinstance(self.value, Mapping) else None

    def items(self) -> Iterator[Node]:
        """The members of a list; none where this is no list."""
        return iter(self.value if isinstance(self.value, list) else ())

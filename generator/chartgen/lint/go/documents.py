"""Builds one YAML document from libyaml's events, as Go's yaml/v2 decodes it (2.4.3, decode.go)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from chartgen.lint.go.nodes import Node
from chartgen.lint.go.numbers import INT64, format_float32
from chartgen.lint.go.scalars import ScalarError, resolve

MAX_DEPTH = 500
"""Collections inside each other. Go stops at 10,000, where Python's stack has long ended."""
MAX_NODES = 200_000
"""Nodes of one document, which bounds the time; Go has no such limit."""
_FEW_ALIASES = 100
_FEW_NODES = 1000
_ALIASES = ((400_000, 0.99), (4_000_000, 0.10))
"""Go's limit on nodes that stem from aliases: their share of all nodes decoded may be 0.99 up
to 400,000 nodes, and falls to 0.10 at 4,000,000 (yaml/v2 2.4.3 decode.go)."""
STAND_IN = "\uf8ff"
"""A private character that stands for a colon which libyaml would not read."""

_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")

Children: TypeAlias = "list[Node] | dict[str, Node]"


class Events(Protocol):
    """What gives the events: libyaml's parser."""

    def get_event(self) -> Event:
        """The next event."""


class GoYamlError(ValueError):
    """A text that Go's YAML parser refuses; `line` is counted from 1, or None."""

    def __init__(self, line: int | None, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(message if line is None else f"line {line}: {message}")


@dataclass(slots=True)
class _Open:
    """A collection that is being read."""

    node: Node
    into: Children
    anchor: str | None
    count: int = 1
    """Nodes that Go will have decoded for it, aliases expanded."""
    key: str | None = None
    """The key that waits for its value; `<<` waits as a merge."""
    merging: bool = False
    line: int = 0


@dataclass(slots=True)
class Document:
    """Builds one document from events.

    `glued` says that colons stand in the text as `STAND_IN`. `text` is given where escapes
    have to be looked at that libyaml reads and Go does not.
    """

    parser: Events
    glued: bool = False
    text: str = ""
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    root: Node | None = None
    read_nodes: int = 0

    def read(self) -> Node:
        """Reads to the end of the document."""
        while type(event := self.parser.get_event()) is not DocumentEndEvent:
            self._take(event)
        if self.root is None:  # pragma: no cover - a document has a node, if an empty one
            raise GoYamlError(None, "a document without a node")
        return self.root

    def _take(self, event: Event) -> None:
        line = event.start_mark.line + 1
        self.read_nodes += 1
        if isinstance(event, ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, CollectionStartEvent):
            self._open(event, line, {} if isinstance(event, MappingStartEvent) else [])
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self.read_nodes -= 1
            self._close()
        elif isinstance(event, AliasEvent):
            self._alias(event.anchor, line)

    def _scalar(self, event: ScalarEvent, line: int) -> None:
        top = self.stack[-1] if self.stack else None
        plain = event.implicit[0]
        if top and type(top.into) is dict and top.key is None and _is_merge(event, plain=plain):
            top.key, top.merging, top.line = "<<", True, line
            return
        if self.text and event.style == '"':
            self._check_escapes(event, line)
        try:
            text = event.value.replace(STAND_IN, ":") if self.glued else event.value
            value = resolve(event.tag, text) if plain or event.tag else text
        except ScalarError as error:
            raise GoYamlError(line, str(error)) from error
        node = Node(value, line)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1)
        self._add(node, 1)

    def _check_escapes(self, event: ScalarEvent, line: int) -> None:
        """Go's parser does not know the escape `\\/` of YAML 1.2."""
        written = self.text[event.start_mark.index : event.end_mark.index]
        if _SLASH.search(written):
            raise GoYamlError(line, "found unknown escape character")

    def _open(self, event: CollectionStartEvent, line: int, into: Children) -> None:
        if len(self.stack) >= MAX_DEPTH or self.read_nodes > MAX_NODES:
            raise GoYamlError(line, "too deep or too large a document")
        top = self.stack[-1] if self.stack else None
        if top and type(top.into) is dict and top.key is None:
            raise GoYamlError(line, "a map or a list as a key")
        # A member is where its key is, which is where a person looks.
        node = Node(into, top.line if top and type(top.into) is dict else line)
        self.stack.append(_Open(node, into, event.anchor))
        if event.anchor:
            self.anchors[event.anchor] = (node, 0)

    def _close(self) -> None:
        done = self.stack.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.node, done.count)
        self._add(done.node, done.count)

    def _alias(self, name: str, line: int) -> None:
        if name not in self.anchors:
            raise GoYamlError(line, f"unknown anchor '{name}' referenced")
        node, count = self.anchors[name]
        if not count:
            raise GoYamlError(line, f"anchor '{name}' value contains itself")
        self._add(Node(node.value, line), count + 1)

    def _add(self, node: Node, count: int) -> None:
        if not self.stack:
            self._finish(node, count)
            return
        top = self.stack[-1]
        top.count += count
        if type(top.into) is list:
            top.into.append(node)
        elif top.key is None:
            top.key, top.line = _key(node), node.line
        else:
            _put(top, node)

    def _finish(self, node: Node, count: int) -> None:
        aliased = count - self.read_nodes
        if aliased > _FEW_ALIASES and count > _FEW_NODES and aliased / count > _share(count):
            raise GoYamlError(None, "document contains excessive aliasing")
        self.root = node


def _put(top: _Open, node: Node) -> None:
    """Gives a map the value that its key waits for."""
    assert type(top.into) is dict  # noqa: S101 - the caller knows
    if top.merging:
        _merge(top.into, node)
    elif top.key is not None:
        top.into[top.key] = node if node.line == top.line else Node(node.value, top.line)
    top.key, top.merging = None, False


def _merge(into: dict[str, Node], node: Node) -> None:
    """Merges as Go does: what is merged replaces the keys before it."""
    # Of several maps the first wins, so it comes last.
    for one in reversed(node.value) if isinstance(node.value, list) else (node,):
        if not isinstance(one.value, dict):
            raise GoYamlError(node.line, "a merge needs a map, or a list of maps")
        into.update(one.value)


def _is_merge(event: ScalarEvent, *, plain: bool) -> bool:
    return event.value == "<<" and (plain or event.tag == "tag:yaml.org,2002:merge")


def _key(node: Node) -> str:
    """A key as JSON will have it. Raises `GoYamlError` for one that JSON cannot have."""
    value = node.value
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value in INT64:
        return str(value)
    if isinstance(value, float):
        return _float_key(value)
    raise GoYamlError(node.line, "a key that is null, a map, a list or too large a number")


def _float_key(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    return {"+Inf": ".inf", "-Inf": "-.inf"}.get(text := format_float32(value), text)


def _share(count: int) -> float:
    """The share of aliased nodes that Go allows among so many."""
    (few, much), (many, little) = _ALIASES
    if count <= few:
        return much
    if count >= many:
        return little
    return much - (much - little) * (count - few) / (many - few)

"""YAML as the device reads it: Go's sigs.k8s.io/yaml 1.6 over go.yaml.in/yaml/v2 2.4.3.

That is YAML 1.1: `yes`, `no`, `on`, `off`, `y` and `n` are booleans, `0777` is octal, `1_000` is
a number, `<<` merges maps. Duplicate keys pass and the last one wins, timestamps stay text,
and only the first document of a text is read. On the way to JSON every key becomes a string.

Both Go's parser and this one's stem from libyaml; where a newer libyaml parts from Go, the text
is looked at here.
"""

from __future__ import annotations

import re

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import DocumentStartEvent, StreamEndEvent

from chartgen.lint.go.documents import STAND_IN, Document, GoYamlError
from chartgen.lint.go.nodes import Node

__all__ = ["GoYamlError", "load", "load_all"]

_COLON_FAULT = "found unexpected ':'"
_GLUED_COLON = re.compile(rb"(?<=[^\s,\[\]{}\"'?]):(?=\S)")
"""A colon inside a plain scalar, as in `[https://example.org]`: Go reads it in a flow collection
too, libyaml does not."""


def load(text: bytes) -> Node | None:
    """The first document, or None where there is none. Raises `GoYamlError`."""
    found = _read(text, 1)
    return found[0] if found else None


def load_all(text: bytes) -> list[Node]:
    """All documents. Raises `GoYamlError`."""
    return _read(text, None)


def _read(text: bytes, most: int | None) -> list[Node]:
    stand_in = STAND_IN.encode()
    try:
        return _parse(text, most, glued=False)
    except GoYamlError as error:
        if error.message != _COLON_FAULT or stand_in in text:
            raise
    return _parse(_GLUED_COLON.sub(stand_in, text), most, glued=True)


def _parse(text: bytes, most: int | None, *, glued: bool) -> list[Node]:
    found: list[Node] = []
    try:
        parser = CParser(text)
        escapes = text.decode("utf-8", "replace") if b"\\/" in text else ""
        while len(found) != most and type(event := parser.get_event()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent:
                _check_version(event)
                found.append(Document(parser, glued, escapes).read())
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise GoYamlError(mark.line + 1 if mark else None, str(error.problem)) from error
    except YAMLError as error:
        raise GoYamlError(None, str(error).splitlines()[0]) from error
    return found


def _check_version(event: DocumentStartEvent) -> None:
    """Go reads `%YAML 1.1` alone, libyaml 1.2 too."""
    if event.version not in (None, (1, 1)):
        raise GoYamlError(event.start_mark.line + 1, "found incompatible YAML document")

"""L40: what the templates ask of Helm that the device's own, 3.19, does not have yet.

The Helm that renders here may be newer. A function that is not known is refused when a
template is read, whether it would run or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from chartgen.lint.finding import Place, Problem
from chartgen.lint.folder import TEMPLATES

_DURATIONS = "Seconds|Milliseconds|Microseconds|Nanoseconds|Minutes|Hours|Days|Weeks"
_NAMES = rf"mustTo(?:Yaml|Toml|Duration)|duration(?:{_DURATIONS}|RoundTo|TruncateTo)"
"""Functions of Helm 4.3 that Helm 3.19 lacks (their engine packages, funcMap)."""
_CALL = re.compile(rf"(?<![.$\w])(?:{_NAMES})\b")
_WORD = re.compile(rf'"(?:\\.|[^"\\])*"?|`[^`]*`?|(?P<call>{_CALL.pattern})', re.DOTALL)
"""A quoted text, closed or not, or a call."""
_COMMENT = re.compile(r"(?:-\s)?\s*/\*")


def newer_function(files: Mapping[str, bytes], start: str) -> Problem | None:
    """The first use of a function that the device's Helm does not know; `start` leads from
    the outer chart's folder to this one."""
    for path in sorted(files):
        folders = path.split("/")[:-1]
        if TEMPLATES in folders and (folders[0] in (TEMPLATES, "charts")):
            text = files[path].decode("utf-8", "replace")
            if found := _first(text):
                return _unknown(start + path, *found)
    return None


def _first(text: str) -> tuple[int, str] | None:
    if not _CALL.search(text):
        return None
    for start, action in _actions(text):
        called = (word["call"] for word in _WORD.finditer(action) if word["call"])
        if not _COMMENT.match(action) and (name := next(called, "")):
            return text.count("\n", 0, start) + 1, name
    return None


def _actions(text: str) -> Iterator[tuple[int, str]]:
    """What stands between `{{` and `}}`, and where."""
    start = text.find("{{")
    while start >= 0:
        end = text.find("}}", start)
        if end < 0:
            return
        yield start, text[start + 2 : end]
        start = text.find("{{", end)


def _unknown(path: str, line: int, name: str) -> Problem:
    message = "The device's Helm, 3.19, does not have this template function yet."
    remedy = f"Write it without {name}; toYaml, toToml and duration are there."
    return Problem("L40", Place(path, line), name, message, remedy)

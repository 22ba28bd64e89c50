"""Turns values into text that YAML, Helm and people all read as the same value.

Every value that a template prints passes through `yaml_value` or `helm_value` by
itself (they are the environments' finalizers), so no template can forget to quote.
Strings are double-quoted always: `on`, `1.0` and `12:30` stay strings for readers
of YAML 1.1 as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache

GO_OPEN = '{{ "{{" }}'
"""What a Go template prints as two opening braces."""

ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What YAML may not hold, or would read as a line break, besides JSON's own escapes."""


class Raw(str):
    """A text that is printed as it stands."""

    __slots__ = ()


def scalar(text: str) -> str:
    """A YAML 1.1 and 1.2 double-quoted scalar."""
    quoted = json.dumps(text, ensure_ascii=False)
    return ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def yaml_value(value: object) -> str:
    """A value as YAML flow text, for files that no template engine reads again."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return scalar(value)
    return _collection(value)


def _collection(value: object) -> str:
    if isinstance(value, Mapping):
        items = (f"{yaml_value(key)}: {yaml_value(item)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(yaml_value, value))}]"
    raise TypeError(f"a template printed a {type(value).__name__}")


def helm_value(value: object) -> str:
    """A value as YAML inside a Helm template: braces of the value stay text.

    The YAML form is chosen first and the braces are escaped after, since Helm
    undoes the second step before YAML undoes the first.
    """
    return value if isinstance(value, Raw) else go_text(yaml_value(value))


def go_text(text: str) -> str:
    """Text that a Go template prints unchanged."""
    return text.replace("{{", GO_OPEN)


def verbatim(text: str) -> str:
    """An argument or a variable that Kubernetes passes on unchanged: `$(X)` stays text."""
    return text.replace("$", "$$")


@cache
def block(text: str, indent: int) -> Raw:
    """The body of a literal block scalar (`|`) at `indent`, inside a Helm template.

    For files of our own only: the text is plain lines without control characters.
    """
    margin = " " * indent
    lines = (f"{margin}{line}" if line else "" for line in text.splitlines())
    return Raw(go_text("\n".join(lines)))


def name(text: str) -> Raw:
    """A name that is part of a template's own text; refuses anything but a name."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", text):
        raise ValueError(f"not a name: {text!r}")
    return Raw(text)

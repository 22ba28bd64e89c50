"""What the device sees of a manifest before it is YAML: its version, and template syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator

from semver import Version

from chartgen.quantities.ranges import parse_version

MODERN = Version(0, 12, 0)
"""From this manifest version on a manifest is plain YAML (Olares market contract 3.1)."""
_BOM = b"\xef\xbb\xbf"
_VERSION = re.compile(r"olaresManifest\.version[\t\n\f\r ]*:[\t\n\f\r ]*(.*)")
_DELIMITER = re.compile(rb"\{\{|\}\}")
_QUOTED = re.compile(rb'"(?:\\.|[^"\\])*(?:"|\\?\Z)|\'(?:\'\'|[^\'])*(?:\'|\Z)|#.*', re.DOTALL)
"""A quoted text, which ends with its line at the latest, or a comment, whose braces count."""
_HEADER = re.compile(rb"[^#]*[|>][ \t+\-0-9]*(?:#.*)?", re.DOTALL)
"""A line that opens a block scalar."""


def probed_version(text: bytes) -> str:
    """The manifest version as the device finds it line by line, templates and all.

    Only lines that start with the key count; the first that is not empty wins.
    """
    for line in text.removeprefix(_BOM).decode("utf-8", "replace").split("\n"):
        found = _VERSION.fullmatch(line.removesuffix("\r"))
        if found and (version := _plain(found[1])):
            return version
    return ""


def _plain(written: str) -> str:
    text = written.strip()
    if not text.startswith(('"', "'")):
        text = text.partition(" #")[0].strip()
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def is_template(version: str) -> bool:
    """Whether a manifest of that version is rendered before it is read: those before 0.12.0.

    One without a readable version is not.
    """
    parsed = parse_version(version)
    return parsed is not None and parsed < MODERN


def is_modern(version: str) -> bool:
    """Whether a manifest version is 0.12.0 or later."""
    parsed = parse_version(version)
    return parsed is not None and parsed >= MODERN


def template_syntax(text: bytes) -> tuple[int, str] | None:
    """The first `{{` or `}}` outside quotes and block scalars: its line and itself.

    The device looks line by line and knows no YAML: a quoted text ends with its line, a quote
    inside a plain word opens one, and a comment hides only quotes.
    """
    if not _DELIMITER.search(text):
        return None
    for number, line in enumerate(_unquoted(text), 1):
        found = _DELIMITER.search(line)
        if found:
            return number, found[0].decode()
    return None


def _unquoted(text: bytes) -> Iterator[bytes]:
    """The lines without what is quoted or in a block scalar."""
    block = -1  # the indent of the line that opened a block scalar
    for line in text.split(b"\n"):
        content = line.removesuffix(b"\r")
        indent = len(content) - len(content.lstrip(b" "))
        if block >= 0 and (indent == len(content) or indent > block):
            yield b""
            continue
        masked, opens = _masked(content)
        block = indent if opens else -1
        yield masked


def _masked(line: bytes) -> tuple[bytes, bool]:
    """A line with its quoted texts taken out, and whether it opens a block scalar."""
    masked = _QUOTED.sub(lambda found: found[0] if found[0][:1] == b"#" else b'"', line)
    return masked, _HEADER.fullmatch(masked) is not None

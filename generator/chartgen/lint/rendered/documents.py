"""What Helm makes of one rendered file: documents, hooks set aside, objects.

Helm cuts a file at `---` whatever stands around it, reads the head of every document, and
keeps those with a `helm.sh/hook` annotation out of the release (releaseutil, Helm 3.19). The
device then reads the rest as Kubernetes objects, which need a kind and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chartgen.lint.go.nodes import Node
from chartgen.lint.go.yaml import GoYamlError, load

HOOK = "helm.sh/hook"
_MARK = "\n---"
_BLANK = "\t\n\f\r "
_WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


class NotManifest(ValueError):
    """A rendered file that Helm or Kubernetes cannot read; `line` is one of the rendered text."""

    def __init__(self, line: int | None, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a rendered file; `above` is how many lines of the file stand before it."""

    kind: str
    node: Node
    above: int


def read_document(part: str, above: int) -> Document | None:
    """The object of one part of a file; None for a hook or an empty document. Raises
    `NotManifest`."""
    node = _load(part, above)
    if node is None or node.value is None or _is_hook(node, above):
        return None
    return _document(node, above)


def split(text: str) -> Iterator[tuple[str, int]]:
    """The parts of a rendered file, each with how many lines stand above it."""
    # The same cuts as Helm's expression `(?:^|\s*\n)---\s*` makes, in linear time.
    start, end = _trim(text, 0, len(text))
    if text.startswith("---", start):
        start = _skip(text, start + 3, end)
    lines, counted = 0, 0
    while start < end:
        cut = text.find(_MARK, start, end)
        first, stop = _trim(text, start, end if cut < 0 else cut)
        lines += text.count("\n", counted, first)
        counted = first
        yield text[first:stop], lines
        start = end if cut < 0 else _skip(text, cut + len(_MARK), end)


def _skip(text: str, start: int, end: int) -> int:
    while start < end and text[start] in _BLANK:
        start += 1
    return start


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the white space around it, as Go's strings.TrimSpace has it."""
    while start < end and text[start] in _WHITE:
        start += 1
    while start < end and text[end - 1] in _WHITE:
        end -= 1
    return start, end


def _load(part: str, above: int) -> Node | None:
    try:
        node = load(part.encode("utf-8", "surrogatepass"))
    except GoYamlError as error:
        line = None if error.line is None else error.line + above
        raise NotManifest(line, f"It is not YAML: {error.message}.") from error
    if node is not None and node.value is not None and not isinstance(node.value, Mapping):
        raise NotManifest(node.line + above, "It is YAML, but not a map with a kind.")
    return node


def _is_hook(node: Node, above: int) -> bool:
    """Whether the annotations make it a hook; the head is read as Go decodes it, in any case
    of letters and with every scalar as text."""
    _scalar(_member(node, "kind"), "kind", above)
    _scalar(_member(node, "apiVersion"), "apiVersion", above)
    metadata = _map(_member(node, "metadata"), "metadata", above)
    if metadata is None:
        return False
    _scalar(_member(metadata, "name"), "metadata.name", above)
    annotations = _map(_member(metadata, "annotations"), "metadata.annotations", above)
    if annotations is None or not isinstance(annotations.value, Mapping):
        return False
    for key, value in annotations.value.items():
        _scalar(value, f"metadata.annotations.{key}", above)
    return HOOK in annotations.value


def _member(node: Node, name: str) -> Node | None:
    found = node.get(name)
    if found is not None or not isinstance(node.value, Mapping):
        return found
    near = (value for key, value in node.value.items() if key.lower() == name.lower())
    return next(near, None)


def _scalar(node: Node | None, name: str, above: int) -> None:
    if node is not None and isinstance(node.value, list | Mapping):
        raise NotManifest(node.line + above, f"{name} is not a text.")


def _map(node: Node | None, name: str, above: int) -> Node | None:
    if node is None or node.value is None:
        return None
    if not isinstance(node.value, Mapping):
        raise NotManifest(node.line + above, f"{name} is not a map.")
    return node


def _document(node: Node, above: int) -> Document:
    kind = node.get("kind")
    if kind is None or not isinstance(kind.value, str) or not kind.value:
        raise NotManifest(node.line + above, "The object has no kind.")
    items = node.get("items")
    if items is not None and not isinstance(items.value, list | None):
        raise NotManifest(items.line + above, "It has items that are no list.")
    for item in items.items() if items is not None else ():
        _map(item, "an item", above)
    return Document(kind.value, node, above)

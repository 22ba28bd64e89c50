"""The manifest of a chart, decoded as the device does (Olares market contract 3.5, L00 to L06)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from chartgen.errors import HelmRefused
from chartgen.lint.finding import Place, Problem
from chartgen.lint.go.decode import TypeFault, decode, describe, fold
from chartgen.lint.go.nodes import Node
from chartgen.lint.go.yaml import GoYamlError, load
from chartgen.lint.helm import Helm
from chartgen.lint.manifest.probe import is_modern, is_template, probed_version, template_syntax
from chartgen.lint.manifest.scenes import CHECKING, READING, is_plain, rendered, unrendered
from chartgen.lint.manifest.types import AppConfiguration, CatalogMetadata
from chartgen.lint.source import MANIFEST, ChartSource

_EMPTY = Node(None, 1)
MOST_KEYS = 1000
"""Keys of a map in which another spelling of a key is looked for."""
_PARTS = re.compile(r"olaresManifest\.[^.]+|[^.]+")
_READS: Mapping[str, str] = {
    "string": "text",
    "bool": "true or false",
    "int32": "a whole number of 32 bits",
    "int64": "a whole number of 64 bits",
    "float32": "a number",
    "list": "a list",
    "map": "a map",
    "JSON": "a number that JSON can hold",
}
"""What a field of a Go type takes, in words."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as the device decodes it, and the tree that it was decoded from.

    `catalog` is what the device reads of metadata a second time. A manifest that is a template
    has `scenes`, the manifests of both installers, which are what the device checks. `source`
    are the lines of the file where the tree stems from a rendered text, whose lines differ.
    """

    config: AppConfiguration
    catalog: CatalogMetadata
    tree: Node
    scenes: tuple[Manifest, ...] = ()
    text: tuple[str, ...] = ()
    source: tuple[str, ...] = ()

    def at(self, path: str) -> tuple[Node, bool]:
        """The node of a dotted path, or its nearest parent and False."""
        node = self.tree
        for part in _PARTS.findall(path):
            child = _member(node, part)
            if child is None:
                return node, False
            node = child
        return node, True

    def place(self, path: str) -> Place:
        """Where a dotted path (`entrances.0.title`) is written; its nearest parent if absent."""
        return Place(MANIFEST, self._line(self.at(path)[0].line))

    def seen(self, path: str) -> str:
        """The value under a dotted path, empty where there is none."""
        node, found = self.at(path)
        return describe(node) if found else ""

    def _line(self, line: int) -> int | None:
        """The line of the file that a line of the rendered text stems from, if one is known."""
        if not self.source:
            return line
        written = self.text[line - 1].strip() if line <= len(self.text) else ""
        like = [number for number, one in enumerate(self.source, 1) if one.strip() == written]
        return like[0] if len(like) == 1 else None


@dataclass(frozen=True, slots=True)
class ManifestRead:
    """A manifest, or the reasons why it could not be read.

    `unknown` says that nothing can be said without Helm.
    """

    manifest: Manifest | None
    problems: tuple[Problem, ...] = ()
    unknown: bool = False


def read_manifest(source: ChartSource, helm: Helm | None) -> ManifestRead:
    """Reads the manifest of a chart; one before 0.12.0 is a template and needs Helm."""
    text = source.files.get(MANIFEST, b"")
    version = probed_version(text)
    if is_template(version):
        return _read_template(text, helm)
    found = template_syntax(text) if is_modern(version) else None
    if found:
        return ManifestRead(None, (_syntax(*found),))
    return _read(text)


def _read_template(text: bytes, helm: Helm | None) -> ManifestRead:
    if is_plain(text):
        # Who installs makes no difference, so one scene says all.
        return _read(unrendered(text))
    if helm is None:
        return ManifestRead(None, unknown=True)
    try:
        texts = rendered(text, (READING, *CHECKING), helm)
    except HelmRefused as error:
        return ManifestRead(None, (_not_rendered(error.reason),))
    lines = tuple(text.decode("utf-8", "replace").splitlines())
    # Most templates render to the same text whoever installs.
    reads = {one: _read(one, lines) for one in dict.fromkeys(texts)}
    problems = [problem for read in reads.values() for problem in read.problems]
    if problems or not texts:
        return ManifestRead(None, tuple(dict.fromkeys(problems)))
    checked = [reads[one].manifest for one in dict.fromkeys(texts[1:])]
    first = reads[texts[0]].manifest
    scenes = tuple(one for one in checked if one)
    return ManifestRead(replace(first, scenes=scenes) if first else None)


@lru_cache(maxsize=4)
def _read(text: bytes, source: tuple[str, ...] = ()) -> ManifestRead:
    # Every profile reads the manifest; a template is at most three texts.
    try:
        tree = load(text) or _EMPTY
    except GoYamlError as error:
        return ManifestRead(None, (_not_yaml(error, rendered_text=bool(source)),))
    config, faults = decode(AppConfiguration, tree)
    metadata = _member(tree, "metadata") or _EMPTY
    catalog, more = decode(CatalogMetadata, metadata, coerce=False)
    lines = tuple(text.decode("utf-8", "replace").splitlines()) if source else ()
    manifest = Manifest(config, catalog, tree, (), lines, source)
    if faults or more:
        below = (
            TypeFault(f"metadata.{one.path}", one.line, one.seen, one.expected) for one in more
        )
        problems = tuple(_wrong_type(manifest, fault) for fault in (*faults, *below))
        return ManifestRead(None, problems)
    return ManifestRead(manifest)


def _member(node: Node, part: str) -> Node | None:
    """A member of a map in any spelling of its key, or of a list by its number."""
    value = node.value
    if isinstance(value, Mapping):
        exact, wanted = value.get(part), fold(part)
        others = value if not exact and len(value) <= MOST_KEYS else ()
        return exact or next((value[key] for key in others if fold(key) == wanted), None)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None


def _wrong_type(manifest: Manifest, fault: TypeFault) -> Problem:
    line = manifest.place(fault.path).line
    path, wanted = fault.path or "the manifest", _READS[fault.expected]
    message = f"{path} is {fault.seen} where the device reads {wanted}"
    remedy = "Put the value in quotes." if fault.expected == "string" else f"Write {wanted}."
    return Problem("L00", Place(MANIFEST, line), fault.seen, message, remedy)


def _not_yaml(error: GoYamlError, *, rendered_text: bool) -> Problem:
    line = None if rendered_text else error.line
    message = f"the manifest is not YAML to the device: {error.message}"
    remedy = "Mend the YAML; the device reads version 1.1 of it."
    return Problem("L00", Place(MANIFEST, line), "", message, remedy)


def _syntax(line: int, seen: str) -> Problem:
    message = f"{seen} stands outside quotes in a manifest that is not a template (0.12.0 or later)"
    remedy = "Quote the value, or move it into a block scalar."
    return Problem("L06", Place(MANIFEST, line), seen, message, remedy)


def _not_rendered(reason: str) -> Problem:
    message = f"the manifest does not render as a template: {reason}"
    remedy = "Use only .Values.admin and .Values.bfl.username in a manifest before 0.12.0."
    return Problem("L05", Place(MANIFEST), "", message, remedy)

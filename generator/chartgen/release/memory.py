"""Remembers a build, so that a second one with the same inputs need not be made.

What a build says is a pure function of the specs and facts, the catalog, chartgen's
own code, Python and the installed libraries. All of it is hashed by content; only if
every byte is the same does the remembered answer stand. The memory is a cache below
`.chartgen/`: whoever deletes it loses nothing but time.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = ".chartgen"
PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Answer:
    """What a build prints, for people and for programs."""

    text: str
    facts: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """Digests of what a build of these apps reads, but for the catalog."""

    root: Path
    names: tuple[str, ...]
    digest: str


def read_inputs(root: Path, names: Sequence[str]) -> Inputs:
    """The present inputs; taken before a build, so that an edit meanwhile is noticed."""
    parts = [*_environment(), *names, *_tree(root / "charts_src"), *_tree(PACKAGE)]
    return Inputs(root, tuple(names), _digest(parts))


def recall(inputs: Inputs) -> Answer | None:
    """The answer of a build with the same inputs and the same catalog, if there was one."""
    try:
        kept = json.loads(_file(inputs).read_text("utf-8"))
        same = kept["key"] == _key(inputs)
        return Answer(kept["text"], kept["facts"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(inputs: Inputs, answer: Answer, catalog_hash: str) -> None:
    """Keeps the answer for the next build, unless the catalog is not the one with that
    hash any more; a folder that cannot be written is no fault."""
    if catalog_hash not in _index_head(inputs.root):
        return
    file = _file(inputs)
    kept = {"key": _key(inputs), "text": answer.text, "facts": answer.facts}
    try:
        file.parent.mkdir(exist_ok=True)
        beside = file.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(kept), "utf-8")
        beside.replace(file)
    except OSError:
        return


def _index_head(root: Path) -> str:
    try:
        return (root / "catalog" / "index.json").read_text("utf-8")
    except OSError:
        return ""


def _file(inputs: Inputs) -> Path:
    return inputs.root / FOLDER / f"built-{_digest(inputs.names)[:16]}.json"


def _key(inputs: Inputs) -> str:
    return _digest([inputs.digest, *_tree(inputs.root / "catalog")])


def _environment() -> Iterator[str]:
    """Python and the libraries; a library's version is in its `.dist-info` name."""
    yield sys.version
    for folder in sys.path:
        if os.path.isdir(folder):  # noqa: PTH112 a hot path
            names = os.listdir(folder)  # noqa: PTH208
            yield from sorted(name for name in names if name.endswith(".dist-info"))


def _tree(folder: Path) -> Iterator[str]:
    """Every file below a folder as its path and the digest of its content."""
    for place, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name != "__pycache__")
        for name in sorted(files):
            path = os.path.join(place, name)  # noqa: PTH118 a hot path
            yield f"{path} {_content(path)}"


def _content(path: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 a hot path
            return hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        return str(error)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()

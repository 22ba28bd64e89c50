"""What a chart's files may be: names, kinds, sizes and counts, each with its bound."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from chartgen.lint.finding import Place, Problem

MANIFEST = "OlaresManifest.yaml"
MAX_BYTES = 32 << 20
"""Bytes of all files together; the largest of 347 official charts has 3.1 MB (beclab/apps,
2026-08)."""
MAX_FILE_BYTES = 5 << 20
"""Bytes of one file, the bound of Helm's own loader (Helm 3.17, 2025-01)."""
MAX_TAPE_BYTES = MAX_BYTES + (8 << 20)
"""Bytes of a package's tar archive with those in its charts/: the files, and headers."""
MAX_FILES = 2000
"""Files and folders; the largest official chart has 58 (beclab/apps, 2026-08)."""
MAX_DEPTH = 24
"""Folders above one file."""
MAX_NAME_BYTES = 255
"""Bytes between two slashes, the bound of common file systems."""
MAX_SHOWN = 20
"""Problems of one kind that are listed; the rest is counted."""

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff\u2028\u2029]")
_DRIVE = re.compile(r"[A-Za-z]:")
_TEXT = re.compile(r"(?:.*\.(?:ya?ml|tpl)|(?:.*/)?templates/.*\.txt)", re.DOTALL)
_OWN_SCHEMA = re.compile(r"https?://json-schema\.org/[\w./-]+#?")


class Contents:
    """The files of one chart while they are read; what is wrong with them is kept beside.

    `refused` once something was found behind which nothing is read any more; `filtered`
    where the chart that is judged is not the folder that was named. `tape_left` is how much
    its archives may still inflate to.
    """

    def __init__(self, tape_left: int = MAX_TAPE_BYTES) -> None:
        self.tape_left = tape_left
        self.name = ""
        self.files: dict[str, bytes] = {}
        self.folders: set[str] = set()
        self.refused = False
        self.filtered = False
        self._bytes = 0
        self._problems: list[Problem] = []
        self._counts: dict[str, int] = {}

    def problems(self) -> tuple[Problem, ...]:
        """All that was found, in the order in which it was found."""
        rest = [
            Problem(rule, Place(), f"{count} times", "There is more of this.", "See the others.")
            for rule, shown in self._counts.items()
            if (count := shown) > MAX_SHOWN
        ]
        return (*self._problems, *rest)

    def note(self, problem: Problem) -> None:
        """Keeps a problem; of one rule only the first twenty."""
        self._counts[problem.rule] = self._counts.get(problem.rule, 0) + 1
        if self._counts[problem.rule] <= MAX_SHOWN:
            self._problems.append(problem)

    def refuse(self, problem: Problem) -> None:
        """Keeps a problem behind which the chart is not read on."""
        self.note(problem)
        self.refused = True

    def safe(self, path: str) -> bool:
        """Whether a path leads nowhere else; notes where it does."""
        if _unsafe(path, path.split("/")):
            self.refuse(unsafe(path))
            return False
        return True

    def admits(self, path: str) -> bool:
        """Whether a path is safe and new and there is room for one more; notes why not."""
        problem = self._fault(path)
        if problem is not None:
            self.refuse(problem)
        return problem is None

    def room(self, path: str, size: int) -> bool:
        """Whether there is room for that many more bytes; notes why not."""
        if size <= MAX_FILE_BYTES and self._bytes + size <= MAX_BYTES:
            return True
        bound = f"a file may have {MAX_FILE_BYTES >> 20} MiB, a chart {MAX_BYTES >> 20} MiB"
        self.refuse(too_large(f"{size} bytes", f"The files are too large: {bound}.", path))
        return False

    def add(self, path: str, data: bytes) -> None:
        """Takes a file in, whose path was admitted."""
        if self.room(path, len(data)):
            self._bytes += len(data)
            self.files[path] = data
            self._check_content(path, data)

    def add_folder(self, path: str) -> None:
        """Takes a folder in, with those above it."""
        parts = path.split("/") if path else []
        self.folders.update("/".join(parts[: depth + 1]) for depth in range(len(parts)))

    def finish(self) -> None:
        """The checks that need all files."""
        for path in self.files:
            self.add_folder(path.rpartition("/")[0])
        clashes = sorted(self.folders & self.files.keys())
        for path in clashes:
            self.refuse(_twice(path))
        found = find_manifest(self.files)
        if found is not None and MANIFEST not in self.files:
            self.note(_misplaced(found))

    def unpack(self, folder: Path) -> Path:
        """Writes the chart below a new folder; returns the chart's own folder."""
        root = folder / (self.name or "chart")
        root.mkdir()
        for path in sorted(self.folders):
            (root / path).mkdir()
        for path, data in self.files.items():
            (root / path).write_bytes(data)
        return root

    def _fault(self, path: str) -> Problem | None:
        if len(self.files) + len(self.folders) >= MAX_FILES:
            return too_many()
        parts = path.split("/")
        if _unsafe(path, parts):
            return unsafe(path)
        if path in self.files:
            return _twice(path)
        return too_many() if len(parts) > MAX_DEPTH else None

    def _check_content(self, path: str, data: bytes) -> None:
        if _TEXT.fullmatch(path) and not data.isascii():
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as error:
                self.note(_not_text(path, data, error))
        if path.rpartition("/")[2] == "values.schema.json" and (reference := _reaching(data)):
            self.refuse(_reaches_out(path, reference))


def find_manifest(files: Mapping[str, bytes]) -> str | None:
    """The path that a market reads as the manifest: in any letters' case, least deep first
    (Olares market contract 2). The device itself wants the exact name at the top."""
    found = [path for path in files if path.rpartition("/")[2].lower() == MANIFEST.lower()]
    return min(found, key=lambda path: (path.count("/"), path != MANIFEST, path), default=None)


def unsafe(path: str) -> Problem:
    """The problem of a name that could lead out of the chart's folder, or nowhere."""
    message = "The path is absolute, leads upward, or has characters that no chart needs."
    remedy = "Build the package with `helm package`, from plain names below one folder."
    return Problem("S05", Place(shown(path)), shown(path), message, remedy)


def too_large(value: str, message: str, path: str = "") -> Problem:
    """The problem of a chart past its bounds."""
    remedy = "Leave out of the chart what a container can fetch when it starts."
    return Problem("S03", Place(shown(path)), value, message, remedy)


def shown(path: str) -> str:
    """A path as it may be printed: at most 200 characters, none of them a trap."""
    return path.encode("unicode_escape").decode() if _ODD.search(path) else path[:200]


def _unsafe(path: str, parts: list[str]) -> bool:
    wrong = any(part in ("", ".", "..") for part in parts)
    long = any(len(part.encode("utf-8", "replace")) > MAX_NAME_BYTES for part in parts)
    return wrong or long or bool(_ODD.search(path) or _DRIVE.match(path))


def too_many() -> Problem:
    """The problem of a chart with more parts than its bound."""
    message = f"There are more than {MAX_FILES} files and folders, or more than {MAX_DEPTH} levels."
    remedy = "Keep in the chart what Helm renders, and nothing else."
    return Problem("S04", Place(), f"over {MAX_FILES}", message, remedy)


def _twice(path: str) -> Problem:
    message = "This path is there twice, as two files or as a file and a folder."
    remedy = "Build the package anew; readers differ in which of the two they take."
    return Problem("S07", Place(shown(path)), shown(path), message, remedy)


def _misplaced(path: str) -> Problem:
    message = f"The market finds this manifest, but the device wants {MANIFEST} at the top."
    remedy = f"Name it {MANIFEST} and put it beside Chart.yaml."
    return Problem("S11", Place(shown(path)), shown(path), message, remedy)


def _not_text(path: str, data: bytes, error: UnicodeDecodeError) -> Problem:
    line = data.count(b"\n", 0, error.start) + 1
    message = "The file is not UTF-8, which all YAML here has to be."
    remedy = "Save it as UTF-8."
    value = f"byte 0x{data[error.start]:02x}"
    return Problem("S10", Place(shown(path), line), value, message, remedy)


def _reaches_out(path: str, reference: str) -> Problem:
    message = "The schema refers to something outside itself, which Helm would fetch to render."
    remedy = "Put what it refers to under `$defs` in the same file."
    return Problem("S13", Place(shown(path)), shown(reference), message, remedy)


def _reaching(data: bytes) -> str:
    """The first reference that leaves a JSON schema, or an empty text."""
    try:
        waiting = [json.loads(data)]
    except (ValueError, RecursionError):
        return "" if b"$" not in data else "a schema that cannot be read"
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            waiting.extend(node.values())
            if outside := _outside(node.get("$ref"), node.get("$dynamicRef"), node.get("$schema")):
                return outside
    return ""


def _outside(reference: object, dynamic: object, dialect: object) -> str:
    for text in (reference, dynamic):
        if isinstance(text, str) and not text.startswith("#"):
            return text
    if isinstance(dialect, str) and not _OWN_SCHEMA.fullmatch(dialect):
        return dialect
    return ""

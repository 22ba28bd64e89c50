"""What to fetch: the plan that the chart carries, its models, and the files they name."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .telling import FetchError

OWN = ".chartgen-"
"""Begins the name of every file in a model's folder that is not the model's."""

COMMIT = "[0-9a-f]{40}"
"""The pattern of a commit of a repository."""

MALFORMED = (LookupError, TypeError, AttributeError, ValueError, RecursionError)
"""What reading JSON of an unexpected shape raises."""

_DIGEST = "[0-9a-f]{40}|[0-9a-f]{64}"
_FOLDER_NAME = r"\w[\w.-]*"
_REPOSITORY = r"\w[\w.-]*/\w[\w.-]*"
_LONGEST_PATH = 1000
_LONGEST_NAME = 180  # bytes; leaves room for what the name of a part adds
_SIZE_LIMIT = 2**50

Pin = Mapping[str, str | int | None]
"""What the chart pins of a file: its path and, where known, its size and sha256."""


def check(value: object, pattern: str) -> None:
    """Raise ValueError unless `value` is a text that `pattern` matches as a whole."""
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError(f"unexpected value {str(value)[:80]!r}")


def matching(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Return those of `names` that one of the shell `patterns` matches."""
    asked = list(patterns)
    return [name for name in names if any(fnmatch.fnmatchcase(name, each) for each in asked)]


def _is_safe(path: str) -> bool:
    if not path.isprintable() or len(path) > _LONGEST_PATH or "\\" in path:
        return False
    return all(_is_safe_name(name) for name in path.split("/"))


def _is_safe_name(name: str) -> bool:
    if name in ("", ".", "..") or name.startswith(OWN):
        return False
    return len(name.encode()) <= _LONGEST_NAME


@dataclass(frozen=True)
class Blob:
    """A file as it must be: bytes, and SHA-256 or (40 digits) git blob id in hex.

    `mtime_ns` is that of the file on disk when it was found right. Raises ValueError for a
    path that leads out of the model's folder or means a file of the program.
    """

    path: str
    size: int
    digest: str
    mtime_ns: int | None = None

    def __post_init__(self) -> None:
        if not _is_safe(self.path):
            raise ValueError(f"refused the file name {self.path[:80]!r}")
        if type(self.size) is not int or not 0 <= self.size < _SIZE_LIMIT:
            raise ValueError(f"unexpected size of {self.path}")
        check(self.digest, _DIGEST)


@dataclass(frozen=True)
class Model:
    """What to take of a repository: `files` are names or patterns, `known` what is pinned.

    `into` is the name of the folder; without a `revision`, the `branch` says which commit.
    Raises ValueError, TypeError or LookupError for values that no plan has.
    """

    role: str
    repo: str
    branch: str
    revision: str | None
    into: str
    files: list[str]
    known: list[Pin]

    def __post_init__(self) -> None:
        check(self.into, _FOLDER_NAME)
        check(self.repo, _REPOSITORY)
        if self.revision:
            check(self.revision, COMMIT)
        else:
            check(self.branch, ".+")
        check("".join(self.files + [str(pin["path"]) for pin in self.known]), ".+")

    def absent(self, names: Iterable[str]) -> list[str]:
        """Return what is asked for by name but not in `names`, or all when nothing is there."""
        chosen = matching(names, self.files)
        named = {pattern for pattern in self.files if not re.search(r"[*?[]", pattern)}
        missing = (named | {str(pin["path"]) for pin in self.known}) - set(chosen)
        return sorted(missing) if missing or chosen else self.files

    def choose(self, files: Mapping[str, Blob]) -> list[Blob]:
        """Return the files wanted, agreed with what is pinned; raises FetchError."""
        if absent := self.absent(files):
            raise FetchError(f"{self.repo} has no file {', '.join(absent)}")
        pins = {str(pin["path"]): pin for pin in self.known}
        return [_agree(files[name], pins.get(name, {})) for name in matching(files, self.files)]

    def joined(self, other: Model) -> Model:
        """Return one model that takes the files of both; raises ValueError."""
        if (self.repo, self.branch, self.revision) != (other.repo, other.branch, other.revision):
            raise ValueError(f"two models share {self.into} but not repository and revision")
        files, known = [*self.files, *other.files], [*self.known, *other.known]
        return replace(other, files=files, known=known)


def _agree(blob: Blob, pin: Pin) -> Blob:
    size, sha256 = pin.get("size"), pin.get("sha256")
    if size not in (None, blob.size):
        raise FetchError(f"{blob.path}: {size} bytes are pinned, the hub has {blob.size}")
    if sha256 in (None, blob.digest):
        return blob
    if len(blob.digest) == 64:
        raise FetchError(f"{blob.path}: SHA-256 {sha256} is pinned, the hub has {blob.digest}")
    # The hub tells no SHA-256 of what git holds: the pinned one replaces the git blob id.
    return replace(blob, digest=str(sha256), mtime_ns=None)


@dataclass(frozen=True)
class Plan:
    """The folder of all models, the bytes to leave free there, and a model per folder."""

    root: Path
    margin: int
    models: Mapping[str, Model]


def read_plan(path: Path) -> Plan:
    """Return the plan in a JSON file; raises FetchError."""
    try:
        plan = json.loads(path.read_bytes())
        models = _by_folder([Model(**item) for item in plan["models"]])
        return Plan(Path(plan["root"]), int(plan["margin_bytes"]), models)
    except (OSError, *MALFORMED) as fault:
        raise FetchError(f"bad plan {path}: {type(fault).__name__}: {fault}") from None


def _by_folder(models: Iterable[Model]) -> dict[str, Model]:
    folders: dict[str, Model] = {}
    for model in models:
        old = folders.get(model.into)
        folders[model.into] = model if old is None else old.joined(model)
    return folders

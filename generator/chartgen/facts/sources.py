"""Where a model's files lie: a folder here, memory, or a hub; all read in pieces."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from chartgen.errors import Fault, Faults
from chartgen.facts.headers.faults import broken
from chartgen.facts.model import PublishedFile

__all__ = ["LocalSource", "MemorySource", "Source", "SourceFile", "is_named", "whole"]

MOST_FILES = 20_000
"""Files of one repository; datasets have more, models never."""


LONGEST_PATH = 300


def is_named(path: str) -> bool:
    """Whether a file has a name that facts can hold; others are never a model's."""
    return 3 <= len(path) <= LONGEST_PATH and path.isprintable()


class Source(Protocol):
    """The files of one model at one revision."""

    @property
    def repo(self) -> str:
        """owner/name, as the facts name it."""
        ...

    @property
    def revision(self) -> str | None:
        """The commit, or None where there is none."""
        ...

    @property
    def where(self) -> str:
        """Names the source in facts and in messages."""
        ...

    @property
    def files(self) -> Mapping[str, PublishedFile]:
        """All files by their path."""
        ...

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes of one file from `offset`; raises `Faults`."""
        ...


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source, as the readers of headers want it."""

    source: Source
    path: str

    @property
    def name(self) -> str:
        """Names the file in messages."""
        return f"{self.path} of {self.source.where}"

    @property
    def size(self) -> int:
        """Bytes of the whole file; raises `Faults` where the source has no such file."""
        found = self.source.files.get(self.path)
        if found is None:
            remedy = "Name a file that is there, or fetch the missing one."
            raise broken(self.source.where, "there is no such file", self.path, remedy)
        return found.size

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; raises `Faults`."""
        return self.source.read(self.path, offset, length)


def whole(source: Source, path: str, largest: int) -> bytes:
    """A small file as a whole; raises `Faults` where it is missing or larger than `largest`."""
    file = SourceFile(source, path)
    if file.size > largest:
        raise broken(file.name, f"it is longer than {largest} bytes", file.size)
    return source.read(path, 0, file.size)


@dataclass(frozen=True, slots=True)
class MemorySource:
    """Files in memory; what a `size` says beyond a content are zeros that nobody stores."""

    contents: Mapping[str, bytes]
    sizes: Mapping[str, int] = field(default_factory=dict)
    repo: str = "memory/model"
    revision: str | None = None

    @property
    def where(self) -> str:
        """Names the source in facts and in messages."""
        return f"{self.repo} at {self.revision}" if self.revision else self.repo

    @property
    def files(self) -> Mapping[str, PublishedFile]:
        """All files by their path."""
        return {
            path: PublishedFile(path=path, size=self.sizes.get(path, len(content)))
            for path, content in self.contents.items()
        }

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes of one file from `offset`."""
        return self.contents[path][offset : offset + length].ljust(length, b"\0")


@dataclass(frozen=True, slots=True)
class LocalSource:
    """The files below a folder of this machine."""

    folder: Path
    repo: str
    files: Mapping[str, PublishedFile]
    revision: None = None

    @property
    def where(self) -> str:
        """Names the source in facts and in messages."""
        return self.repo

    @classmethod
    def of(cls, folder: Path, repo: str | None) -> LocalSource:
        """A folder as it is now; without `repo` it is named for itself."""
        own = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name) or "model"
        found = {one.path: one for one in _listed(folder)}
        return cls(folder, repo or f"local/{own}", found)

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes of one file from `offset`; raises `Faults`."""
        with (self.folder / path).open("rb") as file:
            file.seek(offset)
            data = file.read(length)
        if len(data) < length:
            raise broken(f"{path} of {self.where}", "it became shorter while it was read")
        return data


def _listed(folder: Path) -> list[PublishedFile]:
    found: list[PublishedFile] = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files = (Path(base) / name for name in sorted(names) if not name.startswith("."))
        found += [_published(folder, file) for file in files if _is_plain(folder, file)]
        if len(found) > MOST_FILES:
            remedy = "Name the folder of one model."
            problem = f"there are more than {MOST_FILES} files below this folder"
            raise Faults([Fault(str(folder), problem, remedy)])
    return found


def _is_plain(folder: Path, file: Path) -> bool:
    return file.is_file() and is_named(file.relative_to(folder).as_posix())


def _published(folder: Path, file: Path) -> PublishedFile:
    return PublishedFile(path=file.relative_to(folder).as_posix(), size=file.stat().st_size)

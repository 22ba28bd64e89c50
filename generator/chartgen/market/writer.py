"""Writes the files of an export so that a web server's validators are right.

Servers make an ETag from a file's time and size. A file whose bytes stay keeps its
time, and one that changes gets a later one than any before, in whole seconds: else
two exports within a second could pass for the same.
"""

from __future__ import annotations

import gzip
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

MARK = ".chartgen-export.json"
"""Lies in every export; a folder without it is never overwritten."""

SECOND = 10**9
WORTH_COMPRESSING = 512
"""Bytes from which on compression saves a packet."""


@dataclass
class Writer:
    """Writes into `staging` what takes the place of the export in `old`."""

    staging: Path
    old: Path
    files: int = 0
    size: int = 0

    def __post_init__(self) -> None:
        mark = self.old / MARK
        last = mark.stat().st_mtime_ns if mark.is_file() else 0
        self.now = max(time.time_ns(), last + SECOND)

    def text(self, path: str, body: bytes) -> None:
        """A file, and beside it a compressed one where that pays."""
        self.binary(path, body)
        if len(body) >= WORTH_COMPRESSING:
            self.binary(f"{path}.gz", gzip.compress(body, 9, mtime=0))

    def binary(self, path: str, body: bytes) -> None:
        """A file as it is."""
        target = self._place(path, len(body))
        target.write_bytes(body)
        target.chmod(0o644)
        old = self.old / path
        changed = path == MARK or not _holds(old, body)
        since = self.now if changed else old.stat().st_mtime_ns
        os.utime(target, ns=(since, since))

    def link(self, path: str, existing: str) -> None:
        """A second name of a file that was written."""
        source = self.staging / existing
        target = self._place(path, source.stat().st_size)
        try:
            target.hardlink_to(source)
        except OSError:
            shutil.copy2(source, target)

    def _place(self, path: str, size: int) -> Path:
        self.files += 1
        self.size += size
        target = self.staging / path
        self._folder(target.parent)
        return target

    def _folder(self, folder: Path) -> None:
        """A folder that a web server can read, whatever the umask is."""
        if not folder.is_dir():
            self._folder(folder.parent)
            folder.mkdir()
            folder.chmod(0o755)


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data

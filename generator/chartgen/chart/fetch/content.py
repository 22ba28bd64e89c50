"""The bytes of one file: what has come so far, its hash, and its final name."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO

from .plan import Blob

CHUNK = 2**20
"""The most bytes that are handled at once."""


class Content:
    """What an open `file` holds of the wanted file: its bytes so far and their hash."""

    def __init__(self, file: IO[bytes], want: Blob) -> None:
        self.file = file
        self.want = want
        self._read()

    def _read(self) -> None:
        if len(self.want.digest) == 40:
            start = b"blob %d\0" % self.want.size
            self._hash = hashlib.sha1(start, usedforsecurity=False)
        else:
            self._hash = hashlib.sha256()
        self.size = self.file.seek(0)
        while chunk := self.file.read(CHUNK):
            self._count(chunk)

    def _count(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self.size += len(chunk)

    def append(self, chunk: bytes) -> None:
        """Add bytes and hand them to the system, lest a kill loses them; raises OSError."""
        self.file.write(chunk)
        self.file.flush()
        self._count(chunk)

    def restart(self) -> None:
        """Forget all bytes; raises OSError."""
        self.file.truncate(0)
        self._read()

    def left(self) -> int:
        """Return how many bytes are still to come; below zero where there are too many."""
        return self.want.size - self.size

    def right(self) -> bool:
        """Tell whether this is the wanted file, whole."""
        return self.size == self.want.size and self._hash.hexdigest() == self.want.digest


def publish(file: IO[bytes], draft: Path, path: Path) -> None:
    """Give the open file `draft` the name `path`, such that a power cut keeps it whole.

    Raises OSError.
    """
    file.flush()
    os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # or a power cut takes the new name
    finally:
        os.close(folder)

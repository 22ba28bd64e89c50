"""A file that is read from its start, in blocks, up to a bound."""

from __future__ import annotations

import struct
from typing import Protocol

from chartgen.facts.headers.faults import broken

__all__ = ["RemoteFile", "Window"]

FIRST_BLOCK = 1 << 18
LARGEST_BLOCK = 1 << 23
"""Bytes of one request: the first is small, since most headers are; each next doubles."""

_LENGTH = struct.Struct("<Q")


class RemoteFile(Protocol):
    """One file of a source, wherever it lies; `name` is for messages."""

    @property
    def name(self) -> str:
        """Names the file in messages."""
        ...

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; raises `Faults` where they cannot be had."""
        ...


class Window:
    """Reads a file forward; keeps one block of it. `limit` bounds the bytes it moves over."""

    def __init__(self, file: RemoteFile, limit: int) -> None:
        self._file = file
        self._end = min(file.size, limit)
        self._limit = limit
        self._block = b""
        self._start = 0
        self._at = 0
        self._next = FIRST_BLOCK

    @property
    def where(self) -> str:
        """Names the file in messages."""
        return self._file.name

    @property
    def offset(self) -> int:
        """The place in the file of the next byte."""
        return self._start + self._at

    def take(self, length: int) -> bytes:
        """The next `length` bytes; raises `Faults` where the file or the bound ends."""
        self._need(length)
        start, self._at = self._at, self._at + length
        return self._block[start : self._at]

    def skip(self, length: int) -> None:
        """Moves on without reading."""
        self._check(length)
        if self._at + length <= len(self._block):
            self._at += length
        else:
            self._start, self._block, self._at = self.offset + length, b"", 0

    def skip_strings(self, count: int) -> None:
        """Moves over `count` strings, each 8 bytes of length and so many bytes."""
        for _ in range(count):
            if len(self._block) - self._at < 8:
                self._need(8)
            (length,) = _LENGTH.unpack_from(self._block, self._at)
            self._at += 8
            if length <= len(self._block) - self._at:
                self._at += length
            else:
                self.skip(length)

    def _check(self, length: int) -> None:
        if self.offset + length <= self._end:
            return
        if self._end == self._file.size:
            problem = f"its header goes on past its end at {self._end} bytes"
        else:
            problem = f"its header is longer than {self._limit} bytes, which no model needs"
        raise broken(self.where, problem)

    def _need(self, length: int) -> None:
        if len(self._block) - self._at >= length:
            return
        self._check(length)
        rest = self._block[self._at :]
        begin = self.offset + len(rest)
        wanted = max(length - len(rest), min(self._next, self._end - begin))
        self._start, self._at = self.offset, 0
        self._block = rest + self._file.read(begin, wanted)
        self._next = min(self._next * 2, LARGEST_BLOCK)

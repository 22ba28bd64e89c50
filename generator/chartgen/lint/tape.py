"""Gzip and tar, read by hand: bounded, and strict where a library would guess.

Python's tarfile recurses over chained headers, follows sparse maps and forgives what Go's
reader refuses; a package from a stranger needs neither.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

BLOCK = 512
MAX_MEMBERS = 16
"""Gzip members of one package; every tool writes one."""
MAX_HEADER_BYTES = 1 << 20
"""Bytes of one extended header, the bound of Go's archive/tar."""
_MAGIC = b"\x1f\x8b"
_ZERO = bytes(BLOCK)
_ASCII = bytes(range(128))
_SPARSE = "GNU.sparse."
_LENGTH = re.compile(rb"([1-9][0-9]{0,7}) ")


class TapeError(Exception):
    """The bytes are no gzip, no tar, or end too early; the message says where."""


class TapeTooLarge(Exception):
    """The bytes inflate past their bound."""


class Kind(Enum):
    """What an entry of an archive is."""

    FILE = "a file"
    FOLDER = "a folder"
    LINK = "a link"
    SPARSE = "a sparse file"
    SPECIAL = "a special file"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `name` as it is written, undecoded, and the bytes of a plain file."""

    name: bytes
    kind: Kind
    data: bytes = b""


@dataclass(slots=True)
class _Header:
    """A header block, after the extended headers before it had their say."""

    name: bytes
    size: int
    flag: bytes
    sparse: bool = False


def inflate(data: bytes, limit: int) -> tuple[bytes, bool]:
    """The bytes inside a gzip file, and whether something that is no gzip follows it.

    Raises TapeTooLarge past `limit` bytes and TapeError for broken or cut-off data.
    """
    inflated, rest = bytearray(), data
    for _ in range(MAX_MEMBERS):
        if not rest.startswith(_MAGIC):
            break
        rest = _member(rest, inflated, limit)
    if rest is data:
        raise TapeError("it does not begin as gzip does")
    if rest.startswith(_MAGIC):
        raise TapeError(f"it consists of more than {MAX_MEMBERS} gzip members")
    return bytes(inflated), bool(rest.strip(b"\0"))


def _member(data: bytes, inflated: bytearray, limit: int) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    try:
        inflated += unzip.decompress(data, limit - len(inflated) + 1)
    except zlib.error as error:
        raise TapeError(f"its gzip data is broken: {error}") from error
    if len(inflated) > limit:
        raise TapeTooLarge
    if not unzip.eof:
        raise TapeError("its gzip data is cut off")
    return unzip.unused_data


class Tape:
    """The entries of a tar archive, one after the other.

    `hidden` tells, when all are read, whether bytes follow the archive's end mark.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.hidden = False

    def __iter__(self) -> Iterator[Entry]:
        """Raises TapeError where the archive breaks off."""
        while (header := self._next()) is not None:
            body = self._body(header.size if _has_body(header) else 0)
            yield _entry(header, body)

    def _next(self) -> _Header | None:
        long_name: bytes | None = None
        records: dict[str, bytes] = {}
        while (header := self._header()) is not None:
            if header.flag in b"xLKg":
                content = self._body(header.size, MAX_HEADER_BYTES)
                if header.flag == b"L":
                    long_name = content.split(b"\0")[0]
                elif header.flag == b"x":
                    records |= _records(content)
                continue
            return _told(header, long_name, records)
        return None

    def _header(self) -> _Header | None:
        block = self._take(BLOCK)
        if not block or block == _ZERO:
            self.hidden = bool(self._data[self._at :].strip(b"\0"))
            return None
        if len(block) < BLOCK:
            raise TapeError(f"its tar data is cut off in a header at byte {self._at}")
        _check_sum(block, self._at - BLOCK)
        return _Header(_name(block), _number(block[124:136]), block[156:157])

    def _body(self, size: int, limit: int | None = None) -> bytes:
        if size < 0 or (limit is not None and size > limit):
            raise TapeError(f"a tar header before byte {self._at} claims {size} bytes")
        body = self._take(size)
        if len(body) < size:
            raise TapeError(f"its tar data ends at byte {self._at} inside a file")
        self._at += -size % BLOCK
        return body

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        self._at += len(taken)
        return taken


def _check_sum(block: bytes, at: int) -> None:
    """Either sum that tar programs wrote over the years: of unsigned or of signed bytes."""
    written = _number(block[148:156])
    rest = block[:148] + b" " * 8 + block[156:]
    unsigned = sum(rest)
    if written not in (unsigned, unsigned - 256 * len(rest.translate(None, _ASCII))):
        raise TapeError(f"there is no tar header at byte {at}")


def _number(field: bytes) -> int:
    """Octal text, or a big-endian number behind a set top bit."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    text = field.strip(b" \0")
    try:
        return int(text, 8) if text else 0
    except ValueError as error:
        raise TapeError(f"a tar header has {field!r} for a number") from error


def _name(block: bytes) -> bytes:
    name = block[:100].split(b"\0")[0]
    prefix = block[345:500].split(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _records(content: bytes) -> dict[str, bytes]:
    """The records of an extended header: length, key, value, newline."""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(content):
        length = _LENGTH.match(content, at)
        end = at + int(length.group(1)) if length else len(content) + 1
        if length is None or not length.end() < end <= len(content):
            raise TapeError("a tar header has a broken extended record")
        key, equals, value = content[length.end() : end].partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise TapeError("a tar header has a broken extended record")
        found[key.decode("utf-8", "replace")] = value[:-1]
        at = end
    return found


def _told(header: _Header, long_name: bytes | None, records: dict[str, bytes]) -> _Header:
    header.name = records.get("path", long_name if long_name is not None else header.name)
    header.sparse = header.flag == b"S" or any(key.startswith(_SPARSE) for key in records)
    if "size" in records:
        if not records["size"].isdigit() or len(records["size"]) > 20:
            raise TapeError("a tar header has a broken size")
        header.size = int(records["size"])
    return header


def _has_body(header: _Header) -> bool:
    return header.flag not in (b"1", b"2", b"3", b"4", b"5", b"6")


def _entry(header: _Header, body: bytes) -> Entry:
    kind = _kind(header)
    return Entry(header.name, kind, body if kind is Kind.FILE else b"")


def _kind(header: _Header) -> Kind:
    if header.sparse:
        return Kind.SPARSE
    if header.flag == b"5" or (header.flag in b"0\0" and header.name.endswith(b"/")):
        return Kind.FOLDER
    if header.flag in (b"0", b"\0", b"7"):
        return Kind.FILE
    return Kind.LINK if header.flag in (b"1", b"2") else Kind.SPECIAL

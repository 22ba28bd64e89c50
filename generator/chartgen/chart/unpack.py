"""Reads a package back, with bounds: an archive is hostile until it is read."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from chartgen.errors import CatalogBroken

MAX_BYTES = 32 << 20
"""Unpacked bytes of a chart; official charts stay under 1 MiB."""

MAX_FILES = 2000


def unpack(data: bytes, source: str) -> Mapping[str, str]:
    """The text files of a package, by path below its root folder.

    Raises `CatalogBroken` naming `source` for anything that is not a plain chart.
    """
    try:
        return _files(_inflate(data, source), source)
    except (tarfile.TarError, zlib.error, UnicodeDecodeError, EOFError) as error:
        raise _broken(source, f"not a readable chart package: {error}") from error


def _inflate(data: bytes, source: str) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    inflated = unzip.decompress(data, MAX_BYTES)
    if unzip.unconsumed_tail:
        raise _broken(source, f"it unpacks to more than {MAX_BYTES} bytes")
    if not unzip.eof:
        raise _broken(source, "the archive is cut off")
    return inflated


def _files(data: bytes, source: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for entry in archive:
            if len(found) >= MAX_FILES:
                raise _broken(source, f"it holds more than {MAX_FILES} files")
            content = archive.extractfile(entry) if entry.isreg() else None
            if content is None:
                raise _broken(source, f"{entry.name} is not a plain file")
            found[_inside(entry.name, source)] = content.read().decode("utf-8")
    return found


def _inside(name: str, source: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
        raise _broken(source, f"{name} lies outside the chart's folder")
    return "/".join(path.parts[1:])


def _broken(source: str, problem: str) -> CatalogBroken:
    remedy = "Restore it from git; a released package never changes."
    return CatalogBroken(path=source, problem=problem, remedy=remedy)

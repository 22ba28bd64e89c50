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
    if unzip.unused_data:
        raise _broken(source, "something follows the archive")
    return inflated


def _files(data: bytes, source: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    first = ""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for entry in archive:
            if len(found) >= MAX_FILES:
                raise _broken(source, f"it holds more than {MAX_FILES} files")
            root, path = _inside(entry.name, source)
            if path in found or (found and root != first):
                raise _broken(source, f"{entry.name} is there twice, or outside the one folder")
            first = root
            found[path] = _content(archive, entry, source)
    return found


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo, source: str) -> str:
    """The text of a file; a sparse one claims more bytes than the archive has."""
    plain = entry.isreg() and not entry.issparse() and entry.size <= MAX_BYTES
    content = archive.extractfile(entry) if plain else None
    if content is None:
        raise _broken(source, f"{entry.name} is not a plain file")
    return content.read().decode("utf-8")


def _inside(name: str, source: str) -> tuple[str, str]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
        raise _broken(source, f"{name} lies outside the chart's folder")
    return path.parts[0], "/".join(path.parts[1:])


def _broken(source: str, problem: str) -> CatalogBroken:
    remedy = "Restore it from git; a released package never changes."
    return CatalogBroken(path=source, problem=problem, remedy=remedy)

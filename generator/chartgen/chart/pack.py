"""Packs a chart: the same bytes on every machine.

The archive is a gzip stream of stored (uncompressed) deflate blocks around a USTAR
archive. Compressors differ between zlib versions and implementations, even at level
0; stored blocks are laid out here, so the digest depends on the chart alone.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zlib
from dataclasses import dataclass

from chartgen.chart.render import Chart

STORED = 0xFFFF
"""Bytes that one stored block can hold (RFC 1951 3.2.4)."""

GZIP_HEADER = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255))
"""Deflate, no flags, no time, no name, unknown system (RFC 1952 2.3)."""


@dataclass(frozen=True, slots=True)
class Package:
    """A packed chart; `sha256` is the digest of `data`."""

    name: str
    version: str
    data: bytes
    sha256: str

    @property
    def filename(self) -> str:
        """The name under which the market client asks for it."""
        return f"{self.name}-{self.version}.tgz"


def pack(chart: Chart) -> Package:
    """The chart as a package with one root folder of the app's name."""
    data = _gzip(_tar(chart))
    return Package(chart.name, chart.version, data, hashlib.sha256(data).hexdigest())


def _tar(chart: Chart) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(chart.files):
            content = chart.files[path].encode("utf-8")
            entry = tarfile.TarInfo(f"{chart.name}/{path}")
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _gzip(data: bytes) -> bytes:
    starts = range(0, max(len(data), 1), STORED)
    stored = b"".join(
        _block(data[start : start + STORED], final=start + STORED >= len(data)) for start in starts
    )
    checksum, size = zlib.crc32(data), len(data) & 0xFFFFFFFF
    return GZIP_HEADER + stored + checksum.to_bytes(4, "little") + size.to_bytes(4, "little")


def _block(data: bytes, *, final: bool) -> bytes:
    size = len(data)
    head = bytes((1 if final else 0,)) + size.to_bytes(2, "little")
    return head + (size ^ STORED).to_bytes(2, "little") + data

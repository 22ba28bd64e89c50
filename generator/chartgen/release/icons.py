"""The icon of an app: a PNG in the size that the store asks for."""

from __future__ import annotations

import struct
from pathlib import Path

from chartgen.errors import Fault
from chartgen.spec import App

SIDE = 256
"""Pixels of width and height (Olares market contract 3.2, `metadata.icon`)."""

MAX_BYTES = 512 * 1024
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def icon_path(app: App, root: Path) -> Path:
    """Where an app's icon lies in a repository."""
    return root / "charts_src" / "icons" / app.icon


def read_icon(app: App, root: Path) -> bytes:
    """The icon's bytes."""
    return icon_path(app, root).read_bytes()


def icon_faults(app: App, root: Path) -> list[Fault]:
    """An icon that is not there, not a PNG, or not of the store's size."""
    path = f"{app.name}.icon"
    remedy = f"Put a PNG of {SIDE}x{SIDE} pixels and at most 512 KiB into charts_src/icons/."
    try:
        data = read_icon(app, root)
    except OSError as error:
        return [Fault(path, f"the icon cannot be read: {error.strerror}", remedy, app.icon)]
    problem = _problem(data)
    return [Fault(path, problem, remedy, app.icon)] if problem else []


def _problem(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        return f"the icon has {len(data)} bytes"
    if not data.startswith(SIGNATURE) or len(data) < 24:
        return "the icon is not a PNG"
    width, height = struct.unpack(">II", data[16:24])
    return "" if (width, height) == (SIDE, SIDE) else f"the icon has {width}x{height} pixels"

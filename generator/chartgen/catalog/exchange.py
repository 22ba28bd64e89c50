"""Two folders change places in one step."""

from __future__ import annotations

import os
import sys
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2
"""Linux renameat2: `include/uapi/linux/fs.h`."""

RENAME_SWAP = 2
"""macOS renamex_np: `sys/stdio.h`."""


def exchange(new: Path, old: Path) -> None:
    """Puts `new` in the place of `old`, and what was there in the place of `new`.

    One atomic step where the system has one (Linux, macOS); elsewhere two renames,
    between which `old` is absent for a moment.
    """
    if not old.exists():
        new.rename(old)
    elif not _swap(os.fsencode(new), os.fsencode(old)):
        _two_steps(new, old)


def _swap(new: bytes, old: bytes) -> bool:
    import ctypes  # noqa: PLC0415 only a build that writes needs it

    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        return not libc.renameat2(AT_FDCWD, new, AT_FDCWD, old, RENAME_EXCHANGE)
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        return not libc.renamex_np(new, old, RENAME_SWAP)
    return False


def _two_steps(new: Path, old: Path) -> None:
    aside = new.with_name(f"{new.name}-old")
    old.rename(aside)
    new.rename(old)
    aside.rename(new)

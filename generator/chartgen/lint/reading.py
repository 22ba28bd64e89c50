"""Reads a chart from a folder or a package, inside the bounds of `contents`."""

from __future__ import annotations

import os
import stat
from itertools import islice
from pathlib import Path

from chartgen.lint.contents import (
    MAX_FILE_BYTES,
    MAX_FILES,
    Contents,
    shown,
    too_large,
    too_many,
    unsafe,
)
from chartgen.lint.finding import Place, Problem
from chartgen.lint.tape import Entry, Kind, Tape, TapeError, TapeTooLarge, inflate

MAX_PACKAGE_BYTES = 32 << 20
"""Bytes of a package as it is downloaded."""
MAX_ENTRIES = 2 * MAX_FILES
NOT_THE_CHARTS = frozenset({".git", ".hg", ".svn"})
"""Folders that version control keeps for itself."""


def read_path(path: Path, contents: Contents) -> Path | None:
    """Reads a folder or a package into `contents`.

    Returns the folder as Helm may read it, or None where the chart has to be unpacked first.
    Raises OSError where there is nothing to read.
    """
    if path.is_dir():
        folder = Path(os.path.abspath(path))  # noqa: PTH100 - a link keeps the name it was asked by
        contents.name = folder.name
        _read_folder(folder, contents)
        contents.finish()
        return folder
    data = _read_file(path, MAX_PACKAGE_BYTES)
    if data is None:
        contents.refuse(_package_too_large(path))
    else:
        read_package(data, contents)
    return None


def read_package(data: bytes, contents: Contents, *, nested: bool = False) -> None:
    """Reads a package's bytes; `nested` for one inside another."""
    try:
        tar, followed = inflate(data, contents.tape_left)
        contents.tape_left -= len(tar)
        tape = Tape(tar)
        for count, entry in enumerate(tape):
            _take(entry, contents, nested=nested)
            _count(count, contents)
            if contents.refused:
                return
    except TapeTooLarge:
        bound = f"The package inflates to more than {contents.tape_left >> 20} MiB."
        contents.refuse(too_large(f"{len(data)} bytes", bound))
        return
    except TapeError as error:
        contents.refuse(_broken(str(error)))
        return
    if followed or tape.hidden:
        contents.note(_followed())
    if not contents.files:
        contents.refuse(_broken("there is no file in it"))
    contents.finish()


def _count(entries: int, contents: Contents) -> None:
    if entries > MAX_ENTRIES:
        contents.refuse(too_many())


def _take(entry: Entry, contents: Contents, *, nested: bool) -> None:
    try:
        written = entry.name.decode("utf-8")
    except UnicodeDecodeError:
        contents.refuse(unsafe(entry.name.decode("utf-8", "surrogateescape")))
        return
    path = _below_root(written, entry.kind, contents)
    if path is None:
        return
    if entry.kind is Kind.FOLDER:
        contents.add_folder(path)
    elif entry.kind is Kind.FILE:
        contents.add(path, entry.data)
        _check_nested(path, entry.data, contents, nested=nested)
    else:
        contents.note(_no_plain_file(path, entry.kind.value))


def _below_root(written: str, kind: Kind, contents: Contents) -> str | None:
    """The path below the package's one folder; None for that folder itself or a refusal."""
    parts = written.removesuffix("/").split("/")
    while parts[:1] == ["."]:
        parts = parts[1:]
    if parts == []:
        return None
    root, path = parts[0], "/".join(parts[1:])
    if not path and kind is not Kind.FOLDER:
        contents.refuse(_outside_root(written))
        return None
    if not contents.safe("/".join(parts)):
        return None
    contents.name = contents.name or root
    if root != contents.name:
        contents.refuse(_outside_root(written))
        return None
    return path if path and contents.admits(path) else None


def _check_nested(path: str, data: bytes, contents: Contents, *, nested: bool) -> None:
    """Helm unpacks what lies in charts/ too, so a bomb may lie there."""
    if not path.startswith("charts/") or not path.endswith((".tgz", ".tar.gz")):
        return
    inner = Contents(contents.tape_left)
    if nested:
        inner.refuse(_broken("a package lies in a package in a package"))
    else:
        read_package(data, inner, nested=True)
        contents.tape_left = inner.tape_left
    if inner.refused:
        contents.refuse(_bad_nested(path, inner.problems()[0]))


def _read_folder(folder: Path, contents: Contents) -> None:
    waiting = [(folder, "")]
    while waiting:
        here, prefix = waiting.pop()
        with os.scandir(here) as listing:
            some = list(islice(listing, MAX_ENTRIES + 2))
        _count(len(some), contents)
        for entry in sorted(some, key=lambda entry: entry.name):
            _take_listed(entry, prefix + entry.name, contents, waiting)
            if contents.refused:
                return


def _take_listed(
    entry: os.DirEntry[str], path: str, contents: Contents, waiting: list[tuple[Path, str]]
) -> None:
    if entry.is_dir(follow_symlinks=False):
        if entry.name not in NOT_THE_CHARTS and contents.admits(path):
            contents.add_folder(path)
            waiting.append((Path(entry.path), f"{path}/"))
        return
    if not contents.admits(path):
        return
    if not entry.is_file(follow_symlinks=False):
        contents.filtered = True
        kind = Kind.LINK if entry.is_symlink() else Kind.SPECIAL
        contents.note(_no_plain_file(path, kind.value))
        return
    data = _read_file(Path(entry.path), MAX_FILE_BYTES)
    if data is None:
        contents.room(path, entry.stat(follow_symlinks=False).st_size)
        contents.refused = True
        return
    contents.add(path, data)
    _check_nested(path, data, contents, nested=False)


def _read_file(path: Path, limit: int) -> bytes | None:
    """The bytes of a plain file; None for more than `limit`. Raises OSError."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except ValueError as error:
        raise OSError(0, str(error), str(path)) from error
    with open(handle, "rb") as file:  # noqa: PTH123 - a pipe must not hold us up
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(0, "neither a folder nor a plain file", str(path))
        if about.st_size > limit:
            return None
        data = file.read(limit + 1)
    return data if len(data) <= limit else None


def _package_too_large(path: Path) -> Problem:
    bound = f"A package may have {MAX_PACKAGE_BYTES >> 20} MiB."
    return too_large(f"{path.stat().st_size} bytes", bound)


def _broken(reason: str) -> Problem:
    message = f"This is not a readable chart package: {reason}."
    remedy = "Build it with `helm package`, and compare its digest after each transfer."
    return Problem("S02", Place(), "", message, remedy)


def _followed() -> Problem:
    message = "Something follows the end of the archive; readers differ in whether they see it."
    remedy = "Build the package anew."
    return Problem("S09", Place(), "", message, remedy)


def _outside_root(path: str) -> Problem:
    message = "A package holds one folder, named like the app, and this lies outside it."
    remedy = "Build the package with `helm package`."
    return Problem("S08", Place(shown(path)), shown(path), message, remedy)


def _no_plain_file(path: str, kind: str) -> Problem:
    message = f"This is {kind}; a device leaves it out when it unpacks a chart."
    remedy = "Put a plain file in its place."
    return Problem("S06", Place(shown(path)), kind, message, remedy)


def _bad_nested(path: str, inner: Problem) -> Problem:
    message = f"This package in the chart is refused: {inner.message}"
    remedy = "Keep subcharts as folders in charts/, or build their packages anew."
    return Problem("S12", Place(shown(path)), inner.value, message, remedy)

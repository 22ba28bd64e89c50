"""The folder of one model: its lock, its files, and the parts of files still to come."""

from __future__ import annotations

import contextlib
import fcntl
from dataclasses import dataclass, replace
from pathlib import Path

from .content import Content, publish
from .hub import Hub
from .plan import OWN, Blob, Model
from .record import Record, settle
from .stream import Source, Turn, stream
from .telling import FetchError, gib, log


@dataclass(frozen=True)
class Shelf:
    """A locked folder, the model it is for, and the record of the commit it holds."""

    hub: Hub
    model: Model
    folder: Path
    record: Record

    def missing(self) -> list[Blob]:
        """Return the files that are not there whole and right, and drop useless parts.

        Raises FetchError, OSError.
        """
        wanted = self.model.choose(self.record.files)
        parts = {self._part(blob) for blob in (*self.record.files.values(), *wanted)}
        for path in set(self.folder.rglob(f"{OWN}*.part")) - parts:
            path.unlink()
        return [blob for blob in wanted if not self._holds(blob)]

    def rest(self, want: Blob) -> int:
        """Return how many bytes of a file are still to come; raises FetchError, OSError."""
        part = self._part(want)
        have = part.stat().st_size if part.is_file() else 0
        return want.size - have if have <= want.size else want.size

    def fetch(self, want: Blob, turn: Turn) -> None:
        """Bring one file; raises FetchError, OSError."""
        path, part = self._path(want), self._part(want)
        path.parent.mkdir(parents=True, exist_ok=True)
        if part.is_symlink():
            part.unlink()
        with part.open("a+b") as file:
            if self._comes(Content(file, want), turn):
                publish(file, part, path)
                self.record.save(replace(want, mtime_ns=path.stat().st_mtime_ns))
                log(f"{want.path}: done, {gib(want.size)} ({turn})")
                return
        part.unlink()
        raise FetchError(f"{want.path}: the hub sent wrong content twice")

    def _comes(self, content: Content, turn: Turn) -> bool:
        source = Source(self.hub, self.model.repo, self.record.commit)
        for _ in range(2):
            self.hub.persist(lambda: stream(source, content, turn), lambda: content.size)
            if content.right():
                return True
            log(f"{content.want.path}: what came has a wrong hash")
            content.restart()
        return False

    def _path(self, want: Blob) -> Path:
        path = self.folder / want.path
        _keep_inside(path.parent, self.folder)
        return path

    def _part(self, want: Blob) -> Path:
        path = self._path(want)
        # Named after the wanted content, so that no two contents are mixed.
        return path.with_name(f"{OWN}{path.name}.{want.digest[:16]}.part")

    def _holds(self, want: Blob) -> bool:
        path = self._path(want)
        if path.is_symlink() or not path.is_file() or path.stat().st_size != want.size:
            return False
        mtime_ns = path.stat().st_mtime_ns
        if mtime_ns != want.mtime_ns:
            if not _is_right(path, want):
                return False
            self.record.save(replace(want, mtime_ns=mtime_ns))
        log(f"{want.path}: kept, {gib(want.size)}")
        return True


def _is_right(path: Path, want: Blob) -> bool:
    log(f"{want.path}: checking what is on disk")
    with path.open("rb") as file:
        right = Content(file, want).right()
    if not right:
        log(f"{want.path}: the file on disk is not the wanted one")
    return right


def _keep_inside(path: Path, folder: Path) -> None:
    if not _resolved(path).is_relative_to(_resolved(folder)):
        raise FetchError(f"{path} is a link that leads out of {folder}")


def _resolved(path: Path) -> Path:
    try:
        # Asked first, as what `resolve` does with links in a circle depends on the Python.
        with contextlib.suppress(FileNotFoundError):
            path.stat()
        return path.resolve()
    except (OSError, RuntimeError) as fault:
        raise FetchError(f"{path} cannot be followed: {fault}") from None


def open_shelf(hub: Hub, root: Path, model: Model, stack: contextlib.ExitStack) -> Shelf:
    """Return the shelf of a model, locked as long as `stack` is open.

    Waits for another copy of the program to finish; raises FetchError, OSError.
    """
    folder = root / model.into
    _keep_inside(folder, root)
    folder.mkdir(parents=True, exist_ok=True)
    _lock(folder, stack)
    return Shelf(hub, model, folder, settle(hub, model, folder))


def _lock(folder: Path, stack: contextlib.ExitStack) -> None:
    lock = stack.enter_context((folder / f"{OWN}lock").open("ab"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log(f"{folder}: waiting for another copy to finish")
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as fault:
        # Some shared file systems have no locks; the device runs one pod at a time anyway.
        log(f"{folder}: this disk cannot lock ({fault.strerror}), going on without")

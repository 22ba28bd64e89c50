"""The catalog on disk: read with every digest checked, replaced as a whole.

A new catalog is made beside the old one (unchanged files are hard links) and the
two folders change places in one step, so whoever looks, and whoever is killed,
sees the old catalog or the new one and nothing between.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chartgen.catalog.exchange import exchange
from chartgen.catalog.index import LOCALES, Index, Listed, derive_index
from chartgen.catalog.ledger import Ledger, Release, parse_ledger
from chartgen.catalog.manifest import parse_i18n, parse_manifest
from chartgen.chart import unpack
from chartgen.errors import CatalogBroken, CatalogBusy
from chartgen.spec import Market

LEDGER = "ledger.jsonl"
INDEX = "index.json"
CHARTS = "charts"
ICONS = "icons"
READABLE, READABLE_FOLDER = 0o644, 0o755
"""A catalog is for a web server to read, whatever the maintainer's umask is."""

PATIENCE = 120.0
"""Seconds to wait for another build; a cold build of 1,000 apps takes far less."""


def package_path(filename: str) -> str:
    """Where a package lies in a catalog."""
    return f"{CHARTS}/{filename}"


def icon_path(name: str) -> str:
    """Where the icon of an app lies in a catalog."""
    return f"{ICONS}/{name}.png"


@dataclass(frozen=True, slots=True)
class Catalog:
    """A catalog whose packages are all there and bear the digests of the ledger."""

    root: Path
    ledger: Ledger

    def package(self, release: Release) -> bytes:
        """The bytes of a released package."""
        return (self.root / package_path(release.filename)).read_bytes()


@dataclass(frozen=True, slots=True)
class Changes:
    """A new ledger, and the files that are new or other: bytes by path in the catalog."""

    ledger: Ledger
    files: Mapping[str, bytes] = field(default_factory=dict)


def read_catalog(root: Path) -> Catalog:
    """The catalog in `root`, or an empty one where there is none.

    Raises `CatalogBroken` for the first package that is missing or was changed.
    """
    ledger = _read_ledger(root / LEDGER)
    for releases in ledger.releases.values():
        for release in releases:
            _verify(root, release)
    _refuse_strangers(root / CHARTS, ledger)
    return Catalog(root, ledger)


def _read_ledger(file: Path) -> Ledger:
    try:
        text = file.read_text("utf-8") if file.is_file() else ""
    except UnicodeDecodeError as error:
        problem = f"this is no text: {error}"
        raise CatalogBroken(path=str(file), problem=problem, remedy=_RESTORE) from error
    return parse_ledger(text, str(file))


def _refuse_strangers(folder: Path, ledger: Ledger) -> None:
    """A package that no row names is a row that was lost: building would write over it."""
    known = {row.filename for releases in ledger.releases.values() for row in releases}
    there = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208 10,000 of them
    for name in sorted(set(there) - known):
        problem = "no row of the ledger names this package"
        remedy = "Restore the ledger from git, or remove the file if it was never released."
        raise CatalogBroken(path=str(folder / name), problem=problem, remedy=remedy)


def _verify(root: Path, release: Release) -> None:
    path = os.path.join(root, CHARTS, release.filename)  # noqa: PTH118 10,000 of them
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 the same
            digest = hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        problem = f"the package cannot be read: {error.strerror}"
        raise CatalogBroken(path=path, problem=problem, remedy=_RESTORE) from error
    if digest != release.sha256:
        problem = f"its digest is {digest}, the ledger says {release.sha256}"
        raise CatalogBroken(path=path, problem=problem, remedy=_RESTORE)


_RESTORE = "Restore it from git; a released package never changes."


def index_of(catalog: Catalog, changes: Changes, market: Market) -> Index:
    """The index after `changes`, derived from the packages themselves."""
    listed = []
    for name in changes.ledger.releases:
        release = changes.ledger.newest(name)
        if release and name not in changes.ledger.removed:
            new = changes.files.get(package_path(release.filename))
            listed.append(_listed(release, new or catalog.package(release)))
    return derive_index(changes.ledger, listed, market)


def _listed(release: Release, data: bytes) -> Listed:
    files = unpack(data, release.filename)
    manifest = parse_manifest(files["OlaresManifest.yaml"], release.filename)
    texts = {
        locale: parse_i18n(files[f"i18n/{locale}/OlaresManifest.yaml"], release.filename)
        for locale in LOCALES
    }
    return Listed(release, manifest, texts)


@dataclass(frozen=True, slots=True)
class Draft:
    """A catalog that is ready to be written: what is in it and what of it is new."""

    base: Catalog
    ledger: Ledger
    index: Index
    new: Mapping[str, bytes]


def draft_catalog(catalog: Catalog, changes: Changes, market: Market) -> Draft:
    """The catalog after `changes`, with its index; writes nothing."""
    index = index_of(catalog, changes, market)
    new = dict(changes.files)
    new[LEDGER] = changes.ledger.text().encode()
    new[INDEX] = index.text.encode()
    return Draft(catalog, changes.ledger, index, new)


def write_catalog(draft: Draft, target: Path) -> bool:
    """Writes a draft to `target` as a whole; returns whether anything was other there.

    Raises `CatalogBroken` if `target` holds something that is not an older state of
    this catalog.
    """
    if target != draft.base.root:
        _check_target(target, draft)
    elif all(_holds(target / path, data) for path, data in draft.new.items()):
        return False
    _replace(draft.base.root, draft.new, target)
    return True


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def refuse_inside(target: Path, root: Path) -> None:
    """Raises `CatalogBroken` for a copy of the catalog inside the catalog itself."""
    if target != root and target.is_relative_to(root):
        problem = "this lies inside the catalog itself"
        raise CatalogBroken(path=str(target), problem=problem, remedy="Name another folder.")


def _check_target(target: Path, draft: Draft) -> None:
    if not target.exists() or not any(target.iterdir()):
        return
    if not (target / LEDGER).is_file():
        problem = "the folder is not empty and holds no catalog"
        raise CatalogBroken(path=str(target), problem=problem, remedy="Name an empty folder.")
    there = _read_ledger(target / LEDGER)
    if draft.ledger.rows[: len(there.rows)] != there.rows:
        problem = "it holds releases that this catalog does not have"
        raise CatalogBroken(path=str(target), problem=problem, remedy="Name another folder.")


def _replace(base: Path, new: Mapping[str, bytes], target: Path) -> None:
    """Puts `base` with `new` over what is in `target`; what else lies there stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.new-", dir=target.parent))
    try:
        staging.chmod(READABLE_FOLDER)
        for tree in dict.fromkeys((target, base)):
            # Only a catalog's own next state shares files with it: a copy elsewhere may
            # be written to by others.
            _take_tree(tree, staging, _link if tree == target else _copy)
        for path, data in new.items():
            _write(staging / path, data)
        exchange(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def sweep(target: Path) -> None:
    """Removes what a killed build left; the lock is held, so nobody works there."""
    for leftover in target.parent.glob(f".{target.name}.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _take_tree(tree: Path, staging: Path, take: Callable[[Path, Path], None]) -> None:
    for folder, _, files in os.walk(tree):
        there = staging / Path(folder).relative_to(tree)
        there.mkdir(exist_ok=True)
        there.chmod(READABLE_FOLDER)
        for name in files:
            (there / name).unlink(missing_ok=True)
            take(Path(folder) / name, there / name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    shutil.copy2(source, target)


def _write(path: Path, data: bytes) -> None:
    """A new file; a hard link to the old catalog is cut first, never written through."""
    if not path.parent.is_dir():
        path.parent.mkdir()
        path.parent.chmod(READABLE_FOLDER)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    path.chmod(READABLE)


@contextmanager
def catalog_lock(
    root: Path,
    patience: float = PATIENCE,
    waiting: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Holds the catalog in `root` for one build; calls `waiting` once if it must wait.

    Raises `CatalogBusy` after `patience` seconds.
    """
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / f".{root.name}.lock").open("w") as file:
        if not _try_lock(file.fileno()):
            waiting()
            _wait(file.fileno(), root, patience)
        sweep(root)
        yield


def _wait(descriptor: int, root: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while not _try_lock(descriptor):
        if time.monotonic() > end:
            raise CatalogBusy(path=str(root), seconds=patience)
        time.sleep(0.05)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

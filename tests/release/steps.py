"""What maintainers do to a repository between two builds."""

from __future__ import annotations

from tests.repository import VLLM, Repository

WORDS = """
from dataclasses import replace as but
from datetime import date
from chartgen.spec import Suspended, Text
"""
REASON = 'Text("Slow.", "慢。")'


def amend(repository: Repository, name: str = VLLM, **fields: str) -> None:
    """Edit a spec: give fields of its app another value, as Python text."""
    values = ", ".join(f"{field}={value}" for field, value in fields.items())
    repository.write(name, f"{repository.read(name)}{WORDS}app = but(app, {values})\n")


def set_version(repository: Repository, version: str, changes: str, name: str = VLLM) -> None:
    """Give a spec a version and say what it brings."""
    amend(repository, name, version=repr(version), changes=f"Text({changes!r}, {changes + '。'!r})")


def suspend(repository: Repository, name: str = VLLM, reason: str = REASON) -> None:
    """Withdraw an app from new devices."""
    amend(repository, name, suspended=f"Suspended(since=date(2026, 11, 21), because={reason})")


def resume(repository: Repository, name: str = VLLM) -> None:
    """Offer an app, suspended or not."""
    amend(repository, name, suspended="None")


def files(repository: Repository) -> dict[str, bytes]:
    """Every file of the catalog by its path."""
    found = (file for file in sorted(repository.catalog.rglob("*")) if file.is_file())
    return {file.relative_to(repository.catalog).as_posix(): file.read_bytes() for file in found}


def released(repository: Repository) -> dict[str, bytes]:
    """What never changes: packages and ledger. The index tells the market's address too."""
    found = files(repository)
    return {path: data for path, data in found.items() if path != "index.json"}


def marks(repository: Repository) -> dict[str, tuple[int, int]]:
    """Which file each one is, and when it was written: what a rewrite changes."""
    there = [repository.catalog, *sorted(repository.catalog.rglob("*"))]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in there}


def leftovers(repository: Repository) -> list[str]:
    """What lies beside the catalog that a build made and should not have left."""
    kept = {"catalog", "charts_src", ".catalog.lock", ".chartgen"}
    return sorted({path.name for path in repository.root.iterdir()} - kept)

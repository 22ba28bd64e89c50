"""Recorded verdicts, and the charts that they are about."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One recorded verdict: `rules` are those that the device named, in its order.

    `unsure` says that what was recorded may not be the newest device's.
    """

    name: str
    label: str
    verdict: str
    rules: Sequence[str]
    unsure: bool
    path: Path


@dataclass(frozen=True)
class Variation:
    """A base chart with some files written anew and some gone, in a folder of its own name."""

    row: Row
    base: str
    write: Mapping[str, str]
    remove: Sequence[str]

    def build(self, bases: Path) -> None:
        """Makes the chart at the row's path."""
        self.build_at(self.row.path, bases)

    def build_at(self, path: Path, bases: Path) -> None:
        """Makes the chart at a path."""
        (source,) = [child for child in (bases / self.base).iterdir() if child.is_dir()]
        shutil.copytree(source, path, copy_function=shutil.copyfile)
        for file in [path, *path.rglob("*")]:
            file.chmod(0o755 if file.is_dir() else 0o644)
        for name in self.remove:
            _remove(path / name, path)
        for name, text in self.write.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text, "utf-8", newline="")


def variations(cases: Path, folder: Path) -> Iterator[Variation]:
    """The variations that a file of cases lists, to be built below a folder."""
    for line in cases.read_text("utf-8").splitlines():
        fact = json.loads(line)
        row = Row(
            name=fact["id"],
            label=f"{fact['base']} {fact['area']}: {fact['label']}",
            verdict=fact["verdict"],
            rules=fact["rules"],
            unsure=fact.get("unsure", False),
            path=folder / fact["id"] / fact["folder"],
        )
        yield Variation(row, fact["base"], fact["write"], fact["remove"])


def named_charts(verdicts: Path, charts: Path) -> Iterator[Row]:
    """The charts of a folder that a file of verdicts names."""
    for line in verdicts.read_text("utf-8").splitlines():
        fact = json.loads(line)
        yield Row(
            name=fact["chart"],
            label="",
            verdict=fact["verdict"],
            rules=fact["rules"],
            unsure=fact.get("unsure", False),
            path=charts / fact["chart"],
        )


def _remove(file: Path, root: Path) -> None:
    file.unlink()
    # A folder that is left empty goes too.
    for folder in file.parents:
        if folder == root or any(folder.iterdir()):
            return
        folder.rmdir()

"""The ledger: what was released and withdrawn, one JSON line each, only ever appended to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chartgen.errors import CatalogBroken
from chartgen.quantities import is_version, version_key
from chartgen.spec import Text

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
AppName = Annotated[str, Field(pattern=r"^[a-z0-9]{1,30}$")]
RESTORE = "Restore the ledger from git; its rows never change."


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: AppName


class Release(_Row):
    """A version that is out: the digests of its package and of the spec it was made from."""

    event: Literal["release"] = "release"
    version: Annotated[str, Field(max_length=16)]
    sha256: Digest
    spec_sha256: Digest
    released: date
    changes: Text

    @property
    def filename(self) -> str:
        """The package's file name."""
        return f"{self.name}-{self.version}.tgz"


class Suspend(_Row):
    """An app that new devices no longer see; its packages stay."""

    event: Literal["suspend"] = "suspend"
    since: date
    because: Text
    successor: str | None = None


class Remove(_Row):
    """A suspended app that is not listed any more; its packages stay in the catalog."""

    event: Literal["remove"] = "remove"
    since: date


class Resume(_Row):
    """A suspended or removed app that is offered again."""

    event: Literal["resume"] = "resume"


Row = Annotated[Release | Suspend | Remove | Resume, Field(discriminator="event")]
_ROWS: TypeAdapter[Row] = TypeAdapter(Row)


@dataclass(frozen=True)
class Ledger:
    """All rows, oldest first."""

    rows: tuple[Row, ...] = ()

    @cached_property
    def releases(self) -> dict[str, tuple[Release, ...]]:
        """The releases of each app, oldest first; apps in the order of their first one."""
        found: dict[str, list[Release]] = {}
        for row in self.rows:
            if isinstance(row, Release):
                found.setdefault(row.name, []).append(row)
        return {name: tuple(releases) for name, releases in found.items()}

    @cached_property
    def suspended(self) -> dict[str, Suspend]:
        """The apps that are suspended now."""
        found: dict[str, Suspend] = {}
        for row in self.rows:
            if isinstance(row, Suspend):
                found[row.name] = row
            elif isinstance(row, Resume):
                found.pop(row.name, None)
        return found

    @cached_property
    def removed(self) -> dict[str, Remove]:
        """The apps that are removed now."""
        found: dict[str, Remove] = {}
        for row in self.rows:
            if isinstance(row, Remove):
                found[row.name] = row
            elif isinstance(row, Resume):
                found.pop(row.name, None)
        return found

    def newest(self, name: str) -> Release | None:
        """The newest release of an app."""
        releases = self.releases.get(name, ())
        return releases[-1] if releases else None

    def release(self, name: str, version: str) -> Release | None:
        """One release of an app."""
        return next((row for row in self.releases.get(name, ()) if row.version == version), None)

    def extended(self, rows: Iterable[Row]) -> Ledger:
        """This ledger with more rows at its end."""
        return Ledger((*self.rows, *rows))

    def text(self) -> str:
        """The ledger as its file holds it."""
        return "".join(f"{_line(row)}\n" for row in self.rows)


def parse_ledger(text: str, source: str) -> Ledger:
    """A ledger from its file's text; raises `CatalogBroken` naming the line."""
    ledger = Ledger(tuple(_rows(text, source)))
    for name, releases in ledger.releases.items():
        for older, newer in pairwise(releases):
            if version_key(newer.version) <= version_key(older.version):
                problem = f"{name} {newer.version} stands after {older.version}"
                raise CatalogBroken(path=source, problem=problem, remedy=RESTORE)
    return ledger


def _rows(text: str, source: str) -> Iterator[Row]:
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        if not text:
            return
        try:
            row = _ROWS.validate_json(line)
        except ValidationError as error:
            where = f"{source}:{number}"
            problem = error.errors(include_url=False)[0]["msg"]
            raise CatalogBroken(path=where, problem=problem, remedy=RESTORE) from error
        if isinstance(row, Release) and not is_version(row.version):
            problem = f"{row.version} is not a version"
            raise CatalogBroken(path=f"{source}:{number}", problem=problem, remedy=RESTORE)
        yield row


def _line(row: Row) -> str:
    return json.dumps(row.model_dump(mode="json", exclude_none=True), ensure_ascii=False)

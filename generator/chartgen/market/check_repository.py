"""A catalog that chartgen wrote, asked in its folder as if it were served."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from chartgen.catalog import read_catalog
from chartgen.catalog.index import content_digest
from chartgen.catalog.store import INDEX, LEDGER
from chartgen.errors import CatalogBroken
from chartgen.lint.finding import Problem
from chartgen.market.answer import Request, answer
from chartgen.market.check_answers import DETAILS, HASH, problem
from chartgen.market.check_asking import Reply, inside, read_file
from chartgen.market.check_shapes import NotJson, Object, member, read_json
from chartgen.market.site import Site, load_site

PARTS = {"/api/v1/appstore/hash": "hash", "/api/v1/appstore/info": "info", f"/{DETAILS}": "details"}


@dataclass(frozen=True)
class Repository:
    """The catalog in `root`: its index as it lies there, older answers and all.

    What only a server can say is asked of one in this process, where the catalog loads.
    """

    root: Path
    whole: bool = True

    @cached_property
    def index(self) -> Object | None:
        """The index, or None where it is no object."""
        try:
            found = read_json(read_file(self.root / INDEX).body)
        except NotJson:
            return None
        return found if isinstance(found, Object) else None

    @cached_property
    def site(self) -> Site | CatalogBroken:
        """The catalog as a server loads it, or why it does not."""
        try:
            return load_site(self.root)
        except CatalogBroken as error:
            return error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            said = f"{type(error).__name__} {error}"
            return CatalogBroken(path=str(self.root / INDEX), problem=said, remedy="Build it.")

    def ask(
        self,
        path: str,
        query: Mapping[str, str],
        body: bytes | None = None,  # noqa: ARG002 - the index answers for every id
    ) -> Reply | None:
        """See `Market.ask`."""
        if path in PARTS:
            return self._part(PARTS[path])
        if path.startswith("/api/v1/") and (name := query.get("fileName")):
            file = inside(self.root / "charts", name)
            return read_file(file) if file else Reply(404)
        if isinstance(self.site, CatalogBroken):
            return None
        told = answer(self.site, Request("GET", path, query))
        return Reply(told.status, told.body, told.content_type)

    def picture(self, url: str) -> Reply | None:
        """See `Market.picture`: the market's own icons alone lie here."""
        own = str(member(self.index and self.index.get("source"), "url") or "")
        if not own or not url.startswith(own):
            return None
        file = inside(self.root, urlsplit(url).path.removeprefix(urlsplit(own).path).lstrip("/"))
        return read_file(file) if file else Reply(404)

    def _part(self, name: str) -> Reply:
        """A part of the index as an answer; its numbers stay as they are written."""
        if self.index is None:
            return read_file(self.root / INDEX)
        if name not in self.index:
            return Reply(0, trouble=f"{INDEX} has no {name}")
        return Reply(body=json.dumps(self.index[name]).encode())

    def problems(self) -> Iterator[Problem]:
        """Where the catalog contradicts itself, its ledger or its packages."""
        yield from _repeated(self.index, "")
        yield from self._broken()
        told = str(member(self.index and self.index.get("source"), "id"))
        if "_" in told:
            message = "source.id holds `_`, at which the web client cuts the id off."
            yield problem("C06", INDEX, message, "Use letters, digits and hyphens.", told)

    def _broken(self) -> Iterator[Problem]:
        remedy = "Run `chartgen build`, or restore the folder from git."
        try:
            read_catalog(self.root)
        except CatalogBroken as error:
            yield problem("C50", INDEX, f"The catalog contradicts itself: {error}", remedy)
            return
        if isinstance(self.site, CatalogBroken):
            rule = "C51" if self._edited() else "C50"
            yield problem(rule, INDEX, f"Nobody can serve this: {self.site}", remedy)

    def _edited(self) -> bool:
        """Whether the index is whole, and only its hash is not of its content."""
        index = self.index or Object()
        info, details = index.get("info"), index.get("details")
        content = {name: index.get(name) for name in ("olares", "removed", "source")}
        content |= {"data": member(info, "data"), "details": member(details, "apps")}
        return None not in content.values() and content_digest(content) != member(info, "hash")


def _repeated(value: object, path: str) -> Iterator[Problem]:
    """Keys that stand twice in an object of the index."""
    for key in value.twice if isinstance(value, Object) else ():
        message = f"{path}{key} is there twice; the last one counts."
        yield problem("C12", INDEX, message, "Keep one of them.", key)
    for key, item in (value if isinstance(value, dict) else {}).items():
        yield from _repeated(item, f"{path}{key}.")


def is_repository(folder: Path) -> bool:
    """Whether a folder is a catalog that chartgen wrote."""
    return (folder / INDEX).is_file() and ((folder / LEDGER).is_file() or not _answers(folder))


def _answers(folder: Path) -> bool:
    return (folder / HASH).is_file()

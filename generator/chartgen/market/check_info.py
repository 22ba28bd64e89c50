"""What `/appstore/hash` and `/appstore/info` lose (Olares market contract 1.3, 1.4 and 1.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chartgen.catalog.index import app_id
from chartgen.lint.finding import Problem
from chartgen.market import check_shapes as shapes
from chartgen.market.check_answers import (
    HASH,
    INFO,
    nul_problems,
    problem,
    read,
    twice,
    wrong_type,
)
from chartgen.market.check_asking import Market, Reply
from chartgen.market.check_shapes import Wrong, member

LOST = "The client then gives the whole source up."
ABSENT = Reply(0, trouble="there is no such file")
LONGEST_ID = 32
"""Characters of an app's id that the client's database keeps."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the source tells of itself and of its apps: `listed` are the entries of
    `data.apps` whose details a client asks for, by id."""

    hash: str = ""
    version: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    listed: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def check_head(market: Market, olares: str) -> tuple[Told, list[Problem]]:
    """Asks for the hash and the info as a client of that Olares does."""
    query = {"version": olares}
    first, problems = _hash(market, query)
    read_info = read(market.ask(f"/{INFO}", query) or ABSENT, INFO)
    problems += read_info.problems
    if read_info.document is None:
        return Told(), problems
    info = read_info.document
    problems += _info_problems(info)
    told = _told(info)
    problems += _listing_problems(member(info, "data"))
    problems += _compare(first, told.hash)
    again, _ = _hash(market, query)
    if first is not None and again is not None and first != again:
        problems.append(_unsteady(first, again))
    return told, problems


def _hash(market: Market, query: Mapping[str, str]) -> tuple[str | None, list[Problem]]:
    """The hash that is told, None where there is none, and what is wrong with the answer."""
    answer = read(market.ask(f"/{HASH}", query) or ABSENT, HASH, typed=False)
    if answer.document is None:
        return None, list(answer.problems)
    wrong = [wrong_type("C05", HASH, one, LOST) for one in shapes.HASH(answer.document, "")]
    told = answer.document.get("hash")
    return told if isinstance(told, str) else None, wrong


def _info_problems(info: Mapping[str, object]) -> Iterator[Problem]:
    for wrong in shapes.INFO(info, ""):
        yield wrong_type("C05", INFO, wrong, LOST)
    for name in ("version", "hash"):
        if (info.get(name) or "") == "":
            wrong = Wrong(name, info.get(name), "a string that is not empty")
            yield wrong_type("C05", INFO, wrong, LOST)
    stored = {key: info.get(key) for key in ("version", "hash", "data")}
    for key, value in stored.items():
        yield from nul_problems("C05", INFO, value, key, LOST)


def _told(info: Mapping[str, object]) -> Told:
    data = info.get("data")
    held = data if isinstance(data, dict) else {}
    entries = shapes.objects(held.get("apps"))
    listed = {key: entry for key, entry in entries.items() if entry.get("id") == key}
    return Told(str(info.get("hash") or ""), str(info.get("version") or ""), held, listed)


def _listing_problems(data: object) -> Iterator[Problem]:
    """Entries of `data.apps` that vanish without an error, and ids that do harm."""
    apps = member(data, "apps")
    yield from twice(INFO, apps, "data.apps")
    for key, entry in (apps if isinstance(apps, dict) else {}).items():
        path = f"data.apps.{key}"
        if not isinstance(entry, dict):
            yield _vanishes(path, "an object", entry)
        elif entry.get("id") != key:
            yield _vanishes(f"{path}.id", f'the string "{key}", as its key', entry.get("id"))
        else:
            yield from id_problems(INFO, path, key, entry.get("name"))


def _vanishes(path: str, wanted: str, value: object) -> Problem:
    wrong = Wrong(path, value, wanted)
    message = f"{path} is not {wanted}. The app is not asked for, and vanishes."
    return problem("C10", INFO, message, f"Make it {wrong.wanted}.", value)


def id_problems(where: str, path: str, key: str, name: object) -> Iterator[Problem]:
    """An id that is not the one a device computes, or that its database cannot keep."""
    if len(key) > LONGEST_ID:
        message = f"{path} has an id of {len(key)} characters. It loses its whole batch."
        yield problem("C11", where, message, f"Use at most {LONGEST_ID}.", key)
    elif isinstance(name, str) and name and key != app_id(name):
        message = f"{path}: everywhere else a device knows {name} as {app_id(name)}."
        remedy = "Use the first 8 digits of the MD5 of the app's name, as key and as id."
        yield problem("C11", where, message, remedy, key)


def _compare(first: str | None, second: str) -> Iterator[Problem]:
    if first is not None and second and first != second:
        message = f"hash: it is {first!r} there and {second!r} in the info."
        yield problem("C07", HASH, message, "Tell the same hash in both answers.", first)


def _unsteady(first: str, again: str) -> Problem:
    message = f"hash: two questions in a row were told {first!r} and {again!r}."
    remedy = "Compute it from the content alone, without a clock."
    return problem("C07", HASH, message, remedy, again)

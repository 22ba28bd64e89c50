"""What clients from Olares 1.12.7 on lose (Olares market contract 1.8, second-hand)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chartgen.lint.finding import Problem
from chartgen.market import check_shapes as shapes
from chartgen.market.check_answers import problem, read, wrong_type
from chartgen.market.check_asking import Market
from chartgen.market.check_shapes import Object, Wrong, member
from chartgen.quantities.ranges import admits

CATALOG = "api/v2/catalog"
TAXONOMY = "api/v2/taxonomy"
APPLICATIONS = "api/v2/applications"
EFFECT = "Clients from Olares 1.12.7 on give the answer up."
PAGE = 100
MOST_PAGES = 200
LONGEST_SOURCE = 50
"""Characters of a source's id and title that the client's database keeps."""

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SECONDS = range(10**9, 10**10)
"""Times from 2001 to 2286 in seconds; the same in milliseconds are a thousand times that."""


@dataclass(frozen=True, slots=True)
class Newer:
    """What newer clients are told: the items by id, and what is wrong; `served` is False
    where there is nothing for them at all."""

    items: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    served: bool = True


def check_v2(market: Market, olares: str) -> Newer | None:
    """Asks as a newer client does; None where this cannot be asked."""
    reply = market.ask(f"/{CATALOG}", {"version": olares, "source_id": "chartgen"})
    if reply is None:
        return None
    if reply.status == 404 and not reply.trouble:
        return Newer(problems=(_absent(),), served=False)
    answer = read(reply, CATALOG)
    if answer.document is None:
        return Newer(problems=answer.problems)
    catalog, problems = _data(answer.document, CATALOG, shapes.V2_CATALOG)
    problems += _source(CATALOG, "data.source_id", catalog.get("source_id"))
    problems += _taxonomy(market, olares, catalog)
    items, wrong = _items(market, olares)
    return Newer(items, (*problems, *wrong))


def _absent() -> Problem:
    message = "Nothing answers here. Clients from Olares 1.12.7 on ask it first, and show no apps."
    return problem("C40", CATALOG, message, "Serve the v2 answers beside those of v1.")


def _data(document: Object, where: str, shape: shapes.Shape) -> tuple[Object, list[Problem]]:
    """The data inside the wrapping, and what is wrong with it."""
    code, data = document.get("code"), document.get("data")
    problems = []
    if type(code) is not int or code != 0:
        problems.append(wrong_type("C41", where, Wrong("code", code, "the number 0"), EFFECT))
    if not isinstance(data, Object):
        wrong = Wrong("data", data, "an object")
        return Object(), [*problems, wrong_type("C41", where, wrong, EFFECT)]
    wrongs = shape(data, "data")
    return data, [*problems, *(wrong_type("C41", where, one, EFFECT) for one in wrongs)]


def _source(where: str, path: str, told: object) -> Iterator[Problem]:
    if not isinstance(told, str):
        return
    if "_" in told:
        message = f"{path} holds `_`, at which the web client cuts the id off. All apps are lost."
        yield problem("C06", where, message, "Use letters, digits and hyphens.", told)
    if len(told) > LONGEST_SOURCE:
        message = f"{path} has {len(told)} characters; the database keeps {LONGEST_SOURCE}."
        yield problem("C06", where, message, "Choose a shorter one.", told)


def _taxonomy(market: Market, olares: str, catalog: Object) -> Iterator[Problem]:
    reply = market.ask(f"/{TAXONOMY}", {"version": olares})
    if reply is None:
        return
    answer = read(reply, TAXONOMY)
    yield from answer.problems
    if answer.document is None:
        return
    data, problems = _data(answer.document, TAXONOMY, shapes.V2_TAXONOMY)
    yield from problems
    told = member(data.get("source"), "source_id")
    if isinstance(told, str) and told != catalog.get("source_id"):
        message = f"data.source.source_id is {told!r}, but the catalog says otherwise."
        yield problem("C06", TAXONOMY, message, "Tell one id.", told)
    yield from _slugs(data)


def _slugs(taxonomy: Object) -> Iterator[Problem]:
    entries = taxonomy.get("categories")
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        slug = member(entry, "id")
        if isinstance(slug, str) and not SLUG.fullmatch(slug):
            wrong = Wrong(f"data.categories[{place}].id", slug, "lower-case words with hyphens")
            yield wrong_type("C41", TAXONOMY, wrong, "No app is in it.")


def _items(market: Market, olares: str) -> tuple[dict[str, Object], list[Problem]]:
    """All items of all pages by id, and what is wrong with them."""
    items: dict[str, Object] = {}
    problems: list[Problem] = []
    total: object = None
    for number in range(1, MOST_PAGES + 1):
        query = {"version": olares, "page": str(number), "size": str(PAGE)}
        reply = market.ask(f"/{APPLICATIONS}", query)
        if reply is None:
            return items, problems
        answer = read(reply, APPLICATIONS)
        problems += answer.problems
        if answer.document is None:
            return items, problems
        page, wrong = _data(answer.document, APPLICATIONS, shapes.V2_PAGE)
        problems += wrong
        total = page.get("total") if number == 1 else total
        found = _page(page)
        problems += [one for key, item in found.items() for one in _item(key, item)]
        items |= found
        if page.get("has_more") is not True or not found:
            break
    return items, [*problems, *_counted(items, total)]


def _page(page: Object) -> dict[str, Object]:
    entries = page.get("items")
    held = [
        one for one in (entries if isinstance(entries, list) else []) if isinstance(one, Object)
    ]
    return {str(one.get("app_id")): one for one in held}


def _counted(items: Mapping[str, Object], total: object) -> Iterator[Problem]:
    if type(total) is int and total != len(items):
        message = f"data.total is {total}, but the pages hold {len(items)} apps."
        yield problem("C41", APPLICATIONS, message, "List every app on one page, once.", total)


def _item(key: str, item: Object) -> Iterator[Problem]:
    path = f"data.items.{key}"
    units = {"last_modify_time": (1000, "milliseconds"), "updated_at": (1, "seconds")}
    for name, (unit, said) in units.items():
        told = item.get(name)
        if type(told) is int and told // unit not in SECONDS:
            wrong = Wrong(f"{path}.{name}", told, f"a time in {said} since 1970")
            yield wrong_type("C41", APPLICATIONS, wrong, EFFECT)
    for name in ("categories_v2", "tags"):
        for place, slug in enumerate(shapes.texts(item.get(name))):
            if not SLUG.fullmatch(slug):
                wrong = Wrong(f"{path}.{name}[{place}]", slug, "lower-case words with hyphens")
                yield wrong_type("C41", APPLICATIONS, wrong, "The app is not in it.")
    constraint = item.get("olares_version_constraint")
    if isinstance(constraint, str):
        yield from _range(f"{path}.olares_version_constraint", constraint)


def _range(path: str, constraint: str) -> Iterator[Problem]:
    try:
        admits(constraint, "1.12.7")
    except ValueError:
        message = f"{path} is no range of versions; no device may install the app."
        yield problem("C43", APPLICATIONS, message, "Write it like >=1.12.6-0.", constraint)


def compare_v2(newer: Newer, rows: Mapping[str, Mapping[str, object]]) -> Iterator[Problem]:
    """Apps that only older or only newer clients see, or in another version."""
    if not newer.served or not newer.items:
        return
    for key in sorted(newer.items.keys() ^ rows.keys()):
        seen = "newer" if key in newer.items else "older"
        message = f"{key} is told to {seen} clients alone."
        yield problem("C42", APPLICATIONS, message, "Tell all of them the same apps.", key)
    for key in sorted(newer.items.keys() & rows.keys()):
        told, own = newer.items[key].get("version"), rows[key].get("version")
        if told != own:
            message = f"data.items.{key}.version is {told!r}, and {own!r} in the details."
            yield problem("C42", APPLICATIONS, message, "Tell one version.", told)

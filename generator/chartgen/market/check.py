"""Lints a whole market source: its answers, every package and every icon.

What the device's client would lose is an error: the source, an app or a field of one
(Olares market contract 1, 1.9, 2 and 8). Every rule has an id from C01 on and a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from chartgen.errors import Fault, Faults
from chartgen.facts.http import Http
from chartgen.lint.finding import Place, Problem, Profile
from chartgen.lint.report import ChartReport, Report
from chartgen.lint.rules import verdict, weigh
from chartgen.market.check_answers import DETAILS, problem
from chartgen.market.check_asking import Folder, Market, Served, is_loopback
from chartgen.market.check_details import Details, Row, check_details
from chartgen.market.check_info import Told, check_head
from chartgen.market.check_layout import check_categories, check_layout
from chartgen.market.check_packages import Fetched, check_icon, check_package
from chartgen.market.check_repository import Repository, is_repository
from chartgen.market.check_v2 import check_v2, compare_v2
from chartgen.market.writer import MARK

OLARES = "1.12.7"
"""The version of Olares that a source is asked for."""

PROFILE = Profile.DEVICE
"""Findings are those of the device's market client."""

Judge = Callable[[Sequence[Path]], Report]
"""Lints packages, as `chartgen.lint.run.lint` does."""


def check_catalog(
    where: str, http: Http | None = None, judge: Judge | None = None, olares: str = OLARES
) -> Report:
    """Checks a market source: a URL, a folder of answers, or a catalog of chartgen.

    The report's first entry is the source, the others are its packages, each linted by
    `judge`; without one they are not linted. Raises `Faults` for a place that is none.
    """
    market, problems = _opened(where, http or Http())
    return _report(where, market, problems, judge, olares)


def check_market(market: Market, where: str, judge: Judge | None = None) -> Report:
    """Checks a source behind any seam; `where` names it in the report."""
    return _report(where, market, [], judge, OLARES)


def _opened(where: str, http: Http) -> tuple[Market, list[Problem]]:
    if "://" in where:
        return _served(where, http)
    folder = Path(where)
    if not folder.is_dir():
        remedy = "Name a folder, or an address that begins with https://."
        raise Faults([Fault("--catalog", "there is no such folder", remedy, where)])
    if is_repository(folder):
        repository = Repository(folder)
        return repository, list(repository.problems())
    below = folder / "catalog"
    if is_repository(below):
        return _opened(str(below), http)
    return Folder(folder), []


def _served(where: str, http: Http) -> tuple[Market, list[Problem]]:
    parts = urlsplit(where)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        remedy = "Write it like https://market.example.org."
        raise Faults([Fault("--catalog", "this is no address of a server", remedy, where)])
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return Served(base, http), list(_address(where))


def _address(where: str) -> Iterator[Problem]:
    parts = urlsplit(where)
    if parts.scheme == "http" and not is_loopback(where):
        message = "The dialog that adds a source refuses addresses without https."
        yield problem("C01", "", message, "Serve it with https and a valid certificate.", where)
    if parts.query or parts.fragment or parts.path.endswith("//"):
        message = "An address with a query, or with two slashes at its end, leads nowhere."
        yield problem("C01", "", message, "Tell the address without them.", where)


def _report(
    where: str, market: Market, problems: list[Problem], judge: Judge | None, olares: str
) -> Report:
    told, wrong = check_head(market, olares)
    problems += wrong
    details = check_details(market, told)
    problems += _apps(market, told, details)
    rows = _rows(told, details)
    newer = check_v2(market, olares)
    if newer is not None:
        problems += newer.problems
        if not isinstance(market, Repository):  # an index holds the apps of every Olares
            problems += compare_v2(newer, rows)
    twin = newer is not None and newer.served
    packages, wrong = _packages(market, rows, newer=twin)
    problems += [*wrong, *_icons(market, rows, packages)]
    findings = weigh(problems, PROFILE)
    source = ChartReport(where, {PROFILE: verdict(findings)}, findings)
    charts = _judged(where, market, packages, judge)
    profiles = tuple(dict.fromkeys((PROFILE, *charts.profiles)))
    return Report((source, *charts.charts), profiles, charts.helm)


def _rows(told: Told, details: Details) -> Mapping[str, Row]:
    """The apps as the details tell them, or else as the info does."""
    return details.rows if details.asked else told.listed


def _apps(market: Market, told: Told, details: Details) -> Iterator[Problem]:
    yield from details.problems
    if not details.asked:
        yield _unasked(market)
    rows = _rows(told, details)
    names = {key: str(entry.get("name")) for key, entry in told.listed.items()}
    names |= {key: str(row.get("name")) for key, row in rows.items()}
    yield from check_layout(told.data, names)
    yield from check_categories(told.data, rows)


def _unasked(market: Market) -> Problem:
    """A folder without details: by design in an export, whose upstream has them."""
    exported = isinstance(market, Folder) and (market.root / MARK).is_file()
    message = "Details are asked by POST, and no file here answers for it."
    if exported:
        remedy = "Check the upstream too, by its address."
        return problem("C61", DETAILS, f"{message} The export's upstream does.", remedy)
    return problem("C60", DETAILS, message, "Put the answer there, or name an address.")


def _packages(
    market: Market, rows: Mapping[str, Row], *, newer: bool
) -> tuple[Mapping[str, Fetched], list[Problem]]:
    """The packages that could be read, by id, and what is wrong with all of them."""
    fetched: dict[str, Fetched] = {}
    problems: list[Problem] = []
    for key, row in rows.items():
        package = check_package(market, row, newer=newer)
        problems += package.problems
        if package.fetched:
            fetched[key] = package.fetched
        if not package.asked:
            message = f"apps.{key}: there is no package of it to be checked."
            remedy = "Put it into charts/ as <name>-<version>.tgz, or name an address."
            problems.append(problem("C60", DETAILS, message, remedy))
    return fetched, problems


def _icons(
    market: Market, rows: Mapping[str, Row], packages: Mapping[str, Fetched]
) -> Iterator[Problem]:
    """Every icon that the catalogue or a chart names, once; the chart's is what users see."""
    named: dict[str, str] = {}
    for key, row in rows.items():
        told, own = row.get("icon"), packages[key].icon if key in packages else ""
        if isinstance(told, str) and told:
            named.setdefault(told, f"apps.{key}.icon")
        if own and isinstance(told, str) and told and own != told:
            message = f"apps.{key}.icon is not that of the chart's manifest, which users see."
            yield problem("C37", DETAILS, message, f"Write {own}.", told)
        if own:
            named.setdefault(own, f"apps.{key}, metadata.icon of its manifest")
    for url, path in named.items():
        picture = check_icon(market, url, path)
        yield from picture.problems
        if not picture.asked:
            message = f"{path}: the icon lies elsewhere, and was not looked at."
            yield Problem("C61", Place(DETAILS), url, message, "Name an address to have it asked.")


def _judged(
    where: str, market: Market, packages: Mapping[str, Fetched], judge: Judge | None
) -> Report:
    """The packages' own lint; each entry bears the place that its package was read from."""
    if judge is None or not packages:
        return Report((), (PROFILE,))
    with TemporaryDirectory(prefix="chartgen-") as folder:
        paths = list(_written(Path(folder), packages.values()))
        report = judge(paths)
    charts = [
        replace(chart, path=_place(where, market, one))
        for chart, one in zip(report.charts, packages.values(), strict=True)
    ]
    return replace(report, charts=tuple(charts))


def _written(folder: Path, packages: Iterable[Fetched]) -> Iterator[Path]:
    """Packages as files, each in a folder of its own: a name may stand twice."""
    for number, one in enumerate(packages):
        path = folder / str(number) / "package.tgz"
        path.parent.mkdir()
        path.write_bytes(one.data)
        yield path


def _place(where: str, market: Market, package: Fetched) -> str:
    if isinstance(market, Served):
        return f"{market.base}/api/v1/applications/{package.name}/chart"
    return f"{where.rstrip('/')}/charts/{package.filename}"

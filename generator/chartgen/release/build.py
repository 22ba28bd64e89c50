"""From specs to a catalog, read from top to bottom.

    specs + facts -> faults? -> plans -> refused? -> charts -> packages
    -> compared with the ledger -> proved with Helm -> written as a whole

Nothing is written unless everything went well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chartgen.catalog import (
    Catalog,
    Changes,
    Ledger,
    Release,
    catalog_lock,
    draft_catalog,
    icon_path,
    package_path,
    read_catalog,
    refuse_inside,
    write_catalog,
)
from chartgen.chart import Package, chart_warnings, pack, render, unpack
from chartgen.errors import (
    ChartgenError,
    DoesNotFit,
    Fault,
    Faults,
    ReleasedSpecEdited,
    Several,
    Unproven,
)
from chartgen.facts import Facts, load_facts
from chartgen.lint.prove import Prover
from chartgen.release.decide import (
    drift_text,
    release_row,
    status_of,
    version_faults,
    withdrawal_rows,
)
from chartgen.release.icons import icon_faults, read_icon
from chartgen.release.result import AppResult, BuildResult, Status
from chartgen.spec import App, Market
from chartgen.spec.load import load_apps, load_market
from chartgen.vram import Plan, Verdict, claim_faults, plan, plan_faults, plan_text

if TYPE_CHECKING:
    from chartgen.lint.helm import Helm

CATALOG = "catalog"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is; `total` counts apps."""

    doing: str
    done: int
    total: int


WAITING = Progress("waiting for another build", 0, 0)


@dataclass(frozen=True, slots=True)
class Made:
    """One app on its way through a build."""

    app: App
    plan: Plan
    package: Package
    status: Status
    released: Release | None
    drift: str


def build(
    root: Path,
    names: Sequence[str] = (),
    *,
    out: Path | None = None,
    find_helm: Callable[[], Helm],
    progress: Callable[[Progress], None] = lambda _: None,
) -> BuildResult:
    """Builds the apps `names` of the repository `root`, or all of them.

    The catalog is `root/catalog`, or `out` for a copy of the whole catalog elsewhere.
    `find_helm` is asked only when a chart is new. Raises a `ChartgenError` with all
    that is wrong in the run, and then writes nothing.
    """
    home = (root / CATALOG).resolve()
    target = (out or home).resolve()
    refuse_inside(target, home)
    with ExitStack() as held:
        for folder in dict.fromkeys((home, target)):
            held.enter_context(catalog_lock(folder, waiting=lambda: progress(WAITING)))
        catalog = read_catalog(home)
        apps, facts, market = _load(root, names, catalog.ledger)
        with Prover(find_helm) as prover:
            made = _make_all(apps, facts, market, catalog, progress, prover)
            draft = draft_catalog(catalog, _changes(made, facts, catalog.ledger, root), market)
            progress(Progress("proving with Helm", len(made), len(made)))
            helm = prover.finish()
        progress(Progress("writing the catalog", len(made), len(made)))
        written = write_catalog(draft, target)
    return BuildResult(
        apps=tuple(_result(item, draft.ledger) for item in made),
        catalog=str(out or home),
        catalog_hash=draft.index.hash,
        catalog_apps=draft.index.apps,
        written=written,
        helm=helm,
        warnings=_market_warnings(market, apps, draft.ledger, everything=not names),
    )


def _load(
    root: Path, names: Sequence[str], ledger: Ledger
) -> tuple[tuple[App, ...], Facts, Market]:
    """Everything that people wrote; raises `Faults` with all that is wrong with it."""
    loaded = load_apps(root, names)
    faults = [*loaded.faults]
    facts = _or_faults(load_facts, root, faults)
    market = _or_faults(load_market, root, faults)
    for app in loaded.apps:
        faults += plan_faults(app, facts) if facts else []
        faults += _category_faults(app, market) if market else []
        faults += version_faults(app, facts, ledger) if facts else []
        faults += icon_faults(app, root)
    if faults or facts is None or market is None:
        raise Faults(faults)
    return loaded.apps, facts, market


def _or_faults(load: Callable[[Path], T], root: Path, faults: list[Fault]) -> T | None:
    try:
        return load(root)
    except Faults as error:
        faults += error.faults
        return None


def _category_faults(app: App, market: Market) -> list[Fault]:
    known = [category.name for category in market.categories]
    remedy = f"Use one of {', '.join(known)}, or add it to charts_src/market.py."
    return [
        Fault(f"{app.name}.categories", "the market has no such category", remedy, name)
        for name in app.categories
        if name not in known
    ]


def _make_all(
    apps: Sequence[App],
    facts: Facts,
    market: Market,
    catalog: Catalog,
    progress: Callable[[Progress], None],
    prover: Prover,
) -> list[Made]:
    made: list[Made] = []
    errors: list[ChartgenError] = []
    for done, app in enumerate(apps):
        progress(Progress(app.name, done, len(apps)))
        item = _make(app, facts, market, catalog, errors)
        if item and item.status is Status.BUILT:
            prover.submit(app.name, item.package.filename, item.package.data)
        made += [item] if item else []
    if errors:
        raise errors[0] if len(errors) == 1 else Several(errors)
    return made


def _make(
    app: App, facts: Facts, market: Market, catalog: Catalog, errors: list[ChartgenError]
) -> Made | None:
    """One app as it would be released now; what is wrong with it goes to `errors`."""
    planned = plan(app, facts)
    before = len(errors)
    errors += _refusals(app, facts, planned)
    chart = render(app, facts, planned, market)
    package = pack(chart)
    released = catalog.ledger.release(app.name, app.version)
    try:
        status = status_of(app, package, released)
    except ReleasedSpecEdited as error:
        errors.append(error)
    if len(errors) > before:
        return None
    drift = ""
    if released and status is Status.DRIFTED:
        drift = drift_text(unpack(catalog.package(released), released.filename), chart.files)
    return Made(app, planned, package, status, released, drift)


def _refusals(app: App, facts: Facts, planned: Plan) -> list[ChartgenError]:
    """Why an app may not be released: its sum, and claims that do not hold."""
    found: list[ChartgenError] = []
    if planned.verdict is Verdict.DOES_NOT_FIT:
        found.append(DoesNotFit(app=planned.app, explanation=plan_text(planned)))
    if planned.verdict is Verdict.UNPROVEN:
        found.append(Unproven(app=planned.app, explanation=plan_text(planned)))
    if claims := claim_faults(app, facts):
        found.append(Faults(claims))
    return found


def _changes(made: Sequence[Made], facts: Facts, ledger: Ledger, root: Path) -> Changes:
    files: dict[str, bytes] = {}
    for item in made:
        files[icon_path(item.app.name)] = read_icon(item.app, root)
        if item.status is Status.BUILT:
            ledger = ledger.extended([release_row(item.app, facts, item.package)])
            files[package_path(item.package.filename)] = item.package.data
        ledger = ledger.extended(withdrawal_rows(item.app, ledger))
    return Changes(ledger, files)


def _result(item: Made, ledger: Ledger) -> AppResult:
    return AppResult(
        name=item.app.name,
        version=item.app.version,
        package=package_path(item.package.filename),
        sha256=item.released.sha256 if item.released else item.package.sha256,
        plan=item.plan,
        status=item.status,
        suspended=item.app.name in ledger.suspended,
        warnings=tuple(chart_warnings(item.app)),
        drift=item.drift,
    )


def _market_warnings(
    market: Market, apps: Sequence[App], ledger: Ledger, *, everything: bool
) -> tuple[str, ...]:
    found = []
    if market.is_example:
        found.append(
            f"market.public_url is still the shipped example ({market.public_url}): icons will "
            "not load on a device. Set it in charts_src/market.py before you publish."
        )
    if "@sha256:" not in market.fetch_image:
        found.append(f"market.fetch_image: {market.fetch_image} is not pinned by digest")
    found += [
        f"market: its settings name {name}, which is not in the catalog"
        for name in dict.fromkeys(market.named)
        if name not in ledger.releases
    ]
    names = {app.name for app in apps}
    found += [
        f"{name} is released but has no spec: suspend an app before its spec goes"
        for name in ledger.releases
        if everything and name not in names and name not in ledger.suspended
    ]
    return tuple(found)

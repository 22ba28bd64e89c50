"""Compares an app as it would be rendered now with what was released of it."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from itertools import islice

from chartgen.catalog import Ledger, Release, Remove, Resume, Row, Suspend
from chartgen.chart import Package, filled
from chartgen.errors import Fault, ReleasedSpecEdited
from chartgen.facts import Facts
from chartgen.quantities import following, is_version, version_key
from chartgen.release.result import Status
from chartgen.spec import App
from chartgen.spec.check import adapter

NOT_IN_PACKAGE = frozenset(
    {
        "suspended",
        "evidence",
        "least_requests",
        "released",
        "license.note",
        "engine.image.mutable_because",
        "models.uncertain",
    }
)
"""Fields that no package is made from: editing them edits no release."""

DIFF_LINES = 12
"""Lines of a drift that a build shows."""


def spec_digest(app: App) -> str:
    """A digest of what the author wrote; defaults are the generator's and not in it."""
    data = adapter(App).dump_python(app, mode="json", exclude_defaults=True)
    text = json.dumps(_packaged(data), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _packaged(data: object, path: str = "") -> object:
    """What of a spec reaches its package; why something is unknown does not."""
    if isinstance(data, list):
        return [_packaged(item, path) for item in data]
    if not isinstance(data, dict):
        return data
    if set(data) == {"reason"}:
        return None
    inner = {key: f"{path}.{key}".lstrip(".") for key in data}
    kept = (key for key in data if inner[key] not in NOT_IN_PACKAGE)
    return {key: _packaged(data[key], inner[key]) for key in kept}


def version_faults(app: App, facts: Facts, ledger: Ledger) -> list[Fault]:
    """A version that goes back, and a new one that does not say what it brings."""
    newest = ledger.newest(app.name)
    if not newest or not is_version(app.version) or app.version == newest.version:
        return []
    after = following(newest.version)
    if version_key(app.version) <= version_key(newest.version):
        problem = f"the version goes back: {newest.version} is released"
        remedy = f"Set it to {after} or later."
        return [Fault(f"{app.name}.version", problem, remedy, app.version)]
    if filled(app, facts, app.changes) == newest.changes:
        problem = f"the changelog entry of {app.version} is missing: this is {newest.version}'s"
        remedy = f"Say what {app.version} brings."
        return [Fault(f"{app.name}.changes", problem, remedy, app.changes.en[:80])]
    return []


def status_of(app: App, package: Package, released: Release | None) -> Status:
    """Built, unchanged or drifted; raises `ReleasedSpecEdited`."""
    if released is None:
        return Status.BUILT
    if released.sha256 == package.sha256:
        return Status.UNCHANGED
    present = spec_digest(app)
    if present == released.spec_sha256:
        return Status.DRIFTED
    raise ReleasedSpecEdited(
        app=app.name,
        version=app.version,
        released=f"spec {released.spec_sha256}, package {released.sha256}",
        edited=f"spec {present}, package {package.sha256}",
        following=following(released.version),
    )


def release_row(app: App, facts: Facts, package: Package) -> Release:
    """The ledger's row of a new release; its date is the one that the spec gives."""
    return Release(
        name=app.name,
        version=app.version,
        sha256=package.sha256,
        spec_sha256=spec_digest(app),
        released=app.released,
        changes=filled(app, facts, app.changes),
    )


def withdrawal_rows(app: App, ledger: Ledger) -> list[Row]:
    """The rows that bring the ledger to what the spec says of suspension and removal."""
    wanted = app.suspended
    present, gone = ledger.suspended.get(app.name), ledger.removed.get(app.name)
    rows: list[Row] = []
    if present and (wanted is None or (gone and wanted.removed is None)):
        rows, present, gone = [Resume(name=app.name)], None, None
    if wanted is None:
        return rows
    row = Suspend(
        name=app.name, since=wanted.since, because=wanted.because, successor=wanted.successor
    )
    rows += [row] if row != present else []
    if wanted.removed and not gone:
        rows.append(Remove(name=app.name, since=wanted.removed))
    return rows


def drift_text(released: Mapping[str, str], present: Mapping[str, str]) -> str:
    """A short diff from the released chart to the one that would be rendered now."""
    lines = [
        line.rstrip("\n")
        for path in sorted(released.keys() | present.keys())
        for line in _diff(path, released.get(path, ""), present.get(path, ""))
    ]
    rest = f"... and {len(lines) - DIFF_LINES} more lines" if len(lines) > DIFF_LINES else ""
    return "\n".join([*islice(lines, DIFF_LINES), *([rest] if rest else [])])


def _diff(path: str, before: str, after: str) -> list[str]:
    return list(
        difflib.unified_diff(
            before.splitlines(), after.splitlines(), f"released/{path}", path, lineterm="", n=0
        )
    )

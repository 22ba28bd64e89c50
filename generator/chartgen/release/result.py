"""What a build did, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chartgen.vram import Plan


class Status(StrEnum):
    """What a build found of one app."""

    BUILT = "built"
    UNCHANGED = "unchanged"
    DRIFTED = "drifted"


@dataclass(frozen=True, slots=True)
class AppResult:
    """One app after a build.

    `package` is the package's path in the catalog and `sha256` its digest as
    released; `drift` is a short diff against the chart as it would be rendered now.
    """

    name: str
    version: str
    package: str
    sha256: str
    plan: Plan
    status: Status
    suspended: bool
    warnings: tuple[str, ...]
    drift: str = ""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A build: its apps, the catalog after it, and what was noticed on the way.

    `helm` is the engine that proved the new charts, empty where nothing was new.
    """

    apps: tuple[AppResult, ...]
    catalog: str
    catalog_hash: str
    catalog_apps: int
    written: bool
    helm: str
    warnings: tuple[str, ...]


def settled(result: BuildResult) -> BuildResult:
    """What the same build finds when it is run again at once: nothing new."""
    apps = tuple(
        replace(app, status=Status.UNCHANGED) if app.status is Status.BUILT else app
        for app in result.apps
    )
    return replace(result, apps=apps, written=False, helm="")

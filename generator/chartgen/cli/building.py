"""`chartgen build`: from the command line to the library, and its result as text or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from chartgen.release.build import Progress, build
from chartgen.release.memory import Answer, Inputs, remember
from chartgen.release.result import AppResult, BuildResult, Status, settled
from chartgen.vram import plan_facts, plan_text, sources_text

if TYPE_CHECKING:
    from chartgen.lint.helm import Helm

HelmWish: TypeAlias = Literal["auto", "sdk", "program"]
MARKS = {Status.BUILT: "built", Status.UNCHANGED: "unchanged", Status.DRIFTED: "drifted"}


def build_command(names: Sequence[str], out: Path | None, helm: HelmWish, inputs: Inputs) -> Answer:
    """Builds; returns what to print, and remembers what a second run would print."""
    with_progress = sys.stderr.isatty()
    result = build(
        inputs.root,
        names,
        out=out,
        find_helm=lambda: _helm(helm),
        progress=_show_progress if with_progress else lambda _: None,
    )
    if with_progress:
        _clear()
    if out is None:
        remember(inputs, _answer(settled(result)), result.catalog_hash)
    return _answer(result)


def _answer(result: BuildResult) -> Answer:
    facts = json.dumps(_facts(result), ensure_ascii=False, indent=2)
    return Answer("\n".join(_lines(result)), facts)


def _helm(wish: HelmWish) -> Helm:
    from chartgen.lint.helm import find_helm

    return find_helm(wish)


def _show_progress(step: Progress) -> None:
    count = f" {step.done + 1}/{step.total}" if step.done < step.total else ""
    sys.stderr.write(f"\r\x1b[K{step.doing}{count}")
    sys.stderr.flush()


def _clear() -> None:
    sys.stderr.write("\r\x1b[K")
    sys.stderr.flush()


def _facts(result: BuildResult) -> dict[str, object]:
    return {
        "apps": [_app_facts(app) for app in result.apps],
        "catalog": {
            "hash": result.catalog_hash,
            "apps": result.catalog_apps,
            "path": result.catalog,
            "written": result.written,
        },
        "helm": result.helm,
        "warnings": list(result.warnings),
    }


def _app_facts(app: AppResult) -> dict[str, object]:
    return {
        "name": app.name,
        "version": app.version,
        "package": app.package,
        "sha256": app.sha256,
        "verdict": app.plan.verdict.value,
        "status": app.status.value,
        "suspended": app.suspended,
        **plan_facts(app.plan),
        "warnings": list(app.warnings),
        "drift": app.drift,
    }


def _lines(result: BuildResult) -> Iterator[str]:
    single = len(result.apps) == 1
    for app in result.apps:
        if single:
            yield from (plan_text(app.plan), sources_text(app.plan), "")
        yield from _app_lines(app)
    for warning in result.warnings:
        yield f"warning: {warning}"
    if result.helm:
        yield f"new charts rendered by {result.helm}"
    done = "written" if result.written else "unchanged"
    yield f"catalog {result.catalog}: {done}, {result.catalog_apps} apps"
    yield f"catalog hash {result.catalog_hash}"


def _app_lines(app: AppResult) -> Iterator[str]:
    proof = "measured" if app.plan.measured else "by formula"
    state = ", suspended" if app.suspended else ""
    yield (
        f"{MARKS[app.status]:9} {app.name} {app.version}{state}: {app.plan.verdict} ({proof}), "
        f"{app.package}, sha256 {app.sha256}"
    )
    yield from (f"  warning: {warning}" for warning in app.warnings)
    if app.drift:
        yield f"  drifted: {app.version} stays as released; the next version would change:"
        yield from (f"    {line}" for line in app.drift.splitlines())

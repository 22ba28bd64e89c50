"""The install gate of a device: its stages, in its order (Olares market contract 2.1 and 3.5).

The gate stops at the first stage that refuses. Here the later stages still speak where they
do not only repeat it, after what the gate would say; so the first problem is the gate's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from chartgen.lint.finding import Place, Problem, Verdict
from chartgen.lint.folder import identity, layout
from chartgen.lint.helm import Helm
from chartgen.lint.manifest.check import manifest_problems
from chartgen.lint.manifest.read import Manifest, read_manifest
from chartgen.lint.rendered.stage import rendered_problems
from chartgen.lint.scans import permissions, user_variables
from chartgen.lint.source import MANIFEST, ChartSource

UNCHECKED = "S20"
"""The rule of a check that could not run."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the gate says: its problems in its own order, so that the first is the one that a
    device names first; `unchecked` tells what could not be asked, and why."""

    problems: tuple[Problem, ...]
    unchecked: tuple[Problem, ...]
    verdict: Verdict
    manifest: Manifest | None = None


def device(source: ChartSource, helm: Helm | None) -> Checked:
    """Judges a chart as the install gate does; without Helm it is at best unknown."""
    problems = list(layout(source))
    unchecked = [] if helm else [_no_helm()]
    manifest = None
    if MANIFEST in source.files:
        read = read_manifest(source, helm)
        problems += read.problems
        manifest = read.manifest
    if manifest is not None:
        problems += manifest_problems(manifest)
        problems += permissions(source, manifest)
        problems += user_variables(source, manifest)
        problems += rendered_problems(source, manifest, helm) if helm else []
        problems += identity(source, manifest)
    return Checked(tuple(problems), tuple(unchecked), _verdict(problems, unchecked), manifest)


def _verdict(problems: list[Problem], unchecked: list[Problem]) -> Verdict:
    if problems:
        return Verdict.REFUSE
    return Verdict.UNKNOWN if unchecked else Verdict.ACCEPT


def _no_helm() -> Problem:
    message = "No Helm was found, so no rule on the rendered chart could be asked."
    remedy = "Install the helm extra of chartgen, or put the helm program on PATH."
    return Problem(UNCHECKED, Place(), "L34-L37, L40-L49, L51, L53", message, remedy)

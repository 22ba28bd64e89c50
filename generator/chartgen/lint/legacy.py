"""The older checker, for charts before 0.12.0 (Olares market contract 3.5, column K).

Its groups in its order: manifest, the use of the app's data, rendered resources, folder. It
stops at the first group that fails. It does not compare the versions of chart and manifest
unless it is told to, and its check of roles belongs to another command of it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from math import inf

from chartgen.errors import HelmRefused
from chartgen.lint.device import UNCHECKED, Checked
from chartgen.lint.finding import Place, Problem, Verdict
from chartgen.lint.folder import identity, layout
from chartgen.lint.go.quantity import quantity_or_nought
from chartgen.lint.helm import Helm
from chartgen.lint.legacy_manifest import legacy_manifest, read_legacy
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.rendered.chartfile import chart_problem, is_library
from chartgen.lint.rendered.envelopes import flat_envelope
from chartgen.lint.rendered.hosting import conversions
from chartgen.lint.rendered.limits import Declared, limits
from chartgen.lint.rendered.objects import Rendered, child, containers, members, text
from chartgen.lint.rendered.render import CannotRender, Renders, cannot_render
from chartgen.lint.rendered.values import Owner, render_values
from chartgen.lint.rendered.workloads import app_workload
from chartgen.lint.scans import permissions
from chartgen.lint.source import ChartSource

RELEASE = "test-release"
OWNER = Owner("bfl-username", "bfl-username")
_SIMPLE = re.compile(r"([0-9]+)(?:\.([0-9]*))?([numkMGTPE]?)")
_POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def legacy(source: ChartSource, helm: Helm | None) -> Checked:
    """Judges a chart as the older checker does."""
    read = read_legacy(source, helm)
    if read.manifest is None:
        return _checked(list(read.problems), unchecked=read.open, manifest=None)
    manifest = read.manifest
    for group in (legacy_manifest(manifest), _app_data(source, manifest)):
        if problems := list(group):
            return _checked(problems, unchecked=False, manifest=manifest)
    problems = list(_resources(source, manifest, helm)) if helm else []
    problems = problems or list(_folder(source, manifest))
    return _checked(problems, unchecked=helm is None, manifest=manifest)


def _checked(problems: list[Problem], *, unchecked: bool, manifest: Manifest | None) -> Checked:
    missing = (_no_helm(),) if unchecked else ()
    verdict = Verdict.UNKNOWN if unchecked else Verdict.ACCEPT
    return Checked(tuple(problems), missing, Verdict.REFUSE if problems else verdict, manifest)


def _no_helm() -> Problem:
    message = "No Helm was found, so nothing that has to be rendered could be asked."
    remedy = "Install the helm extra of chartgen, or put the helm program on PATH."
    return Problem(UNCHECKED, Place(), "L05, L26, L40-L42, L45, L46, L53", message, remedy)


def _app_data(source: ChartSource, manifest: Manifest) -> Iterator[Problem]:
    """L38: it looks for `appdata` in small letters alone."""
    return (one for one in permissions(source, manifest) if one.rule == "L38")


def _folder(source: ChartSource, manifest: Manifest) -> Iterator[Problem]:
    yield from layout(source)
    yield from (one for one in identity(source, manifest) if one.rule == "L03")


def _resources(source: ChartSource, manifest: Manifest, helm: Helm) -> Iterator[Problem]:
    """Each of its checks is asked where those before it hold."""
    if (wrong := chart_problem(RELEASE, source.files)) is not None:
        yield wrong
        return
    try:
        objects = _objects(source, manifest, helm)
    except CannotRender as error:
        yield error.problem
        return
    problems = list(conversions(objects)) or list(_limits(objects, manifest))
    problems = problems or list(_upload(objects, manifest))
    yield from problems or app_workload(objects, manifest)


def _objects(source: ChartSource, manifest: Manifest, helm: Helm) -> list[Rendered]:
    values = render_values(OWNER, [one.name for one in manifest.config.entrances])
    try:
        with helm.load(source.root) as loaded:
            renders = Renders(loaded, source.files, library=is_library(source.files))
            return renders.objects(RELEASE, values)
    except HelmRefused as error:
        raise cannot_render(error, source.files, "") from error


def _limits(objects: list[Rendered], manifest: Manifest) -> Iterator[Problem]:
    """L26, L45 and L46; the sums are made in floating point, as the checker makes them."""
    envelope = flat_envelope(manifest)
    yield from (one for one in limits(objects, envelope) if one.rule != "L46")
    for kind in ("limits", "requests"):
        for declared in (envelope.cpu, envelope.memory):
            yield from _sum(objects, kind, declared)


def _sum(objects: list[Rendered], kind: str, declared: Declared) -> Iterator[Problem]:
    limiting = kind == "limits"
    allowed = declared.limited if limiting else declared.required
    total = 0.0
    for _, container in containers(objects):
        node = child(container, "resources", kind, declared.resource)
        total += approximate("" if node is None or node.value is None else str(node.value))
    if total <= approximate(allowed):
        return
    field = f"{'limited' if limiting else 'required'}{declared.resource.capitalize()}"
    message = f"The containers' {declared.resource} {kind} come to {total:g}, above {field}."
    place = declared.limited_place if limiting else declared.required_place
    remedy = f"Raise spec.{field}, or lower the {kind}; 0.1 + 0.2 is more than 0.3 here."
    yield Problem("L46", place, f"{total:g} > {allowed or '0'}", message, remedy)


_LARGEST = 1 << 1023
"""Below this a float can hold any number."""


def approximate(quantity: str) -> float:
    """A quantity as Kubernetes approximates it: digits times a power of ten; 0 for none.

    Source: k8s.io/apimachinery 0.28, Quantity.AsApproximateFloat64.
    """
    found = _SIMPLE.fullmatch(quantity)
    if found is None:
        exact = quantity_or_nought(quantity)
        return float(exact) if exact < _LARGEST else inf
    whole, part, suffix = found[1], found[2] or "", found[3]
    exponent = _POWERS[suffix] - len(part)
    digits = float(whole + part)
    return digits * float(f"1e{exponent}") if exponent else digits


def _upload(objects: list[Rendered], manifest: Manifest) -> Iterator[Problem]:
    """L42: an upload without a destination goes to `.`, which nobody mounts."""
    node, found = manifest.at("options.upload")
    if not found or node.value is None:
        return
    wanted = posixpath.normpath(manifest.config.options.upload.dest or ".")
    paths = {
        posixpath.normpath(text(mount, "mountPath") or ".")
        for _, container in containers(objects)
        for mount in members(container, "volumeMounts")
    }
    if wanted not in paths:
        message = "No container mounts a volume at the path that uploads go to."
        remedy = f"Name one of: {', '.join(sorted(paths)) or 'nothing is mounted'}."
        yield Problem("L42", manifest.place("options.upload.dest"), wanted, message, remedy)

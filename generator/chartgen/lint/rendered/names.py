"""L37: an app that may be installed several times shares no names (Olares market contract 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chartgen.lint.finding import Problem
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.rendered.objects import Rendered
from chartgen.lint.rendered.values import INSTALLER, NAMESPACE, Owner
from chartgen.lint.rendered.workloads import names

PROBES = ("oac-lint-probe-a", "oac-lint-probe-b")
"""Two releases: what has the same name in both has a fixed one."""
USERS = ("oac-lint-user-a", "oac-lint-user-b")
"""Two owners, each with a namespace of that name: what differs belongs to a user."""
USER_RELEASE = "oac-lint-user-release"

Render = Callable[[str, Owner, str], list[Rendered]]
"""Renders for a release, an owner and a namespace."""


def several_installs(
    objects: Sequence[Rendered], manifest: Manifest, render: Render
) -> Iterator[Problem]:
    """L37: no object outside a namespace has a fixed name, and a workload has the release's.

    The first holds for v1 charts and for v3 charts that may be installed several times, the
    second for those that may be. Raises `CannotRender`.
    """
    several = manifest.config.options.allow_multiple_install
    api = manifest.config.api_version.strip().lower()
    if api == "v2":
        return
    loose = (api in ("", "v1") or several) and any(not one.namespace for one in objects)
    if not loose and not several:
        return
    probes = [render(release, INSTALLER, NAMESPACE) for release in PROBES]
    if loose:
        yield from _fixed(probes, several, render)
    if several and not all(
        release in names(probe) for release, probe in zip(PROBES, probes, strict=True)
    ):
        place = manifest.place("options.allowMultipleInstall")
        message = "No Deployment or StatefulSet has the release's name, so two installs clash."
        remedy = "Write `name: {{ .Release.Name }}` in the metadata of the main workload."
        yield Problem("L37", place, "allowMultipleInstall: true", message, remedy)


def _fixed(probes: list[list[Rendered]], several: bool, render: Render) -> Iterator[Problem]:
    first, second = (_loose(probe) for probe in probes)
    fixed = sorted({_key(one) for one in first} & {_key(one) for one in second})
    places: dict[str, int] = {}
    for place, one in enumerate(first):
        places.setdefault(_key(one), place)
    if fixed and not several:
        users = [_loose(render(USER_RELEASE, Owner(user, INSTALLER.admin), user)) for user in USERS]
        fixed = [key for key in fixed if not _by_user(places[key], first, *users)]
    for key in fixed:
        one = first[places[key]]
        message = f"{one.title} has no namespace and the same name in every install."
        remedy = "Give it a namespace, or a name with `{{ .Release.Namespace }}` in it."
        yield Problem("L37", one.place(), one.name, message, remedy)


def _loose(objects: list[Rendered]) -> list[Rendered]:
    """The objects without a namespace, in the order in which the gate pairs them."""
    return sorted((one for one in objects if not one.namespace), key=_key)


def _by_user(place: int, first: list[Rendered], one: list[Rendered], other: list[Rendered]) -> bool:
    """Whether an object's name follows the user; objects are paired by their place."""
    if not len(first) == len(one) == len(other):
        return False
    kinds = {found[place].kind for found in (first, one, other)}
    return len(kinds) == 1 and one[place].name != other[place].name


def _key(one: Rendered) -> str:
    return f"{one.kind}/{one.name}"

"""The bot that reads pull requests of the official store (Olares market contract 3.5 and 6).

It asks the device's gate with every optional check, for both kinds of owner, and has rules of
its own: categories, reserved names, owners, control files, and the title of a pull request.
It also fetches icons and promotion images, which nothing here does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from chartgen.lint.device import Checked, device
from chartgen.lint.finding import Place, Problem, Verdict
from chartgen.lint.go.nodes import Node
from chartgen.lint.go.yaml import GoYamlError, load
from chartgen.lint.helm import Helm
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.pull_request import PullRequest
from chartgen.lint.rendered.hosting import conversions, host_paths, namespaces
from chartgen.lint.rendered.objects import Rendered, child, members, pods, text, texts
from chartgen.lint.rendered.render import CannotRender
from chartgen.lint.rendered.stage import Scene
from chartgen.lint.rendered.values import NAMESPACE, Owner
from chartgen.lint.rendered.workloads import app_workload
from chartgen.lint.source import MANIFEST, ChartSource
from chartgen.quantities.ranges import parse_version

CATEGORIES = (
    *("AI", "Creativity", "Developer Tools", "Fun", "Lifestyle", "Productivity_v112"),
    "Utilities_v112",
)
"""What the bot takes since July 2026 (beclab/apps pull request 3052 names them)."""

NEWER_CATEGORIES = ("agents", "homelab", "models", "workspace")
"""Slugs in charts that the bot merged in August 2026; there may be more."""

RESERVED = (
    *("user", "system", "space", "default", "os", "kubesphere", "kube", "kubekey", "kubernetes"),
    *("gpu", "tapr", "bfl", "bytetrade", "project", "pod"),
)
"""Names that no folder may have, in any case of letters."""

SUSPENDED, REMOVED = ".suspend", ".remove"
OWNERS = "owners"
TITLE = re.compile(
    r"\s*\[(?P<kind>NEW|UPDATE|REMOVE|SUSPEND)\]\[(?P<folder>[a-z0-9]{1,30})\]"
    r"\[(?P<version>[^\[\]]+)\].*",
    re.DOTALL,
)
"""The title of a pull request, as all 2,226 of them have it that were merged from April 2024
to August 2026; what follows the version is free."""

ADMIN = Owner("admin", "admin")
"""The administrator installs: the second kind of owner."""

_COMMANDS = re.compile(r"[;&|\n]+")
_SHORT_FLAGS = re.compile(r"-[a-zA-Z]+")


def store(source: ChartSource, helm: Helm | None, request: PullRequest | None = None) -> Checked:
    """Judges a chart as the store's bot does; the bot's own rules come first."""
    asked = request or PullRequest()
    if REMOVED in source.files:
        return _checked([*_removal(source), *_title(source, None, asked)], (), None)
    gate = device(source, helm)
    problems = [
        *_title(source, gate.manifest, asked),
        *_control(source, asked),
        *_owners(source, asked),
        *_folder(source),
        *(_categories(gate.manifest) if gate.manifest else ()),
        *gate.problems,
    ]
    if gate.manifest is not None and helm is not None:
        problems += _more_renders(source, gate.manifest, helm)
    return _checked(list(dict.fromkeys(problems)), gate.unchecked, gate.manifest)


def _checked(
    problems: list[Problem], unchecked: tuple[Problem, ...], manifest: Manifest | None
) -> Checked:
    verdict = Verdict.UNKNOWN if unchecked else Verdict.ACCEPT
    return Checked(tuple(problems), unchecked, Verdict.REFUSE if problems else verdict, manifest)


def _removal(source: ChartSource) -> Iterator[Problem]:
    """S31: an app is removed by a folder with nothing but `.remove` in it."""
    others = sorted(source.files.keys() - {REMOVED})
    if others:
        message = f"{REMOVED} stands beside other files."
        remedy = f"Leave {REMOVED} alone in the folder to remove the app, or take it out."
        yield Problem("S31", Place(REMOVED), f"{others[0]} and others", message, remedy)


def _control(source: ChartSource, request: PullRequest) -> Iterator[Problem]:
    """S31: a new or an updated app has no `.suspend`, a suspended one has it."""
    found = TITLE.fullmatch(request.title)
    if found is None:
        return
    suspends, there = found["kind"] == "SUSPEND", SUSPENDED in source.files
    if suspends and not there:
        message = f"The title says SUSPEND, but there is no {SUSPENDED}."
        remedy = f"Add an empty {SUSPENDED} beside Chart.yaml."
        yield Problem("S31", Place(), request.title, message, remedy)
    if found["kind"] == "REMOVE":
        message = f"The title says REMOVE, but there is no {REMOVED}."
        remedy = f"Empty the folder but for {REMOVED}."
        yield Problem("S31", Place(), request.title, message, remedy)
    if there and not suspends:
        message = f"{SUSPENDED} stands in an app that is offered."
        yield Problem("S31", Place(SUSPENDED), "", message, "Take it out.")


def _owners(source: ChartSource, request: PullRequest) -> Iterator[Problem]:
    """S30: the file `owners` lists accounts, the author's among them."""
    remedy = "Write `owners:` and below it a list of GitHub accounts, with your own."
    data = source.files.get(OWNERS)
    if data is None:
        yield Problem("S30", Place(OWNERS), "", "The file is missing.", remedy)
        return
    try:
        tree = load(data)
    except GoYamlError as error:
        message = f"The file is no YAML: {error.message}."
        yield Problem("S30", Place(OWNERS, error.line), "", message, remedy)
        return
    listed = list(members(tree, "owners"))
    if not listed:
        yield Problem("S30", Place(OWNERS), "", "The file lists nobody.", remedy)
    elif request.author and request.author.lower() not in _accounts(listed):
        message = "The author of the pull request is not among the owners."
        yield Problem("S30", Place(OWNERS), request.author, message, remedy)


def _accounts(listed: Sequence[Node]) -> set[str]:
    names = (text(one, "username") if one.get("username") else one.value for one in listed)
    return {str(name).lower() for name in names}


def _folder(source: ChartSource) -> Iterator[Problem]:
    if source.name.lower() in RESERVED:
        message = "The store keeps this name of a folder for the system."
        yield Problem("L50", Place(), source.name, message, "Choose another name for the app.")


def _categories(manifest: Manifest) -> Iterator[Problem]:
    path = "metadata.categories"
    told = manifest.config.metadata.categories
    remedy = f"Use some of: {', '.join(CATEGORIES)}."
    if not told:
        yield Problem("L50", manifest.place(path), "", f"{path} is empty.", remedy)
    for number, name in enumerate(told):
        if name not in CATEGORIES and name not in NEWER_CATEGORIES:
            place = manifest.place(f"{path}.{number}")
            message = f"{path} has one that the store does not know."
            yield Problem("L50", place, name, message, remedy)


def _title(
    source: ChartSource, manifest: Manifest | None, request: PullRequest
) -> Iterator[Problem]:
    """L50: the title names kind, folder and version as the chart has them."""
    if not request.title:
        return
    found = TITLE.fullmatch(request.title)
    if found is None:
        message = "The title is not what the bot reads."
        remedy = "Write [NEW|UPDATE|REMOVE|SUSPEND][folder][version] and then what you like."
        yield Problem("L50", Place(), request.title, message, remedy)
        return
    if found["folder"] != source.name:
        message = f"The title names the folder {found['folder']}; it is {source.name}."
        yield Problem("L50", Place(), request.title, message, "Write the folder's own name.")
    yield from _title_version(found["version"], manifest, request)
    yield from _published(found["kind"], found["version"], request)


def _title_version(
    version: str, manifest: Manifest | None, request: PullRequest
) -> Iterator[Problem]:
    declared = manifest.config.metadata.version if manifest else version
    if parse_version(version) is None:
        message = f"The title's version, {version}, is none."
        yield Problem("L50", Place(), request.title, message, "Write it like 1.0.0.")
    elif version != declared:
        message = f"The title says version {version}, the manifest {declared}."
        place = Place(MANIFEST)
        yield Problem("L50", place, request.title, message, "Write one version into both.")


def _published(kind: str, version: str, request: PullRequest) -> Iterator[Problem]:
    """What the store has decides what may follow: README of beclab/apps, August 2026.

    README and the developers' documents differ on a suspension; both the same and a
    greater version were merged.
    """
    if request.published is None:
        return
    if (kind == "NEW") != (request.published == ""):
        there = f"in version {request.published}" if request.published else "not there"
        message = f"The title says {kind}, but the app is {there}."
        remedy = "Use NEW for the first version, and UPDATE, SUSPEND or REMOVE afterwards."
        yield Problem("L50", Place(), request.title, message, remedy)
        return
    new, old = parse_version(version), parse_version(request.published)
    if new is None or old is None:
        return
    too_low = new <= old if kind == "UPDATE" else new < old
    if too_low or (kind == "REMOVE" and new != old):
        wanted = {"UPDATE": "above", "SUSPEND": "not below"}.get(kind, "equal to")
        message = f"The version of {kind} has to be {wanted} {request.published}."
        yield Problem("L50", Place(), request.title, message, "Write another version.")


def _more_renders(source: ChartSource, manifest: Manifest, helm: Helm) -> list[Problem]:
    """What the administrator's install brings, and chowns in both."""
    release = manifest.config.metadata.name
    with ExitStack() as charts:
        scene = Scene(source, manifest, helm, charts)
        try:
            own = scene.render()
            other = scene.render_as(release, ADMIN, NAMESPACE)
        except CannotRender as error:
            return [error.problem]
        found = [*conversions(other), *host_paths(other), *namespaces(other)]
        missing = [] if scene.is_v2 else list(app_workload(other, manifest))
        return [*missing, *found, *recursive_chowns(own), *recursive_chowns(other)]


def recursive_chowns(objects: list[Rendered]) -> Iterator[Problem]:
    """L49: no container runs `chown -R` over a folder of the host.

    A command that is written as a list of words is not found, nor by the bot.
    """
    for one, spec in pods(objects):
        volumes = {
            text(volume, "name")
            for volume in members(spec, "volumes")
            if (host := child(volume, "hostPath")) is not None and host.value is not None
        }
        for kind in ("containers", "initContainers", "ephemeralContainers"):
            for container in members(spec, kind):
                yield from _chowns(one, container, volumes)


def _chowns(one: Rendered, container: Node, volumes: set[str]) -> Iterator[Problem]:
    mounts = [
        text(mount, "mountPath").removesuffix("/")
        for mount in members(container, "volumeMounts")
        if text(mount, "name") in volumes
    ]
    script = "\n".join([*texts(container, "command"), *texts(container, "args")])
    for command in _COMMANDS.split(script):
        for target in _targets(command.split()):
            if any(_is_below(target, mount) for mount in mounts if mount):
                who = f"Container {text(container, 'name')} of {one.title}"
                message = f"{who} runs a recursive chown over a folder of the host."
                remedy = "Leave it out: the device sets the owner of these folders itself."
                place = one.place(child(container, "command") or container)
                yield Problem("L49", place, command.strip()[:200], message, remedy)


def _targets(words: Sequence[str]) -> list[str]:
    """The paths of a recursive chown; nothing for any other command."""
    if not words or words[0] != "chown":
        return []
    flags = 1
    while flags < len(words) and _SHORT_FLAGS.fullmatch(words[flags]):
        flags += 1
    if not any("R" in word for word in words[1:flags]):
        return []
    paths = (word for word in words[flags + 1 :] if not word.startswith("-"))
    return [word.strip("\"'").removesuffix("/") for word in paths]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")

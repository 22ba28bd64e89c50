"""What the older checker says of a manifest (Olares market contract 3.5, column K).

It was written for manifests before 0.12.0, but reads every one as a template; it knows
neither apiVersion nor accelerator, and asks for the flat resource fields always.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError

from chartgen.errors import HelmRefused
from chartgen.lint.finding import Place, Problem
from chartgen.lint.go.decode import TypeFault, decode
from chartgen.lint.go.nodes import Node
from chartgen.lint.go.yaml import GoYamlError, load
from chartgen.lint.helm import Helm
from chartgen.lint.manifest.entrances import ENTRANCE_HOST, ENTRANCE_NAME
from chartgen.lint.manifest.middleware import Database, DatabaseService
from chartgen.lint.manifest.option_rules import DURATION
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.manifest.scenes import READING, is_plain, rendered, unrendered
from chartgen.lint.manifest.spec_rules import QUANTITY
from chartgen.lint.manifest.types import AppConfiguration, CatalogMetadata, Entrance
from chartgen.lint.source import MANIFEST, ChartSource

ENTRANCE_TITLE = re.compile(r"[a-z0-9A-Z\-\t\n\f\r ]*")
LONGEST_TITLE, LONGEST_LABEL, MOST_ENTRANCES = 30, 63, 10
ARCHITECTURES = (
    *("amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "arm64", "i386", "ppc64le"),
    *("s390x", "mips64le", "riscv64", "windows-amd64"),
)
DEPENDENCY_TYPES = ("system", "application")
ENTRANCE = (
    *("name", "host", "port", "icon", "title", "authLevel", "invisible", "openMethod"),
    *("windowPushState", "skip"),
)
PARTS: Mapping[str, tuple[str, ...]] = {
    "": (
        *("olaresManifest.version", "olaresManifest.type", "metadata", "entrances", "ports"),
        *("spec", "permission", "middleware", "options", "provider", "envs"),
    ),
    "metadata": (
        *("name", "icon", "description", "appid", "title", "version", "categories", "target"),
    ),
    "spec": (
        *("versionName", "fullDescription", "upgradeDescription", "promoteImage", "promoteVideo"),
        *("subCategory", "developer", "requiredMemory", "requiredDisk", "requiredCpu"),
        *("requiredGpu", "limitedMemory", "limitedCpu", "supportClient", "supportArch"),
        *("runAsUser", "runAsInternal", "podGpuConsumePolicy", "subCharts", "submitter", "doc"),
        *("website", "featuredImage", "sourceCode", "license", "legal"),
    ),
    "options": (
        *("mobileSupported", "policies", "resetCookie", "dependencies", "appScope", "upload"),
        *("syncProvider", "oidc", "apiTimeout", "allowedOutboundPorts", "images"),
    ),
}
"""The keys that it reads, in this spelling alone; a wrong type under another does not matter."""


@dataclass(frozen=True, slots=True)
class Read:
    """A manifest, or the reasons why not; `open` where only Helm could tell."""

    manifest: Manifest | None
    problems: tuple[Problem, ...] = ()
    open: bool = False


def read_legacy(source: ChartSource, helm: Helm | None) -> Read:
    """Renders and decodes the manifest, as the administrator alone would see it."""
    text = source.files.get(MANIFEST)
    if text is None:
        remedy = f"Add {MANIFEST} beside Chart.yaml."
        return Read(None, (Problem("L02", Place(MANIFEST), "", "It is missing.", remedy),))
    if is_plain(text):
        return _decoded(unrendered(text), ())
    if helm is None:
        return Read(None, open=True)
    try:
        found = rendered(text, (READING,), helm)[0]
    except HelmRefused as error:
        message = f"The manifest does not render as a template: {error.reason}"
        remedy = "Use .Values.admin and .Values.bfl.username alone, and quote other braces."
        return Read(None, (Problem("L05", Place(MANIFEST), "", message, remedy),))
    return _decoded(found, tuple(text.decode("utf-8", "replace").splitlines()))


def _decoded(text: bytes, source: tuple[str, ...]) -> Read:
    try:
        tree = _known(load(text) or Node(None, 1))
    except GoYamlError as error:
        message = f"The manifest is no YAML: {error.message}."
        place = Place(MANIFEST, None if source else error.line)
        return Read(None, (Problem("L00", place, "", message, "Mend the YAML."),))
    config, faults = decode(AppConfiguration, tree)
    lines = tuple(text.decode("utf-8", "replace").splitlines()) if source else ()
    manifest = Manifest(config, CatalogMetadata(), tree, (), lines, source)
    wrong = [_wrong_type(manifest, fault) for fault in faults if _matters(fault)]
    problems = (*_repeated(text), *wrong)
    return Read(None if problems else manifest, problems)


def _known(tree: Node) -> Node:
    """The tree without the keys that the checker does not read."""
    top = _only(tree, PARTS[""])
    held = dict(top.value) if isinstance(top.value, Mapping) else {}
    for name in PARTS.keys() & held.keys():
        held[name] = _only(held[name], PARTS[name])
    doors = held.get("entrances")
    if doors is not None and isinstance(doors.value, list):
        held["entrances"] = Node([_only(one, ENTRANCE) for one in doors.value], doors.line)
    return Node(held, top.line) if isinstance(top.value, Mapping) else top


def _only(node: Node, keys: Sequence[str]) -> Node:
    value = node.value
    if not isinstance(value, Mapping):
        return node
    return Node({key: one for key, one in value.items() if key in keys}, node.line)


def _matters(fault: TypeFault) -> bool:
    """Whether a type is wrong to the checker: any scalar may be the text of a string."""
    return fault.expected != "string" or fault.seen.startswith("a ")


def _wrong_type(manifest: Manifest, fault: TypeFault) -> Problem:
    path = fault.path or "the manifest"
    message = f"{path} is {fault.seen} where the checker reads {fault.expected}."
    place = manifest.place(fault.path)
    return Problem("L00", place, fault.seen, message, f"Write {fault.expected} at {path}.")


def _repeated(text: bytes) -> Iterator[Problem]:
    """Keys that stand twice in a map, which its YAML reader refuses and a device's does not."""
    try:
        YAML(typ="safe").load(text)
    except DuplicateKeyError as error:
        mark = error.problem_mark
        said = str(error.problem or "").partition(" with value")[0]
        message = f"A key stands twice: {said}."
        place = Place(MANIFEST, mark.line + 1 if mark else None)
        yield Problem("L00", place, "", message, "Keep one of them.")
    except (YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        return


def legacy_manifest(manifest: Manifest) -> Iterator[Problem]:
    """The rules on the manifest alone; the later ones are asked where the first ones hold."""
    fields = [*_head(manifest), *_entrances(manifest), *_spec(manifest)]
    fields += [*_middleware(manifest), *_options(manifest)]
    yield from fields
    if fields:
        return
    wrong = list(_architectures(manifest))
    yield from wrong or _same_names(manifest)


def _problem(rule: str, manifest: Manifest, path: str, message: str, remedy: str) -> Problem:
    return Problem(rule, manifest.place(path), manifest.seen(path), f"{path} {message}.", remedy)


def _head(manifest: Manifest) -> Iterator[Problem]:
    config, about = manifest.config, manifest.config.metadata
    if not config.config_version:
        remedy = "Write the version of the manifest's format, like 0.10.0."
        yield _problem("L07", manifest, "olaresManifest.version", "is empty", remedy)
    for name, value in (("name", about.name), ("title", about.title)):
        if not 0 < len(value.encode()) <= LONGEST_TITLE:
            message = f"has not 1 to {LONGEST_TITLE} bytes"
            yield _problem("L09", manifest, f"metadata.{name}", message, "Shorten or set it.")
    needed = {"icon": about.icon, "description": about.description, "version": about.version}
    for name, value in needed.items():
        if not value:
            yield _problem("L09", manifest, f"metadata.{name}", "is empty", "Set it.")
    if not 0 < len(config.entrances) <= MOST_ENTRANCES:
        message = f"has not 1 to {MOST_ENTRANCES} members"
        yield _problem("L13", manifest, "entrances", message, "Declare what people open.")


def _entrances(manifest: Manifest) -> Iterator[Problem]:
    for number, entrance in enumerate(manifest.config.entrances):
        yield from _entrance(manifest, f"entrances.{number}", entrance)


def _entrance(manifest: Manifest, path: str, entrance: Entrance) -> Iterator[Problem]:
    labels = (("name", ENTRANCE_NAME, entrance.name), ("host", ENTRANCE_HOST, entrance.host))
    for key, shape, value in labels:
        if not shape.fullmatch(value) or len(value.encode()) > LONGEST_LABEL:
            message = f"is no DNS label of at most {LONGEST_LABEL} characters"
            remedy = "Use letters, digits and hyphens; a host has two characters at least."
            yield _problem("L15", manifest, f"{path}.{key}", message, remedy)
    if entrance.port <= 0:
        yield _problem("L16", manifest, f"{path}.port", "is not above 0", "Name the port.")
    if not 0 < len(entrance.title.encode()) <= LONGEST_TITLE:
        message = f"has not 1 to {LONGEST_TITLE} bytes"
        yield _problem("L17", manifest, f"{path}.title", message, "Shorten or set it.")
    elif not ENTRANCE_TITLE.fullmatch(entrance.title):
        message = "has characters that are no letter, digit, hyphen or space"
        yield _problem("L18", manifest, f"{path}.title", message, "Leave dots and others out.")


def _spec(manifest: Manifest) -> Iterator[Problem]:
    spec = manifest.config.spec
    fields = {
        "requiredMemory": spec.required_memory,
        "requiredDisk": spec.required_disk,
        "requiredCpu": spec.required_cpu,
        "limitedMemory": spec.limited_memory,
        "limitedCpu": spec.limited_cpu,
    }
    for name, value in fields.items():
        if not QUANTITY.fullmatch(value):
            message = "is missing, or no quantity"
            remedy = "Write it like 500m or 2Gi; accelerator does not stand in for it here."
            yield _problem("L21", manifest, f"spec.{name}", message, remedy)
    if spec.required_gpu and not QUANTITY.fullmatch(spec.required_gpu):
        yield _problem("L22", manifest, "spec.requiredGpu", "is no quantity", "Write it like 8Gi.")


def _middleware(manifest: Manifest) -> Iterator[Problem]:
    told = manifest.config.middleware
    if told is None:
        return
    for name, service in (("postgres", told.postgres), ("mongodb", told.mongodb)):
        yield from _service(manifest, f"middleware.{name}", service)
    if told.redis is not None and not told.redis.namespace:
        yield _problem("L54", manifest, "middleware.redis.namespace", "is empty", "Set it.")
    for name, service in (("mariadb", told.mariadb), ("mysql", told.mysql)):
        if service is not None:
            yield from _databases(manifest, f"middleware.{name}", service.databases)


def _service(manifest: Manifest, path: str, service: DatabaseService | None) -> Iterator[Problem]:
    if service is None:
        return
    if not service.username:
        yield _problem("L54", manifest, f"{path}.username", "is empty", "Name a user.")
    if not service.databases:
        yield _problem("L54", manifest, f"{path}.databases", "is empty", "Name a database.")
    yield from _databases(manifest, path, service.databases)


def _databases(manifest: Manifest, path: str, databases: Sequence[Database]) -> Iterator[Problem]:
    for number, database in enumerate(databases):
        if not database.name:
            where = f"{path}.databases.{number}.name"
            yield _problem("L54", manifest, where, "is empty", "Name the database.")


def _options(manifest: Manifest) -> Iterator[Problem]:
    for number, policy in enumerate(manifest.config.options.policies):
        path = f"options.policies.{number}"
        yield from _filled(manifest, "L30", path, uriRegex=policy.uri_regex, level=policy.level)
        if policy.valid_duration and not DURATION.fullmatch(policy.valid_duration):
            where = f"{path}.validDuration"
            yield _problem("L30", manifest, where, "is no duration", "Write it like 3600s.")
    for number, one in enumerate(manifest.config.options.dependencies):
        path = f"options.dependencies.{number}"
        yield from _filled(manifest, "L28", path, name=one.name, version=one.version)
        if one.type not in DEPENDENCY_TYPES:
            remedy = f"Use one of: {', '.join(DEPENDENCY_TYPES)}."
            yield _problem("L28", manifest, f"{path}.type", "is none of its types", remedy)


def _filled(manifest: Manifest, rule: str, path: str, **fields: str) -> Iterator[Problem]:
    for name, value in fields.items():
        if not value:
            yield _problem(rule, manifest, f"{path}.{name}", "is empty", "Set it.")


def _architectures(manifest: Manifest) -> Iterator[Problem]:
    there = manifest.config.spec.support_arch
    remedy = f"Use some of: {', '.join(ARCHITECTURES)}."
    if not there:
        yield _problem("L27", manifest, "spec.supportArch", "is empty", remedy)
    for number, name in enumerate(there):
        if name not in ARCHITECTURES:
            path = f"spec.supportArch.{number}"
            yield _problem("L27", manifest, path, "is no architecture that it knows", remedy)


def _same_names(manifest: Manifest) -> Iterator[Problem]:
    names: set[str] = set()
    for number, entrance in enumerate(manifest.config.entrances):
        if entrance.name in names:
            path = f"entrances.{number}.name"
            yield _problem("L14", manifest, path, "is another entrance's", "Choose another.")
        names.add(entrance.name)

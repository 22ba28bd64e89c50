"""Rules of options, and of what depends on manifest and API versions (L28 to L36, L54)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartgen.lint.finding import Problem
from chartgen.lint.manifest.middleware import DatabaseService, Minio, Nats, RabbitMq
from chartgen.lint.manifest.options import Dependency, Policy
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.manifest.said import Said, Voice, fields_first
from chartgen.lint.manifest.spec_rules import api_version, modern
from chartgen.quantities.ranges import admits, is_range

DEPENDENCY_TYPES = ("system", "application", "middleware")
USER_PREFIX = "OLARES_USER"
"""Starts the names of a user's own variables, which a v3 app may not declare."""
MAX_SUBCHART = 53
"""Characters of a subchart's name, as Helm allows for a release."""
BEFORE_V3 = (">=1.12.3-0,<1.12.6", ("1.12.2", "1.12.6", "2.0.0"))
SINCE_V3 = (">=1.12.6-0", ("1.12.5", "1.12.0", "0.1.0"))
"""The range that an app must stay inside, and the versions by which the device tells
(Olares market contract 3.4)."""
DURATION = re.compile(r"(?:[-+]?[0-9]+(?:\.[0-9]+)?(?:[smhdwy]|us|ns|ms))+")
_CHART_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_USERNAME = re.compile(r"[a-z0-9A-Z-]*")


def option_fields(manifest: Manifest) -> Said:
    """The fields of options, and the rules across them."""
    said, voice, options = Said(), Voice(manifest), manifest.config.options
    for place, policy in enumerate(options.policies):
        said.add(_policy(voice, f"options.policies.{place}", policy))
    for place, one in enumerate(options.dependencies):
        said.add(_dependency(voice, f"options.dependencies.{place}", one))
    return fields_first(said, _option_pairs(voice, manifest))


def _policy(voice: Voice, path: str, policy: Policy) -> Said:
    said = Said()
    said.first_of(voice.needed("L30", f"{path}.uriRegex", policy.uri_regex))
    said.first_of(voice.needed("L30", f"{path}.level", policy.level))
    duration = policy.valid_duration
    if duration and not DURATION.fullmatch(duration):
        remedy = "Write one such as 3600s."
        said.first_of([voice.says("L30", f"{path}.validDuration", "is no duration", remedy)])
    return said


def _dependency(voice: Voice, path: str, one: Dependency) -> Said:
    said = Said()
    said.first_of(voice.needed("L28", f"{path}.name", one.name))
    said.first_of(voice.needed("L28", f"{path}.version", one.version))
    said.first_of(
        voice.needed("L28", f"{path}.type", one.type),
        voice.outside("L28", f"{path}.type", one.type, DEPENDENCY_TYPES),
    )
    return said


def _option_pairs(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    options = manifest.config.options
    if options.template_only and not options.allow_multiple_install:
        wrong = "needs options.allowMultipleInstall"
        yield voice.says("L30", "options.templateOnly", wrong, "Set both to true.")
    if options.shared and api_version(manifest) != "v3":
        wrong = "needs apiVersion v3"
        yield voice.says("L30", "options.shared", wrong, "Set apiVersion to v3.")


def middleware_fields(manifest: Manifest) -> Said:
    """The user names of services, which become part of names in Kubernetes."""
    said, voice, middleware = Said(), Voice(manifest), manifest.config.middleware
    if middleware is None:
        return said
    for name in ("postgres", "mongodb", "mysql", "mariadb", "minio", "rabbitmq", "nats"):
        service = getattr(middleware, name)
        if not isinstance(service, (DatabaseService, Minio, RabbitMq, Nats)):
            continue
        if not _USERNAME.fullmatch(service.username):
            path, wrong = f"middleware.{name}.username", f"does not match {_USERNAME.pattern}"
            said.shown.append(voice.says("L54", path, wrong, "Use letters, digits and hyphens."))
    return said


def across(manifest: Manifest) -> list[Problem]:
    """The rules across the whole manifest, in the device's order."""
    voice = Voice(manifest)
    checks = (_subcharts, _permissions, _workloads, _needs_modern, _olares, _shared, _variables)
    return [problem for check in checks for problem in check(voice, manifest)]


def _subcharts(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    charts = manifest.config.spec.sub_charts
    if manifest.config.api_version != "v2":
        return
    if not charts:
        yield from voice.missing("L31", "spec.subCharts", "List the subcharts of a v2 app.")
        return
    for place, chart in enumerate(charts):
        path = f"spec.subCharts.{place}.name"
        if not chart.name:
            yield from voice.missing("L31", path)
        elif len(chart.name) > MAX_SUBCHART or not _CHART_NAME.fullmatch(chart.name):
            remedy = f"Use a DNS name of at most {MAX_SUBCHART} characters."
            yield voice.says("L31", path, "is no name of a subchart", remedy)
    if not any(chart.shared for chart in charts):
        wrong = "has no subchart with shared: true"
        yield voice.says("L31", "spec.subCharts", wrong, "Mark the subchart that all users share.")


def _permissions(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    permission = manifest.config.permission
    if permission.external_data and not modern(manifest):
        wrong = "needs manifest version 0.12.0"
        path = "permission.externalData"
        yield voice.says("L32", path, wrong, "Raise olaresManifest.version, or remove it.")
    for path, present in (
        ("permission.provider", permission.provider),
        ("provider", manifest.config.provider),
    ):
        if present and modern(manifest):
            yield voice.says("L32", path, "must be empty from 0.12.0 on", "Remove it.")


def _workloads(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    if modern(manifest) and api_version(manifest) != "v2" and not manifest.config.workload_replicas:
        remedy = "Write the replicas of every Deployment and StatefulSet, by name."
        yield from voice.missing("L33", "workloadReplicas", remedy)


def _needs_modern(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    """What only manifests from 0.12.0 on may declare."""
    if modern(manifest):
        return
    for path in _modern_fields(manifest):
        wrong = "needs manifest version 0.12.0, and Olares 1.12.6"
        yield voice.says("L29", path, wrong, "Raise olaresManifest.version, or remove it.")


def _modern_fields(manifest: Manifest) -> list[str]:
    config = manifest.config
    options, overlay = config.options, config.overlay_gateway
    declared = {
        "apiVersion": api_version(manifest) == "v3",
        "spec.accelerator": bool(config.spec.accelerator),
        "workloadReplicas": bool(config.workload_replicas),
        "overlayGateway": overlay.enable or bool(overlay.entrances),
        "options.LLMGatewaySupported": options.llm_gateway_supported,
        "options.templateOnly": options.template_only,
        "options.shared": options.shared,
        "permission.appCommon": config.permission.app_common,
    }
    return [path for path, present in declared.items() if present]


def _olares(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    """The range of Olares versions that the app runs on."""
    listed = enumerate(manifest.config.options.dependencies)
    found = next((at for at in listed if (at[1].name, at[1].type) == ("olares", "system")), None)
    wanted, outside = SINCE_V3 if api_version(manifest) == "v3" else BEFORE_V3
    if found is None:
        remedy = f'Add name: olares, type: system and version: "{wanted}".'
        path = "options.dependencies"
        yield voice.says("L29", path, "has no entry for olares of type system", remedy)
        return
    path, version = f"options.dependencies.{found[0]}.version", found[1].version
    if not is_range(version):
        yield voice.says("L29", path, "is no range of versions", f'Write "{wanted}".')
        return
    if api_version(manifest) not in ("v1", "v2", "v3"):
        return
    admitted = [one for one in outside if admits(version, one)]
    if admitted:
        wrong = f"admits Olares {', '.join(admitted)}, outside {wanted}"
        yield voice.says("L29", path, wrong, f'Write "{wanted}".')


def _shared(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    """What an app that all users share may be."""
    config = manifest.config
    scope = config.options.app_scope
    faults = (
        (not config.spec.only_admin, "spec.onlyAdmin", "must be true"),
        (bool(config.spec.sub_charts), "spec.subCharts", "must be empty"),
        (scope.cluster_scoped, "options.appScope.clusterScoped", "must be false"),
        (bool(scope.app_ref), "options.appScope.appRef", "must be empty"),
    )
    for wrong, path, wish in faults:
        if config.options.shared and wrong:
            remedy = "Change it, or remove options.shared."
            yield voice.says("L30", path, f"{wish} beside options.shared", remedy)


def _variables(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    if api_version(manifest) != "v3":
        return
    for place, variable in enumerate(manifest.config.envs):
        if variable.spec.env_name.startswith(USER_PREFIX):
            path, wrong = f"envs.{place}.envName", f"starts with {USER_PREFIX}"
            remedy = "Use a name of the app's own, and valueFrom for the user's variable."
            yield voice.says("L36", path, wrong, remedy)

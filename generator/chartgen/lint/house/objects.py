"""Rules of the house about the rendered objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from chartgen.lint.finding import Place, Problem
from chartgen.lint.go.nodes import Node
from chartgen.lint.house.manifest import modes
from chartgen.lint.house.seen import WORKLOADS, Check, Object, Seen, at, plain, text
from chartgen.lint.house.values import GPU_MODES, HOST

INJECT = "applications.app.bytetrade.io/gpu-inject"
_OF_THE_HOST = ("/dev/", "/etc/localtime", "/etc/timezone")
"""What containers may see of the machine itself."""
MEMORY_CAP = "CUDA_DEVICE_MEMORY_LIMIT"
_MOVING = re.compile(
    r"\bgit\s+clone\b|\bpip3?\s+install\b|\bapt(?:-get)?\s+install\b|\bapk\s+add\b"
    r"|\bnpm\s+(?:install|i)\b|\bcurl\b[^\n|;]{0,300}\|\s*(?:ba)?sh\b"
)


def _workloads(seen: Seen) -> Iterator[Object]:
    return (found for found in seen.objects if found.kind in WORKLOADS)


def _images(seen: Seen) -> Iterator[Problem]:
    for workload in _workloads(seen):
        for container in workload.containers(init=True):
            image = text(container, "image")
            tag = image.rpartition("/")[2].partition("@")
            moving = not tag[2] and tag[0].partition(":")[2] in ("", "latest")
            if image and moving:
                message = "The image can change under the same name."
                remedy = "Name a tag that never moves, or a digest."
                yield Problem("H01", seen.find(workload.file, image), image, message, remedy)


def _service_links(seen: Seen) -> Iterator[Problem]:
    for workload in _workloads(seen):
        if at(workload.pod, "enableServiceLinks").value is not False:
            message = (
                "Kubernetes adds variables like <SERVICE>_PORT, which programs take for theirs."
            )
            remedy = "Set enableServiceLinks: false in the pod's spec."
            place = seen.find(workload.file, workload.kind)
            yield Problem("H04", place, workload.name, message, remedy)


def _probes(seen: Seen) -> Iterator[Problem]:
    for workload in _workloads(seen):
        for container in workload.containers():
            probed = container.get("readinessProbe") or container.get("startupProbe")
            if at(container, "ports").value and not probed:
                message = "The container serves before anybody knows whether it can."
                remedy = "Add a readinessProbe, and a startupProbe where loading takes long."
                name = text(container, "name")
                yield Problem("H05", seen.find(workload.file, name), name, message, remedy)


def _services(seen: Seen) -> dict[str, Object]:
    return {found.name: found for found in seen.objects if found.kind == "Service"}


def _entrances(seen: Seen) -> Iterator[Problem]:
    if seen.written("apiVersion") == "v2" or seen.written("olaresManifest.type") == "middleware":
        return  # their Services come from subcharts or from an operator
    services = _services(seen)
    for key in ("entrances", "sharedEntrances"):
        for index, entrance in enumerate(seen.tree(key).items()):
            yield from _entrance(entrance, seen.place(key, index), services)


def _entrance(entrance: Node, place: Place, services: Mapping[str, Object]) -> Iterator[Problem]:
    host, port = text(entrance, "host"), text(entrance, "port")
    service = services.get(host)
    if host and service is None:
        message = "The entrance leads to a Service that the chart does not have."
        remedy = f"Name one of: {', '.join(sorted(services)) or 'none is there yet'}."
        yield Problem("H09", place, host, message, remedy)
    if service is None or port in ("", "0"):
        return
    ports = [text(one, "port") for one in at(service.node, "spec", "ports").items()]
    if port not in ports:
        message = f"The Service {host} does not have this port."
        remedy = f"Name one of: {', '.join(ports) or 'it has none'}."
        yield Problem("H10", place, port, message, remedy)


def _host_paths(seen: Seen) -> Iterator[Problem]:
    for workload in _workloads(seen):
        for volume in at(workload.pod, "volumes").items():
            path = text(volume, "hostPath", "path")
            if path and not path.startswith((HOST, *_OF_THE_HOST)):
                message = "The folder lies outside what the device keeps for the user and the app."
                remedy = "Begin the path with .Values.userspace.appData, appCache or appCommon."
                place = seen.find(workload.file, path)
                yield Problem("H12", place, path[:200], message, remedy)


def _injection(seen: Seen) -> Iterator[Problem]:
    if seen.written("apiVersion") == "v2":
        return  # the subcharts have the workloads
    flat = text(seen.tree("spec"), "requiredGpu") not in ("", "0")
    if not flat and not any(mode in GPU_MODES for _, _, mode in modes(seen)):
        return
    wishes = [(one, text(one.node, "metadata", "annotations", INJECT)) for one in _workloads(seen)]
    if all(wish in ("", "false") for _, wish in wishes):
        message = "The manifest asks for a GPU, but no workload has one injected."
        remedy = f'Annotate the workload: {INJECT}: "CONTAINER".'
        yield Problem("H16", seen.place("spec"), "", message, remedy)
    for workload, wish in wishes:
        names = {text(container, "name") for container in workload.containers()}
        asked = {name.strip() for name in wish.split(",")} if wish else set()
        for name in sorted(asked - names - {"true", "false", ""}):
            message = "The GPU is to be injected into a container that is not there."
            remedy = f"Name one of: {', '.join(sorted(names))}."
            yield Problem("H16", seen.find(workload.file, INJECT), name, message, remedy)


def _gpu_limits(seen: Seen) -> Iterator[Problem]:
    for workload in _workloads(seen):
        for container in workload.containers(init=True):
            for side in ("requests", "limits"):
                yield from _gpu_limit(seen, workload, at(container, "resources", side))


def _gpu_limit(seen: Seen, workload: Object, resources: Node) -> Iterator[Problem]:
    memory = text(resources, "nvidia.com/gpumem")
    if memory and not memory.isdigit():
        message = "This is a bare number of MiB; with a unit it is misread."
        place = seen.find(workload.file, "nvidia.com/gpumem")
        yield Problem("H17", place, memory, message, "Write 24000 for 24000 MiB.")
    if text(resources, "nvidia.com/gpu"):
        message = "This counts whole cards; the device adds it itself where it injects a GPU."
        place = seen.find(workload.file, "nvidia.com/gpu")
        yield Problem("H17", place, "nvidia.com/gpu", message, "Drop it from the chart.")


def _moving_sources(seen: Seen) -> Iterator[Problem]:
    for workload in _workloads(seen):
        for container in workload.containers(init=True):
            words = [*at(container, "command").items(), *at(container, "args").items()]
            found = _MOVING.search("\n".join(plain(word) for word in words))
            if found:
                message = "What is installed at each start is another program every day."
                remedy = "Build an image that has it."
                place = seen.find(workload.file, found.group()[:40])
                yield Problem("H26", place, found.group()[:60], message, remedy)


def _targets(seen: Seen) -> Iterator[Problem]:
    pods = [(_pod_labels(workload), _opened(workload)) for workload in _workloads(seen)]
    for service in _services(seen).values():
        wanted = _labels(at(service.node, "spec", "selector"))
        opened = {name for labels, names in pods if wanted and wanted <= labels for name in names}
        for port in at(service.node, "spec", "ports").items():
            target = text(port, "targetPort") or text(port, "port")
            if opened and target not in opened:
                message = f"No container that {service.name} leads to opens this port."
                remedy = f"Name one of: {', '.join(sorted(opened)[:10])}."
                place = seen.find(service.file, target)
                yield Problem("H27", place, target, message, remedy)


def _pod_labels(workload: Object) -> set[tuple[str, str]]:
    return _labels(at(workload.node, "spec", "template", "metadata", "labels"))


def _opened(workload: Object) -> set[str]:
    """Numbers and names of the ports that a workload's containers open."""
    ports = [port for one in workload.containers() for port in at(one, "ports").items()]
    names = {text(port, key) for port in ports for key in ("name", "containerPort")}
    return names - {""}


def _labels(node: Node) -> set[tuple[str, str]]:
    found = node.value
    return (
        {(key, plain(one)) for key, one in found.items()} if isinstance(found, Mapping) else set()
    )


def _lifted_caps(seen: Seen) -> Iterator[Problem]:
    for workload in _workloads(seen):
        for container in workload.containers():
            for env in at(container, "env").items():
                if text(env, "name").startswith(MEMORY_CAP):
                    message = "This overrides the share of a GPU that the device gave the app."
                    remedy = "Drop it, or set it only where the device set 0."
                    place = seen.find(workload.file, MEMORY_CAP)
                    yield Problem("H29", place, text(env, "value"), message, remedy)


OBJECT_RULES: tuple[Check, ...] = (
    _images,
    _service_links,
    _probes,
    _entrances,
    _host_paths,
    _injection,
    _gpu_limits,
    _moving_sources,
    _targets,
    _lifted_caps,
)

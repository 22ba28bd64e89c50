"""Rules of spec: resources, accelerators and architectures (L21 to L27)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from chartgen.lint.finding import Problem
from chartgen.lint.go.quantity import QuantityError, parse_quantity
from chartgen.lint.manifest.probe import is_modern
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.manifest.resources import ResourceMode, ResourceRequirement
from chartgen.lint.manifest.said import Said, Voice, fields_first, repeated
from chartgen.lint.manifest.types import AppSpec

AUTO = "-1"
"""Stands for a quantity that the device works out of the chart. Flat fields may have it in
templates of apps alone, and never for disk; accelerators may in every app (seen in recorded
runs)."""
ARCHES = ("amd64", "arm64")
ARCH_OF: Mapping[str, str] = {
    "amd-gpu": "amd64",
    "nvidia": "amd64",
    "nvidia-gb10": "arm64",
    "mthreads-m1000": "arm64",
    "strix-halo": "amd64",
}
"""The architecture that a mode needs (Olares market contract 3.3)."""
MODES = ("cpu", "strix-halo", "amd-gpu", "apple-m", "nvidia", "nvidia-gb10", "mthreads-m1000")
GPU_MEMORY_MODES = ("amd-gpu", "nvidia")
"""Modes whose GPU has memory of its own."""
QUANTITY = re.compile(
    r"(?:[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?([0-9]+|i))?(?:[kKMGTP]?i?|[mMGTPE])?"
    r"|[kKMGTP]i|[mMGTPE])"
)
"""What the device takes for a quantity in a manifest (Olares market contract 3.2)."""
REQUIRED_FLAT = ("requiredMemory", "requiredDisk", "requiredCpu", "limitedMemory", "limitedCpu")
_NOT_QUANTITY = "is not a Kubernetes quantity"
_QUANTITY_REMEDY = "Write one such as 1100m or 9Gi."
_EITHER = "Declare spec.accelerator, or all of the flat fields such as spec.requiredMemory."


def api_version(manifest: Manifest) -> str:
    """The API version as most rules compare it: in small letters, and v1 where it is empty."""
    return manifest.config.api_version.strip().lower() or "v1"


def modern(manifest: Manifest) -> bool:
    """Whether the manifest's version is 0.12.0 or later."""
    return is_modern(manifest.config.config_version)


def spec_fields(manifest: Manifest) -> Said:
    """The fields of spec, and the rules across them."""
    said, voice, spec = Said(), Voice(manifest), manifest.config.spec
    optional = _Flat(voice, templated=manifest.config.options.template_only)
    for name in ("requiredGpu", "limitedGpu"):
        said.first_of(optional.quantity("L22", name, flat(spec)[name]))
    _arches(said, voice, spec)
    before: list[Problem] = []
    if modern(manifest) and api_version(manifest) != "v2":
        said.add(_accelerators(voice, manifest))
    elif all(flat(spec)[name] for name in REQUIRED_FLAT):
        for name in REQUIRED_FLAT:
            said.first_of(optional.quantity("L21", name, flat(spec)[name]))
        said.first_of(optional.quantity("L22", "limitedDisk", spec.limited_disk))
    else:
        before += _incomplete(voice, spec)
        said.first_of(optional.quantity("L22", "limitedDisk", spec.limited_disk))
    return fields_first(said, [*_misplaced(voice, manifest), *before, *_across(voice, manifest)])


def flat(spec: AppSpec) -> Mapping[str, str]:
    """The flat quantities by their key."""
    return {
        "requiredCpu": spec.required_cpu,
        "limitedCpu": spec.limited_cpu,
        "requiredMemory": spec.required_memory,
        "limitedMemory": spec.limited_memory,
        "requiredDisk": spec.required_disk,
        "limitedDisk": spec.limited_disk,
        "requiredGpu": spec.required_gpu,
        "limitedGpu": spec.limited_gpu,
    }


class _Flat:
    """Checks flat quantities; `templated` is whether some may be left to the device."""

    def __init__(self, voice: Voice, *, templated: bool) -> None:
        self._voice = voice
        self._templated = templated

    def quantity(self, rule: str, name: str, value: str) -> list[Problem]:
        """That a quantity is none; an empty one passes."""
        auto = self._templated and "Disk" not in name
        if not value or _is_quantity(value, auto=auto):
            return []
        return [self._voice.says(rule, f"spec.{name}", _NOT_QUANTITY, _QUANTITY_REMEDY)]


def _is_quantity(value: str, *, auto: bool) -> bool:
    return (auto and value.strip() == AUTO) or QUANTITY.fullmatch(value) is not None


def _arches(said: Said, voice: Voice, spec: AppSpec) -> None:
    path, arches = "spec.supportArch", spec.support_arch
    absent = [] if arches else voice.missing("L27", path, f"List {' or '.join(ARCHES)}, or both.")
    unknown = [
        voice.says("L27", f"{path}.{place}", "is no architecture", f"Use {' or '.join(ARCHES)}.")
        for place, arch in enumerate(arches)
        if arch not in ARCHES
    ]
    twice = [
        voice.says("L27", f"{path}.{place}", "is listed twice", "Remove it.")
        for place in repeated(arches)
    ]
    said.first_of(absent, unknown, twice)


def _incomplete(voice: Voice, spec: AppSpec) -> list[Problem]:
    """The flat fields that a manifest before 0.12.0, or of v2, lacks."""
    return [
        voice.says("L25", f"spec.{name}", "is missing", f"Write spec.{name}.")
        for name in REQUIRED_FLAT
        if not flat(spec)[name]
    ]


def _misplaced(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    spec = manifest.config.spec
    if api_version(manifest) == "v2" and spec.accelerator:
        wrong = "does not go with apiVersion v2"
        yield voice.says("L25", "spec.accelerator", wrong, "Use the flat fields of spec.")
    if modern(manifest) and spec.supported_gpu:
        wrong = "must be empty from manifest version 0.12.0 on"
        yield voice.says("L25", "spec.supportedGpu", wrong, "Use spec.accelerator.")


def _accelerators(voice: Voice, manifest: Manifest) -> Said:
    """Each accelerator, or else the flat fields that stand for them."""
    said, spec = Said(), manifest.config.spec
    for place, mode in enumerate(spec.accelerator):
        said.shown += _Entry(voice, f"spec.accelerator.{place}", mode).problems()
    if spec.accelerator:
        return said
    checks = _Flat(voice, templated=manifest.config.options.template_only)
    for name, value in flat(spec).items():
        rule = "L22" if name in ("limitedDisk", "requiredGpu", "limitedGpu") else "L21"
        said.shown += checks.quantity(rule, name, value)
    if not any(value for name, value in flat(spec).items() if not name.endswith("Gpu")):
        said.shown.append(voice.says("L25", "spec.accelerator", "is missing", _EITHER))
    return said


class _Entry:
    """Checks one entry of spec.accelerator."""

    def __init__(self, voice: Voice, path: str, entry: ResourceMode) -> None:
        self._voice = voice
        self._path = path
        self._mode = entry.mode
        self._values = quantities(entry.requirement)
        self._gpu = entry.mode in GPU_MEMORY_MODES

    def problems(self) -> list[Problem]:
        """What is wrong with it; with a wrong mode nothing more is looked at."""
        path = f"{self._path}.mode"
        if not self._mode:
            return self._voice.missing("L25", path, f"Write one of {', '.join(MODES)}.")
        unknown = self._voice.outside("L25", path, self._mode, MODES)
        checks = (self._quantities, self._complete, self._no_gpu_memory, self._ordered)
        return unknown or [problem for check in checks for problem in check()]

    def _quantities(self) -> Iterator[Problem]:
        for name, value in self._values.items():
            if value and not _is_quantity(value, auto=True):
                yield self._says(name, _NOT_QUANTITY, _QUANTITY_REMEDY)

    def _complete(self) -> Iterator[Problem]:
        for name, value in self._values.items():
            if not value and (self._gpu or "GPU" not in name):
                yield self._says(name, "is missing", f"Write {self._path}.{name}.")

    def _no_gpu_memory(self) -> Iterator[Problem]:
        for name, value in self._values.items():
            if value and "GPU" in name and not self._gpu:
                wrong = f"must be empty for {self._mode}, whose GPU shares the memory"
                yield self._says(name, wrong, "Remove it.")

    def _ordered(self) -> Iterator[Problem]:
        for limited in (name for name in self._values if name.startswith("limited")):
            required = limited.replace("limited", "required")
            if _less(self._values[limited], self._values[required]):
                wrong = f"is less than {required}, which is {self._values[required]}"
                yield self._says(limited, wrong, f"Raise {limited}, or lower {required}.")

    def _says(self, name: str, wrong: str, remedy: str) -> Problem:
        return self._voice.says("L25", f"{self._path}.{name}", wrong, remedy)


def quantities(requirement: ResourceRequirement) -> Mapping[str, str]:
    """The quantities of an accelerator entry by their key."""
    return {
        "requiredCpu": requirement.required_cpu,
        "limitedCpu": requirement.limited_cpu,
        "requiredMemory": requirement.required_memory,
        "limitedMemory": requirement.limited_memory,
        "requiredDisk": requirement.required_disk,
        "limitedDisk": requirement.limited_disk,
        "requiredGPUMemory": requirement.required_gpu,
        "limitedGPUMemory": requirement.limited_gpu,
    }


def _less(one: str, other: str) -> bool:
    """Whether one quantity is less than another; what cannot be compared is not."""
    if AUTO in (one.strip(), other.strip()):
        return False
    try:
        return parse_quantity(one) < parse_quantity(other)
    except QuantityError:
        return False


def _across(voice: Voice, manifest: Manifest) -> Iterator[Problem]:
    """Flat fields beside accelerators, and modes without their architecture."""
    spec = manifest.config.spec
    if spec.accelerator:
        for name, value in flat(spec).items():
            if value:
                wrong = "must be empty beside spec.accelerator"
                yield voice.says("L24", f"spec.{name}", wrong, "Keep one of the two.")
    if not modern(manifest) or api_version(manifest) == "v2":
        return
    for place, entry in enumerate(spec.accelerator):
        needed = ARCH_OF.get(entry.mode)
        if needed and needed not in spec.support_arch:
            wrong = f"needs {needed} in spec.supportArch"
            path = f"spec.accelerator.{place}.mode"
            yield voice.says("L25", path, wrong, f"Add {needed} to spec.supportArch.")

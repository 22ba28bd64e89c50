"""What a manifest declares of cpu and memory, for one accelerator mode or for all."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.lint.manifest.read import Manifest
from chartgen.lint.rendered.limits import Declared, Envelope


def flat_envelope(manifest: Manifest) -> Envelope:
    """The flat fields of spec, for manifests before 0.12.0."""
    spec = manifest.config.spec
    cpu = _declared(manifest, "spec", "cpu", spec.required_cpu, spec.limited_cpu)
    memory = _declared(manifest, "spec", "memory", spec.required_memory, spec.limited_memory)
    return Envelope("", cpu, memory)


def mode_envelopes(manifest: Manifest) -> Iterator[Envelope]:
    """Each entry of spec.accelerator, for manifests from 0.12.0 on."""
    for number, entry in enumerate(manifest.config.spec.accelerator):
        path, it = f"spec.accelerator.{number}", entry.requirement
        cpu = _declared(manifest, path, "cpu", it.required_cpu, it.limited_cpu)
        memory = _declared(manifest, path, "memory", it.required_memory, it.limited_memory)
        yield Envelope(entry.mode, cpu, memory)


def _declared(
    manifest: Manifest, path: str, resource: str, required: str, limited: str
) -> Declared:
    name = resource.capitalize()
    return Declared(
        resource,
        required,
        limited,
        manifest.place(f"{path}.required{name}"),
        manifest.place(f"{path}.limited{name}"),
    )

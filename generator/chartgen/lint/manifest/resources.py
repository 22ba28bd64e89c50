"""spec.accelerator[]: what an app needs and may use on one kind of accelerator."""

from __future__ import annotations

from dataclasses import dataclass, field

from chartgen.lint.go.decode import EMBEDDED, spelled


@dataclass(frozen=True, slots=True)
class ResourceRequirement:
    """What an accelerator entry embeds: eight quantities, in which numbers do not become text."""

    required_cpu: str = ""
    limited_cpu: str = ""
    required_memory: str = ""
    limited_memory: str = ""
    required_disk: str = ""
    limited_disk: str = ""
    required_gpu: str = field(default="", metadata=spelled("requiredGPUMemory"))
    limited_gpu: str = field(default="", metadata=spelled("limitedGPUMemory"))


@dataclass(frozen=True, slots=True)
class ResourceMode:
    """spec.accelerator[]."""

    mode: str = ""
    support_multi_card: bool = False
    support_multi_nodes: bool = False
    requirement: ResourceRequirement = field(default=ResourceRequirement(), metadata=EMBEDDED)

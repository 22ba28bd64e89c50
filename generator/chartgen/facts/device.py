"""What is known of a device."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chartgen.facts.base import Fact, Measure, Sentence


class Device(Fact):
    """A GPU in its host, as an app meets it.

    `cuda_total` is the memory that CUDA reports, not what nvidia-smi prints; a
    fraction like vLLM's is taken of it. A profile of a card alone, without the host
    that it stands in, has no `cores` and no `host_memory`.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: Sentence
    gpu: Sentence
    mode: Literal["nvidia"]
    arch: Literal["amd64", "arm64"]
    compute_capability: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    cuda_total: Measure
    smi_total: Measure
    cores: Annotated[int, Field(ge=1)] | None = None
    host_memory: Measure | None = None

"""What vLLM's API server takes for settings that nobody gives, by version and card."""

from __future__ import annotations

from dataclasses import dataclass

from chartgen.engines.vllm.settings import Version
from chartgen.facts import Device
from chartgen.quantities import GIB

UTILIZATION = 0.9
"""`gpu_memory_utilization` by default up to vLLM 0.19 (logs of 0.6 to 0.19, and 0.19.0's
own `config/cache.py`)."""

NEW_UTILIZATION = 0.92
"""The same from `NEW_UTILIZATION_FROM` on (`config/cache.py` of 0.20.0 to 0.33.0)."""

NEW_UTILIZATION_FROM = (0, 20, 0)
"""vllm-project/vllm#38284 of April 2026, the change that holds memory for CUDA graphs back
by default; 0.20.0's `envs.py` has it on, 0.19.0's off."""

LARGE = 70 * GIB
"""Cards from this size on, but for the A100, take larger batches (vLLM 0.33.0,
`EngineArgs.get_batch_defaults`)."""

HUGE = 160 * GIB
"""And larger ones still from here on, since `HUGE_FROM`."""

HUGE_FROM = (0, 28, 0)
"""Present in 0.28.0, absent in 0.27.1."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """A server's own values; tokens and sequences of one step."""

    gpu_memory_utilization: float
    max_num_seqs: int
    max_num_batched_tokens: int


def defaults(version: Version | None, device: Device | None) -> Defaults:
    """The defaults of an API server; an unknown version counts as the newest, an unknown
    card as one of the small ones."""
    old = version is not None and version < NEW_UTILIZATION_FROM
    sequences, batch = _batch(device, huge=version is None or version >= HUGE_FROM)
    return Defaults(UTILIZATION if old else NEW_UTILIZATION, sequences, batch)


def _batch(device: Device | None, *, huge: bool) -> tuple[int, int]:
    """Sequences and batched tokens; logs of 0.19 to 0.27 on small cards agree with the
    source of 0.19.0 to 0.33.0."""
    total = device.cuda_total.value if device else 0
    if huge and total >= HUGE:
        return 1024, 16384
    if device and total >= LARGE and not _exempt(device):
        return 1024, 8192
    return 256, 2048


def _exempt(device: Device) -> bool:
    """An A100 and a GB10 have the memory of a large card but keep the small batches."""
    return "a100" in device.gpu.lower() or device.compute_capability == "12.1"

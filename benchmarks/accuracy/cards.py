"""The memory of a card, as CUDA reports it to a server."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from benchmarks.accuracy.loose import Record
from chartgen.facts import Device, load_facts
from chartgen.quantities import GIB, MIB, Bytes, Estimate

ROOT = Path(__file__).parents[2]
"""The repository, with the profiles of devices."""

CUDA_SHARE = (0.978, 0.983, 1.0)
"""CUDA's total over nvidia-smi's: 0.980 to 0.990 on the cards of vram formulas 4.1, and 1
where a log gives CUDA's own number. Under WSL both print the same (31.84 GiB, RTX 5090)."""

CHIP = re.compile(r"[A-Z]*[0-9]{2,4}[A-Za-z]*")
"""The name of a card's class: 5090M, 4090, L40S, A100."""


OTHERS = re.compile(r"\bMI[0-9]{3}|AMD|Radeon|ROCm|Apple|Hexagon|Vulkan|Intel", re.IGNORECASE)
"""Cards that are not NVIDIA's: no profile is of them."""


def cuda_total(record: Record) -> Estimate | None:
    """CUDA's total: as stated, of the card's profile, or from what nvidia-smi prints."""
    for key, unit in (("total_gib", GIB), ("cuda_total_gib", GIB), ("cuda_total_mib", MIB)):
        stated = record.number(key)
        if stated and stated > 0:
            return Estimate.exact(round(stated * unit))
    printed = record.number("gpu_total_mib")
    if not printed or printed < 0:
        return None
    device = device_of(record)
    if device is not None:
        return device.cuda_total.estimate
    if _windows(record.text("gpu") or ""):
        return Estimate.exact(round(printed * MIB))
    low, value, high = (Bytes(round(printed * MIB * part)) for part in CUDA_SHARE)
    return Estimate(value, low, high)


def device_of(record: Record) -> Device | None:
    """The profile of the record's card, where name and size both say so."""
    printed, name = record.number("gpu_total_mib") or 0.0, record.text("gpu") or ""
    if OTHERS.search(name):
        return None
    chips = set(CHIP.findall(name))
    return next(
        (
            device
            for device in _devices()
            if abs(device.smi_total.value / MIB - printed) <= 1
            and chips & set(CHIP.findall(device.gpu))
            and _windows(name) == _windows(device.gpu)
        ),
        None,
    )


def _windows(name: str) -> bool:
    return "wsl" in name.lower()


@cache
def _devices() -> tuple[Device, ...]:
    """All profiles, without the models and runs beside them."""
    return tuple(load_facts(ROOT, naming={"devices/only"}).devices.values())

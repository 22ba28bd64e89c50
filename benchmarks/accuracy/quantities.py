"""What a log reports: which quantity a key means, in which unit, how finely it is printed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.accuracy.loose import Record, parse_number
from benchmarks.accuracy.points import Outcome, Unit
from chartgen.quantities import MIB

SUFFIXES: Mapping[str, float] = {
    "mib": MIB,
    "gib": 1 << 30,
    "kib": 1 << 10,
    "mb": 10**6,
    "gb": 10**9,
    "bytes": 1,
}

NAMES: Mapping[str, tuple[str, ...]] = {
    "kv": ("kv_buffer", "kv", "kv_cache", "kv_size", "kv_self", "kv_total", "kv_cache_total"),
    "kv_full": ("kv_full", "kv_global", "kv_non_swa", "kv_buffer_full"),
    "kv_swa": ("kv_swa", "kv_sliding", "kv_local", "kv_buffer_swa"),
    "recurrent": ("rs_buffer", "rs", "recurrent", "recurrent_state", "rs_size", "state"),
    "compute": ("compute_buffer", "compute", "comp", "compute_buffer_reported"),
    "host_compute": ("host_compute", "cpu_compute", "host_comp", "host_compute_buffer"),
    "weights": ("model_buffer", "model_load", "weights", "model", "model_weights"),
    "host_weights": ("cpu_model", "host_model", "host_weights", "cpu_mapped_model"),
    "context": ("context", "ctx"),
    "total_self": ("total_self", "self"),
    "total": ("total_used", "total", "used", "process"),
    "vision_weights": ("mmproj_model", "mmproj"),
    "vision_compute": ("mmproj_compute",),
    "mtp_context": ("mtp_context_total", "mtp_context"),
    "cuda_context": ("cuda_ctx", "cuda_context"),
    "available_kv": ("available_kv", "kv_available", "available_kv_cache"),
    "needed_kv": ("kv_needed", "needed_kv", "needed"),
    "activation": ("peak_activation", "activation"),
    "non_torch": ("non_torch", "nontorch", "non_torch_memory"),
    "cuda_graphs": ("cudagraph_est", "cudagraph", "cuda_graphs", "graph_capture"),
    "kv_tokens": ("kv_tokens", "gpu_kv_cache_tokens", "kv_cache_tokens"),
    "concurrency": ("max_concurrency", "concurrency"),
    "estimated_length": ("est_max_len", "estimated_max_len", "estimated_length"),
    "blocks": ("num_blocks", "gpu_blocks", "blocks", "num_gpu_blocks"),
    "block_size": ("block_size", "attention_block_size"),
}
"""Quantities by the keys that collections use for them, without the unit behind."""

QUANTITIES = {key: name for name, keys in NAMES.items() for key in keys}

UNITS: Mapping[str, Unit] = {
    "kv_tokens": "tokens",
    "estimated_length": "tokens",
    "block_size": "tokens",
    "blocks": "blocks",
    "concurrency": "requests",
}
"""Units of what is not a size."""

ABOUT = {
    "oom", "stage", "file", "ckpt", "peer_estimate", "vram_mb_declared", "failed_alloc",
    "forced_ctx", "note", "quote", "refused", "refusal", "served", "ok", "failed", "error",
    "exit_code", "consumed", "vram_declared", "checkpoint",
}  # fmt: skip
"""Keys that say how a run went, what its files have, or what somebody declared."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One number that a record reports, in its unit; `words` is the text it stood in."""

    quantity: str
    unit: Unit
    truth: float
    rounding: float
    words: str


def stated(record: Record) -> tuple[list[Stated], list[str]]:
    """The numbers of `reported`, and why others are not among them."""
    reported = record.section("reported")
    found: list[Stated] = []
    passed: list[str] = []
    for key in reported:
        item = _one(key, reported.fields.get(key))
        if isinstance(item, Stated):
            found.append(item)
        elif item:
            passed.append(item)
    return found, passed


def outcome_of(record: Record) -> Outcome | None:
    """How the run went, where the record says it."""
    for section in (record.section("reported"), record):
        failed = section.flag("oom")
        if failed is not None:
            return "failed" if failed else "served"
        served = section.flag("served")
        if served is not None:
            return "served" if served else "failed"
        if section.text("refusal") or section.flag("refused"):
            return "failed"
    return None


def _one(key: str, value: object) -> Stated | str | None:
    name, unit = _split(key)
    if name in ABOUT or value is None:
        return None
    quantity = QUANTITIES.get(name)
    number = parse_number(value)
    if quantity is None:
        return f"{key}: no quantity of this name"
    if number is None or isinstance(value, bool):
        return f"{key}: not a number: {str(value)[:60]}"
    kind = UNITS.get(quantity, "bytes")
    scale = SUFFIXES.get(unit, 0) if kind == "bytes" else 1
    if scale and re.search(r"[kmg]i?b", str(value).lower()):
        scale = 1
    if not scale:
        return f"{key}: a size without a unit"
    rounding = scale * _last_digit(value) / 2
    return Stated(quantity, kind, number * scale, rounding, f"{value} {unit}".strip())


def _split(key: str) -> tuple[str, str]:
    """A key without its unit, and the unit: available_kv_gib."""
    name, _, unit = key.strip().lower().rpartition("_")
    return (name, unit) if name and unit in SUFFIXES else (key.strip().lower(), "")


def _last_digit(value: object) -> float:
    """The step of the last printed digit: 0.01 for 5.18, 1 for 833."""
    text = re.search(r"[0-9]+(?:\.([0-9]+))?", str(value).replace(",", ""))
    decimals = len(text[1]) if text and text[1] else 0
    return 0.01 if str(value).endswith(".0") else float(10**-decimals)

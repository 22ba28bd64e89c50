"""Reads llama.cpp's start-up logs: the builds of 2023 to 2026, on any kind of device."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from chartgen.engines.llamacpp.buffers import Buffers, read_buffers
from chartgen.engines.llamacpp.logged import settings
from chartgen.engines.logs import (
    Log,
    card_setting,
    day_of,
    newest_start,
    outcome_of,
    reading,
    revision_of,
)
from chartgen.facts import Device, Quantity, Reading
from chartgen.spec import App, LlamaCpp

__all__ = ["read"]

MARKS = (
    re.compile(r"\bbuild(?::| =) [0-9]|llama_server: initializing"),
    re.compile(r"\bload_model: loading model '"),
)
SERVED = re.compile(
    r"server is listening on http|: listening on http|starting the main loop"
    r"|all slots are idle|: model loaded\b"
)
DEVICE = r"(?:CUDA|ROCm|Vulkan|Metal|MTL|SYCL|CANN|MUSA|OpenCL|RPC)[0-9]{0,3}"
FAILED = re.compile(
    r"(?:cudaMalloc|hipMalloc) failed: out of memory|(?:CUDA|ROCm|HIP) error: out of memory"
    rf"|failed to allocate {DEVICE}\S{{0,40}} buffer of size|unable to allocate {DEVICE}"
    r"|ErrorOutOfDeviceMemory|ErrorOutOfMemory|failed to allocate compute (?:pp |tg )?buffers"
    r"|failed to allocate buffer for (?:kv|rs) cache|failed to allocate buffer for DSV4"
)
BUILD = re.compile(
    r"\b(?:build(?:_info)?(?::| =)|version:) b?(?P<build>[0-9]{1,6})"
    r"[ -]\(?(?P<commit>[0-9a-f]{7,12})"
    r"|\(build (?P<number>[0-9]{1,6}), commit (?P<hash>[0-9a-f]{7,12})\)"
    r'|"build":(?P<json>[0-9]{1,6}),"commit":"(?P<sha>[0-9a-f]{7,12})"'
)
UNNUMBERED = ("0", "1")
"""What a build says that was made without its history."""

QUIET = "this build prints its buffers only at `-lv 4`"
RAN_OUT = re.compile(r"common_params_print_info: verbosity = [0-3]\b")


def read(app: App, device: Device, lines: Sequence[str], today: date) -> Log:
    """What a llama.cpp log says, compared with the app that it should be of."""
    if not isinstance(app.engine, LlamaCpp):
        raise TypeError(f"{app.name} does not run on llama.cpp")
    start = newest_start(lines, MARKS)
    buffers = read_buffers(start)
    found = _readings(buffers)
    outcome, said = outcome_of(start, SERVED, FAILED)
    total = next((one for one in found if one.quantity == "card_total"), None)
    path = buffers.model_path
    return Log(
        version=_version(start, app.engine),
        outcome=outcome,
        said=said,
        day=day_of(start, today),
        settings=(*settings(app, app.engine, device, buffers), *card_setting(device, total)),
        readings=found,
        missing=_missing(app, found),
        revision=revision_of(path) if path else None,
        notes=tuple(_notes(start, buffers)),
    )


def _version(lines: Sequence[str], engine: LlamaCpp) -> str | None:
    """The build as the spec writes it (`b9101`), or the commit where the spec names that."""
    found = (BUILD.search(line) for line in lines if "uild" in line or "version:" in line)
    match = next((one for one in found if one), None)
    if match is None:
        return None
    build = match["build"] or match["number"] or match["json"]
    commit = match["commit"] or match["hash"] or match["sha"]
    spec = engine.image.engine_version
    if isinstance(spec, str) and commit and commit[:7] in spec:
        return spec
    if isinstance(spec, str) and re.fullmatch(rf"b?{build}", spec):
        return spec
    return commit if build in UNNUMBERED else f"b{build}"


def _readings(buffers: Buffers) -> tuple[Reading, ...]:
    groups = buffers.by_quantity()
    known = {quantity for quantity, parts in groups if parts}
    found = [reading(quantity, parts) for quantity, parts in groups if parts]
    for quantity, parts in buffers.table():
        covered = quantity == "context" and known & {"kv_cache", "recurrent"}
        if parts and quantity not in known and not covered:
            found.append(reading(quantity, parts))
    return tuple(sorted(found, key=lambda one: one.quantity))


def _missing(app: App, found: Sequence[Reading]) -> tuple[str, ...]:
    known = {one.quantity for one in found}
    return tuple(quantity for quantity in _expected(app) if quantity not in known)


def _expected(app: App) -> Iterator[Quantity]:
    yield from ("weights", "host_weights", "kv_cache", "compute", "host_compute", "card_total")
    if app.model("mmproj"):
        yield from ("vision_weights", "vision_compute")
    engine = app.engine
    if isinstance(engine, LlamaCpp) and engine.speculation and engine.speculation.drafts:
        yield from ("draft_kv", "draft_compute")


def _notes(lines: Sequence[str], buffers: Buffers) -> Iterator[str]:
    if not buffers.contexts and any(RAN_OUT.search(line) for line in lines):
        yield QUIET
    if len(buffers.contexts) > 2:
        count = len(buffers.contexts) - 1
        yield f"{count} further contexts were created; a server of 2025 gives one of them back"

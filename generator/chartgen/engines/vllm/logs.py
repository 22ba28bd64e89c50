"""Reads vLLM's start-up logs, from the engine of 2023 to the present one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from chartgen.engines.logs import (
    Log,
    Printed,
    Setting,
    card_setting,
    day_of,
    newest_start,
    outcome_of,
    printed,
    quoted,
    reading,
    revision_of,
    same_file,
)
from chartgen.engines.vllm.logged import Told, settings
from chartgen.facts import Device, Quantity, Reading
from chartgen.spec import App

__all__ = ["read"]

SIZE = r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,9})?) ?(?P<unit>[GM]i?B|bytes)\b"
COUNT = r"(?P<number>[0-9][0-9,]{0,19})"

BLOCK = 16
"""Tokens of a block unless `--block-size` says otherwise (vLLM up to 0.9, CUDA)."""

NULL_BLOCK = (0, 29)
"""From this version on a refusal names the available memory less one block (vram
formulas 10.1)."""

MARKS = (
    re.compile(r"█\s{1,4}version [0-9]"),
    re.compile(r"API server version"),
    re.compile(r"non-default args:"),
    re.compile(r"Initializing an? .{0,8}LLM"),
)
SERVED = re.compile(
    r"Application startup complete|Uvicorn running on|init engine \(profile, create kv cache"
    r"|Starting vLLM API server (?:[0-9]{1,3} )?on|Avg prompt throughput"
)
FAILED = re.compile(
    r"OutOfMemoryError|(?:CUDA|HIP) out of memory|CUDA error: out of memory"
    r"|No available memory for the cache blocks|To serve at least one request"
    r"|larger than the maximum number of tokens that can be stored in KV cache"
    r"|is less than desired GPU memory utilization|exceeds available Mamba cache blocks"
)
BLOCKS = re.compile(r"\b(?:GPU|cuda) blocks: (?P<number>[0-9]{1,9})\b")
VERSION = re.compile(
    r"(?:LLM engine \(v|API server version |\bversion )([0-9]{1,4}\.[0-9]{1,4}[\w.+]{0,40})"
)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words in which one quantity is stated; `literal` decides cheaply where to look."""

    quantity: Quantity
    literal: str
    pattern: re.Pattern[str]


def _phrase(quantity: Quantity, literal: str, pattern: str) -> _Phrase:
    return _Phrase(quantity, literal, re.compile(pattern))


PHRASES = (
    _phrase("weights", "odel loading took", rf"odel loading took {SIZE}"),
    _phrase("weights", "model weights took", rf"model weights took {SIZE}"),
    _phrase("weights", "model weights take", rf"model weights take\s{{1,20}}{SIZE}"),
    _phrase("weights", "for weight", rf"{SIZE} for weights?\b"),
    _phrase("consumed", "for consumed memory", rf"{SIZE} for consumed memory"),
    _phrase("activation", "peak memory", rf"activation peak memory(?: takes)?\s{{1,20}}{SIZE}"),
    _phrase("activation", "for peak activation", rf"{SIZE} for peak activation"),
    _phrase("non_torch", "non_torch_memory", rf"non_torch_memory(?: takes|=)?\s{{0,20}}{SIZE}"),
    _phrase("non_torch", "for non-torch", rf"{SIZE} for non-torch memory"),
    _phrase("available_kv", "Available KV cache", rf"Available KV cache memory: {SIZE}"),
    _phrase("available_kv", "for KV Cache is", rf"reserved for KV Cache is {SIZE}"),
    _phrase("available_kv", "kv_cache_size=", rf"kv_cache_size={SIZE}"),
    _phrase("available_kv", "available_kv_c", rf"available_kv_cache_memory\s{{1,20}}{SIZE}"),
    _phrase("available_kv", "kv cache memory in use", rf"cache memory in use is {SIZE}"),
    _phrase("available_kv", "than the available KV", rf"available KV cache memory \({SIZE}\)"),
    _phrase("needed_kv", "KV cache is needed", rf"{SIZE} KV cache is needed"),
    _phrase(
        "cuda_graphs",
        "Graph capturing finished",
        rf"Graph capturing finished in [0-9]{{1,9}} secs?, took {SIZE}",
    ),
    _phrase("cuda_graphs", "graph pool memory", rf"CUDA graph pool memory: {SIZE} \(actual\)"),
    _phrase("cuda_graphs", "for CUDAGraph", rf"{SIZE} for CUDAGraph memory"),
    _phrase("cuda_graphs_estimate", "Estimated CUDA", rf"Estimated CUDA graph memory: {SIZE}"),
    _phrase("card_total", "on startup", rf"\([0-9.]{{1,12}}/{SIZE}\) on startup"),
    _phrase("card_total", "total_gpu_memory", rf"total_gpu_memory(?:=| \(|\s{{1,20}}){SIZE}"),
    _phrase("card_total", "total capacity of", rf"has a total capacity of {SIZE}"),
    _phrase("kv_tokens", "KV cache size", rf"GPU KV cache size: {COUNT} tokens"),
    _phrase(
        "concurrency",
        "Maximum concurrency",
        r"Maximum concurrency for [0-9,]{1,20} tokens per request: "
        r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,4})?)x",
    ),
    _phrase("block_size", "attention block size", rf"attention block size to {COUNT} tokens"),
    _phrase("max_model_len", "maximum model length", rf"maximum model length is {COUNT}"),
)
"""Best first: of several words for one quantity the first that occurs counts."""

EXPECTED: tuple[Quantity, ...] = (
    "weights",
    "activation",
    "non_torch",
    "available_kv",
    "kv_tokens",
    "concurrency",
    "card_total",
)


def read(app: App, device: Device, lines: Sequence[str], today: date) -> Log:
    """What a vLLM log says, compared with the app that it should be of."""
    start = newest_start(lines, MARKS)
    version = _version(start)
    told = Told.of(start)
    found = _readings(start, version, told)
    outcome, said = outcome_of(start, SERVED, FAILED)
    total = next((one for one in found if one.quantity == "card_total"), None)
    compared = (*_model(app, told), *settings(app, told), *card_setting(device, total))
    return Log(
        version=version,
        outcome=outcome,
        said=said,
        day=day_of(start, today),
        settings=compared,
        readings=found,
        missing=_missing(found, eager=told.value("enforce_eager") == "True"),
        revision=revision_of(told.model or ""),
    )


def _version(lines: Sequence[str]) -> str | None:
    found = (VERSION.search(line) for line in lines if "version" in line or "engine (v" in line)
    return next((match[1].rstrip(".") for match in found if match), None)


def _model(app: App, told: Told) -> Iterator[Setting]:
    weights = app.model("weights")
    if weights is None:
        return
    same = told.model is None or same_file(told.model, weights.repo)
    yield Setting("models.weights", weights.repo, told.model, same)


def _readings(lines: Sequence[str], version: str | None, told: Told) -> tuple[Reading, ...]:
    found: dict[Quantity, tuple[int, Printed]] = {}
    for line in lines:
        for rank, phrase, match in _matches(line):
            if _less_a_block(phrase, version):
                continue
            if phrase.quantity not in found or rank <= found[phrase.quantity][0]:
                found[phrase.quantity] = (rank, printed(match))
    if "kv_tokens" not in found and (blocks := _blocks(lines, told)):
        found["kv_tokens"] = (0, blocks)
    return tuple(reading(quantity, [number]) for quantity, (_, number) in sorted(found.items()))


def _matches(line: str) -> Iterator[tuple[int, _Phrase, re.Match[str]]]:
    for rank, phrase in enumerate(PHRASES):
        if phrase.literal in line and (match := phrase.pattern.search(line)):
            yield rank, phrase, match


def _less_a_block(phrase: _Phrase, version: str | None) -> bool:
    """Whether a refusal's words may name less than what is available."""
    if phrase.literal != "than the available KV":
        return False
    numbers = re.match(r"([0-9]{1,4})\.([0-9]{1,4})", version or "")
    return numbers is None or (int(numbers[1]), int(numbers[2])) >= NULL_BLOCK


def _blocks(lines: Sequence[str], told: Told) -> Printed | None:
    """The tokens of so many blocks, as the engine counted before it printed tokens."""
    size = told.value("block_size")
    each = int(size) if size and size.isdecimal() and len(size) < 6 else BLOCK
    for line in reversed(lines):
        if match := BLOCKS.search(line):
            return Printed(int(match["number"]) * each, 0.0, quoted(match))
    return None


def _missing(found: Sequence[Reading], *, eager: bool) -> tuple[str, ...]:
    wanted = EXPECTED if eager else (*EXPECTED, "cuda_graphs")
    known = {one.quantity for one in found}
    return tuple(quantity for quantity in wanted if quantity not in known)

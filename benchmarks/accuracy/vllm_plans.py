"""vLLM's own planning code: every number that it answered, asked of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from benchmarks.accuracy.answer import Answer, Unanswerable, model_of
from benchmarks.accuracy.collection import Row
from benchmarks.accuracy.loose import Record
from benchmarks.accuracy.models import Model, Models
from benchmarks.accuracy.peers import Cache, peer_sizes
from benchmarks.accuracy.points import Judged, Point, Unit, Verdict, exactly
from benchmarks.accuracy.points import Outcome as Ended
from benchmarks.accuracy.targets import PLANNER
from benchmarks.accuracy.vllm_settings import cache_dtype
from chartgen.engines.vllm.pages import KvLayout, kv_layout
from chartgen.engines.vllm.planner import Outcome, outcome
from chartgen.engines.vllm.settings import GdnPrefill, Settings, version_of
from chartgen.quantities import Bytes

UNITS: Mapping[str, Unit] = {
    "n_groups": "count",
    "attn_block_size": "tokens",
    "mamba_block_size": "tokens",
    "mamba_page_bytes": "bytes",
    "bytes_per_block": "bytes",
    "blocks_per_request": "blocks",
    "needed_bytes": "bytes",
    "checked_bytes": "bytes",
    "fits": "equal",
    "num_blocks": "blocks",
    "max_concurrency": "requests",
    "printed_kv_tokens": "tokens",
    "est_max_len": "tokens",
    "est_max_len_native": "tokens",
    "mamba_max_num_seqs": "requests",
}
"""Columns that hold a number, with its unit; an empty one is a number that is not given."""

ROUNDING = 5.001e-7
"""Half of the last digit of a concurrency."""

KERNELS: Mapping[str, GdnPrefill] = {"triton": "triton", "flashinfer": "flashinfer"}

MOST_TOKENS = 1 << 31
"""No context or batch is longer."""


def answer(row: Row, models: Models) -> Answer:
    """Every number and text that a row states."""
    record, model = row.record, model_of(row, models)
    settings = _settings(record)
    layout = kv_layout(model.facts, settings)
    available = record.positive("available_bytes")
    found = None if available is None else outcome(layout, settings, Bytes(available))
    result = Answer()
    ended = _ended(record)
    verdict = None if found is None else _verdict(found)
    if ended and found is not None and verdict:
        why = found.startup_error or found.refusal
        result.judged.append(Judged(row.collection, row.id, PLANNER, verdict, ended, why))
    numbers, words = (
        _numbers(layout, found, model.configured_context),
        _words(layout, found),
    )
    for column in record:
        point = _number(row, model, column, numbers) or _word(row, model, column, words)
        if point is not None:
            told = replace(point, verdict=verdict, outcome=ended)
            result.points.append(_with_peers(told, model, settings))
    return result


def _ended(record: Record) -> Ended | None:
    fits = record.flag("fits")
    if fits is None:
        return None
    return "served" if fits and not record.text("startup_error") else "failed"


def _verdict(found: Outcome) -> Verdict:
    return "fits" if found.fits and not found.startup_error else "does-not-fit"


def _numbers(layout: KvLayout, found: Outcome | None, native: int) -> dict[str, float | None]:
    numbers: dict[str, float | None] = {
        "n_groups": len(layout.groups),
        "attn_block_size": layout.attn_block_size,
        "mamba_block_size": layout.mamba_block_size,
        "mamba_page_bytes": layout.mamba_page_bytes,
        "bytes_per_block": layout.bytes_per_block,
        "blocks_per_request": layout.blocks_per_request,
        "needed_bytes": layout.needed_bytes,
    }
    if found is not None:
        numbers |= {
            "checked_bytes": found.checked_bytes,
            "fits": float(found.fits),
            "num_blocks": found.num_blocks,
            "max_concurrency": found.max_concurrency,
            "printed_kv_tokens": found.printed_kv_tokens,
            "est_max_len": found.est_max_len,
            "est_max_len_native": found.longest(native or layout.max_model_len),
            "mamba_max_num_seqs": found.mamba_max_num_seqs,
        }
    return numbers


def _words(layout: KvLayout, found: Outcome | None) -> dict[str, str]:
    """Texts as the rows have them: one entry a group, one for all pages of one size."""
    groups = layout.groups
    pages = list(dict.fromkeys(str(group.page_bytes) for group in groups))
    words = {
        "mamba_cache_mode": layout.mamba_cache_mode or "",
        "group_types": "|".join(group.type for group in groups),
        "group_layers": "|".join(str(group.layers) for group in groups),
        "group_block_sizes": "|".join(str(group.block_size) for group in groups),
        "group_page_bytes": "|".join(pages),
        "group_blocks_per_request": "|".join(str(group.blocks_per_request) for group in groups),
    }
    if found is not None:
        words |= {"refusal": found.refusal, "startup_error": found.startup_error}
    return words


def _number(
    row: Row, model: Model, column: str, numbers: Mapping[str, float | None]
) -> Point | None:
    truth, unit = row.record.number(column), UNITS.get(column)
    if truth is None or unit is None or column not in numbers:
        return None
    ours = numbers[column]
    value = -1.0 if ours is None else ours
    rounding = ROUNDING if column == "max_concurrency" else 0.0
    return _point(row, model, column, unit, truth, value, rounding)


def _word(row: Row, model: Model, column: str, words: Mapping[str, str]) -> Point | None:
    if column not in words:
        return None
    value = row.record.fields.get(column)
    same = ("" if value is None else str(value).strip()) == words[column]
    return _point(row, model, column, "equal", 1.0, float(same), 0.0)


def _point(
    row: Row, model: Model, column: str, unit: Unit, truth: float, value: float, rounding: float
) -> Point:
    return Point(
        row.collection, row.id, PLANNER, model.name, column, unit, truth, exactly(value), rounding
    )


def _with_peers(point: Point, model: Model, settings: Settings) -> Point:
    """Other tools size the cache of one request; nothing else of what stands here."""
    if point.quantity != "needed_bytes":
        return point
    dtype = "bf16" if settings.kv_cache_dtype in ("auto", "bfloat16") else settings.kv_cache_dtype
    held = Cache(settings.max_model_len, dtype, dtype)
    return replace(point, peers=peer_sizes(model, held, gguf=False))


def _settings(record: Record) -> Settings:
    """The settings of a row; raises Unanswerable without a context or a version."""
    context, version = record.positive("max_model_len"), version_of(record.text("vllm_version"))
    if context is None or context > MOST_TOKENS:
        raise Unanswerable("no max_model_len is given")
    if version is None:
        raise Unanswerable(f"vllm_version {record.text('vllm_version')}")
    drafted = record.whole("num_speculative_tokens") or 0
    return Settings(
        max_model_len=context,
        max_num_batched_tokens=min(record.positive("max_num_batched_tokens") or 2048, MOST_TOKENS),
        max_num_seqs=record.positive("max_num_seqs") or 1,
        kv_cache_dtype=cache_dtype(record.text("kv_dtype")),
        version=version,
        prefix_caching=record.flag("prefix_caching"),
        in_flight=record.positive("in_flight"),
        gdn_prefill=KERNELS.get((record.text("gdn_prefill") or "").lower()),
        speculation="mtp" if drafted > 0 else None,
        num_speculative_tokens=max(0, drafted),
    )

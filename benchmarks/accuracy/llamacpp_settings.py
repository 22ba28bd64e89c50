"""The settings of a llama.cpp server, as a row of a collection tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

from benchmarks.accuracy.answer import Unanswerable
from benchmarks.accuracy.loose import Record
from chartgen.engines.llamacpp.settings import DEFAULT_UBATCH, PAD, Drafting, Era, Settings, era_of
from chartgen.spec.llamacpp import DEFAULT_SLOTS, CacheType, Fork

TYPES: dict[str, CacheType] = {name: name for name in get_args(CacheType)}
FORKS: dict[str, Fork] = {
    "turboquant": "turboquant",
    "atomic": "atomic",
    "buun": "buun",
    "beellama": "beellama",
}
"""Forks by a word in the engine's version."""

DRAFTS = re.compile(r"n\s*=\s*(?P<count>[0-9]{1,2})\b")
MOST = 1 << 31
"""No context, batch or number of slots is larger."""


@dataclass(frozen=True, slots=True)
class _Slots:
    count: int
    unified: bool


def settings_of_log(record: Record) -> tuple[Settings, ...]:
    """Every reading of a log that its words allow, the likeliest first.

    Raises Unanswerable where the context or a cache type is not known.
    """
    type_k, type_v, fork = _types(record)
    count = _bounded(record, "rs_seq") or _drafted(record)
    base = Settings(
        n_ctx=_context(record),
        n_ubatch=_bounded(record, "ubatch") or _bounded(record, "ub") or DEFAULT_UBATCH,
        n_batch=_bounded(record, "batch") or MOST,
        type_k=type_k,
        type_v=type_v,
        fork=fork,
        era=_era(record, fork),
        flash_attn=_flash(record),
        swa_full="--swa-full" in (record.text("flags") or ""),
        n_rs_seq=_bounded(record, "rs_seq") or 0,
        drafting=Drafting(mtp=True, n_max=count) if count and _speculates(record) else None,
    )
    return tuple(
        replace(base, n_parallel=slots.count, kv_unified=slots.unified) for slots in _slots(record)
    )


def settings_of_sizes(record: Record) -> Settings:
    """The settings of a row of simulated sizes."""
    kind = (record.text("ct") or "f16").lower()
    if kind not in TYPES:
        raise Unanswerable(f"cache type {kind}")
    era = (record.text("ver") or "").lower()
    return Settings(
        n_ctx=_context(record),
        n_parallel=_bounded(record, "np") or 1,
        kv_unified=record.flag("kvu") or False,
        n_ubatch=_bounded(record, "ub") or DEFAULT_UBATCH,
        n_batch=MOST,
        type_k=TYPES[kind],
        type_v=TYPES[kind],
        era="old" if era == "old" else "new" if era == "new" else None,
    )


def with_contexts(record: Record, native: int) -> list[Record]:
    """The record, or where it gives no context two: with the least, and with the most."""
    if _bounded(record, "ctx"):
        return [record]
    return [Record({**record.fields, "ctx": tokens}) for tokens in (PAD, native or PAD)]


def _context(record: Record) -> int:
    found = _bounded(record, "ctx")
    if found is None:
        raise Unanswerable("no context is given")
    return found


def _bounded(record: Record, key: str) -> int | None:
    value = record.positive(key)
    return value if value is not None and value < MOST else None


def _slots(record: Record) -> Iterator[_Slots]:
    """A server that is not told has four unified slots, a program of one user one."""
    count, unified = _bounded(record, "n_parallel"), record.flag("kv_unified")
    if count is None:
        yield _Slots(DEFAULT_SLOTS, unified=True)
        yield _Slots(1, unified=False)
    elif unified is None and count > 1:
        yield _Slots(count, unified=False)
        yield _Slots(count, unified=True)
    else:
        yield _Slots(count, unified=bool(unified))


def _types(record: Record) -> tuple[CacheType, CacheType, Fork | None]:
    """`q8_0/turbo3` are two types; `turbo3@32` names a fork's size of a block."""
    text = (record.text("kv_dtype") or "f16").lower().replace(" ", "").replace("?", "")
    plain, _, block = text.partition("@")
    keys, _, values = plain.partition("/")
    for name in (keys, values or keys):
        if name not in TYPES:
            raise Unanswerable(f"cache type {name}")
    fork: Fork | None = "turboquant" if block == "128" else None
    return TYPES[keys], TYPES[values or keys], fork if block else _fork(record)


def _fork(record: Record) -> Fork | None:
    version = (record.text("engine_version") or "").lower()
    return next((fork for word, fork in FORKS.items() if word in version), None)


def _era(record: Record, fork: Fork | None) -> Era | None:
    said = (record.text("engine_era") or "").lower()
    if said in ("old", "new"):
        return "old" if said == "old" else "new"
    build = re.match(r"b[0-9]{3,6}\b", record.text("engine_version") or "")
    return era_of(build[0], fork) if build else None


def _flash(record: Record) -> bool:
    said = record.flag("fa")
    if said is not None:
        return said
    return not re.search(r"-fa\s+(off|0)|--no-flash-attn", record.text("flags") or "")


def _speculates(record: Record) -> bool:
    flags = (record.text("flags") or "").lower()
    return "--spec" in flags and "mtp" in flags


def _drafted(record: Record) -> int:
    found = DRAFTS.search(record.text("flags") or "") if _speculates(record) else None
    return int(found["count"]) if found else 0

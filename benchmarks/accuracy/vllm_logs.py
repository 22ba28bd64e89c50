"""vLLM: the planner on start-up logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.accuracy.answer import Answer, Unanswerable, model_of
from benchmarks.accuracy.collection import Row
from benchmarks.accuracy.llamacpp import circular
from benchmarks.accuracy.loose import Record
from benchmarks.accuracy.models import Model, Models
from benchmarks.accuracy.peers import Cache, peer_sizes
from benchmarks.accuracy.points import (
    APPROXIMATE,
    IN_SAMPLE,
    Judged,
    Point,
    Span,
    Verdict,
    exactly,
    span,
)
from benchmarks.accuracy.quantities import Stated, outcome_of, stated
from benchmarks.accuracy.vllm_budget import Budget, budget_of, is_fitted, plain_bf16, without_source
from benchmarks.accuracy.vllm_cache import Held, cache_of
from benchmarks.accuracy.vllm_settings import settings_of_log
from chartgen.engines.vllm.overhead import CONTEXT
from chartgen.engines.vllm.settings import Settings
from chartgen.quantities import GIB

ENGINE = "vllm"

GIVEN = ("kv_tokens", "concurrency", "blocks", "estimated_length")
"""Quantities that follow from the available memory, which the same log prints."""

NO_CONTEXT = ("needed_kv", "concurrency", "estimated_length")
"""Quantities that mean nothing without a context."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """Every quantity that one reading of a log gives, and what the verdict needs."""

    spans: Mapping[str, Span]
    budget: Budget
    held: Held


def answer(row: Row, models: Models) -> Answer:
    """One log: every number that it reports, and the verdict where it says how it went."""
    record, model = row.record, model_of(row, models)
    numbers, passed = stated(record)
    outcome = outcome_of(record)
    if not numbers and outcome is None:
        raise Unanswerable("; ".join(["reports no number that a planner could give", *passed]))
    result = Answer(skipped=[row.skipped(why) for why in passed])
    readings = settings_of_log(record, model)
    available = next((item for item in numbers if item.quantity == "available_kv"), None)
    plans = [_planned(model, settings, row, available) for settings in readings]
    verdict, why = _verdict(plans)
    if outcome and verdict:
        result.judged.append(Judged(row.collection, row.id, ENGINE, verdict, outcome, why))
    elif outcome:
        result.skipped.append(row.skipped(f"verdict: {why}"))
    for item in (*numbers, *_in_sample(row, available)):
        found = _point(row, model, item, plans, readings[0])
        if isinstance(found, Point):
            result.points.append(replace(found, verdict=verdict, outcome=outcome))
        else:
            result.skipped.append(row.skipped(f"{item.quantity}: {found}"))
    return result


def _in_sample(row: Row, available: Stated | None) -> list[Stated]:
    """The same number once more, for the constants that were fitted with it."""
    seen = available is not None and is_fitted(row.id)
    return [replace(available, quantity=IN_SAMPLE)] if available and seen else []


def _planned(model: Model, settings: Settings, row: Row, available: Stated | None) -> _Planned:
    record = row.record
    budget = budget_of(model, settings, record)
    held = cache_of(model.facts, settings)
    spans = {"needed_kv": exactly(held.needed), "block_size": exactly(held.block_size)}
    spans |= {"activation": span(budget.activation), "cuda_graphs": span(budget.graphs)}
    spans["non_torch"] = span(CONTEXT)
    if budget.weights is not None:
        spans["weights"] = span(budget.weights)
    if budget.available is not None:
        spans["available_kv"] = spans[IN_SAMPLE] = span(budget.available)
    unseen = without_source(row.id, model, settings, record)
    left = None if unseen is None else budget.left_by(unseen)
    if left is not None:
        spans["available_kv"] = span(left)
    if available is not None:
        spans |= held.given(available.truth, available.rounding)
    return _Planned(spans, budget, held)


def _point(
    row: Row, model: Model, item: Stated, plans: Sequence[_Planned], settings: Settings
) -> Point | str:
    """The point of a number, or why there is none."""
    found = [plan.spans[item.quantity] for plan in plans if item.quantity in plan.spans]
    gap = _gap(row.record, item, bool(found))
    if gap:
        return gap
    dtype = "bf16" if settings.kv_cache_dtype == "auto" else settings.kv_cache_dtype
    whole = Cache(settings.max_model_len, dtype.replace("bfloat16", "bf16"), dtype)
    is_kv = item.quantity == "needed_kv"
    return Point(
        collection=row.collection,
        id=row.id,
        engine=ENGINE,
        model=model.name,
        quantity=item.quantity,
        unit=item.unit,
        truth=item.truth,
        planned=Span(found[0].value, min(s.low for s in found), max(s.high for s in found)),
        rounding=item.rounding,
        independent=item.quantity not in set(circular(row.record.words("circular_components"))),
        left_out=item.quantity == "available_kv",
        detail=_detail(row.record, model, item.quantity),
        peers=peer_sizes(model, replace(whole, type_v=whole.type_k), gguf=False) if is_kv else {},
    )


def _gap(record: Record, item: Stated, planned: bool) -> str | None:
    if item.quantity in NO_CONTEXT and not record.positive("ctx"):
        return "no context is given"
    if planned:
        return None
    if item.quantity in GIVEN:
        return "no available memory is given"
    if item.quantity == "weights":
        return "neither parameters nor the size of a file are given"
    if item.quantity == "available_kv":
        return "neither the card's total nor the weights are given"
    return "the planner gives no such number"


def _detail(record: Record, model: Model, quantity: str) -> str:
    if record.flag("approx"):
        return APPROXIMATE
    if quantity != "weights":
        return ""
    if not plain_bf16(record):
        return "quantised"
    return "bf16 with towers" if "vision" in model.entry else "bf16"


def _verdict(plans: Sequence[_Planned]) -> tuple[Verdict | None, str]:
    """Over all readings: what is left for the cache against what one request needs."""
    sizes = [(plan.budget.available, plan.held.at_least) for plan in plans]
    left = [(available, needed) for available, needed in sizes if available is not None]
    if not left:
        return None, "the size of the card or of the weights is not given"
    low, high = min(each.low for each, _ in left), max(each.high for each, _ in left)
    least, most = min(needed for _, needed in left), max(needed for _, needed in left)
    words = (
        f"{low / GIB:.2f} to {high / GIB:.2f} GiB left for the cache, one request needs "
        f"{least / GIB:.2f}" + (f" to {most / GIB:.2f}" if most > least else "")
    )
    if all(available.high < needed for available, needed in left):
        return "does-not-fit", words
    fits = all(available.low >= needed for available, needed in left)
    return ("fits" if fits else "unproven"), words

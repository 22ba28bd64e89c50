"""llama.cpp: the planner on logs and on simulated sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from benchmarks.accuracy.answer import Answer, Unanswerable, model_of
from benchmarks.accuracy.collection import Row
from benchmarks.accuracy.llamacpp_settings import settings_of_log, settings_of_sizes, with_contexts
from benchmarks.accuracy.llamacpp_sums import Planned, plan_of, verdict_of
from benchmarks.accuracy.loose import Record
from benchmarks.accuracy.models import Model, Models
from benchmarks.accuracy.peers import Cache, peer_sizes
from benchmarks.accuracy.points import APPROXIMATE, Judged, Point
from benchmarks.accuracy.quantities import QUANTITIES, Stated, outcome_of, stated
from chartgen.engines.llamacpp.settings import Settings
from chartgen.quantities import MIB

ENGINE = "llama.cpp"

SIZES: Mapping[str, str] = {
    "model_mib": "weights",
    "ctx_mib": "context",
    "comp_mib": "compute",
    "host_model": "host_weights",
    "host_comp": "host_compute",
}
"""Columns of simulated sizes, in MiB."""

FREE = {"weights", "host_weights", "recurrent", "cuda_context", "vision_weights", "vision_compute"}
"""Quantities that no context changes."""


def answer_log(row: Row, models: Models) -> Answer:
    """One log: every number that it reports, and the verdict where it says how it went."""
    record, model = row.record, model_of(row, models)
    numbers, passed = stated(record)
    outcome = outcome_of(record)
    answer = Answer(skipped=[row.skipped(why) for why in passed])
    if not numbers and outcome is None:
        raise Unanswerable("; ".join(["reports no number that a planner could give", *passed]))
    records = with_contexts(record, model.facts.context_length.value)
    plans = [
        plan_of(model, settings, each) for each in records for settings in settings_of_log(each)
    ]
    verdict, why = verdict_of(plans, record)
    if outcome and verdict:
        answer.judged.append(Judged(row.collection, row.id, ENGINE, verdict, outcome, why))
    elif outcome:
        answer.skipped.append(row.skipped(f"verdict: {why}"))
    whole = _cache(settings_of_log(records[0])[0])
    for item in numbers:
        gap = _unknown(record, item.quantity, len(records) > 1)
        if gap:
            answer.skipped.append(row.skipped(f"{item.quantity}: {gap}"))
        else:
            _add(answer, row, model, item, plans, whole)
    answer.points[:] = [replace(point, verdict=verdict, outcome=outcome) for point in answer.points]
    return answer


def _unknown(record: Record, quantity: str, any_context: bool) -> str | None:
    """Why a number of this row says nothing, although it could be planned."""
    if any_context and quantity not in FREE:
        return "no context is given"
    if record.flag("skip_kv") and quantity in ("kv", "kv_full", "kv_swa", "context"):
        return "the record says that its context is not known"
    return None


def answer_sizes(row: Row, models: Models) -> Answer:
    """One row of sizes that llama.cpp's own code reserved without a GPU."""
    record, model = row.record, model_of(row, models)
    settings = settings_of_sizes(record)
    answer, plan = Answer(), plan_of(model, settings, record)
    for column, quantity in SIZES.items():
        size = record.number(column)
        if size is not None:
            item = Stated(quantity, "bytes", size * MIB, 0.005 * MIB, str(size))
            _add(answer, row, model, item, [plan], _cache(settings))
    return answer


def _add(
    answer: Answer,
    row: Row,
    model: Model,
    item: Stated,
    plans: list[Planned],
    whole: Cache,
) -> None:
    found = plans[0].joined(item.quantity, plans)
    if found is None:
        why = plans[0].missing.get(item.quantity, "the planner gives no such number")
        answer.skipped.append(row.skipped(f"{item.quantity}: {why}"))
        return
    is_kv = item.quantity == "kv" or (item.quantity == "context" and not model.facts.recurrent)
    is_kv = is_kv and not row.record.text("part")
    answer.points.append(
        Point(
            collection=row.collection,
            id=row.id,
            engine=ENGINE,
            model=model.name,
            quantity=item.quantity,
            unit=item.unit,
            truth=item.truth,
            planned=found,
            rounding=item.rounding,
            independent=item.quantity not in _circular(row),
            detail=APPROXIMATE if row.record.flag("approx") else "",
            peers=peer_sizes(model, whole, gguf=True) if is_kv else {},
        )
    )


def _cache(settings: Settings) -> Cache:
    return Cache(settings.n_ctx, settings.type_k, settings.type_v)


def _circular(row: Row) -> set[str]:
    """Quantities that a setting or a dimension was deduced from."""
    return set(circular(row.record.words("circular_components")))


def circular(words: Iterable[str]) -> Iterable[str]:
    """The quantities behind the words of `circular_components`."""
    for word in words:
        plain = word.strip().lower()
        yield "context" if "+" in plain else QUANTITIES.get(plain, plain)

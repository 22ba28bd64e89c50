"""The whole report: collections in, three files out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy import llamacpp, vllm_logs, vllm_plans
from benchmarks.accuracy.answer import Answer, Unanswerable
from benchmarks.accuracy.collection import Collection, Kind, Row, Skipped, read_collections
from benchmarks.accuracy.contradictions import Contradiction, contradictions
from benchmarks.accuracy.models import Models, read_models
from benchmarks.accuracy.plot import svg
from benchmarks.accuracy.points import Point
from benchmarks.accuracy.table import markdown
from benchmarks.accuracy.targets import Checked, check

Answerer = Callable[[Row, Models], Answer]
JsonRow = dict[str, str | float | bool | dict[str, float] | None]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found."""

    answer: Answer
    contradictions: Sequence[Contradiction]
    checked: Sequence[Checked]

    def text(self) -> str:
        """The report as Markdown."""
        found = self.answer
        return markdown(
            found.points, found.judged, found.skipped, self.contradictions, self.checked
        )


def make_report(data: Sequence[Path], models: Sequence[Path]) -> Report:
    """Runs the planner on every row of these files."""
    known = read_models(models)
    answer = Answer(skipped=[Skipped("models", name, why) for name, why in known.unusable.items()])
    logs: list[Row] = []
    for collection in read_collections(data):
        answer.add(_answered(collection, known))
        logs += collection.rows if collection.kind == "logs" else ()
    return Report(answer, contradictions(logs), check(answer.points, answer.judged))


def write_report(report: Report, out: Path) -> None:
    """`accuracy.json`, `accuracy.md` and `accuracy.svg` in the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "accuracy.json").write_text(_json(report.answer), "utf-8")
    (out / "accuracy.md").write_text(report.text(), "utf-8")
    (out / "accuracy.svg").write_text(svg(report.answer.points), "utf-8")


def _answered(collection: Collection, models: Models) -> Answer:
    found = Answer(skipped=list(collection.skipped))
    if collection.kind is not None:
        ask = ANSWERERS[collection.kind]
        for row in collection.rows:
            found.add(_one(row, models, ask))
    return found


def _one(row: Row, models: Models, ask: Answerer) -> Answer:
    """One row; whatever is wrong with it is said, and never ends the report."""
    try:
        return ask(row, models)
    except Unanswerable as reason:
        return Answer(skipped=[row.skipped(str(reason))])
    except Exception as error:  # noqa: BLE001 - one hostile row must not hide the others
        why = f"the planner refuses these settings: {type(error).__name__}: {error}"
        return Answer(skipped=[row.skipped(why[:300])])


def _logs(row: Row, models: Models) -> Answer:
    engine = (row.record.text("engine") or "").lower().replace(".", "").replace("-", "")
    if engine.startswith("vllm"):
        return vllm_logs.answer(row, models)
    if engine.startswith(("llama", "ggml")):
        return llamacpp.answer_log(row, models)
    raise Unanswerable(f"engine {engine or 'not given'}: its memory is not planned here")


ANSWERERS: Mapping[Kind, Answerer] = {
    "logs": _logs,
    "llamacpp-sizes": llamacpp.answer_sizes,
    "vllm-plans": vllm_plans.answer,
}


def _json(answer: Answer) -> str:
    """Rows one a line: there are many of them."""
    verdicts = {(item.collection, item.id): item for item in answer.judged}
    rows = [_row(point) for point in answer.points]
    skipped = [
        {"collection": item.collection, "id": item.id, "why": item.why} for item in answer.skipped
    ]
    runs = [
        {
            "collection": item.collection,
            "id": item.id,
            "verdict": item.verdict,
            "outcome": item.outcome,
            "why": item.why,
        }
        for item in verdicts.values()
    ]
    parts: dict[str, Sequence[object]] = {"rows": rows, "skipped": skipped, "runs": runs}
    lines = [f'"{name}": [\n{_listed(items)}\n]' for name, items in parts.items()]
    return "{" + ",\n".join(lines) + "}\n"


def _listed(items: Sequence[object]) -> str:
    return ",\n".join(json.dumps(item, allow_nan=False) for item in items)


def _row(point: Point) -> JsonRow:
    return {
        "collection": point.collection,
        "id": point.id,
        "engine": point.engine,
        "model": point.model,
        "quantity": point.quantity,
        "unit": point.unit,
        "truth": point.truth,
        "value": point.planned.value,
        "low": point.planned.low,
        "high": point.planned.high,
        "verdict": point.verdict,
        "outcome": point.outcome,
        "independent": point.independent,
        "source_left_out": point.left_out,
        "peers": dict(point.peers),
    }

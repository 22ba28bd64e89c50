"""A plan for programs: the same facts as its text, under stable names."""

from __future__ import annotations

from collections.abc import Sequence

from chartgen.engines import Term
from chartgen.facts import Run
from chartgen.quantities import Estimate
from chartgen.vram.plan import Plan


def plan_facts(plan: Plan) -> dict[str, object]:
    """Verdict, sum, limit, runs and levers, ready for JSON; sizes are bytes."""
    return {
        "measured": plan.measured,
        "predicted": plan.predicted.value,
        "device": plan.device.name,
        "limit_bytes": plan.limit.size,
        "limit": {"formula": plan.limit.formula, "source": plan.limit.source},
        "need_bytes": _sizes("value", plan.need),
        "requests_at_once": _requests(plan),
        "terms": _terms(plan.terms),
        "not_in_the_sum": list(plan.caveats),
        "refusals": list(plan.refusals),
        "prints": list(plan.prints),
        "runs": [_run(run) for run in plan.runs],
        "neighbours": [
            {**_run(one.run), "needs": one.needs, "differs": list(one.differs)}
            for one in plan.neighbours
        ],
        "levers": _levers(plan),
        "host": _host(plan),
        "disk": {
            "files_bytes": _sizes("value", plan.disk.files),
            "request_bytes": plan.disk.request,
            "limit_bytes": plan.disk.limit,
        },
    }


def _sizes(name: str, size: Estimate) -> dict[str, object]:
    return {name: size.value, "low": size.low, "high": size.high}


def _requests(plan: Plan) -> dict[str, object]:
    found = plan.requests
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "tokens_each": found.tokens_each,
        "demanded": plan.least_requests,
    }


def _host(plan: Plan) -> dict[str, object]:
    host = plan.host
    return {
        "terms": _terms(host.terms),
        "need_bytes": _sizes("value", host.need),
        "total_bytes": _sizes("value", host.total) if host.total else None,
        "request": host.request,
        "limit": host.limit,
    }


def _terms(terms: Sequence[Term]) -> list[dict[str, object]]:
    return [
        {
            "name": term.name,
            **_sizes("bytes", term.estimate),
            "formula": term.formula,
            "source": term.source,
        }
        for term in terms
    ]


def _run(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "outcome": run.outcome,
        "said": run.said,
        "source": run.source,
        "uncertain": run.uncertain,
    }


def _levers(plan: Plan) -> list[dict[str, object]]:
    return [
        {
            "field": lever.field,
            "from": lever.before,
            "to": lever.after,
            "frees_bytes": lever.frees,
            "verdict": lever.verdict.value,
        }
        for lever in plan.levers
    ]

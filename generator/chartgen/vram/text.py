"""A plan as people read it: an aligned sum, the limit, the verdict, the lever."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.quantities import GIB, Estimate
from chartgen.vram.plan import Plan, Verdict

WORDS = {
    Verdict.FITS: "FITS",
    Verdict.DOES_NOT_FIT: "DOES NOT FIT",
    Verdict.UNPROVEN: "UNPROVEN",
}


def plan_text(plan: Plan) -> str:
    """The whole sum as lines of text."""
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    width = max(len(term.name) for term in plan.terms)
    yield f"{plan.app} on {plan.device.title} ({plan.device.gpu})"
    for term in plan.terms:
        yield f"  {term.name:<{width}}  {_amount(term.estimate)}  {term.formula}"
    yield f"  {'need':<{width}}  {_amount(plan.need)}".rstrip()
    yield f"  {'limit':<{width}}  {plan.limit.size / GIB:8.2f} GiB  {'':15}  {plan.limit.formula}"
    yield f"  {WORDS[plan.verdict]}: {_reason(plan)}"
    yield f"  {_requests(plan)}"
    yield from (f"  not in the sum: {caveat}" for caveat in plan.caveats)
    for run in plan.runs:
        yield f"  recorded run, {run.outcome}: {run.said} ({run.source})"
        if run.uncertain:
            yield f"    uncertain: {run.uncertain}"
    if plan.levers:
        yield f"  biggest lever: {lever_text(plan)}"


def sources_text(plan: Plan) -> str:
    """Where each number comes from, a line for each term."""
    lines = [f"  {term.name}: {term.source}" for term in plan.terms]
    return "\n".join(["sources", *lines, f"  limit: {plan.limit.source}"])


def lever_text(plan: Plan) -> str:
    """The lever that frees most, in words."""
    lever = plan.levers[0]
    text = f"{lever.field} {lever.before} -> {lever.after} frees {lever.frees / GIB:.2f} GiB"
    enough = plan.verdict != Verdict.FITS and lever.verdict == Verdict.FITS and not plan.failed
    return f"{text}, and then it fits" if enough else text


def _amount(size: Estimate) -> str:
    interval = f"[{size.low / GIB:.2f}, {size.high / GIB:.2f}]"
    return f"{size.value / GIB:8.2f} GiB  {interval if size.low != size.high else '':15}"


def _reason(plan: Plan) -> str:
    if plan.failed:
        return "a recorded run of this deployment failed for memory"
    if plan.measured:
        return (
            f"measured, a recorded run of this deployment served; by formula alone {plan.predicted}"
        )
    return {
        Verdict.FITS: "even the high end of the interval is under the limit",
        Verdict.DOES_NOT_FIT: "even the low end of the interval is over the limit",
        Verdict.UNPROVEN: "the limit lies inside the interval; only a recorded run can tell"
        if not plan.caveats
        else "something takes memory that is not in the sum",
    }[plan.verdict]


def _requests(plan: Plan) -> str:
    found = plan.requests
    exact = found.low == found.high
    interval = "" if exact else f" (between {found.low:.1f} and {found.high:.1f})"
    return f"full requests at once: {found.value:.1f}{interval}, of {found.tokens_each} tokens each"

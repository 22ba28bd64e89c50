"""A plan as people read it: an aligned sum, the limit, the verdict, the lever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chartgen.engines import Term
from chartgen.quantities import GIB, MIB, Estimate, quantity
from chartgen.vram.evidence import Neighbour
from chartgen.vram.plan import Plan
from chartgen.vram.verdict import Verdict

WORTH_NAMING = 10 * MIB
"""What a lever must free to be named to people, in bytes."""

WORDS = {
    Verdict.FITS: "FITS",
    Verdict.DOES_NOT_FIT: "DOES NOT FIT",
    Verdict.UNPROVEN: "UNPROVEN",
}


def plan_text(plan: Plan, title: str = "") -> str:
    """The whole sum as lines of text; `title` stands for the app's name."""
    return "\n".join(_lines(plan, title or plan.app))


def _lines(plan: Plan, title: str) -> Iterator[str]:
    width = max(len(term.name) for term in plan.terms)
    yield f"{title} on {plan.device.title} ({plan.device.gpu})"
    yield from _terms(plan.terms, width)
    yield f"  {'need':<{width}}  {_amount(plan.need)}".rstrip()
    yield f"  {'limit':<{width}}  {plan.limit.size / GIB:8.2f} GiB  {'':15}  {plan.limit.formula}"
    yield f"  {WORDS[plan.verdict]}: {_reason(plan)}"
    yield f"  {_requests(plan)}"
    yield from (f"  the engine does not start: {refusal}" for refusal in plan.refusals)
    yield from (f"  not in the sum: {caveat}" for caveat in plan.caveats)
    for run in plan.runs:
        yield f"  recorded run, {run.outcome}: {run.said} ({run.source})"
        if run.uncertain:
            yield f"    uncertain: {run.uncertain}"
    yield from (f"  {_neighbour(one)}" for one in plan.neighbours)
    if plan.levers and plan.levers[0].frees >= WORTH_NAMING:
        yield f"  biggest lever: {lever_text(plan)}"


def host_text(plan: Plan) -> str:
    """RAM and disk of the host, and what the engine will print of its memory."""
    return "\n".join(_host_lines(plan))


def _host_lines(plan: Plan) -> Iterator[str]:
    host, disk = plan.host, plan.disk
    width = max(len(term.name) for term in (*host.terms, *plan.terms))
    yield "host RAM"
    yield from _terms(host.terms, width)
    yield f"  {'need':<{width}}  {_amount(host.need)}".rstrip()
    if host.total:
        yield f"  {'RAM of the host':<{width}}  {_amount(host.total)}".rstrip()
    yield f"  the chart asks for {host.request}, and for {host.limit} at most"
    yield "disk"
    yield f"  {'model files':<{width}}  {_amount(disk.files)}".rstrip()
    asked = f"{quantity(disk.request)}, and for {quantity(disk.limit)} at most"
    yield f"  the chart asks for {asked}"
    if plan.prints:
        yield "the engine will print"
        yield from (f"  {line}" for line in plan.prints)


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


def proof_word(plan: Plan) -> str:
    """What a verdict rests on, in a few words."""
    if plan.measured:
        return "measured"
    return "by formula" if plan.verdict is plan.predicted else "by another's run"


def _terms(terms: Sequence[Term], width: int) -> Iterator[str]:
    for term in terms:
        yield f"  {term.name:<{width}}  {_amount(term.estimate)}  {term.formula}"


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
    if plan.verdict is not plan.predicted:
        done = "served" if plan.verdict is Verdict.FITS else "failed for memory"
        needs = "no less" if plan.verdict is Verdict.FITS else "no more"
        return (
            f"a recorded run of a deployment that needs {needs} {done}; "
            f"by formula alone {plan.predicted}"
        )
    return {
        Verdict.FITS: "even the high end of the interval is under the limit",
        Verdict.DOES_NOT_FIT: _refused(plan),
        Verdict.UNPROVEN: _doubt(plan),
    }[plan.verdict]


def _refused(plan: Plan) -> str:
    if plan.need.low > plan.limit.size:
        return "even the low end of the interval is over the limit"
    if plan.refusals:
        return "the engine refuses these settings"
    if plan.host.too_small:
        return "the host has too little RAM"
    return f"fewer than {plan.least_requests:g} requests at full context run at once"


def _doubt(plan: Plan) -> str:
    if plan.need.high > plan.limit.size:
        return "the limit lies inside the interval; only a recorded run can tell"
    if plan.caveats:
        return "something takes memory that is not in the sum"
    return "the host's RAM may be too little"


def _neighbour(one: Neighbour) -> str:
    run = one.run
    return (
        f"recorded run that needs {one.needs}, {run.outcome}: {run.id} "
        f"({'; '.join(one.differs)}): {run.said} ({run.source})"
    )


def _requests(plan: Plan) -> str:
    found = plan.requests
    exact = found.low == found.high
    interval = "" if exact else f" (between {found.low:.1f} and {found.high:.1f})"
    return f"full requests at once: {found.value:.1f}{interval}, of {found.tokens_each} tokens each"

"""From an app and the facts to a verdict with its proof.

*fits* means: the engine starts, serves one request at full context, and never
runs out later. The interval of the sum decides: wholly under the limit fits,
wholly over it does not, anything else is unproven. A recorded run of the same
deployment replaces the prediction: one that served proves, one that failed refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chartgen.engines import Limit, Memory, Requests, Term, engine_of
from chartgen.errors import Fault
from chartgen.facts import Device, Facts, Run
from chartgen.quantities import ZERO, Bytes, Estimate
from chartgen.spec import App


class Verdict(StrEnum):
    """What is known about an app on its device."""

    FITS = "fits"
    DOES_NOT_FIT = "does-not-fit"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Lever:
    """One field to change, what that frees, and the verdict by formula after it."""

    field: str
    before: str
    after: str
    frees: Bytes
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Plan:
    """The sum of one app with its verdict.

    `predicted` is the verdict by formula alone; `runs` are the recorded runs of the
    same deployment. `levers` are sorted, the one that frees most first.
    """

    app: str
    device: Device
    terms: tuple[Term, ...]
    need: Estimate
    limit: Limit
    requests: Requests
    least_requests: float
    predicted: Verdict
    verdict: Verdict
    runs: tuple[Run, ...]
    caveats: tuple[str, ...]
    levers: tuple[Lever, ...]

    @property
    def failed(self) -> bool:
        """Whether a recorded run of this deployment failed."""
        return any(run.outcome == "failed" for run in self.runs)

    @property
    def measured(self) -> bool:
        """Whether a recorded run, not the formula, gives the verdict."""
        return self.failed or (bool(self.runs) and self.least_requests == 1)

    @property
    def free(self) -> int:
        """Bytes under the limit that the sum leaves; negative when it is over."""
        return self.limit.size - self.need.value


def plan_faults(app: App, facts: Facts) -> list[Fault]:
    """What keeps an app from being planned."""
    return engine_of(app).faults(app, facts)


def plan(app: App, facts: Facts) -> Plan:
    """The plan of an app without faults, on its own device."""
    device = facts.devices[app.device]
    memory = engine_of(app).memory(app, facts, device)
    need = _need(memory)
    predicted = _predict(memory, app.least_requests)
    runs = _runs(app, facts)
    return Plan(
        app=app.name,
        device=device,
        terms=memory.terms,
        need=need,
        limit=memory.limit,
        requests=_requests(memory, runs),
        least_requests=app.least_requests,
        predicted=predicted,
        verdict=_decide(predicted, runs, app.least_requests),
        runs=runs,
        caveats=memory.caveats,
        levers=_levers(app, facts, need),
    )


def _need(memory: Memory) -> Estimate:
    return sum((term.estimate for term in memory.terms), ZERO)


def _predict(memory: Memory, least_requests: float) -> Verdict:
    need = _need(memory)
    if need.low > memory.limit.size or least_requests > memory.requests.high:
        return Verdict.DOES_NOT_FIT
    proven = need.high <= memory.limit.size and not memory.caveats
    return Verdict.FITS if proven else Verdict.UNPROVEN


def _runs(app: App, facts: Facts) -> tuple[Run, ...]:
    deployment = engine_of(app).deployment(app)
    return tuple(run for run in facts.runs if deployment and run.deployment == deployment)


def _decide(predicted: Verdict, runs: tuple[Run, ...], least_requests: float) -> Verdict:
    """A run that failed refuses; one that served proves a start and one full request,
    so a demand for more stands on the formula."""
    if any(run.outcome == "failed" for run in runs):
        return Verdict.DOES_NOT_FIT
    return Verdict.FITS if runs and least_requests == 1 else predicted


def _requests(memory: Memory, runs: tuple[Run, ...]) -> Requests:
    """A server that ran held at least one request."""
    if not runs or any(run.outcome == "failed" for run in runs):
        return memory.requests
    found = memory.requests
    return replace(found, low=max(1.0, found.low), value=max(1.0, found.value))


def _levers(app: App, facts: Facts, need: Estimate) -> tuple[Lever, ...]:
    device = facts.devices[app.device]
    found = []
    for variant in engine_of(app).variants(app):
        memory = engine_of(app).memory(variant.app, facts, device)
        frees = Bytes(need.value - _need(memory).value)
        verdict = _predict(memory, app.least_requests)
        found.append(Lever(variant.field, variant.before, variant.after, frees, verdict))
    useful = (lever for lever in found if lever.frees > 0)
    return tuple(sorted(useful, key=lambda lever: -lever.frees))


def claim_faults(app: App, facts: Facts) -> list[Fault]:
    """A spec may name the records it rests on: each must exist and be of its deployment."""
    known = {run.id: run for run in facts.runs}
    deployment = engine_of(app).deployment(app)
    faults = []
    for index, claim in enumerate(app.evidence):
        path = f"{app.name}.evidence.{index}"
        if claim not in known:
            remedy = "Name a record of charts_src/evidence/."
            faults.append(Fault(path, "there is no such record", remedy, claim))
        elif deployment is None:
            remedy = "Give the image's engine_version, or claim no record."
            faults.append(Fault(path, "the engine's version is unknown", remedy, claim))
        elif differs := known[claim].deployment.differences(deployment):
            remedy = f"The record is of {'; '.join(differs)}. Measure anew, or claim another."
            faults.append(Fault(path, "this record is of another deployment", remedy, claim))
    return faults

"""From an app and the facts to a verdict with its proof.

*fits* means: the engine starts, serves one request at full context, and never
runs out later. Formulas predict (`chartgen.vram.verdict`), recorded runs replace the
prediction where they speak for the app (`chartgen.vram.evidence`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chartgen.engines import Limit, Requests, Term, engine_of
from chartgen.errors import Fault
from chartgen.facts import Device, Facts, Run
from chartgen.quantities import Bytes, Estimate
from chartgen.spec import App
from chartgen.vram.evidence import Neighbour, Proof, proof
from chartgen.vram.host import Disk, Host, disk_of, host_of, memory_faults, total
from chartgen.vram.verdict import Verdict, predict


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
    same deployment, `neighbours` those of others that decide by the laws. `refusals`
    are reasons for which the engine does not start, `prints` what it will print of its
    memory. `levers` are sorted, the one that frees most first.
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
    proof: Proof
    caveats: tuple[str, ...]
    refusals: tuple[str, ...]
    prints: tuple[str, ...]
    levers: tuple[Lever, ...]
    host: Host
    disk: Disk

    @property
    def runs(self) -> tuple[Run, ...]:
        """The recorded runs of this very deployment."""
        return self.proof.runs

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """The recorded runs of other deployments that decide by the laws."""
        return self.proof.neighbours

    @property
    def failed(self) -> bool:
        """Whether a recorded run of this deployment failed."""
        return self.proof.failed

    @property
    def measured(self) -> bool:
        """Whether a recorded run of this deployment, not the formula, gives the verdict."""
        return self.proof.measured(self.least_requests)

    @property
    def free(self) -> int:
        """Bytes under the limit that the sum leaves; negative when it is over."""
        return self.limit.size - self.need.value


def plan_faults(app: App, facts: Facts) -> list[Fault]:
    """What keeps an app from being planned, or its chart from asking for enough RAM."""
    found = engine_of(app).faults(app, facts)
    if found:
        return found
    device = facts.devices[app.device]
    memory = engine_of(app).memory(app, facts, device)
    return memory_faults(app, host_of(app, memory.host, device))


def plan(app: App, facts: Facts) -> Plan:
    """The plan of an app without faults, on its own device."""
    device = facts.devices[app.device]
    memory = engine_of(app).memory(app, facts, device)
    need, host = total(memory.terms), host_of(app, memory.host, device)
    predicted = predict(memory, need, host, app)
    found = proof(app, facts)
    return Plan(
        app=app.name,
        device=device,
        terms=memory.terms,
        need=need,
        limit=memory.limit,
        requests=_requests(memory.requests, found),
        least_requests=app.least_requests,
        predicted=predicted,
        verdict=found.verdict(predicted, app.least_requests),
        proof=found,
        caveats=memory.caveats,
        refusals=memory.refusals,
        prints=memory.prints(),
        levers=_levers(app, facts, need),
        host=host,
        disk=disk_of(app, facts),
    )


def _requests(found: Requests, shown: Proof) -> Requests:
    """A server that ran held at least one request."""
    if not shown.runs or shown.failed:
        return found
    return replace(found, low=max(1.0, found.low), value=max(1.0, found.value))


def _levers(app: App, facts: Facts, need: Estimate) -> tuple[Lever, ...]:
    device = facts.devices[app.device]
    found = []
    for variant in engine_of(app).variants(app):
        memory = engine_of(app).memory(variant.app, facts, device)
        after, host = total(memory.terms), host_of(variant.app, memory.host, device)
        frees = Bytes(need.value - after.value)
        verdict = predict(memory, after, host, variant.app)
        found.append(Lever(variant.field, variant.before, variant.after, frees, verdict))
    useful = (lever for lever in found if lever.frees > 0)
    return tuple(sorted(useful, key=lambda lever: -lever.frees))

"""Which recorded runs speak for an app, and what they prove.

A run of the same deployment replaces the prediction. A run of another one speaks
only where the laws leave no doubt: what failed with less refuses, what served with
more proves. A failure always outweighs a success of its own kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chartgen.engines import engine_of
from chartgen.errors import Fault
from chartgen.facts import Facts, Run
from chartgen.spec import App
from chartgen.vram.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A run of another deployment that decides: one that needs `more` and served, or one
    that needs no `more` and failed; `differs` says in what it is another one."""

    run: Run
    needs: Literal["no less", "no more"]
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """The runs of the very deployment, and those of others that decide by the laws."""

    runs: tuple[Run, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a run of this very deployment failed."""
        return any(run.outcome == "failed" for run in self.runs)

    def measured(self, least_requests: float) -> bool:
        """Whether a run of this very deployment gives the verdict: one that served proves a
        start and one full request, so a demand for more stands on the formula."""
        return self.failed or (bool(self.runs) and least_requests == 1)

    def verdict(self, predicted: Verdict, least_requests: float) -> Verdict:
        """What stands, with the runs held against the prediction."""
        if self.measured(least_requests):
            return Verdict.DOES_NOT_FIT if self.failed else Verdict.FITS
        if any(one.run.outcome == "failed" for one in self.neighbours):
            return Verdict.DOES_NOT_FIT
        served = any(one.run.outcome == "served" for one in self.neighbours)
        return Verdict.FITS if served and least_requests == 1 else predicted


def proof(app: App, facts: Facts) -> Proof:
    """All that recorded runs say of an app."""
    deployment = engine_of(app).deployment(app)
    if deployment is None:
        return Proof()
    runs, neighbours = [], []
    needs_no_less = engine_of(app).needs_no_less
    for run in facts.runs:
        other = run.deployment
        if other == deployment:
            runs.append(run)
        elif run.outcome == "failed" and needs_no_less(deployment, other):
            neighbours.append(Neighbour(run, "no more", other.differences(deployment)))
        elif run.outcome == "served" and needs_no_less(other, deployment):
            neighbours.append(Neighbour(run, "no less", other.differences(deployment)))
    return Proof(tuple(runs), tuple(neighbours))


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

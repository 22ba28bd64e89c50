"""What a server takes of its host: RAM and disk, and what the chart asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chartgen.engines import Term
from chartgen.errors import Fault
from chartgen.facts import Device, Facts
from chartgen.quantities import GIB, MIB, ZERO, Bytes, Estimate, gib, quantity
from chartgen.spec import App, Resources

PROCESS = gib(3.0, 0.5, 6.0)
"""RAM of the server's own processes, whatever model they serve.

Estimate, November 2026: one process without Python libraries takes under 1 GiB, two
with an inference library and CUDA's host side each take 2 to 3. Not measured on the
device; a start-up log does not print it.
"""

MEMORY_SLACK = Bytes(8 * GIB)
"""How far the memory limit stands above a derived request: compiling kernels at the
first start, the page cache of a model that is being read. Estimate."""

COMPILE_CACHE = Bytes(6 * GIB)
"""Disk for compiled kernels beside the models. Estimate; an engine's caches of one model
take 1 to 3 GiB."""

DISK_SLACK = Bytes(20 * GIB)
"""How far the disk limit stands above the request: a second revision of small files,
logs, a compile cache of another engine version."""

UNITS = {"Mi": MIB, "Gi": GIB}


@dataclass(frozen=True, slots=True)
class Host:
    """The RAM of one server: its terms, their sum, and the host's total where it is known.

    `request` and `limit` are what the chart asks for: as the author states them, or
    derived from the high end of the sum.
    """

    terms: tuple[Term, ...]
    need: Estimate
    total: Estimate | None
    request: str
    limit: str

    @property
    def too_small(self) -> bool:
        """Whether even the low end of the sum is over the host's RAM."""
        return self.total is not None and self.need.low > self.total.high

    @property
    def enough(self) -> bool:
        """Whether the high end of the sum is surely within the host's RAM."""
        return self.total is None or self.need.high <= self.total.low


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of one app: the files of its models, as published, and what the chart asks."""

    files: Estimate
    request: Bytes
    limit: Bytes


def host_of(app: App, terms: Sequence[Term], device: Device) -> Host:
    """The host's RAM of an app whose engine keeps `terms` in it."""
    all_terms = (*terms, *_own(app.resources))
    need = total(all_terms)
    known = device.host_memory
    request, limit = app.resources.memory or (
        quantity(need.high),
        quantity(Bytes(need.high + MEMORY_SLACK)),
    )
    return Host(all_terms, need, known.estimate if known else None, request, limit)


def disk_of(app: App, facts: Facts) -> Disk:
    """The disk of an app: its models at their largest, and compiled kernels."""
    found = (facts.find(model.repo, model.file) for model in app.models)
    files = sum((item[1].on_disk.estimate for item in found if item), ZERO)
    request = _whole_gib(files.high + COMPILE_CACHE)
    return Disk(files, request, _whole_gib(files.high + COMPILE_CACHE + DISK_SLACK))


def memory_faults(app: App, host: Host) -> list[Fault]:
    """A stated request under the least that the plan needs, a stated limit under what it
    expects: with either, the server is killed or never placed."""
    stated = app.resources.memory
    if stated is None:
        return []
    found = []
    for index, (name, need) in enumerate((("request", host.need.low), ("limit", host.need.value))):
        if _bytes(stated[index]) < need:
            problem = f"the {name} is under the {quantity(need)} of RAM that the plan needs"
            remedy = f"Raise it to {quantity(host.need.high)}, or leave memory to the plan."
            path = f"{app.name}.resources.memory.{index}"
            found.append(Fault(path, problem, remedy, stated[index]))
    return found


def total(terms: Sequence[Term]) -> Estimate:
    """The sum of terms; asked ten thousand times by a solver, so it makes one object."""
    value = low = high = 0
    for term in terms:
        value += term.estimate.value
        low += term.estimate.low
        high += term.estimate.high
    return Estimate(Bytes(value), Bytes(low), Bytes(high))


def _own(resources: Resources) -> tuple[Term, ...]:
    process = Term("server processes", PROCESS, "constant", "estimate; no log prints it")
    if resources.shm is None:
        return (process,)
    shared = Estimate(Bytes(_bytes(resources.shm)), Bytes(0), Bytes(_bytes(resources.shm)))
    source = "it counts as memory of the container when it is full"
    return (process, Term("/dev/shm", shared, f"shm {resources.shm}", source))  # noqa: S108 a name


def _bytes(text: str) -> int:
    return int(text[:-2]) * UNITS[text[-2:]]


def _whole_gib(size: int) -> Bytes:
    return Bytes(-(-size // GIB) * GIB)

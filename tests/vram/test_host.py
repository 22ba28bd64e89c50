"""RAM and disk of the host: what the plan says of them, and what the chart asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chartgen.facts import Facts
from chartgen.quantities import GIB, Bytes, quantity
from chartgen.spec import App, Vllm
from chartgen.vram import Verdict, plan, plan_faults
from chartgen.vram.host import MEMORY_SLACK
from tests.vram.deployments import vllm

Pair = tuple[str, str] | None


def with_memory(app: App, memory: Pair, shm: str | None = None) -> App:
    return replace(app, resources=replace(app.resources, memory=memory, shm=shm))


def small(app: App) -> App:
    """The flagship in a size that surely fits the card."""

    def change(engine: Vllm) -> Vllm:
        return replace(engine, max_model_len=1024, images_per_prompt=0)

    return vllm(app, change)


def with_ram(facts: Facts, gib: float) -> Facts:
    """The facts with so much RAM in the device's host."""
    device = facts.devices["olares-one"]
    assert device.host_memory
    size = round(gib * GIB)
    memory = device.host_memory.model_copy(update={"value": size, "low": size, "high": size})
    changed = device.model_copy(update={"host_memory": memory})
    return replace(facts, devices={**facts.devices, "olares-one": changed})


def test_the_terms_add_up(llama: App, facts: Facts) -> None:
    host = plan(llama, facts).host
    for end in ("value", "low", "high"):
        terms = sum(getattr(term.estimate, end) for term in host.terms)
        assert getattr(host.need, end) == terms
    assert all(term.formula and term.source for term in host.terms)


def test_stated_memory_is_what_the_chart_asks_for(flagship: App, facts: Facts) -> None:
    host = plan(with_memory(flagship, ("30Gi", "50Gi")), facts).host
    assert (host.request, host.limit) == ("30Gi", "50Gi")


def test_without_it_the_plan_asks_for_its_high_end(flagship: App, facts: Facts) -> None:
    host = plan(with_memory(flagship, None), facts).host
    assert host.request == quantity(host.need.high)
    assert host.limit == quantity(Bytes(host.need.high + MEMORY_SLACK))


def test_shared_memory_is_part_of_it(flagship: App, facts: Facts) -> None:
    without = plan(with_memory(flagship, None), facts).host.need
    shared = plan(with_memory(flagship, None, shm="8Gi"), facts).host.need
    assert shared.high - without.high == 8 * GIB
    assert shared.low == without.low


@pytest.mark.parametrize(
    ("memory", "index"), [(("256Mi", "40Gi"), 0), (("1Gi", "1Gi"), 1), (("24Gi", "40Gi"), None)]
)
def test_less_than_the_plan_needs_is_a_fault(
    flagship: App, facts: Facts, memory: Pair, index: int | None
) -> None:
    faults = plan_faults(with_memory(flagship, memory), facts)
    if index is None or memory is None:
        assert faults == []
        return
    (fault,) = faults
    assert fault.path == f"{flagship.name}.resources.memory.{index}"
    assert fault.value == memory[index]
    assert "leave memory to the plan" in fault.remedy


def test_a_host_that_is_too_small_refuses(flagship: App, facts: Facts) -> None:
    app = small(flagship)
    need = plan(app, facts).host.need
    assert plan(app, facts).predicted is Verdict.FITS
    over = plan(app, with_ram(facts, (need.low - 1) / GIB))
    assert over.predicted is Verdict.DOES_NOT_FIT
    between = plan(app, with_ram(facts, (need.high - 1) / GIB))
    assert between.predicted is Verdict.UNPROVEN
    assert plan(app, with_ram(facts, need.high / GIB + 0.1)).predicted is Verdict.FITS


def test_a_card_without_a_known_host_is_judged_by_itself(flagship: App, facts: Facts) -> None:
    device = facts.devices["olares-one"].model_copy(update={"host_memory": None})
    alone = replace(facts, devices={**facts.devices, "olares-one": device})
    made = plan(small(flagship), alone)
    assert (made.host.total, made.predicted) == (None, Verdict.FITS)


def test_disk_holds_the_files_at_their_largest(flagship: App, facts: Facts) -> None:
    disk = plan(flagship, facts).disk
    assert disk.files.high < disk.request < disk.limit
    assert disk.request % GIB == disk.limit % GIB == 0

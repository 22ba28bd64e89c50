"""llama.cpp's memory, held against sizes that its own reservation gave."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import pytest

from chartgen.engines.common import weights
from chartgen.engines.llamacpp.reserve import buffers
from chartgen.engines.llamacpp.settings import settings_of
from chartgen.facts import Facts
from chartgen.quantities import MIB
from chartgen.spec import App, LlamaCpp
from chartgen.spec.llamacpp import CacheType
from chartgen.vram import plan
from tests.vram.deployments import llamacpp, slots, term

DATA = Path(__file__).parent / "data" / "llamacpp.csv"
KINDS: dict[str, CacheType] = {kind: kind for kind in get_args(CacheType)}


@dataclass(frozen=True)
class Reserved:
    """One run of the engine's own sizing program, of May (`old`) or October 2026 builds."""

    era: str
    context: int
    ubatch: int
    slots: int
    unified: bool
    kind: CacheType
    kv_mib: float
    compute_mib: float


def reserved() -> list[Reserved]:
    with DATA.open(encoding="utf-8") as file:
        return [
            Reserved(
                row["ver"],
                int(row["ctx"]),
                int(row["ub"]),
                int(row["np"]),
                row["kvu"] == "1",
                KINDS[row["ct"]],
                float(row["ctx_mib"]),
                float(row["comp_mib"]),
            )
            for row in csv.DictReader(file)
        ]


def like(app: App, row: Reserved) -> App:
    sized = slots(app, row.context, row.kind, parallel=row.slots, unified=row.unified)
    return llamacpp(sized, lambda engine: replace(engine, n_ubatch=row.ubatch))


BUILDS = {"old": "b9101", "new": "b10809"}
"""A build of each era."""


def built(app: App, version: str) -> App:
    """The same server in an upstream build."""
    return llamacpp(
        app,
        lambda engine: replace(
            engine, fork=None, image=replace(engine.image, engine_version=version)
        ),
    )


def test_the_data_cover_both_eras() -> None:
    assert len(reserved()) == 80
    assert {row.era for row in reserved()} == {"old", "new"}


@pytest.mark.parametrize("row", reserved(), ids=str)
def test_the_kv_cache_is_what_the_engine_reserves(llama: App, facts: Facts, row: Reserved) -> None:
    cache = term(plan(like(llama, row), facts), "KV cache")
    assert cache.value / MIB == pytest.approx(row.kv_mib, abs=0.01)
    assert cache.low == cache.value == cache.high


@pytest.mark.parametrize("row", reserved(), ids=str)
def test_the_compute_buffer_spans_both_eras(llama: App, facts: Facts, row: Reserved) -> None:
    compute = term(plan(like(llama, row), facts), "compute")
    assert compute.low <= row.compute_mib * MIB <= compute.high
    known = built(like(llama, row), BUILDS[row.era])
    charged = term(plan(known, facts), "compute").value / MIB
    assert charged == pytest.approx(row.compute_mib, rel=0.04, abs=2)


WORKED = (
    # context, slots, unified; KV in f16, q8_0, q4_0; compute old, new, with the copy
    ((16_384, 1, False), (620.0, 329.4, 174.4), (533, 115, 128)),
    ((131_072, 1, False), (2860, 1519.4, 804.4), (533, 227, 688)),
    ((262_144, 1, False), (5420, 2879.4, 1524.4), (814, 355, 1328)),
    ((262_144, 2, False), (5720, 3038.75, 1608.75), (533, 227, 1200)),
    ((393_216, 3, False), (8580, 4558, 2413), (533, 227, 1712)),
    ((393_216, 3, True), (8380, 4452, 2357), (1198, 485, 1970)),
)
"""Worked numbers of the formulas in MiB, for a micro-batch of 512."""

Layout = tuple[int, int, bool]
Sizes = tuple[float, float, float]


@pytest.mark.parametrize(("layout", "sizes"), [(layout, kv) for layout, kv, _ in WORKED])
def test_the_worked_kv_caches(llama: App, facts: Facts, layout: Layout, sizes: Sizes) -> None:
    context, count, unified = layout
    for kind, wanted in zip(("f16", "q8_0", "q4_0"), sizes, strict=True):
        app = slots(llama, context, KINDS[kind], parallel=count, unified=unified)
        found = term(plan(app, facts), "KV cache").value / MIB
        digits = 0.5 if float(wanted).is_integer() else 0.05
        assert found == pytest.approx(wanted, abs=digits)


@pytest.mark.parametrize(("layout", "sizes"), [(layout, sizes) for layout, _, sizes in WORKED])
def test_the_worked_compute_buffers(llama: App, facts: Facts, layout: Layout, sizes: Sizes) -> None:
    context, count, unified = layout
    app = slots(llama, context, "q8_0", parallel=count, unified=unified)
    old, new = (replay(built(app, BUILDS[era]), facts) for era in ("old", "new"))
    assert [old / MIB, new / MIB] == pytest.approx(list(sizes[:2]), abs=1)


@pytest.mark.parametrize(("layout", "sizes"), [(layout, sizes) for layout, _, sizes in WORKED])
def test_a_plan_charges_lines_just_above(
    llama: App, facts: Facts, layout: Layout, sizes: Sizes
) -> None:
    context, count, unified = layout
    app = slots(llama, context, "q8_0", parallel=count, unified=unified)
    old, new = (plan(built(app, BUILDS[era]), facts) for era in ("old", "new"))
    charged = term(new, "compute").value
    found = (term(old, "compute").value, charged, charged + term(new, "attention copy").low)
    over = [size / MIB - worked for size, worked in zip(found, sizes, strict=True)]
    assert all(-1 <= more <= 16 for more in over), over


def replay(app: App, facts: Facts) -> int:
    """Bytes of the compute buffer as the build's own allocator lays it out."""
    assert isinstance(app.engine, LlamaCpp)
    return buffers(weights(app, facts)[0], settings_of(app, app.engine)).gpu.value


def test_a_wide_cache_is_not_copied(llama: App, facts: Facts) -> None:
    made = plan(built(slots(llama, 131_072, "f16"), BUILDS["new"]), facts)
    assert term(made, "attention copy").high == 0
    assert term(made, "compute").value / MIB == pytest.approx(227, abs=1)


@pytest.mark.parametrize(("k", "v"), [("q8_0", "f16"), ("f16", "q8_0")])
def test_a_cache_of_which_half_is_quantised_is_copied(
    llama: App, facts: Facts, k: str, v: str
) -> None:
    app = llamacpp(
        llama, lambda engine: replace(engine, cache_type_k=KINDS[k], cache_type_v=KINDS[v])
    )
    half = 2 * 512 * 2 * 131_072
    assert term(plan(app, facts), "attention copy").high >= half


def test_the_app_as_it_stands_fits_by_formula(llama: App, facts: Facts) -> None:
    made = plan(llama, facts)
    assert (made.verdict.value, made.measured) == ("fits", False)
    assert made.limit.size == 23_982 * MIB
    assert made.need.high <= made.limit.size
    assert (made.requests.value, made.requests.tokens_each) == (1.0, 131_072)


def test_every_slot_serves_a_request_of_its_share(llama: App, facts: Facts) -> None:
    made = plan(slots(llama, 262_144, "q4_0", parallel=2), facts)
    assert (made.requests.value, made.requests.tokens_each) == (2.0, 131_072)


def test_a_cache_of_a_fork_has_an_interval(llama: App, facts: Facts) -> None:
    cache = term(plan(slots(llama, 131_072, "turbo3"), facts), "KV cache")
    assert (cache.low < cache.value, cache.value) == (True, cache.high)


def test_what_has_no_formula_keeps_a_plan_from_being_proven(llama: App, facts: Facts) -> None:
    app = llamacpp(llama, lambda engine: replace(engine, extra_args=("--lora", "x.gguf")))
    made = plan(app, facts)
    assert (made.verdict.value, made.caveats) == ("unproven", ("flags in extra_args",))

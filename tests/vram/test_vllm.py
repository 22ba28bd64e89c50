"""vLLM's memory, held against answers of its own planner."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks.accuracy.models import read_models
from benchmarks.accuracy.overhead import DATA as TABLES
from chartgen.engines.vllm.pages import kv_layout
from chartgen.engines.vllm.settings import Settings, version_of
from chartgen.facts import Facts
from chartgen.quantities import GIB
from chartgen.spec import App, Unknown, Vllm
from chartgen.spec.vllm import KvCacheDtype
from chartgen.vram import Plan, Verdict, plan
from tests.vram.deployments import term, version, vllm

DATA = Path(__file__).parent / "data" / "vllm.csv"
KINDS: dict[str, KvCacheDtype] = {"fp8": "fp8", "bf16": "bfloat16"}
UNKNOWN = Unknown("nobody wrote it down")


@dataclass(frozen=True)
class Planned:
    """One answer of the engine's own planner; `reserved` bytes are kept from the check."""

    version: str
    kind: KvCacheDtype
    context: int
    batch: int
    in_flight: int
    block_bytes: int
    blocks: int
    needed: int
    reserved: int


def planned() -> list[Planned]:
    with DATA.open(encoding="utf-8") as file:
        return [
            Planned(
                row["vllm_version"],
                KINDS[row["kv_dtype"]],
                int(row["max_model_len"]),
                int(row["max_num_batched_tokens"]),
                int(row["in_flight"]),
                int(row["bytes_per_block"]),
                int(row["blocks_per_request"]),
                int(row["needed_bytes"]),
                int(row["available_bytes"]) - int(row["checked_bytes"]),
            )
            for row in csv.DictReader(file)
        ]


def like(app: App, row: Planned) -> App:
    def change(engine: Vllm) -> Vllm:
        return replace(
            engine,
            max_model_len=row.context,
            max_num_batched_tokens=row.batch,
            kv_cache_dtype=row.kind,
        )

    return vllm(vllm(app, change), version(row.version))


def test_the_data_are_of_servers_as_they_start_by_themselves() -> None:
    """Since 0.26 two batches are in flight unless somebody turns that off."""
    assert len(planned()) == 37
    recent = {row.in_flight for row in planned() if row.version >= "0.26"}
    assert recent == {2}
    assert any(row.reserved for row in planned())


@pytest.mark.parametrize("row", planned(), ids=str)
def test_the_kv_cache_is_what_the_planner_answers(
    flagship: App, facts: Facts, row: Planned
) -> None:
    made = plan(like(flagship, row), facts)
    cache = term(made, "KV cache")
    assert cache.value == row.needed + row.reserved
    assert cache.low == cache.value == cache.high
    (formula,) = (item.formula for item in made.terms if item.name == "KV cache")
    assert formula == f"{row.blocks} blocks of {row.block_bytes} bytes"


@pytest.mark.parametrize(
    ("context", "engine_version", "blocks", "gib"),
    [
        (16_384, "0.20.2", 3397, 1.04),
        (131_072, "0.20.2", 6981, 2.13),
        (16_384, "0.25.1", 3397, 1.04),
        (16_384, "0.26.0", 5637, 1.72),
        (131_072, "0.26.0", 9541, 2.91),
    ],
)
def test_the_worked_kv_caches(
    flagship: App, facts: Facts, context: int, engine_version: str, blocks: int, gib: float
) -> None:
    app = vllm(flagship, lambda engine: replace(engine, max_model_len=context))
    size = term(plan(vllm(app, version(engine_version)), facts), "KV cache").value
    assert size == blocks * 327_680
    assert size / GIB == pytest.approx(gib, abs=0.005)


@pytest.mark.parametrize(("utilization", "gib"), [(0.85, 19.91), (0.92, 21.55)])
def test_the_limit_is_a_fraction_of_what_cuda_reports(
    flagship: App, facts: Facts, utilization: float, gib: float
) -> None:
    app = vllm(flagship, lambda engine: replace(engine, gpu_memory_utilization=utilization))
    made = plan(app, facts)
    assert made.limit.size / GIB == pytest.approx(gib, abs=0.01)
    assert f"{utilization:g}" in made.limit.formula


def test_the_overhead_is_the_measured_range_of_its_class(flagship: App, facts: Facts) -> None:
    made = plan(flagship, facts)
    others = [item.estimate for item in made.terms if item.name not in ("weights", "KV cache")]
    low, value, high = (
        sum(size.low for size in others) / GIB,
        sum(size.value for size in others) / GIB,
        sum(size.high for size in others) / GIB,
    )
    assert (low, value, high) == pytest.approx((1.09, 2.17, 3.30), abs=0.02)


def test_an_unknown_version_is_charged_as_the_newest(flagship: App, facts: Facts) -> None:
    def forget(engine: Vllm) -> Vllm:
        return replace(engine, image=replace(engine.image, engine_version=UNKNOWN))

    newest = term(plan(vllm(flagship, version("0.33.0")), facts), "KV cache")
    assert term(plan(vllm(flagship, forget), facts), "KV cache") == newest


@pytest.mark.parametrize(
    ("engine_version", "mode"),
    [("0.25.1", "none"), ("0.26.0", "none"), ("0.27.1", "none"), ("0.28.0", "align")],
)
def test_prefixes_of_a_hybrid_are_cached_by_default_from_028(
    engine_version: str, mode: str
) -> None:
    """As the packages' own source has it; four public logs of 0.26.0 and 0.27.1 agree."""
    known = read_models([TABLES / "models.json"]).find("qwen3.6-27b")
    assert known
    asked = Settings(max_model_len=65_536, version=version_of(engine_version))
    assert kv_layout(known.facts, asked).mamba_cache_mode == mode
    wanted = replace(asked, prefix_caching=True)
    assert kv_layout(known.facts, wanted).mamba_cache_mode == "align"


@pytest.mark.parametrize(("share", "verdict"), [(0.97, Verdict.FITS), (0.99, Verdict.UNPROVEN)])
def test_the_whole_budget_must_be_free_at_the_start(
    flagship: App, facts: Facts, share: float, verdict: Verdict
) -> None:
    """0.99 of 23.42 GiB leaves 0.23 to a CUDA context that takes up to 0.58."""
    app = vllm(
        flagship,
        lambda engine: replace(engine, max_model_len=4096, gpu_memory_utilization=share),
    )
    found = plan(app, facts)
    assert found.verdict is verdict
    assert bool(found.caveats) is (verdict is Verdict.UNPROVEN)


def test_no_lever_goes_under_what_the_engine_takes(flagship: App, facts: Facts) -> None:
    app = vllm(
        flagship,
        lambda engine: replace(engine, max_model_len=1, max_num_seqs=4, max_num_batched_tokens=4),
    )
    fields = {lever.field for lever in plan(app, facts).levers}
    assert not fields & {"max_model_len", "max_num_batched_tokens"}


def requests(plan: Plan) -> tuple[float, float, float]:
    return plan.requests.low, plan.requests.value, plan.requests.high


def test_full_requests_at_once_are_shown_beside_the_verdict(flagship: App, facts: Facts) -> None:
    made = plan(flagship, facts)
    low, value, high = requests(made)
    assert made.requests.tokens_each == 131_072
    assert low == 1, "the recorded run served one"
    assert low < value < high < 4


def test_no_more_requests_run_than_there_are_sequences(flagship: App, facts: Facts) -> None:
    app = vllm(flagship, lambda engine: replace(engine, max_model_len=64, max_num_seqs=2))
    assert requests(plan(app, facts)) == (2.0, 2.0, 2.0)

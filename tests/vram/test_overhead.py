"""What vLLM takes beside weights and cache: constants from data, laws, and neighbours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy.models import read_models
from benchmarks.accuracy.overhead import DATA, Point, fit, leave_one_out, read_points, summary
from chartgen.engines.vllm.defaults import Defaults, defaults
from chartgen.engines.vllm.narrow import dominates, measured_overhead
from chartgen.engines.vllm.overhead import (
    AUTOTUNED,
    CONTEXT,
    REST,
    SAMPLER_BYTES,
    captured,
    encoder_pass,
    graphs,
    overhead,
)
from chartgen.engines.vllm.settings import Settings, version_of
from chartgen.engines.vllm.weights import weights_estimate
from chartgen.facts import Facts, Measure, ModelFacts, Reading, Run, contradictions
from chartgen.quantities import GIB, ZERO, Estimate
from tests.vram.deployments import run_of

POINTS = read_points()
MODELS = read_models([DATA / "models.json"])


def model(name: str) -> ModelFacts:
    found = MODELS.find(name)
    assert found
    return found.facts


def total(
    facts: ModelFacts, settings: Settings, point: Point = POINTS[0], runs: tuple[Run, ...] = ()
) -> Estimate:
    return sum((term.estimate for term in overhead(facts, settings, point.device, runs)), ZERO)


def test_the_constants_are_what_the_data_say() -> None:
    found = fit(POINTS)
    assert found.sampler == SAMPLER_BYTES
    both = CONTEXT + REST
    assert both.value / GIB == pytest.approx(found.constant, abs=0.01)
    assert both.low / GIB == pytest.approx(found.low, abs=0.01)
    assert both.high / GIB == pytest.approx(found.high, abs=0.01)
    assert AUTOTUNED.high / GIB == pytest.approx(found.autotuned, abs=0.05)


def test_sources_that_were_left_out_lie_inside() -> None:
    held = leave_one_out(POINTS)
    errors = sorted(abs(one.residual) for one in held)
    assert errors[len(errors) // 2] <= 0.5, summary(held)
    assert sum(one.inside for one in held) / len(held) >= 0.95, summary(held)


def test_the_one_log_outside_is_the_build_with_the_leak() -> None:
    outside = [one.point.id for one in leave_one_out(POINTS) if not one.inside]
    assert outside == ["vl-q35-35b-gptq-b"]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.id)
def test_every_log_lies_inside_the_interval_that_is_used(point: Point) -> None:
    size = total(point.model, point.settings, point)
    assert size.low / GIB - 0.01 <= point.measured <= size.high / GIB + 0.01


@pytest.mark.parametrize(
    ("name", "sequences", "spoken", "measured"),
    [
        ("qwen3.6-35b-a3b", 2, 0, 0.39),
        ("gemma-4-26b-a4b", 2, 0, 0.26),
        ("qwen3.6-27b", 2, 3, 0.09),
        ("qwen3.6-27b", 256, 0, 1.11),
        ("qwen2.5-32b", 256, 0, 1.59),
        ("llama-3.1-8b", 256, 0, 0.23),
        ("qwen3-8b", 256, 0, 0.54),
        ("qwen2.5-7b", 256, 0, 0.48),
        ("qwen3.6-27b", 64, 0, 0.71),
        ("qwen3.6-35b-a3b", 256, 0, 0.08),
    ],
)
def test_printed_sizes_of_graphs_lie_inside(
    name: str, sequences: int, spoken: int, measured: float
) -> None:
    settings = Settings(8192, sequences, num_speculative_tokens=spoken)
    size = graphs(model(name), settings)
    assert size.low <= measured * GIB <= size.high


@pytest.mark.parametrize(
    ("sequences", "mode", "count"),
    [
        (256, None, 51 + 35),
        (32, None, 11 + 7),
        (2, None, 3 + 2),
        (2, "PIECEWISE", 3),
        (256, "FULL_DECODE_ONLY", 35),
        (256, "NONE", 0),
    ],
)
def test_graphs_are_counted_as_the_logs_say(sequences: int, mode: str | None, count: int) -> None:
    assert captured(Settings(8192, sequences, cudagraph_mode=mode)) == count
    assert captured(Settings(8192, sequences, cudagraph_mode=mode, enforce_eager=True)) == 0


def test_older_versions_capture_graphs_outside_the_budget() -> None:
    settings = Settings(8192, 64, version=(0, 19, 1), gpu_memory_utilization=0.9)
    newer = replace(settings, version=(0, 20, 0))
    full = replace(settings, gpu_memory_utilization=0.99)
    dense = model("qwen2.5-32b")
    assert total(dense, settings).value < total(dense, newer).value
    assert total(dense, settings).value < total(dense, full).value, "no room is left beside it"


@given(
    name=st.sampled_from(["gemma-4-26b-a4b", "qwen3.6-27b", "qwen3.6-35b-a3b", "llama-3.1-8b"]),
    batch=st.integers(1, 65536),
    more=st.integers(0, 65536),
    sequences=st.integers(1, 2048),
    others=st.integers(0, 2048),
    version=st.sampled_from([None, (0, 19, 0), (0, 20, 2), (0, 33, 0)]),
    images=st.integers(0, 2),
)
def test_more_never_takes_less(
    name: str, batch: int, more: int, sequences: int, others: int,
    version: tuple[int, int, int] | None, images: int,
) -> None:  # fmt: skip
    less = Settings(8192, sequences, batch, version=version, images_per_prompt=images)
    grown = replace(
        less,
        max_num_seqs=sequences + others,
        max_num_batched_tokens=batch + more,
        images_per_prompt=images + 1,
    )
    before, after = total(model(name), less), total(model(name), grown)
    assert after.low >= before.low
    assert after.value >= before.value
    assert after.high >= before.high


def logged(facts: Facts) -> Run:
    """A served run of Qwen3.8 27B that printed its weights and its available cache."""
    return run_of(facts, "vllm-qwen3.8-27b-fp8-128k-seqs16")


def neighbour(run: Run, **changes: object) -> Run:
    return run.model_copy(update={"model": "Qwen/Qwen3.6-27B-FP8", **changes})


SERVED = Settings(
    131072, 16, 2048, version=(0, 26, 0), gpu_memory_utilization=0.9, images_per_prompt=4
)


def test_a_measured_neighbour_narrows(facts: Facts) -> None:
    run, ours = neighbour(logged(facts)), model("qwen3.6-27b")
    measured = measured_overhead(run)
    assert measured
    assert measured / GIB == pytest.approx(1.69, abs=0.01)
    alone, narrowed = total(ours, SERVED), total(ours, SERVED, runs=(run,))
    assert narrowed.high - narrowed.low < (alone.high - alone.low) / 2
    assert narrowed.low <= measured <= narrowed.high


def test_what_differs_widens(facts: Facts) -> None:
    run, ours = neighbour(logged(facts)), model("qwen3.6-27b")
    near = total(ours, SERVED, runs=(run,))
    far = total(ours, replace(SERVED, max_num_batched_tokens=32768), runs=(run,))
    assert far.high - far.low > near.high - near.low
    assert far.low > near.low, "evidence is a floor for what needs no less"


@pytest.mark.parametrize(
    "changes",
    [
        {"engine_version": "0.27.0"},
        {"model": "meta-llama/Llama-3.1-8B"},
        {"readings": ()},
    ],
    ids=["version", "model", "readings"],
)
def test_a_run_of_something_else_says_nothing(facts: Facts, changes: dict[str, object]) -> None:
    run, ours = neighbour(logged(facts), **changes), model("qwen3.6-27b")
    assert total(ours, SERVED, runs=(run,)) == total(ours, SERVED)


@given(
    batch=st.integers(1, 32768),
    more=st.integers(0, 32768),
    sequences=st.integers(1, 512),
    images=st.integers(0, 1),
    eager=st.booleans(),
)
def test_narrowed_intervals_are_monotone(
    batch: int, more: int, sequences: int, images: int, *, eager: bool
) -> None:
    quiet = measured_run("eager", 1.6, 4096).model_copy(
        update={"settings": ("enforce_eager=True",), "vision": False}
    )
    runs = (measured_run("one", 1.7, 2048), measured_run("other", 3.1, 8192), quiet)
    less = replace(
        SERVED,
        max_num_batched_tokens=batch,
        max_num_seqs=sequences,
        images_per_prompt=images,
        enforce_eager=eager,
    )
    grown = replace(
        less, max_num_batched_tokens=batch + more, images_per_prompt=1, enforce_eager=False
    )
    ours = model("qwen3.6-27b")
    before, after = total(ours, less, runs=runs), total(ours, grown, runs=runs)
    assert after.low >= before.low
    assert after.value >= before.value
    assert after.high >= before.high


def measured_run(name: str, taken: float, batch: int) -> Run:
    """A run on a card of 44.39 GiB that took so many GiB beside 28.5 GiB of weights."""
    sizes = {"card_total": 44.39, "weights": 28.5, "available_kv": 0.9 * 44.39 - 28.5 - taken}
    return Run(
        id=name, outcome="served", date=date(2026, 9, 5), measured_by="a test", source="a test",
        said="made up for a law", engine="vllm", engine_version="0.26.0",
        model="Qwen/Qwen3.6-27B-FP8", kv_cache_dtype="auto", context=131072, sequences=16,
        batch=batch, utilization=0.9, vision=True, device="l40s",
        readings=tuple(
            Reading.model_validate(
                {"quantity": key, "value": size * GIB, "low": size * GIB, "high": size * GIB,
                 "said": "made up"}
            )
            for key, size in sizes.items()
        ),
    )  # fmt: skip


def test_the_laws_say_what_needs_no_less() -> None:
    more = replace(SERVED, max_model_len=262144, gpu_memory_utilization=0.95)
    assert dominates(more, SERVED)
    assert not dominates(SERVED, more)
    assert not dominates(replace(more, kv_cache_dtype="fp8"), SERVED)
    assert not dominates(replace(more, images_per_prompt=0), SERVED)
    assert dominates(SERVED, replace(SERVED, images_per_prompt=0, enforce_eager=True))


def test_the_flagship_s_two_answers_contradict(facts: Facts) -> None:
    (found,) = contradictions(facts.runs)
    assert (found.quantity, found.same_version) == ("outcome", False)
    assert {found.first, found.second} == {
        "vllm-gemma-4-26b-awq-128k",
        "vllm-gemma-4-26b-awq-128k-v0.21",
    }


def test_readings_that_lie_apart_contradict() -> None:
    first, second = measured_run("one", 1.7, 2048), measured_run("other", 3.1, 2048)
    (found,) = contradictions((first, second))
    assert (found.quantity, found.same_version) == ("available_kv", True)
    assert contradictions((first, first.model_copy(update={"id": "again"}))) == ()


@pytest.mark.parametrize(
    ("name", "quantisation", "vision", "loaded"),
    [
        ("llama-3.1-8b", "bf16", False, 15.0),
        ("qwen3-8b", "bf16", False, 15.27),
        ("gemma-4-26b-a4b", "bf16", True, 48.5),
        ("gemma-4-e4b", "bf16", True, 16.38),
        ("qwen3.6-27b", "NVFP4", False, 17.62),
        ("qwen3.6-27b", "NVFP4", True, 19.75),
        ("qwen3.6-27b", "FP8", True, 28.51),
        ("qwen3.6-35b-a3b", "NVFP4", True, 21.86),
        ("qwen3.6-35b-a3b", "NVFP4", False, 19.55),
        ("qwen3.6-35b-a3b", "GPTQ-Int4", True, 21.05),
        ("gemma-4-26b-a4b", "NVFP4", True, 15.77),
        ("qwen3-8b", "FP8", False, 8.8),
        ("qwen3-14b", "NVFP4", False, 9.97),
        ("qwen3-coder-30b-a3b", "NVFP4", False, 16.86),
        ("qwen2.5-32b", "AWQ", False, 18.14),
        ("gpt-oss-20b", "MXFP4", False, 13.72),
    ],
)
def test_loaded_weights_lie_inside(
    name: str, quantisation: str, vision: bool, loaded: float
) -> None:
    found = weights_estimate(model(name), quantisation, vision=vision)
    assert found
    assert found.estimate.low / GIB - 0.01 <= loaded <= found.estimate.high / GIB + 0.01


@pytest.mark.parametrize(("name", "loaded"), [("llama-3.1-8b", 14.9888), ("qwen3-8b", 15.27)])
def test_sixteen_bit_weights_are_their_parameters_twice(name: str, loaded: float) -> None:
    found = weights_estimate(model(name), "bfloat16")
    assert found
    assert found.estimate.value / GIB == pytest.approx(loaded, rel=0.005)


@pytest.mark.parametrize(
    ("version", "device", "expected"),
    [
        ("0.19.1", "rtx-5090", Defaults(0.9, 256, 2048)),
        ("0.20.0", "rtx-5090", Defaults(0.92, 256, 2048)),
        ("0.33.0", "a100-80", Defaults(0.92, 256, 2048)),
        ("0.33.0", "h100-80", Defaults(0.92, 1024, 8192)),
        ("0.27.1", "huge", Defaults(0.92, 1024, 8192)),
        ("0.28.0", "huge", Defaults(0.92, 1024, 16384)),
    ],
)
def test_defaults_follow_version_and_card(
    facts: Facts, version: str, device: str, expected: Defaults
) -> None:
    card = facts.devices["h100-80"]
    twice = Measure(
        value=180 * GIB, low=180 * GIB, high=180 * GIB, source="a card of twice the size"
    )
    cards = {**facts.devices, "huge": card.model_copy(update={"cuda_total": twice})}
    assert defaults(version_of(version), cards[device]) == expected
    assert defaults(None, None) == Defaults(0.92, 256, 2048)


@pytest.mark.parametrize("name", ["gemma4", "Gemma4UnifiedForConditionalGeneration"])
def test_facts_from_a_gguf_header_profile_the_same_items(name: str) -> None:
    """The header names the architecture otherwise; the server profiles the same video."""
    facts = model("gemma-4-26b-a4b")
    settings = Settings(max_model_len=8192, max_num_batched_tokens=8192, images_per_prompt=1)
    named = facts.model_copy(update={"architecture": "Gemma4ForConditionalGeneration"})
    other = facts.model_copy(update={"architecture": name})
    assert encoder_pass(other, settings) == encoder_pass(named, settings)
    unknown = facts.model_copy(update={"architecture": "another", "vision": None})
    assert encoder_pass(unknown, settings).high > encoder_pass(named, settings).high

"""What a llama.cpp server leaves in host memory, and what that spares the GPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chartgen.engines import Memory, engine_of
from chartgen.facts import Facts, ModelFacts
from chartgen.facts.model import Layout
from chartgen.quantities import MIB, Estimate
from chartgen.spec import App, LlamaCpp
from chartgen.vram import plan_faults
from tests.vram.published import knowing, published, serving, with_file

LAYERS = 48
LAYOUT = Layout(
    token_embedding=300,
    output=400,
    blocks=tuple(1000 + index for index in range(LAYERS)),
    experts=(900,) * LAYERS,
    other=7,
    source="made for this test",
)
"""Qwen3-Coder-30B-A3B has 48 layers and an output of its own; the sizes are made up."""

Change = Callable[[LlamaCpp], LlamaCpp]


def laid_out(layout: Layout = LAYOUT) -> ModelFacts:
    return with_file(published("qwen3-coder-30b-a3b"), layout.total, layout=layout)


def memory(llama: App, facts: Facts, change: Change, model: ModelFacts | None = None) -> Memory:
    served = model or laid_out()
    app = serving(llama, lambda one: change(replace(one, ctx_size=32_768)), served)
    known = knowing(facts, served)
    assert plan_faults(app, known) == []
    return engine_of(app).memory(app, known, known.devices[app.device])


def gpu(found: Memory, name: str) -> Estimate:
    return next((term.estimate for term in found.terms if term.name == name), Estimate.exact(0))


def host(found: Memory, name: str) -> Estimate:
    return next((term.estimate for term in found.host if term.name == name), Estimate.exact(0))


def layers(count: int) -> Change:
    return lambda engine: replace(engine, n_gpu_layers=count)


def test_the_input_embeddings_stay_with_the_host(llama: App, facts: Facts) -> None:
    found = memory(llama, facts, layers(99))
    assert gpu(found, "weights").value == LAYOUT.total - LAYOUT.token_embedding
    assert host(found, "embeddings").value == LAYOUT.token_embedding


def test_tied_embeddings_lie_on_both_sides(llama: App, facts: Facts) -> None:
    tied = LAYOUT.model_copy(update={"output": 0, "per_layer_embeddings": 50})
    found = memory(llama, facts, layers(99), laid_out(tied))
    assert gpu(found, "weights").value == tied.total - 50
    assert host(found, "embeddings").value == 350


@pytest.mark.parametrize("count", [0, 1, 2, 24, 48, 49])
def test_the_output_and_the_last_layers_come_first(llama: App, facts: Facts, count: int) -> None:
    found = memory(llama, facts, layers(count))
    blocks = LAYOUT.blocks[LAYERS - max(count - 1, 0) :] if count > 1 else ()
    outside = LAYOUT.output + LAYOUT.other if count else 0
    assert gpu(found, "weights").value == sum(blocks) + outside
    everything = gpu(found, "weights").value + host(found, "weights").value
    assert everything + LAYOUT.token_embedding == LAYOUT.total


def test_a_cache_lies_where_its_layer_lies(llama: App, facts: Facts) -> None:
    whole = gpu(memory(llama, facts, layers(49)), "KV cache").value
    half = memory(llama, facts, layers(25))
    kept = gpu(half, "KV cache"), host(half, "KV cache and states")
    assert [size.value for size in kept] == [whole // 2, whole // 2]


@pytest.mark.parametrize(("count", "kept"), [(10, 10), (LAYERS, LAYERS), (999, LAYERS)])
def test_experts_of_the_first_layers_can_stay(
    llama: App, facts: Facts, count: int, kept: int
) -> None:
    found = memory(llama, facts, lambda engine: replace(engine, n_cpu_moe=count))
    assert host(found, "weights").value == kept * 900
    assert gpu(found, "weights").value == LAYOUT.total - LAYOUT.token_embedding - kept * 900
    assert gpu(found, "copied weights").high == 900


SIMULATED = LAYOUT.model_copy(
    update={
        "token_embedding": 330_612_736,
        "output": 330_612_736,
        "other": 8192,
        "blocks": (662_848_512,) * LAYERS,
        "experts": (612 * MIB,) * LAYERS,
    }
)
"""Qwen3-Coder-30B-A3B with every matrix in q8_0."""

ANSWERS = (
    (layers(49), (30_658.10, 3072, 116.01), (315.30, 0, 40.01)),
    (layers(48), (30_025.96, 3008, 124.03), (947.44, 64, 120.01)),
    (layers(25), (15_486.70, 1536, 124.03), (15_486.70, 1536, 120.01)),
    (layers(0), (0, 0, 0), (30_973.40, 3072, 120.01)),
    (
        lambda engine: replace(engine, n_cpu_moe=10),
        (24_538.10, 3072, 116.01),
        (6435.30, 0, 80.01),
    ),
    (lambda engine: replace(engine, cpu_moe=True), (1282.10, 3072, 80.01), (29_691.30, 0, 80.01)),
    (
        lambda engine: replace(engine, kv_offload=False),
        (30_658.10, 0, 152.00),
        (315.30, 3072, 40.01),
    ),
)
"""llama-fit-params of October 2026 at 32768 tokens: weights, cache and compute in MiB, on
the device and on the host."""


@pytest.mark.parametrize(("change", "device", "rest"), ANSWERS)
def test_both_sides_are_what_the_engine_reserves(
    llama: App,
    facts: Facts,
    change: Change,
    device: tuple[float, float, float],
    rest: tuple[float, float, float],
) -> None:
    def new(engine: LlamaCpp) -> LlamaCpp:
        return change(replace(engine, image=replace(engine.image, engine_version="b10809")))

    found = memory(llama, facts, new, laid_out(SIMULATED))
    at_host = host(found, "weights") + host(found, "embeddings")
    exact = (
        (gpu(found, "weights"), device[0]),
        (gpu(found, "KV cache"), device[1]),
        (at_host, rest[0]),
        (host(found, "KV cache and states"), rest[1]),
    )
    for size, mib in exact:
        assert size.value / MIB == pytest.approx(mib, abs=0.01)
    for size, mib in ((gpu(found, "compute"), device[2]), (host(found, "host compute"), rest[2])):
        assert size.low / MIB <= mib * 1.001
        assert mib <= size.high / MIB * 1.001


def test_all_experts_can_stay(llama: App, facts: Facts) -> None:
    found = memory(llama, facts, lambda engine: replace(engine, cpu_moe=True))
    assert host(found, "weights").value == LAYERS * 900


def test_the_cache_can_stay_as_a_whole(llama: App, facts: Facts) -> None:
    found = memory(llama, facts, lambda engine: replace(engine, kv_offload=False))
    assert gpu(found, "KV cache").high == 0
    assert host(found, "KV cache and states").value == 48 * 4 * 128 * 2 * 2 * 32_768


@pytest.mark.parametrize(
    ("name", "slots", "unified", "ubatch", "mib"),
    [
        ("qwen3.6-27b", 4, True, 512, 276.29),
        ("qwen3.6-27b", 1, False, 512, 276.29),
        ("gpt-oss-20b", 1, False, 512, 268.77),
    ],
)
def test_the_logged_buffers_of_the_host(
    llama: App, facts: Facts, name: str, slots: int, unified: bool, ubatch: int, mib: float
) -> None:
    """Three public logs of the old era, at 128K."""

    def change(engine: LlamaCpp) -> LlamaCpp:
        image = replace(engine.image, engine_version="b9101")
        return replace(
            engine,
            image=image,
            ctx_size=131_072,
            parallel=slots,
            kv_unified=unified,
            n_ubatch=ubatch,
        )

    found = memory(llama, facts, change, with_file(published(name), 8 << 30))
    assert host(found, "host compute").value / MIB == pytest.approx(mib, rel=0.005)


def test_the_servers_own_caches_fill_and_can_be_turned_off(llama: App, facts: Facts) -> None:
    model = with_file(published("qwen3.6-27b"), 8 << 30)
    usual = memory(llama, facts, layers(99), model)
    assert host(usual, "prompt cache").high == 8192 * MIB
    assert host(usual, "context checkpoints").high == 32 * 149.625 * MIB
    off = memory(
        llama, facts, lambda engine: replace(engine, cache_ram=0, ctx_checkpoints=0), model
    )
    assert {"prompt cache", "context checkpoints"}.isdisjoint(term.name for term in off.host)


@pytest.mark.parametrize(
    "change", [layers(20), lambda engine: replace(engine, n_cpu_moe=3)], ids=["layers", "experts"]
)
def test_layers_of_unknown_size_are_not_placed(llama: App, facts: Facts, change: Change) -> None:
    model = with_file(published("qwen3-coder-30b-a3b"), 16 << 30)
    app = serving(llama, change, model)
    (fault,) = plan_faults(app, knowing(facts, model))
    assert "chartgen model add" in fault.remedy


def test_a_dense_model_has_no_experts_to_keep(llama: App, facts: Facts) -> None:
    model = laid_out(LAYOUT.model_copy(update={"experts": ()}))
    app = serving(llama, lambda engine: replace(engine, ctx_size=4096, cpu_moe=True), model)
    (fault,) = plan_faults(app, knowing(facts, model))
    assert "no routed experts" in fault.problem

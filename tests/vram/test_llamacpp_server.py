"""llama.cpp's own defaults, what it logs, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chartgen.engines import Memory, engine_of
from chartgen.facts import Facts
from chartgen.spec import App, LlamaCpp
from chartgen.spec.llamacpp import CacheType
from chartgen.vram import plan, plan_faults
from tests.vram.deployments import llamacpp, term
from tests.vram.published import Change, knowing, published, serving, with_file


def memory(llama: App, facts: Facts, name: str, change: Change) -> Memory:
    model = with_file(published(name), 8 << 30)
    app, known = serving(llama, change, model), knowing(facts, model)
    return engine_of(app).memory(app, known, known.devices[app.device])


def test_a_server_that_is_not_told_has_four_slots_that_share(llama: App, facts: Facts) -> None:
    default = llamacpp(llama, lambda engine: replace(engine, parallel=None))
    said = llamacpp(llama, lambda engine: replace(engine, parallel=4, kv_unified=True))
    assert plan(default, facts).terms == plan(said, facts).terms
    assert plan(default, facts).requests == plan(said, facts).requests
    assert "--parallel" not in engine_of(default).command(default).argv


def test_the_default_slots_are_the_same_deployment_as_four_that_share(llama: App) -> None:
    def named(engine: LlamaCpp) -> LlamaCpp:
        return replace(engine, image=replace(engine.image, engine_version="b9101"))

    default = llamacpp(llama, lambda engine: replace(named(engine), parallel=None))
    said = llamacpp(llama, lambda engine: replace(named(engine), parallel=4, kv_unified=True))
    assert engine_of(default).deployment(default) == engine_of(said).deployment(said)


@pytest.mark.parametrize(
    "change",
    [
        lambda engine: replace(engine, n_cpu_moe=4),
        lambda engine: replace(engine, cpu_moe=True),
        lambda engine: replace(engine, kv_offload=False),
        lambda engine: replace(engine, n_gpu_layers=20),
        lambda engine: replace(engine, image_max_tokens=1120),
        lambda engine: replace(engine, n_batch=256),
    ],
)
def test_what_moves_memory_makes_another_deployment(llama: App, change: Change) -> None:
    named = llamacpp(
        llama, lambda engine: replace(engine, image=replace(engine.image, engine_version="b9101"))
    )
    other = llamacpp(named, change)
    assert engine_of(named).deployment(named) != engine_of(other).deployment(other)


def test_the_flags_of_host_memory(llama: App) -> None:
    app = llamacpp(
        llama,
        lambda engine: replace(
            engine, n_cpu_moe=4, kv_offload=False, image_max_tokens=560, cache_ram=0
        ),
    )
    argv = " ".join(engine_of(app).command(app).argv)
    for flag in ("--n-cpu-moe 4", "--no-kv-offload", "--image-max-tokens 560", "--cache-ram 0"):
        assert flag in argv


def test_the_era_follows_the_build(llama: App, facts: Facts) -> None:
    def of(version: str) -> Change:
        return lambda engine: replace(
            engine, image=replace(engine.image, engine_version=version), ctx_size=131_072
        )

    model = with_file(published("qwen3.6-27b"), 8 << 30)
    known = knowing(facts, model)
    old, new, between = (
        term(plan(serving(llama, of(version), model), known), "compute")
        for version in ("b8946-0f1bb602d", "b10809", "b10000")
    )
    assert new.value < old.value == between.value
    assert (between.low, between.high) == (new.low, old.high)


def test_a_batch_and_a_context_limit_the_micro_batch(llama: App, facts: Facts) -> None:
    wide = llamacpp(llama, lambda engine: replace(engine, n_ubatch=4096, n_batch=512))
    assert plan(wide, facts).terms == plan(llama, facts).terms


def test_the_log_is_foretold(llama: App, facts: Facts) -> None:
    """The lines of a public log of four default slots at 8192 tokens."""

    def change(engine: LlamaCpp) -> LlamaCpp:
        return replace(
            engine, ctx_size=8192, parallel=None, cache_type_k="q8_0", cache_type_v="q8_0"
        )

    found = memory(llama, facts, "gemma-4-12b", change)
    assert "KV buffer size = 765.00 MiB (4608 cells, 40 layers, 4/1 seqs)" in found.prints()
    assert "KV buffer size = 68.00 MiB (8192 cells, 8 layers, 4/1 seqs)" in found.prints()


def test_recurrent_states_are_foretold(llama: App, facts: Facts) -> None:
    found = memory(llama, facts, "qwen3.6-27b", lambda engine: replace(engine, ctx_size=4096))
    assert any(line.startswith("RS buffer size = 149.62 MiB") for line in found.prints())


@pytest.mark.parametrize(
    ("k", "v", "flash", "said"),
    [
        ("q8_0", "f16", "on", "K cache type q8_0 with block size 32 does not divide"),
        ("f16", "q4_0", "on", "V cache type q4_0 with block size 32 does not divide"),
        ("f16", "q4_0", "off", "quantized V cache requires flash_attn"),
    ],
)
def test_what_does_not_start_is_refused_in_its_words(
    llama: App, facts: Facts, k: CacheType, v: CacheType, flash: str, said: str
) -> None:
    odd = published("llama-3.1-8b")
    kinds = tuple(kind.model_copy(update={"head_dim": 80}) for kind in odd.attention)
    model = with_file(odd.model_copy(update={"attention": kinds}), 8 << 30)

    def change(engine: LlamaCpp) -> LlamaCpp:
        plain = replace(engine, ctx_size=4096, cache_type_k=k, cache_type_v=v)
        return replace(plain, flash_attn="off") if flash == "off" else plain

    app, known = serving(llama, change, model), knowing(facts, model)
    (refusal,) = engine_of(app).memory(app, known, known.devices[app.device]).refusals
    assert said in refusal


def test_without_flash_attention_values_are_as_wide_as_the_widest(llama: App, facts: Facts) -> None:
    """Gemma 4's sliding layers have values of 2048 elements, its full ones of 512."""

    def of(flash: bool) -> Change:
        return lambda engine: replace(
            engine, ctx_size=131_072, swa_full=True, flash_attn="on" if flash else "off"
        )

    model = with_file(published("gemma-4-12b"), 8 << 30)
    known = knowing(facts, model)
    on, off = (
        term(plan(serving(llama, of(flash), model), known), "KV cache").value
        for flash in (True, False)
    )
    assert off - on == 8 * (2048 - 512) * 2 * 131_072


def test_images_lie_in_the_context(llama: App, facts: Facts) -> None:
    found = engine_of(llama).memory(llama, facts, facts.devices[llama.device])
    assert any("an image takes 280 cells" in line for line in found.prints())
    tiny = llamacpp(llama, lambda engine: replace(engine, ctx_size=256))
    (fault,) = plan_faults(tiny, facts)
    assert "one image takes 280 tokens" in fault.problem
    smaller = llamacpp(tiny, lambda engine: replace(engine, image_max_tokens=70))
    assert plan_faults(smaller, facts) == []


def test_levers_are_sizes_that_people_would_choose(llama: App, facts: Facts) -> None:
    made = plan(llama, facts)
    contexts = {lever.after for lever in made.levers if lever.field == "ctx_size"}
    assert contexts == {"98304", "65536"}

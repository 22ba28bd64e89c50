"""Speculation of llama.cpp: its second context, and the charts that ran out of memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chartgen.engines import engine_of
from chartgen.facts import Facts, ModelFacts
from chartgen.quantities import MIB, Estimate
from chartgen.spec import App, LlamaCpp, LlamaSpeculation
from chartgen.spec.llamacpp import CacheType, SpecType
from chartgen.vram import Plan, plan, plan_faults
from tests.vram.deployments import term
from tests.vram.published import knowing, published, serving, with_file

QWEN = "qwen3.6-27b"
EMBEDDINGS = 682 * MIB
"""What an untied file of this model leaves in host memory (a public log)."""


def drafting(
    kind: SpecType = "draft-mtp",
    *,
    context: int = 131_072,
    cache: CacheType = "q4_0",
    version: str | None = None,
    types: CacheType | None = None,
) -> Callable[[LlamaCpp], LlamaCpp]:
    def change(engine: LlamaCpp) -> LlamaCpp:
        image = replace(engine.image, engine_version=version) if version else engine.image
        return replace(
            engine,
            image=image,
            ctx_size=context,
            cache_type_k=cache,
            cache_type_v=cache,
            speculation=LlamaSpeculation(
                spec_type=kind, n_max=5, cache_type_k=types, cache_type_v=types
            ),
        )

    return change


def of_size(gigabytes: float) -> ModelFacts:
    size = round(gigabytes * 1e9)
    return with_file(published(QWEN), size - EMBEDDINGS, size)


def planned(
    llama: App, facts: Facts, change: Callable[[LlamaCpp], LlamaCpp], gigabytes: float = 12.3
) -> Plan:
    model = of_size(gigabytes)
    return plan(serving(llama, change, model), knowing(facts, model))


CHARTS = (
    ("1.0.1", 16.81, 262_144, False),
    ("1.0.2", 16.81, 32_000, True),
    ("1.0.3", 16.81, 128_000, True),
    ("1.0.5", 14.92, 262_144, False),
    ("1.0.7", 12.3, 262_144, True),
)
"""Six public charts of May 2026 less one, 1.0.8, which served short prompts only and is
114 MiB smaller than 1.0.5: version, GB, context, and whether it served."""


@pytest.mark.parametrize(("version", "size", "context", "served"), CHARTS, ids=str)
def test_no_chart_that_failed_is_accepted_and_none_that_served_is_refused(
    llama: App, facts: Facts, version: str, size: float, context: int, served: bool
) -> None:
    found = planned(llama, facts, drafting(context=context), size).verdict.value
    assert (found == "fits") is served, version


def test_a_chart_with_short_prompts_only_is_no_proof(llama: App, facts: Facts) -> None:
    assert planned(llama, facts, drafting(context=262_144), 14.8).verdict.value == "unproven"


def test_a_second_context_is_charged_with_its_buffers(llama: App, facts: Facts) -> None:
    """272 MiB of q8_0 and 495 MiB of compute stand in the log of such a context."""
    made = planned(llama, facts, drafting(cache="q8_0", types="q8_0", version="b9101"))
    assert term(made, "MTP KV cache") == Estimate.exact(272 * MIB)
    assert term(made, "MTP compute").value / MIB == pytest.approx(495, abs=0.5)
    assert term(made, "MTP margin").high == 1536 * MIB


def test_a_second_context_without_types_is_f16_or_as_the_first(llama: App, facts: Facts) -> None:
    early = term(planned(llama, facts, drafting(version="b9101")), "MTP KV cache")
    late = term(planned(llama, facts, drafting(version="b10809")), "MTP KV cache")
    assert (early.low / MIB, early.high / MIB) == (144, 512)
    assert late == Estimate.exact(512 * MIB)


def test_a_wide_cache_and_the_copy_of_a_narrow_one_are_not_both_charged(
    llama: App, facts: Facts
) -> None:
    made = planned(llama, facts, drafting())
    both = term(made, "MTP KV cache") + term(made, "MTP attention copy")
    assert both.high == (144 + 512) * MIB


def test_drafted_tokens_multiply_the_recurrent_states(llama: App, facts: Facts) -> None:
    late = term(planned(llama, facts, drafting(version="b10809")), "recurrent states")
    assert late.low == late.high == 6 * 149.625 * MIB
    early = term(planned(llama, facts, drafting(version="b9101")), "recurrent states")
    assert (early.low, early.high) == (149.625 * MIB, late.high)


def test_n_grams_take_nothing(llama: App, facts: Facts) -> None:
    def change(engine: LlamaCpp) -> LlamaCpp:
        return replace(engine, speculation=LlamaSpeculation(spec_type="ngram-mod"))

    assert planned(llama, facts, change).need == planned(llama, facts, lambda one: one).need


def test_a_drafter_brings_its_file_its_cache_and_its_buffers(llama: App, facts: Facts) -> None:
    drafter = with_file(published("qwen3-1.7b"), 1 << 30)
    weights = of_size(12.3)
    app = serving(llama, drafting("draft-simple", context=32_768), weights, drafter)
    made = plan(app, knowing(facts, weights, drafter))
    assert term(made, "drafter") == Estimate.exact(1 << 30)
    assert term(made, "drafter's KV cache").high == 28 * 8 * 128 * 2 * 2 * 32_768
    assert term(made, "drafter's compute").low > 0
    assert term(made, "recurrent states").high == 149.625 * MIB
    assert made.caveats == ()


def test_a_drafter_of_unknown_dimensions_proves_nothing(llama: App, facts: Facts) -> None:
    drafter = with_file(published("qwen3-1.7b"), 1 << 30).model_copy(update={"attention": ()})
    weights = of_size(12.3)
    app = serving(llama, drafting("draft-dflash", context=32_768), weights, drafter)
    made = plan(app, knowing(facts, weights, drafter))
    assert "the drafter's KV cache, whose dimensions no fact states" in made.caveats


def test_a_model_without_such_layers_cannot_draft_by_itself(llama: App, facts: Facts) -> None:
    model = with_file(published("qwen3-8b"), 8 << 30)
    app = serving(llama, drafting(context=32_768), model)
    (fault,) = plan_faults(app, knowing(facts, model))
    assert "no layers for multi-token prediction" in fault.problem


def test_speculation_off_is_a_lever(llama: App, facts: Facts) -> None:
    made = planned(llama, facts, drafting())
    (lever,) = (one for one in made.levers if one.field == "speculation")
    assert (lever.before, lever.after) == ("draft-mtp", "none")
    assert lever.frees >= 1536 * MIB


def test_the_flags_of_a_drafter(llama: App) -> None:
    app = serving(
        llama,
        drafting("draft-simple", types="q8_0"),
        published(QWEN),
        published("qwen3-1.7b"),
    )
    argv = engine_of(app).command(app).argv
    at = argv.index("--spec-type")
    assert argv[at:] == (
        "--spec-type",
        "draft-simple",
        "--spec-draft-n-max",
        "5",
        "--spec-draft-type-k",
        "q8_0",
        "--spec-draft-type-v",
        "q8_0",
    )
    assert "--model-draft" in argv

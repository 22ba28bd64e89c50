"""Compute buffers from widths alone, held against what llama.cpp's own code reserves."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.accuracy.models import Models, read_models
from benchmarks.compute_study import parts_of
from chartgen.engines.llamacpp.cells import kv_cache
from chartgen.engines.llamacpp.compute import Question, reserved
from chartgen.engines.llamacpp.draft import mtp_terms
from chartgen.engines.llamacpp.reserve import Buffers, buffers, replayed
from chartgen.engines.llamacpp.settings import Drafting, Era, Settings
from chartgen.engines.llamacpp.shape import shape_of
from chartgen.facts import ModelFacts
from chartgen.quantities import MIB
from chartgen.spec.llamacpp import CacheType
from tests.vram.published import published

DATA = Path(__file__).parent / "data"
KINDS: dict[str, CacheType] = {"f16": "f16", "q8_0": "q8_0"}
ERAS: dict[str, Era] = {"old": "old", "new": "new"}
ORDER = "nemotron-nano-9b-v2"
"""A model whose layers stand in another order than those of the recorded graphs."""


@dataclass(frozen=True)
class Size:
    """One run of `llama-fit-params`, in bytes (benchmarks/compute_study.py)."""

    model: str
    settings: Settings
    device: int
    host: int


def sizes() -> list[Size]:
    with (DATA / "compute.csv").open(encoding="utf-8") as file:
        return [
            Size(
                row["model"],
                Settings(
                    n_ctx=int(row["context"]),
                    n_parallel=int(row["slots"]),
                    kv_unified=row["unified"] == "True",
                    n_ubatch=int(row["ubatch"]),
                    n_batch=1 << 20,
                    type_k=KINDS[row["kind"]],
                    type_v=KINDS[row["kind"]],
                    era=ERAS[row["era"]],
                ),
                int(row["reserved"]),
                int(row["host"]),
            )
            for row in csv.DictReader(file)
        ]


@cache
def others() -> Models:
    """Models on which nothing was recorded and nothing fitted."""
    return read_models([DATA / "compute_models.json"])


def facts_of(name: str) -> ModelFacts:
    found = others().find(name)
    return found.facts if found else published(name)


def found_for(size: Size) -> Buffers:
    return buffers(facts_of(size.model), size.settings)


def test_the_sizes_are_of_many_models_and_both_eras() -> None:
    assert len({size.model for size in sizes()}) > 40
    assert {size.settings.era for size in sizes()} == {"old", "new"}


def test_a_replay_is_what_the_program_reserves() -> None:
    for size in sizes():
        if size.model != ORDER:
            assert found_for(size).gpu.value == pytest.approx(size.device, rel=2e-4), size


def test_what_is_reserved_lies_within_every_interval() -> None:
    for size in sizes():
        found, native = found_for(size), facts_of(size.model).context_length.value
        assert found.gpu.low <= size.device <= found.gpu.high, size
        assert found.host.low <= size.host <= found.host.high, size
        if size.settings.n_ctx <= native:
            assert found.charged.low <= size.device <= found.charged.high, size


def test_a_hole_makes_a_longer_context_cheaper_but_never_a_plan() -> None:
    """16K of f16 leave a hole that 32K do not (May 2026)."""
    model = published("qwen3-8b")
    short, long = (
        buffers(model, Settings(n_ctx=cells, n_batch=1 << 20, era="old"))
        for cells in (16_384, 32_768)
    )
    assert short.gpu.value - long.gpu.value > 40 * MIB
    assert short.charged.value <= long.charged.value


def test_one_question_has_one_answer_whatever_was_asked_before() -> None:
    shape = shape_of(published("qwen3-coder-30b-a3b"))
    asked = Question("old", True, True, 333, 1, 1, None)
    contexts = [*range(256, 40_000, 2560), 4096, 8192, 16_384]
    first = {context: reserved(shape, asked, context) for context in contexts}
    again = replace(shape, context=shape.context + 1)  # another key, the same graph
    assert {context: reserved(again, asked, context) for context in contexts[::-1]} == first


@given(st.integers(1, 1 << 18), st.integers(1, 1 << 12), st.sampled_from(["old", "new"]))
@settings(max_examples=60, deadline=None)
def test_more_context_is_never_charged_less(context: int, added: int, era: str) -> None:
    for name in ("qwen3-8b", "gemma-4-e2b", "nemotron-3-nano-4b", "llama-3.1-70b"):
        less, more = (
            buffers(facts_of(name), Settings(n_ctx=cells, era=ERAS[era])).charged
            for cells in (context, context + added)
        )
        assert (less.low, less.value, less.high) <= (more.low, more.value, more.high)
        assert less.value <= more.value
        assert less.high <= more.high


def test_an_unknown_architecture_is_a_guess_with_wide_ends() -> None:
    strange = published("qwen3-8b").model_copy(update={"architecture": "NobodyKnowsThis"})
    asked = Settings(n_ctx=32_768, type_k="q8_0", type_v="q8_0", era="new")
    known = buffers(published("qwen3-8b"), asked).gpu
    bare = strange.model_copy(update={"compute": None})
    guess = buffers(bare, asked).gpu
    assert replayed(bare, asked) is None
    assert guess.low < known.value < guess.high
    assert guess.high - guess.low > known.high - known.low


def test_a_model_s_own_constants_change_nothing_where_its_graph_is_known() -> None:
    model, asked = published("gpt-oss-20b"), Settings(n_ctx=65_536, era="new")
    bare = model.model_copy(update={"compute": None})
    assert model.compute is not None
    assert buffers(bare, asked).charged == buffers(model, asked).charged


def test_the_second_context_of_a_public_log_lies_within_its_interval() -> None:
    """682.02 MiB for the MTP layer of Qwen3.5-4B at 131072 tokens."""
    drafting = Drafting(mtp=True, n_max=2)
    asked = Settings(n_ctx=131_072, type_k="q8_0", type_v="q8_0", drafting=drafting)
    terms = [
        term.estimate
        for term in mtp_terms(published("qwen3.5-4b"), asked, drafting)
        if term.name in ("MTP KV cache", "MTP compute")
    ]
    assert sum(term.low for term in terms) <= 682.02 * MIB <= sum(term.high for term in terms)
    assert kv_cache(published("qwen3.5-4b"), asked).value > terms[0].low


def test_steps_that_repeat_are_kept_once() -> None:
    steps = tuple(f"+{index}" for index in range(12))
    parts = list(parts_of(("a", *steps * 3, "b")))
    assert parts == [(1, ("a",)), (3, steps), (1, ("b",))]

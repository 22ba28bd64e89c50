"""What is proven of an app, by formula and by recorded runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chartgen.engines import Limit, Memory, Requests, Term
from chartgen.errors import DoesNotFit, Unproven
from chartgen.facts import Facts
from chartgen.quantities import GIB, Bytes, gib
from chartgen.spec import App, Vllm
from chartgen.vram import Verdict, plan, plan_faults, plan_text
from chartgen.vram.host import host_of
from chartgen.vram.verdict import predict
from tests.repository import LLAMACPP, VLLM, Repository
from tests.vram.deployments import run_of, slots, version, vllm, with_runs

FIRST = "vllm-gemma-4-26b-awq-16k"


def small(engine: Vllm) -> Vllm:
    return replace(engine, max_model_len=16_384, gpu_memory_utilization=0.85)


def wide(engine: Vllm) -> Vllm:
    return replace(engine, max_model_len=262_144, kv_cache_dtype="bfloat16")


def test_the_flagship_is_measured_where_the_formula_cannot_tell(
    flagship: App, facts: Facts
) -> None:
    made = plan(flagship, facts)
    assert (made.predicted, made.verdict, made.measured) == (
        Verdict.UNPROVEN,
        Verdict.FITS,
        True,
    )
    assert made.need.low <= made.limit.size < made.need.high
    assert [run.id for run in made.runs] == list(flagship.evidence)


def test_its_first_release_is_measured_too(flagship: App, facts: Facts) -> None:
    made = plan(vllm(flagship, small), facts)
    assert (made.predicted, made.verdict, made.measured) == (
        Verdict.UNPROVEN,
        Verdict.FITS,
        True,
    )
    assert [run.id for run in made.runs] == [FIRST]


def test_a_build_that_failed_with_the_same_settings_is_refused(flagship: App, facts: Facts) -> None:
    made = plan(vllm(flagship, version("0.21.1rc1.dev169")), facts)
    assert (made.predicted, made.verdict, made.measured) == (
        Verdict.UNPROVEN,
        Verdict.DOES_NOT_FIT,
        True,
    )
    assert "failed" in plan_text(made)
    assert "then it fits" not in plan_text(made)


def test_without_a_record_the_flagship_is_unproven(flagship: App, facts: Facts) -> None:
    made = plan(flagship, with_runs(facts))
    assert (made.verdict, made.measured) == (Verdict.UNPROVEN, False)


def test_a_run_that_served_and_one_that_failed_refuse(flagship: App, facts: Facts) -> None:
    served = run_of(facts, flagship.evidence[0])
    failed = served.model_copy(update={"id": "later", "outcome": "failed"})
    for runs in ((served, failed), (failed, served)):
        made = plan(flagship, with_runs(facts, *runs))
        assert made.verdict is Verdict.DOES_NOT_FIT
        assert len(made.runs) == 2


def test_wide_cache_at_256k_does_not_fit_and_the_biggest_lever_is_named(
    flagship: App, facts: Facts
) -> None:
    made = plan(vllm(flagship, wide), facts)
    assert made.verdict is made.predicted is Verdict.DOES_NOT_FIT
    assert made.free < 0
    lever = made.levers[0]
    assert (lever.field, lever.before, lever.after) == ("kv_cache_dtype", "bfloat16", "fp8")
    assert lever.frees / GIB == pytest.approx(3.38, abs=0.005)
    assert "kv_cache_dtype bfloat16 -> fp8 frees 3.38 GiB" in plan_text(made)


def test_a_million_tokens_are_refused_before_any_sum(flagship: App, facts: Facts) -> None:
    app = vllm(flagship, lambda engine: replace(engine, max_model_len=1_048_576))
    (fault,) = plan_faults(app, facts)
    assert (fault.path, fault.value) == (f"{VLLM}.engine.max_model_len", "1048576")
    assert "262144" in fault.problem
    assert "262144" in fault.remedy


def test_a_record_of_one_request_at_a_time_does_not_prove_four(flagship: App, facts: Facts) -> None:
    """Four requests at full context need four times the cache that the run had room for."""
    made = plan(replace(flagship, least_requests=4), facts)
    assert made.predicted is Verdict.DOES_NOT_FIT
    assert made.verdict is not Verdict.FITS


@pytest.mark.parametrize("slot_count", [1, 2])
def test_slots_that_there_are_not_serve_nobody(llama: App, facts: Facts, slot_count: int) -> None:
    app = slots(llama, 131_072, "q4_0", parallel=slot_count)
    enough = replace(app, least_requests=slot_count)
    assert plan_faults(enough, facts) == []
    assert plan(enough, facts).verdict is Verdict.FITS
    more = replace(app, least_requests=slot_count + 1)
    assert plan_faults(more, facts) or plan(more, facts).verdict is Verdict.DOES_NOT_FIT


def test_more_requests_than_sequences_are_not_served(flagship: App, facts: Facts) -> None:
    app = replace(
        vllm(flagship, lambda engine: replace(engine, max_model_len=1024, images_per_prompt=0)),
        least_requests=5,
    )
    assert plan_faults(app, facts) or plan(app, facts).verdict is Verdict.DOES_NOT_FIT


def test_a_sum_is_shown_line_by_line(flagship: App, facts: Facts) -> None:
    made = plan(flagship, facts)
    text = plan_text(made)
    for item in made.terms:
        assert item.formula
        assert item.source
        assert f"{item.name} " in text
        assert f"{item.estimate.value / GIB:.2f} GiB" in text
    assert "limit" in text
    assert "FITS: measured" in text
    assert "131072 tokens" in text
    assert "\n" not in text.splitlines()[0]


def by_formula(
    app: App,
    facts: Facts,
    need: tuple[float, float, float],
    *,
    caveats: tuple[str, ...] = (),
    refusals: tuple[str, ...] = (),
) -> Verdict:
    """The verdict of a made-up sum against 10 GiB."""
    term = Term("all", gib(*need), "made up", "this test")
    limit = Limit(Bytes(10 * GIB), "made up", "this test")
    memory = Memory((term,), limit, Requests(1.0, 1.0, 1.0, 1024), caveats, refusals)
    host = host_of(app, memory.host, facts.devices[app.device])
    return predict(memory, term.estimate, host, app)


@pytest.mark.parametrize(
    ("need", "verdict"),
    [
        ((9, 8, 10), Verdict.FITS),
        ((9, 8, 10.001), Verdict.UNPROVEN),
        ((11, 10, 12), Verdict.UNPROVEN),
        ((11, 10.001, 12), Verdict.DOES_NOT_FIT),
    ],
)
def test_the_ends_of_the_interval_decide(
    flagship: App, facts: Facts, need: tuple[float, float, float], verdict: Verdict
) -> None:
    assert by_formula(flagship, facts, need) is verdict


def test_what_is_left_out_proves_nothing_and_refuses_nothing(flagship: App, facts: Facts) -> None:
    assert by_formula(flagship, facts, (1, 1, 1), caveats=("x",)) is Verdict.UNPROVEN
    assert by_formula(flagship, facts, (11, 11, 11), caveats=("x",)) is Verdict.DOES_NOT_FIT


def test_an_engine_that_does_not_start_does_not_fit(flagship: App, facts: Facts) -> None:
    assert by_formula(flagship, facts, (1, 1, 1), refusals=("x",)) is Verdict.DOES_NOT_FIT


def refusal(repository: Repository, code: int) -> str:
    """What the program says when it refuses an app; nothing is written."""
    run = repository.run("build", VLLM)
    assert (run.returncode, run.stdout) == (code, "")
    assert "Traceback" not in run.stderr
    assert not repository.catalog.exists()
    return run.stderr


def test_the_program_refuses_what_does_not_fit(repository: Repository) -> None:
    repository.set(VLLM, max_model_len="262144", kv_cache_dtype='"bfloat16"', evidence="()")
    with pytest.raises(DoesNotFit, match=r"frees 3\.38 GiB"):
        repository.build(VLLM)
    said = refusal(repository, 4)
    assert "KV cache" in said
    assert "DOES NOT FIT" in said


def test_the_program_refuses_what_is_unproven(repository: Repository) -> None:
    repository.set(VLLM, max_num_seqs="5", evidence="()")
    with pytest.raises(Unproven, match="limit"):
        repository.build(VLLM)
    assert "UNPROVEN" in refusal(repository, 5)


def test_all_refused_apps_of_a_run_are_named(repository: Repository) -> None:
    repository.set(VLLM, max_num_seqs="5", evidence="()")
    repository.set(
        LLAMACPP, cache_type_k='"f32"', cache_type_v='"f32"', parallel="1, n_ubatch=8192"
    )
    run = repository.run("build")
    assert run.returncode in {4, 5}
    assert f"{VLLM}: " in run.stderr
    assert f"{LLAMACPP}: " in run.stderr
    assert not repository.catalog.exists()

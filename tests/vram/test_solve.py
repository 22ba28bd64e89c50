"""The solver: what it names fits, one step more does not, and nothing larger does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.engines import Axis, engine_of
from chartgen.errors import Faults
from chartgen.facts import Facts
from chartgen.spec import App, Vllm
from chartgen.vram import Frontier, Solution, Verdict, predicted, solve
from chartgen.vram.solve import largest
from tests.vram.deployments import vllm
from tests.vram.test_properties import llama_changes, vllm_changes

FEW = settings(max_examples=15, deadline=None)


def axis_of(app: App, facts: Facts, field: str) -> Axis:
    axes = engine_of(app).axes(app, facts)
    return axes.context if axes.context.field == field else axes.sequences


def verdict_at(app: App, facts: Facts, field: str, value: int) -> Verdict:
    axis = axis_of(app, facts, field)
    return predicted(axis.at(app, value), facts, facts.devices[app.device])


def solution(app: App, facts: Facts, field: str) -> Solution:
    found = solve(app, facts, field)
    assert isinstance(found, Solution)
    return found


def assert_at_the_edge(app: App, facts: Facts, found: Solution) -> None:
    """The named values hold, the next do not; where none is named, the least does not."""
    least = axis_of(app, facts, found.field).least
    fits, allowed = found.fits, found.not_refused
    if fits is not None:
        assert verdict_at(app, facts, found.field, fits) is Verdict.FITS
    after = least if fits is None else fits + found.step
    if after <= found.most:
        assert verdict_at(app, facts, found.field, after) is not Verdict.FITS
    if allowed is not None:
        assert verdict_at(app, facts, found.field, allowed) is not Verdict.DOES_NOT_FIT
    beyond = least if allowed is None else allowed + found.step
    if beyond <= found.most:
        assert verdict_at(app, facts, found.field, beyond) is Verdict.DOES_NOT_FIT


@FEW
@given(vllm_changes(), st.sampled_from(["max_model_len", "max_num_seqs"]))
def test_the_answer_fits_and_one_step_more_does_not(
    flagship: App, facts: Facts, change: Callable[[App], App], field: str
) -> None:
    app = change(flagship)
    assert_at_the_edge(app, facts, solution(app, facts, field))


@FEW
@given(llama_changes(), st.sampled_from(["ctx_size", "parallel"]))
def test_so_it_does_for_the_other_engine(
    llama: App, facts: Facts, change: Callable[[App], App], field: str
) -> None:
    app = change(llama)
    assert_at_the_edge(app, facts, solution(app, facts, field))


def test_what_is_proven_is_never_refused(flagship: App, facts: Facts) -> None:
    found = solution(flagship, facts, "max_model_len")
    assert found.fits is not None
    assert found.not_refused is not None
    assert found.fits <= found.not_refused <= found.most
    assert found.present == 131_072


def test_a_frontier_agrees_with_the_solver(flagship: App, facts: Facts) -> None:
    found = solve(flagship, facts, "both")
    assert isinstance(found, Frontier)
    assert (found.context_field, found.sequences_field) == ("max_model_len", "max_num_seqs")
    assert found.present == (131_072, 4)
    (now,) = (point for point in found.points if point.sequences == 4)
    alone = solution(flagship, facts, "max_model_len")
    assert (now.fits, now.not_refused) == (alone.fits, alone.not_refused)


def test_more_sequences_never_allow_more_context(flagship: App, facts: Facts) -> None:
    found = solve(flagship, facts, "both")
    assert isinstance(found, Frontier)
    counts = [point.sequences for point in found.points]
    assert counts == sorted(set(counts))
    assert {1, 2, 3, 4, 8, 64, 256} <= set(counts)
    for contexts in (
        [point.fits or 0 for point in found.points],
        [point.not_refused or 0 for point in found.points],
        [point.all_full or 0 for point in found.points],
    ):
        assert contexts == sorted(contexts, reverse=True)
    assert all((point.all_full or 0) <= (point.fits or 0) for point in found.points)


def test_every_sequence_at_full_context_is_what_a_demand_for_them_says(
    flagship: App, facts: Facts
) -> None:
    found = solve(flagship, facts, "both")
    assert isinstance(found, Frontier)
    (two,) = (point for point in found.points if point.sequences == 2)
    assert two.all_full
    engine = flagship.engine
    assert isinstance(engine, Vllm)
    app = replace(flagship, engine=replace(engine, max_num_seqs=2), least_requests=2.0)
    assert verdict_at(app, facts, "max_model_len", two.all_full) is Verdict.FITS
    assert verdict_at(app, facts, "max_model_len", two.all_full + 1024) is not Verdict.FITS


def test_a_demand_bounds_the_sequences_from_below(flagship: App, facts: Facts) -> None:
    app = replace(flagship, least_requests=3.0)
    found = solution(app, facts, "max_num_seqs")
    assert found.fits is None or found.fits >= 3


def test_sequences_end_with_the_batch_or_with_what_is_there(flagship: App, facts: Facts) -> None:
    narrow = vllm(flagship, lambda engine: replace(engine, max_num_batched_tokens=64))
    assert solution(narrow, facts, "max_num_seqs").most == 64
    crowded = vllm(flagship, lambda engine: replace(engine, max_num_seqs=1024))
    found = solve(crowded, facts, "both")
    assert isinstance(found, Frontier)
    assert found.points[-1].sequences == found.present[1] == 1024


@pytest.mark.parametrize("field", ["ctx_size", "nonsense"])
def test_an_axis_of_another_engine_is_a_fault(flagship: App, facts: Facts, field: str) -> None:
    with pytest.raises(Faults) as raised:
        solve(flagship, facts, field)
    (fault,) = raised.value.faults
    assert fault.value == field
    assert "max_model_len" in fault.remedy


def axis(least: int, most: int, step: int) -> Axis:
    return Axis("tokens", least, most, step, lambda app, _: app)


@given(st.integers(1, 50), st.integers(0, 60), st.integers(1, 7), st.integers(0, 500))
def test_bisection_finds_what_counting_finds(
    least: int, steps: int, step: int, threshold: int
) -> None:
    most = least + steps * step
    values: Sequence[int] = range(least, most + 1, step)
    counted = max((value for value in values if value <= threshold), default=None)
    assert largest(axis(least, most, step), lambda value: value <= threshold) == counted


def test_an_empty_axis_has_no_answer() -> None:
    assert largest(axis(5, 4, 1), lambda _: True) is None

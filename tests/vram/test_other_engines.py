"""SGLang and transformers: wide intervals, laws that hold, commands that render."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.engines import engine_of
from chartgen.facts import Facts, ModelFacts, Number, Recurrent
from chartgen.quantities import GIB
from chartgen.spec import App, Image, Sglang, Transformers, Unknown
from chartgen.vram import Plan, Verdict, plan
from tests.vram.deployments import term

EXAMPLES = settings(max_examples=60, deadline=None)
IMAGE = Image(
    repository="docker.io/lmsysorg/sglang",
    tag="v0.5.23",
    digest=Unknown("not looked up"),
    engine_version="0.5.23",
)
CONTEXTS = st.integers(1024, 262_144)
COUNTS = st.integers(1, 64)


SGLANG = Sglang(
    image=IMAGE,
    served_model_name="gemma",
    context_length=16_384,
    mem_fraction_static=0.9,
    max_running_requests=4,
    kv_cache_dtype="fp8_e4m3",
    cuda_graph_max_bs_decode=4,
)
"""A server with a sixteenth of the model's context."""

TRANSFORMERS = Transformers(image=IMAGE, context_length=16_384)


def on(app: App, engine: Sglang | Transformers) -> App:
    """The app on another engine; it claims no record."""
    return replace(app, engine=engine, evidence=())


def needs(found: Plan) -> tuple[int, int, int]:
    return found.need.low, found.need.value, found.need.high


def no_less(more: Plan, less: Plan) -> bool:
    return all(a >= b for a, b in zip(needs(more), needs(less), strict=True))


GROWTHS: tuple[Callable[[App, int, int], App], ...] = (
    lambda app, context, _: on(app, replace(SGLANG, context_length=context)),
    lambda app, _, count: on(app, replace(SGLANG, max_running_requests=count)),
    lambda app, context, _: on(app, replace(SGLANG, chunked_prefill_size=context)),
    lambda app, _, count: on(app, replace(SGLANG, cuda_graph_max_bs_decode=count)),
    lambda app, context, _: on(app, replace(TRANSFORMERS, context_length=context)),
    lambda app, context, _: on(
        app, replace(TRANSFORMERS, context_length=context, continuous_batching=True)
    ),
    lambda app, _, count: on(app, replace(TRANSFORMERS, max_num_seqs=count)),
    lambda app, context, _: on(
        app, replace(TRANSFORMERS, context_length=context, attn_implementation="eager")
    ),
)


@pytest.mark.parametrize("grow", GROWTHS)
@EXAMPLES
@given(context=st.tuples(CONTEXTS, CONTEXTS), count=st.tuples(COUNTS, COUNTS))
def test_more_never_needs_less(
    flagship: App,
    facts: Facts,
    grow: Callable[[App, int, int], App],
    context: tuple[int, int],
    count: tuple[int, int],
) -> None:
    small = plan(grow(flagship, min(context), min(count)), facts)
    large = plan(grow(flagship, max(context), max(count)), facts)
    assert no_less(large, small)


def test_a_wide_interval_proves_nothing(flagship: App, facts: Facts) -> None:
    found = plan(on(flagship, SGLANG), facts)
    assert found.need.high - found.need.low > GIB
    assert found.verdict == Verdict.UNPROVEN


def test_a_fraction_under_the_weights_is_refused(flagship: App, facts: Facts) -> None:
    found = plan(on(flagship, replace(SGLANG, mem_fraction_static=0.5)), facts)
    assert found.verdict == Verdict.DOES_NOT_FIT
    assert found.requests.high == 0


def test_sliding_layers_get_their_share_of_all_tokens(flagship: App, facts: Facts) -> None:
    pool = term(plan(on(flagship, SGLANG), facts), "KV pool").value
    assert pool == 16_384 * (5 * 2048 + 25 * 4096 * 8 // 10)


def test_a_large_chunk_eats_into_what_is_left(flagship: App, facts: Facts) -> None:
    name = "activations beyond the rest"
    assert (
        term(plan(on(flagship, replace(SGLANG, chunked_prefill_size=512)), facts), name).high == 0
    )
    assert (
        term(plan(on(flagship, replace(SGLANG, chunked_prefill_size=32_768)), facts), name).low
        > GIB
    )


def test_every_running_request_has_three_states(flagship: App, facts: Facts) -> None:
    recurrent = Recurrent(
        kind="gated-delta-net",
        layers=48,
        conv_kernel=4,
        conv_dim=10_240,
        state_elements=48 * 128 * 128,
        source="a model of the Qwen 3.6 kind",
    )
    model = replace_model(facts, recurrent)
    state = term(plan(on(flagship, SGLANG), model), "recurrent state").value
    assert state == 4 * 3 * 48 * (3 * 10_240 * 2 + 48 * 128 * 128 * 4)


def gemma(facts: Facts) -> ModelFacts:
    return next(model for model in facts.models if model.name == "gemma-4-26b-a4b")


def replace_model(facts: Facts, recurrent: Recurrent) -> Facts:
    model = gemma(facts)
    return replace(facts, models=(model.model_copy(update={"recurrent": (recurrent,)}),))


def test_four_bits_are_a_quarter_of_sixteen(flagship: App, facts: Facts) -> None:
    model = gemma(facts)
    dense = model.model_copy(
        update={
            "parameters": Number(value=8_000_000_000, source="a dense model"),
            "tied": True,
            "checkpoints": tuple(
                one.model_copy(update={"quantization": "BF16"}) for one in model.checkpoints
            ),
        }
    )
    app = on(flagship, replace(TRANSFORMERS, quantization="bnb-4bit"))
    loaded = term(plan(app, replace(facts, models=(dense,))), "weights")
    embeddings = 262_144 * 2816
    assert loaded.value == int((8_000_000_000 - embeddings) * 0.515625) + embeddings * 2


def test_what_is_coded_already_is_not_coded_again(flagship: App, facts: Facts) -> None:
    app = on(flagship, TRANSFORMERS)
    again = on(flagship, replace(TRANSFORMERS, quantization="bnb-4bit"))
    assert term(plan(again, facts), "weights") == term(plan(app, facts), "weights")
    assert "quantization" not in {lever.field for lever in plan(app, facts).levers}


def test_pages_are_set_from_what_was_planned(flagship: App) -> None:
    app = on(
        flagship,
        replace(TRANSFORMERS, continuous_batching=True, context_length=1000, max_num_seqs=3),
    )
    argv = engine_of(app).command(app).argv
    assert argv[argv.index("--cb-num-blocks") + 1] == str(4 * 3)


def test_sglang_is_told_what_was_planned(flagship: App) -> None:
    app = on(flagship, SGLANG)
    command = engine_of(app).command(app)
    flags = dict(zip(command.argv, command.argv[1:], strict=False))
    assert flags["--mem-fraction-static"] == "0.9"
    assert flags["--context-length"] == "16384"
    assert flags["--max-running-requests"] == "4"
    assert (command.port, command.health_path) == (30000, "/health")


@pytest.mark.parametrize("engine", [SGLANG, TRANSFORMERS])
def test_levers_free_memory(flagship: App, facts: Facts, engine: Sglang | Transformers) -> None:
    found = plan(on(flagship, engine), facts).levers
    assert found
    assert all(lever.frees > 0 for lever in found)

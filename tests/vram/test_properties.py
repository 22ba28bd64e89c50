"""What holds of every plan, whatever the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.facts import Facts
from chartgen.quantities import ZERO, Estimate
from chartgen.spec import App, LlamaCpp, Vllm
from chartgen.spec.llamacpp import CacheType
from chartgen.spec.vllm import KvCacheDtype
from chartgen.vram import Lever, Plan, Verdict, plan
from tests.vram.deployments import llamacpp, vllm

EXAMPLES = settings(max_examples=60, deadline=None)
VERSIONS = st.sampled_from(["0.19.0", "0.20.2rc1.dev67", "0.25.1", "0.26.0", "0.28.0", "0.33.0"])
VLLM_KINDS: tuple[tuple[KvCacheDtype, int], ...] = (
    ("fp8", 1),
    ("fp8_e4m3", 1),
    ("fp8_e5m2", 1),
    ("auto", 2),
    ("bfloat16", 2),
)
LLAMA_KINDS: tuple[CacheType, ...] = (
    "turbo2",
    "turbo3",
    "turbo4",
    "q4_0",
    "iq4_nl",
    "q4_1",
    "q5_0",
    "q5_1",
    "q8_0",
    "f16",
    "bf16",
    "f32",
)
"""From the narrowest to the widest."""

CONTEXTS = st.integers(min_value=1, max_value=262_144)
BATCHES = st.integers(min_value=1, max_value=32_768)
UBATCHES = st.integers(min_value=1, max_value=4096)


@st.composite
def vllm_changes(draw: st.DrawFn) -> Callable[[App], App]:
    version = draw(VERSIONS)
    kind = draw(st.sampled_from([kind for kind, _ in VLLM_KINDS]))
    context, batch = draw(CONTEXTS), draw(BATCHES)
    sequences, images = draw(st.integers(1, 256)), draw(st.integers(0, 2))
    share, eager = draw(st.floats(0.05, 0.99)), draw(st.booleans())

    def change(engine: Vllm) -> Vllm:
        return replace(
            engine,
            image=replace(engine.image, engine_version=version),
            kv_cache_dtype=kind,
            max_model_len=context,
            max_num_batched_tokens=batch,
            max_num_seqs=sequences,
            images_per_prompt=images,
            gpu_memory_utilization=share,
            enforce_eager=eager,
        )

    return lambda app: vllm(app, change)


@st.composite
def llama_changes(draw: st.DrawFn) -> Callable[[App], App]:
    parallel = draw(st.integers(1, 8))
    context = draw(CONTEXTS) * parallel
    k, v = draw(st.sampled_from(LLAMA_KINDS)), draw(st.sampled_from(LLAMA_KINDS))
    ubatch = draw(st.none() | UBATCHES)
    unified, whole, projector = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())

    def change(engine: LlamaCpp) -> LlamaCpp:
        return replace(
            engine,
            ctx_size=context,
            parallel=parallel,
            cache_type_k=k,
            cache_type_v=v,
            n_ubatch=ubatch,
            kv_unified=unified,
            swa_full=whole,
        )

    def changed(app: App) -> App:
        models = app.models if projector else app.models[:1]
        return replace(llamacpp(app, change), models=models)

    return changed


def assert_needs_no_less(more: App, less: App, facts: Facts) -> None:
    """Holds of the value and of both ends of the interval."""
    larger, smaller = plan(more, facts).need, plan(less, facts).need
    assert larger.value >= smaller.value
    assert larger.low >= smaller.low
    assert larger.high >= smaller.high


@EXAMPLES
@given(vllm_changes(), CONTEXTS)
def test_vllm_more_context(
    flagship: App, facts: Facts, change: Callable[[App], App], other: int
) -> None:
    app = change(flagship)
    assert isinstance(app.engine, Vllm)
    less, more = sorted((app.engine.max_model_len, other))
    assert_needs_no_less(
        vllm(app, lambda engine: replace(engine, max_model_len=more)),
        vllm(app, lambda engine: replace(engine, max_model_len=less)),
        facts,
    )


@EXAMPLES
@given(vllm_changes(), BATCHES)
def test_vllm_larger_batch(
    flagship: App, facts: Facts, change: Callable[[App], App], other: int
) -> None:
    app = change(flagship)
    assert isinstance(app.engine, Vllm)
    less, more = sorted((app.engine.max_num_batched_tokens, other))
    assert_needs_no_less(
        vllm(app, lambda engine: replace(engine, max_num_batched_tokens=more)),
        vllm(app, lambda engine: replace(engine, max_num_batched_tokens=less)),
        facts,
    )


@EXAMPLES
@given(vllm_changes(), st.integers(1, 256))
def test_vllm_more_sequences(
    flagship: App, facts: Facts, change: Callable[[App], App], added: int
) -> None:
    app = change(flagship)
    more = vllm(app, lambda engine: replace(engine, max_num_seqs=engine.max_num_seqs + added))
    assert_needs_no_less(more, app, facts)


@EXAMPLES
@given(vllm_changes(), st.floats(1, 16), st.floats(1, 16))
def test_vllm_more_requests_at_once(
    flagship: App, facts: Facts, change: Callable[[App], App], one: float, other: float
) -> None:
    app = change(flagship)
    less, more = sorted((one, other))
    assert_needs_no_less(
        replace(app, least_requests=more), replace(app, least_requests=less), facts
    )


@EXAMPLES
@given(vllm_changes())
def test_vllm_vision_wide_cache_and_graphs(
    flagship: App, facts: Facts, change: Callable[[App], App]
) -> None:
    app = change(flagship)
    for more, less in (
        (
            vllm(app, lambda engine: replace(engine, images_per_prompt=1)),
            vllm(app, lambda engine: replace(engine, images_per_prompt=0)),
        ),
        (
            vllm(app, lambda engine: replace(engine, enforce_eager=False)),
            vllm(app, lambda engine: replace(engine, enforce_eager=True)),
        ),
        (
            vllm(app, lambda engine: replace(engine, kv_cache_dtype="bfloat16")),
            vllm(app, lambda engine: replace(engine, kv_cache_dtype="fp8")),
        ),
    ):
        assert_needs_no_less(more, less, facts)


@EXAMPLES
@given(vllm_changes())
def test_vllm_a_later_version_never_needs_less_cache(
    flagship: App, facts: Facts, change: Callable[[App], App]
) -> None:
    def of(version: str) -> App:
        return vllm(
            app, lambda engine: replace(engine, image=replace(engine.image, engine_version=version))
        )

    app = change(flagship)
    for earlier, later in (("0.25.1", "0.26.0"), ("0.26.0", "0.29.0")):
        assert_needs_no_less(of(later), of(earlier), facts)


@EXAMPLES
@given(llama_changes(), st.integers(1, 262_144))
def test_llamacpp_more_context(
    llama: App, facts: Facts, change: Callable[[App], App], added: int
) -> None:
    app = change(llama)
    more = llamacpp(app, lambda engine: replace(engine, ctx_size=engine.ctx_size + added))
    assert_needs_no_less(more, app, facts)


@EXAMPLES
@given(llama_changes(), st.integers(2, 4))
def test_llamacpp_more_slots_of_the_same_context(
    llama: App, facts: Facts, change: Callable[[App], App], times: int
) -> None:
    app = change(llama)

    def more(engine: LlamaCpp) -> LlamaCpp:
        return replace(engine, parallel=engine.slots * times, ctx_size=engine.ctx_size * times)

    assert_needs_no_less(llamacpp(app, more), app, facts)


@EXAMPLES
@given(llama_changes(), UBATCHES)
def test_llamacpp_larger_micro_batch(
    llama: App, facts: Facts, change: Callable[[App], App], other: int
) -> None:
    app = change(llama)
    less, more = sorted((512, other))
    assert_needs_no_less(
        llamacpp(app, lambda engine: replace(engine, n_ubatch=more)),
        llamacpp(app, lambda engine: replace(engine, n_ubatch=less)),
        facts,
    )


@EXAMPLES
@given(llama_changes())
def test_llamacpp_vision_and_whole_windows(
    llama: App, facts: Facts, change: Callable[[App], App]
) -> None:
    app = change(llama)
    with_projector = replace(app, models=llama.models)
    without = replace(app, models=llama.models[:1])
    assert_needs_no_less(with_projector, without, facts)
    assert_needs_no_less(
        llamacpp(app, lambda engine: replace(engine, swa_full=True)),
        llamacpp(app, lambda engine: replace(engine, swa_full=False)),
        facts,
    )


def kv_cache(app: App, facts: Facts) -> Estimate:
    return sum((item.estimate for item in plan(app, facts).terms if item.name == "KV cache"), ZERO)


@EXAMPLES
@given(llama_changes(), st.sampled_from(LLAMA_KINDS), st.sampled_from(LLAMA_KINDS))
def test_llamacpp_a_wider_cache_takes_no_less(
    llama: App,
    facts: Facts,
    change: Callable[[App], App],
    one: CacheType,
    other: CacheType,
) -> None:
    """Of the cache alone: a narrow one is copied to a wide form beside it while it is read."""
    narrow, wide = sorted((one, other), key=LLAMA_KINDS.index)
    app = change(llama)

    def of(kind: CacheType) -> Estimate:
        return kv_cache(
            llamacpp(app, lambda engine: replace(engine, cache_type_k=kind, cache_type_v=kind)),
            facts,
        )

    assert of(wide).value >= of(narrow).value
    assert of(wide).low >= of(narrow).low
    assert of(wide).high >= of(narrow).high


@EXAMPLES
@given(llama_changes())
def test_llamacpp_a_whole_plan_with_a_wide_cache_needs_no_less(
    llama: App, facts: Facts, change: Callable[[App], App]
) -> None:
    app = change(llama)
    assert_needs_no_less(
        llamacpp(app, lambda engine: replace(engine, cache_type_k="f16", cache_type_v="f16")),
        llamacpp(app, lambda engine: replace(engine, cache_type_k="q8_0", cache_type_v="q8_0")),
        facts,
    )


def assert_consistent(made: Plan) -> None:
    """The sum is the sum of its terms, and the verdict is what its interval says."""
    total = sum((item.estimate for item in made.terms), ZERO)
    assert made.need == total
    assert all(item.estimate.low <= item.estimate.high for item in made.terms)
    assert made.free == made.limit.size - made.need.value
    assert made.requests.low <= made.requests.value <= made.requests.high
    if made.need.low > made.limit.size or made.refusals or made.host.too_small:
        assert made.predicted is Verdict.DOES_NOT_FIT
    elif made.need.high > made.limit.size or made.caveats or not made.host.enough:
        assert made.predicted is Verdict.UNPROVEN
    else:
        assert made.predicted is Verdict.FITS
    if not made.runs:
        assert made.verdict is made.predicted


@EXAMPLES
@given(vllm_changes())
def test_vllm_verdicts_follow_the_interval(
    flagship: App, facts: Facts, change: Callable[[App], App]
) -> None:
    assert_consistent(plan(change(flagship), facts))


@EXAMPLES
@given(llama_changes())
def test_llamacpp_verdicts_follow_the_interval(
    llama: App, facts: Facts, change: Callable[[App], App]
) -> None:
    assert_consistent(plan(change(llama), facts))


def pulled(app: App, lever: Lever) -> App:
    """The app with the lever's field changed as the lever says, and nothing else."""
    number = int(lever.after) if lever.after.isdigit() else 0
    if isinstance(app.engine, Vllm):
        changes: dict[str, Vllm] = {
            "kv_cache_dtype": replace(app.engine, kv_cache_dtype="fp8"),
            "max_model_len": replace(app.engine, max_model_len=number),
            "max_num_seqs": replace(app.engine, max_num_seqs=number),
            "enforce_eager": replace(app.engine, enforce_eager=True),
            "max_num_batched_tokens": replace(app.engine, max_num_batched_tokens=number),
            "images_per_prompt": replace(app.engine, images_per_prompt=number),
        }
        return replace(app, engine=changes[lever.field])
    assert isinstance(app.engine, LlamaCpp)
    if lever.field == "models":
        return replace(app, models=tuple(one for one in app.models if one.role != "mmproj"))
    kind: CacheType = "q4_0" if lever.after == "q4_0" else "q8_0"
    others: dict[str, LlamaCpp] = {
        "cache_type_k": replace(app.engine, cache_type_k=kind),
        "cache_type_v": replace(app.engine, cache_type_v=kind),
        "ctx_size": replace(app.engine, ctx_size=number),
        "n_ubatch": replace(app.engine, n_ubatch=number),
        "parallel": replace(app.engine, parallel=number),
    }
    return replace(app, engine=others[lever.field])


def assert_levers_free_what_they_say(app: App, facts: Facts) -> None:
    made = plan(app, facts)
    frees = [lever.frees for lever in made.levers]
    assert frees == sorted(frees, reverse=True)
    assert all(free > 0 for free in frees)
    for lever in made.levers:
        after = plan(pulled(app, lever), facts)
        assert made.need.value - after.need.value == lever.frees
        assert after.predicted is lever.verdict


@EXAMPLES
@given(vllm_changes())
def test_vllm_levers_free_what_they_say(
    flagship: App, facts: Facts, change: Callable[[App], App]
) -> None:
    assert_levers_free_what_they_say(change(flagship), facts)


@EXAMPLES
@given(llama_changes())
def test_llamacpp_levers_free_what_they_say(
    llama: App, facts: Facts, change: Callable[[App], App]
) -> None:
    assert_levers_free_what_they_say(change(llama), facts)


@pytest.mark.parametrize("least", [1.0, 2.0])
def test_levers_keep_what_the_spec_demands(flagship: App, facts: Facts, least: float) -> None:
    assert_levers_free_what_they_say(
        replace(vllm(flagship, lambda engine: engine), least_requests=least), facts
    )

"""What holds of llama.cpp's memory for every kind of model: more never needs less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.engines import Memory, Term, engine_of
from chartgen.facts import Facts
from chartgen.quantities import ZERO, Estimate
from chartgen.spec import App, LlamaCpp, LlamaSpeculation
from chartgen.spec.llamacpp import CacheType
from tests.vram.published import knowing, published, serving, with_file

EXAMPLES = settings(max_examples=60, deadline=None)
NAMES = ("qwen3.6-27b", "gemma-4-12b", "gemma-4-e2b", "glm-4.7-flash", "gpt-oss-20b")
NAME = st.sampled_from(NAMES)
KINDS: tuple[CacheType, ...] = ("q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "f16", "f32")
"""From the narrowest to the widest."""

Change = Callable[[LlamaCpp], LlamaCpp]


@st.composite
def servers(draw: st.DrawFn) -> Change:
    """A server of any era, with slots that share their context or do not."""
    parallel = draw(st.none() | st.integers(1, 8))
    context = draw(st.integers(1, 131_072)) * (parallel or 4)
    k, v = draw(st.sampled_from(KINDS)), draw(st.sampled_from(KINDS))
    version = draw(st.sampled_from(["b9101", "b10000", "b10809"]))
    ubatch, batch = draw(st.integers(1, 2048)), draw(st.integers(1, 4096))
    unified, whole, offload = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    flash = draw(st.booleans())

    def change(engine: LlamaCpp) -> LlamaCpp:
        made = replace(
            engine,
            image=replace(engine.image, engine_version=version),
            ctx_size=context,
            parallel=parallel,
            kv_unified=unified,
            cache_type_k=k,
            cache_type_v=v,
            n_ubatch=ubatch,
            n_batch=batch,
            swa_full=whole,
            kv_offload=offload,
        )
        return replace(made, flash_attn="on" if flash else "off")

    return change


def memory(llama: App, facts: Facts, name: str, change: Change) -> Memory:
    model = with_file(published(name), 8 << 30)
    app, known = serving(llama, change, model), knowing(facts, model)
    return engine_of(app).memory(app, known, known.devices[app.device])


def total(terms: tuple[Term, ...]) -> Estimate:
    return sum((term.estimate for term in terms), ZERO)


def assert_no_less(more: Memory, less: Memory) -> None:
    """Of the GPU and of the host, of the value and of both ends."""
    for larger, smaller in ((more.terms, less.terms), (more.host, less.host)):
        one, other = total(larger), total(smaller)
        assert one.value >= other.value
        assert one.low >= other.low
        assert one.high >= other.high


def both(first: Change, second: Change) -> Change:
    return lambda engine: second(first(engine))


@EXAMPLES
@given(NAME, servers(), st.integers(1, 262_144))
def test_more_context(llama: App, facts: Facts, name: str, change: Change, added: int) -> None:
    more = both(change, lambda engine: replace(engine, ctx_size=engine.ctx_size + added))
    assert_no_less(memory(llama, facts, name, more), memory(llama, facts, name, change))


@EXAMPLES
@given(NAME, servers(), st.integers(2, 4))
def test_more_slots(llama: App, facts: Facts, name: str, change: Change, times: int) -> None:
    """Each as long as before, or all in the same context."""

    def more(engine: LlamaCpp) -> LlamaCpp:
        size = engine.ctx_size * (1 if engine.unified else times)
        return replace(
            engine, parallel=engine.slots * times, ctx_size=size, kv_unified=engine.unified
        )

    assert_no_less(
        memory(llama, facts, name, both(change, more)), memory(llama, facts, name, change)
    )


@EXAMPLES
@given(NAME, servers(), st.integers(1, 2048))
def test_a_larger_micro_batch(
    llama: App, facts: Facts, name: str, change: Change, added: int
) -> None:
    more = both(change, lambda engine: replace(engine, n_ubatch=(engine.n_ubatch or 512) + added))
    assert_no_less(memory(llama, facts, name, more), memory(llama, facts, name, change))


@EXAMPLES
@given(NAME, servers(), st.sampled_from(KINDS), st.sampled_from(KINDS))
def test_a_wider_cache(
    llama: App, facts: Facts, name: str, change: Change, one: CacheType, other: CacheType
) -> None:
    """Of the cache alone: a narrow one is copied to a wide form while it is read."""
    narrow, wide = sorted((one, other), key=KINDS.index)

    def cache(kind: CacheType) -> Estimate:
        made = both(change, lambda engine: replace(engine, cache_type_k=kind, cache_type_v=kind))
        found = memory(llama, facts, name, made)
        kept = (*found.terms, *(term for term in found.host if "cache and" in term.name))
        return total(tuple(term for term in kept if term.name.startswith("KV cache")))

    assert cache(wide).value >= cache(narrow).value
    assert cache(wide).low >= cache(narrow).low


@EXAMPLES
@given(servers(), st.integers(1, 8), st.integers(0, 8))
def test_more_drafted_tokens(
    llama: App, facts: Facts, change: Change, count: int, added: int
) -> None:
    def drafting(tokens: int) -> Change:
        speculation = LlamaSpeculation(spec_type="draft-mtp", n_max=tokens)
        return both(change, lambda engine: replace(engine, speculation=speculation))

    name = "qwen3.6-27b"
    less = memory(llama, facts, name, drafting(count))
    assert_no_less(memory(llama, facts, name, drafting(count + added)), less)
    assert_no_less(less, memory(llama, facts, name, change))


@EXAMPLES
@given(NAME, servers())
def test_whole_windows(llama: App, facts: Facts, name: str, change: Change) -> None:
    def kept(whole: bool) -> Estimate:
        made = both(change, lambda engine: replace(engine, swa_full=whole))
        return total(memory(llama, facts, name, made).terms)

    assert kept(True).value >= kept(False).value
    assert kept(True).low >= kept(False).low

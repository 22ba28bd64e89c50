"""Changes of one app to another deployment, and ways to read a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chartgen.facts import Facts, Run
from chartgen.quantities import Estimate
from chartgen.spec import App, LlamaCpp, Vllm
from chartgen.spec.llamacpp import CacheType
from chartgen.vram import Plan

VllmChange = Callable[[Vllm], Vllm]
LlamaChange = Callable[[LlamaCpp], LlamaCpp]


def vllm(app: App, change: VllmChange) -> App:
    """The app with a changed server; it claims no record."""
    assert isinstance(app.engine, Vllm)
    return replace(app, engine=change(app.engine), evidence=())


def llamacpp(app: App, change: LlamaChange) -> App:
    """The app with a changed server; it claims no record."""
    assert isinstance(app.engine, LlamaCpp)
    return replace(app, engine=change(app.engine), evidence=())


def version(text: str) -> VllmChange:
    """The same server in another version of vLLM."""
    return lambda engine: replace(engine, image=replace(engine.image, engine_version=text))


def slots(
    app: App, context: int, kind: CacheType, *, parallel: int = 1, unified: bool = False
) -> App:
    """A llama.cpp server of so many tokens in all, with one cache type."""
    return llamacpp(
        app,
        lambda engine: replace(
            engine,
            ctx_size=context,
            cache_type_k=kind,
            cache_type_v=kind,
            parallel=parallel,
            kv_unified=unified,
        ),
    )


def term(plan: Plan, name: str) -> Estimate:
    """The one term of that name."""
    (found,) = (item.estimate for item in plan.terms if item.name == name)
    return found


def with_runs(facts: Facts, *runs: Run) -> Facts:
    """The facts with these recorded runs and no others."""
    return replace(facts, runs=runs)


def run_of(facts: Facts, name: str) -> Run:
    """A recorded run by its id."""
    return next(run for run in facts.runs if run.id == name)

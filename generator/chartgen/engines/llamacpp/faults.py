"""What is wrong with a llama.cpp app in the light of the facts."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.engines.common import known, model_faults, over_native_context
from chartgen.engines.llamacpp.memory import image_tokens
from chartgen.engines.llamacpp.settings import Settings, settings_of
from chartgen.engines.llamacpp.weights import needs_layout
from chartgen.errors import Fault
from chartgen.facts import Checkpoint, Facts, ModelFacts
from chartgen.spec import App, LlamaCpp


def faults(app: App, engine: LlamaCpp, facts: Facts) -> Iterator[Fault]:
    """Models without facts, a slot over the model's own limit, and what no fact can place."""
    yield from model_faults(app, facts)
    yield from over_native_context(app, facts, "ctx_size", engine.ctx_per_slot)
    found = known(app, facts, "weights")
    if found:
        settings = settings_of(app, engine)
        yield from _unplaced(app, engine, found, settings)
        yield from _no_mtp(app, found[0], settings)
        yield from _large_image(app, engine, found[0])


def _unplaced(
    app: App, engine: LlamaCpp, found: tuple[ModelFacts, Checkpoint], settings: Settings
) -> Iterator[Fault]:
    """What stays with the host is told by the sizes of single layers only."""
    model, checkpoint = found
    path = f"{app.name}.engine"
    if needs_layout(model, settings) and checkpoint.layout is None:
        offload = engine.cpu_moe or engine.n_cpu_moe
        field = "n_cpu_moe" if offload else "n_gpu_layers"
        value = str(settings.n_cpu_moe if offload else engine.n_gpu_layers)
        problem = "some layers stay in host memory, and no fact states the sizes of layers"
        remedy = f"Run `chartgen model add hf:{checkpoint.repo} --file {checkpoint.file}`."
        yield Fault(f"{path}.{field}", problem, remedy, value)
    elif settings.n_cpu_moe and checkpoint.layout and not any(checkpoint.layout.experts):
        problem = "this model has no routed experts to keep in host memory"
        yield Fault(f"{path}.n_cpu_moe", problem, "Lower n_gpu_layers instead.")


def _no_mtp(app: App, model: ModelFacts, settings: Settings) -> Iterator[Fault]:
    drafting = settings.drafting
    if drafting and drafting.mtp and not model.mtp_layers:
        yield Fault(
            f"{app.name}.engine.speculation",
            f"{model.title} has no layers for multi-token prediction",
            "Add a drafter with the role draft, or turn speculation off.",
        )


def _large_image(app: App, engine: LlamaCpp, model: ModelFacts) -> Iterator[Fault]:
    """The tokens of an image lie in the slot's context like any others."""
    tokens = image_tokens(engine, model)
    if app.model("mmproj") and tokens and tokens > engine.ctx_per_slot:
        yield Fault(
            f"{app.name}.engine.ctx_size",
            f"one image takes {tokens} tokens, and a slot holds {engine.ctx_per_slot}",
            "Raise ctx_size, or lower parallel or image_max_tokens.",
            str(engine.ctx_size),
        )

"""What llama.cpp's server makes of a model when nobody says anything."""

from __future__ import annotations

from dataclasses import replace

from chartgen.engines.common import blank_model, weights
from chartgen.errors import Fault, Faults
from chartgen.facts import Checkpoint, Facts, ModelFacts
from chartgen.spec import App, LlamaCpp, Model
from chartgen.spec.blank import NO_IMAGE, blank_app

SLOTS = 4
"""Slots where `-np` is absent; they share one context (vram formulas 3.1)."""


def blank(model: ModelFacts, checkpoint: Checkpoint) -> App | None:
    """The app of one GGUF file, with its repository's projector where there is one."""
    if checkpoint.file is None:
        return None
    engine = LlamaCpp(
        image=NO_IMAGE,
        alias=model.name,
        ctx_size=model.context_length.value,
        parallel=SLOTS,
        kv_unified=True,
    )
    models = (blank_model(checkpoint, "weights"), *_projector(model, checkpoint.repo))
    return blank_app(model.name, engine, models)


def with_vision(app: App, facts: Facts, *, on: bool) -> App:
    """The app with its model's projector, or without any."""
    if on and app.model("mmproj"):
        return app
    rest = tuple(model for model in app.models if model.role != "mmproj")
    if not on:
        return replace(app, models=rest)
    model, checkpoint = weights(app, facts)
    found = _projector(model, checkpoint.repo)
    if not found:
        problem = f"no projector of {model.title} is known"
        remedy = "Add a checkpoint with the part mmproj to the model's facts."
        raise Faults([Fault(f"{app.name}.models", problem, remedy, "on")])
    return replace(app, models=(*rest, *found))


def _projector(model: ModelFacts, repo: str) -> tuple[Model, ...]:
    """The projector of the same repository, else that of any other."""
    found = [one for one in model.checkpoints if one.part == "mmproj"]
    found.sort(key=lambda one: one.repo != repo)
    return tuple(blank_model(one, "mmproj") for one in found[:1])

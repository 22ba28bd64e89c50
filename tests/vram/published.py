"""Models of the published collection as facts, and apps that serve them with llama.cpp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from benchmarks.accuracy.models import Models, read_models
from chartgen.facts import Checkpoint, Facts, Measure, ModelFacts
from chartgen.facts.model import Layout
from chartgen.spec import App, LlamaCpp, Model, Unknown
from chartgen.spec.model import Role
from tests.repository import PROJECT

DATA = PROJECT / "benchmarks" / "accuracy" / "data"
FILE = "model.gguf"
NO_COMMIT = Unknown("no source names a commit")

Change = Callable[[LlamaCpp], LlamaCpp]


@cache
def models() -> Models:
    """Every model of the collection."""
    return read_models([DATA / "models.json"])


def published(name: str) -> ModelFacts:
    """A model of the collection, by any of its spellings."""
    found = models().find(name)
    assert found is not None, name
    return found.facts


def with_file(
    model: ModelFacts, low: int, high: int | None = None, layout: Layout | None = None
) -> ModelFacts:
    """The model with one published file of so many bytes on the GPU."""
    most = low if high is None else high
    size = Measure(value=most, low=low, high=most, source="size of the file")
    one = Checkpoint(
        repo=f"made/{model.name}",
        file=FILE,
        part="weights",
        quantization="as given",
        on_disk=size,
        on_gpu=size,
        layout=layout,
    )
    return model.model_copy(update={"checkpoints": (one,)})


def knowing(facts: Facts, *served: ModelFacts) -> Facts:
    """The devices of the facts with these models, and no recorded run."""
    return replace(facts, models=served, runs=())


def serving(
    llama: App, change: Change, weights: ModelFacts, draft: ModelFacts | None = None
) -> App:
    """An app with these models, of upstream's build of an unknown age, that
    leaves the host's memory to the plan."""
    assert isinstance(llama.engine, LlamaCpp)
    plain = replace(llama.engine, fork=None, env=(), cache_type_k="f16", cache_type_v="f16")
    models = (_file(weights, "weights"), *((_file(draft, "draft"),) if draft else ()))
    resources = replace(llama.resources, memory=None)
    return replace(llama, engine=change(plain), models=models, resources=resources, evidence=())


def _file(model: ModelFacts, role: Role) -> Model:
    return Model(role=role, repo=f"made/{model.name}", file=FILE, revision=NO_COMMIT)

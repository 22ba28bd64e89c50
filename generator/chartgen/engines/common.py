"""What the engines truly share: facts of an app's models, and words for numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

from chartgen.engines.base import Axes, Axis, Term, Variant
from chartgen.errors import Fault, Faults
from chartgen.facts import Checkpoint, Deployment, Facts, ModelFacts
from chartgen.quantities import Bytes, Estimate
from chartgen.spec import App, Model, Unknown
from chartgen.spec.model import Role

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

EXTRA_ROLES = ("mmproj", "draft")
"""Models beside the weights that lie in GPU memory."""

GROWING = ("context", "sequences", "batch", "vision")
"""Fields of a deployment of which more never needs less, on every engine here."""

IMAGES = "images_per_prompt"
"""The field that turns vision on where it is no projector that does."""

CONTEXT_STEP = 1024
"""Contexts that people write are multiples of this."""

E = TypeVar("E")
S = TypeVar("S", bound="DataclassInstance")


def engine_as(app: App, kind: type[E]) -> E:
    """The engine's part of an app, which must be of this kind."""
    if not isinstance(app.engine, kind):
        raise TypeError(f"{app.name} does not run on {kind.__name__}")
    return app.engine


def known(app: App, facts: Facts, role: str) -> tuple[ModelFacts, Checkpoint] | None:
    """What is known of the model that plays `role`, or None where the app has none."""
    model = app.model(role)
    return facts.find(model.repo, model.file) if model else None


def weights(app: App, facts: Facts) -> tuple[ModelFacts, Checkpoint]:
    """What is known of the weights; `model_faults` has refused an app without."""
    found = known(app, facts, "weights")
    if found is None:
        raise LookupError(f"{app.name}: no facts about its weights")
    return found


def model_faults(app: App, facts: Facts) -> list[Fault]:
    """Models without facts, pins that contradict the facts, and an unknown device."""
    found = [] if app.device in facts.devices else [_no_device(app, facts)]
    for index, model in enumerate(app.models):
        if model.role != "chat_template":
            found += _one_model(facts, model, f"{app.name}.models.{index}")
    return found


def _no_device(app: App, facts: Facts) -> Fault:
    known_ones = ", ".join(sorted(facts.devices))
    remedy = f"Choose one of: {known_ones}." if known_ones else "Add it to charts_src/devices/."
    return Fault(f"{app.name}.device", "no such device profile", remedy, app.device)


def _one_model(facts: Facts, model: Model, path: str) -> list[Fault]:
    found = facts.find(model.repo, model.file)
    if found is None:
        asked = f"{model.repo}, {model.file or 'the whole repository'}"
        remedy = "Pin them with `chartgen model add`."
        return [Fault(path, "no facts about these files", remedy, asked)]
    pinned = found[1].revision
    if isinstance(model.revision, str) and pinned and pinned != model.revision:
        remedy = f"The facts are of {pinned}: pin that, or measure the facts anew."
        problem = "the facts are of another commit"
        return [Fault(f"{path}.revision", problem, remedy, model.revision)]
    return []


def faults_of(app: App, facts: Facts, context: str) -> list[Fault]:
    """Models without facts, and a context over the model's own limit; `context` is the
    engine's field that holds it."""
    over = over_native_context(app, facts, context, getattr(app.engine, context))
    return [*model_faults(app, facts), *over]


def over_native_context(app: App, facts: Facts, field: str, tokens: int) -> list[Fault]:
    """A context over the model's own limit."""
    found = known(app, facts, "weights")
    if not found or tokens <= found[0].context_length.value:
        return []
    limit = found[0].context_length
    return [
        Fault(
            f"{app.name}.engine.{field}",
            f"{found[0].title} was made for at most {limit.value} tokens ({limit.source})",
            f"Set it to {limit.value} or less.",
            str(tokens),
        )
    ]


def settings_of(app: App, **named: object) -> tuple[str, ...]:
    """Settings that touch memory as `field=value`, sorted; those at None, False or an
    empty text are the engine's defaults and left out."""
    chosen = {name: value for name, value in named.items() if value not in (None, False, "")}
    other = {f"{model.role}={model.path}" for model in app.models if model.role in EXTRA_ROLES}
    variables = {f"env {variable.name}={variable.value}" for variable in app.engine.env}
    arguments = (
        {f"extra_args={' '.join(app.engine.extra_args)}"} if app.engine.extra_args else set()
    )
    plain = {f"{name}={value}" for name, value in chosen.items()}
    return tuple(sorted(plain | other | variables | arguments))


def blank_model(checkpoint: Checkpoint, role: Role) -> Model:
    """A published file as a spec would name it."""
    revision = checkpoint.revision or Unknown("the facts name no commit")
    return Model(role=role, repo=checkpoint.repo, file=checkpoint.file, revision=revision)


def at_least(more: Deployment, less: Deployment, *grows: str) -> bool:
    """Whether `more` is no smaller in the fields `grows`, and the same in all others."""
    same = all(
        getattr(more, item.name) == getattr(less, item.name)
        for item in fields(Deployment)
        if item.name not in grows
    )
    return same and all(getattr(more, name) >= getattr(less, name) for name in grows)


def needs_no_less(more: Deployment, less: Deployment) -> bool:
    """More context, sequences, batch or vision, and nothing else changed."""
    return at_least(more, less, *GROWING)


def named_version(app: App) -> tuple[str, str] | None:
    """The engine's version and the repository of the weights; None while one is unknown."""
    version, model = app.engine.image.engine_version, app.model("weights")
    return (version, model.repo) if isinstance(version, str) and model else None


def with_field(app: App, field: str, value: object) -> App:
    """The app with one field of its engine at a value."""
    return replace(app, engine=_with(app.engine, field, value))


def _with(settings: S, field: str, value: object) -> S:
    return replace(settings, **{field: value})


def variant(app: App, field: str, value: object) -> Variant:
    """The app with one field changed, as a lever."""
    before = getattr(app.engine, field)
    return Variant(field, str(before), str(value), with_field(app, field, value))


def shorter(app: App, field: str) -> Iterator[Variant]:
    """Three quarters and half of a context."""
    tokens = getattr(app.engine, field)
    parts = (tokens * 3 // 4, tokens // 2)
    yield from (variant(app, field, part) for part in dict.fromkeys(parts) if part)


def halved(app: App, field: str, least: float = 1) -> Iterator[Variant]:
    """Half of a number, unless that is under `least`."""
    half = getattr(app.engine, field) // 2
    if half >= least:
        yield variant(app, field, half)


def axes_of(app: App, facts: Facts, context: str, sequences: str, most: int) -> Axes:
    """Both fields that a solver moves: the context up to the model's own, and the
    sequences up to `most`, or to what the app has already."""
    return Axes(
        Axis(context, CONTEXT_STEP, native_context(app, facts), CONTEXT_STEP, _at(context)),
        Axis(sequences, 1, max(most, getattr(app.engine, sequences)), 1, _at(sequences)),
    )


def _at(field: str) -> Callable[[App, int], App]:
    return lambda app, value: with_field(app, field, value)


def quotes_of(
    engine: str, tokens: int, slots: int, kv_cache_dtype: str, served_name: str
) -> Mapping[str, str]:
    """What texts may quote of a server whose slots share nothing but the memory."""
    context = tokens_in_words(tokens)
    return {
        "context": context,
        "context_per_slot": context,
        "slots": str(slots),
        "kv_cache_dtype": kv_cache_dtype,
        "engine": engine,
        "served_name": served_name,
    }


def model_path(root: str, model: Model | None) -> str:
    """Where a model lies below `root`; raises `LookupError` for one that is not there."""
    if model is None:
        raise LookupError("a model without which there is no command")
    return f"{root}/{model.path}"


def scaled(size: Estimate, factors: tuple[float, float, float]) -> Estimate:
    """An estimate times (value, low, high)."""
    value, low, high = factors
    return Estimate(
        Bytes(int(size.value * value)), Bytes(int(size.low * low)), Bytes(int(size.high * high))
    )


def sees(model: ModelFacts) -> bool:
    """Whether a model's facts give it eyes."""
    return model.vision is not None or model.image_tokens is not None


def with_images(app: App, facts: Facts, *, on: bool) -> App:
    """One image a prompt at least, or none at all; raises `Faults` for a model that has
    no eyes in its facts."""
    images = _images_on(app, facts) if on else 0
    return with_field(app, IMAGES, images)


def _images_on(app: App, facts: Facts) -> int:
    found = known(app, facts, "weights")
    if found and not sees(found[0]):
        problem = f"{found[0].title} has no vision tower in its facts"
        remedy = "Leave vision off, or add the tower to the model's facts."
        raise Faults([Fault(f"{app.name}.engine.images_per_prompt", problem, remedy, "on")])
    images: int = getattr(app.engine, IMAGES)
    return max(1, images)


def weights_term(checkpoint: Checkpoint, name: str = "weights") -> Term:
    """The weights as they lie in GPU memory, those of the model or of its drafter."""
    return Term(name, checkpoint.on_gpu.estimate, "size on the GPU", sourced(checkpoint))


def sourced(checkpoint: Checkpoint) -> str:
    """The source of a size, with what is uncertain about it."""
    measure = checkpoint.on_gpu
    doubt = f"; uncertain: {measure.uncertain}" if measure.uncertain else ""
    return f"{checkpoint.repo}: {measure.source}{doubt}"


def tokens_in_words(tokens: int) -> str:
    """A context as people say it: 131072 is 128K."""
    return f"{tokens // 1024}K" if tokens % 1024 == 0 else f"{tokens}"


def native_context(app: App, facts: Facts) -> int:
    """The most tokens that the app's model was made for."""
    return weights(app, facts)[0].context_length.value


def no_own_planner(app: App) -> Faults:
    """What `exact` raises for an engine that has no planning program of its own."""
    remedy = "Ask without --exact; the sum and its intervals stand."
    problem = "this engine has no planning program of its own"
    return Faults([Fault("exact", problem, remedy, app.name)])

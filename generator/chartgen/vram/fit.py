"""From a question to the plan that answers it: an app, or a model without a spec.

A question may change the app: another device, other settings, vision on or off. Each
change goes through the checks that a spec goes through.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chartgen.engines import Engine, Exact, engine_named, engine_names, engine_of
from chartgen.errors import Fault, Faults
from chartgen.facts import Checkpoint, Device, Facts, ModelFacts, load_facts
from chartgen.spec import App
from chartgen.spec.change import Change, changed
from chartgen.spec.load import load_apps
from chartgen.vram.plan import Plan, plan, plan_faults
from chartgen.vram.solve import Frontier, Solution, solve

HUB = "hf:"
"""What stands before a repository of a hub."""

SWITCH = {"on": True, "off": False}

OWN_FIELDS = ("gpu", "vision")
"""What a question says beside the fields of an engine."""

ReadModel = Callable[[str, str | None], ModelFacts]
"""Reads a model's facts from where it is published: a reference and a file's name."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A model without a spec: `hf:REPO[@REV]`, the name of pinned facts, or a path."""

    model: str
    engine: str
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One deployment that is asked about: an app by its name, or a draft, and what to
    change of it. `label` is how the answer calls it."""

    subject: str | Draft
    changes: tuple[Change, ...] = ()
    gpu: str | None = None
    vision: bool | None = None

    @property
    def label(self) -> str:
        """The subject with its changes."""
        name = self.subject if isinstance(self.subject, str) else self.subject.model
        parts = [f"{change.field}={change.text}" for change in self.changes]
        parts += [] if self.gpu is None else [f"gpu={self.gpu}"]
        parts += [f"vision={'on' if self.vision else 'off'}"] if self.vision is not None else []
        return f"{name}: {', '.join(parts)}" if parts else name


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer: the app that was planned, its plan, what was solved for, and what the
    engine's own program says."""

    label: str
    app: App
    facts: Facts
    plan: Plan
    solved: Solution | Frontier | None = None
    exact: Exact | None = None


def fit(root: Path, question: Question, read_model: ReadModel, field: str | None = None) -> Fit:
    """Answers one question about the repository `root`; solves for `field` if asked to.

    Raises `Faults` with all that is wrong with the spec, the facts or the changes.
    """
    app, facts = _changed(*_subject(root, question, read_model), question)
    solved = solve(app, facts, field) if field else None
    return Fit(question.label, app, facts, plan(app, facts), solved)


def exact(found: Fit, program: Path | None = None) -> Fit:
    """The answer with what the engine's own planning program says of the same app.

    `program` is where it lies; the engine looks for it by itself without. Raises
    `Faults` where there is none, or where it gives no answer.
    """
    engine, device = engine_of(found.app), found.plan.device
    return replace(found, exact=engine.exact(found.app, found.facts, device, program))


def question_of(text: str) -> Question:
    """`APP` or `APP:field=value,field=value`; `gpu` and `vision` may stand as fields.

    Raises `Faults` for a change that is not of this form.
    """
    name, _, rest = text.partition(":")
    changes = [change_of(part) for part in rest.split(",") if part]
    if twice := _twice(changes):
        raise Faults(twice)
    own = {change.field: change.text for change in changes if change.field in OWN_FIELDS}
    vision = switch_of(own["vision"]) if "vision" in own else None
    others = tuple(change for change in changes if change.field not in OWN_FIELDS)
    return Question(name, others, own.get("gpu"), vision)


def change_of(text: str) -> Change:
    """`field=value` as a change; raises `Faults` for anything else."""
    field, equals, value = text.partition("=")
    if not equals or not field:
        remedy = "Write field=value, such as max_num_seqs=2."
        raise Faults([Fault("change", "this changes no field", remedy, repr(text))])
    return Change(field.strip().replace("-", "_"), value.strip())


def switch_of(text: str) -> bool:
    """`on` or `off`; raises `Faults` for anything else."""
    if text not in SWITCH:
        raise Faults([Fault("vision", "this is neither on nor off", "Write on or off.", text)])
    return SWITCH[text]


def _subject(root: Path, question: Question, read_model: ReadModel) -> tuple[App, Facts]:
    if isinstance(question.subject, Draft):
        return _draft(root, question.subject, question.gpu, read_model)
    loaded = load_apps(root, [question.subject])
    if loaded.faults:
        raise Faults(loaded.faults)
    (app,) = loaded.apps
    return app, load_facts(root, {model.repo for model in app.models})


def _changed(app: App, facts: Facts, question: Question) -> tuple[App, Facts]:
    """The app as it is asked about; raises `Faults`."""
    if twice := _twice(question.changes):
        raise Faults(twice)
    if question.gpu is not None:
        app = replace(app, device=question.gpu, evidence=())
    if question.vision is not None:
        app = engine_of(app).with_vision(app, facts, on=question.vision)
    app, faults = changed(app, question.changes)
    faults = faults or _contradicted(app, facts, question.vision)
    if faults := faults or plan_faults(app, facts):
        raise Faults(faults)
    return app, facts


def _contradicted(app: App, facts: Facts, vision: bool | None) -> list[Fault]:
    """Changes that turn vision the other way than the question says."""
    if vision is None or engine_of(app).with_vision(app, facts, on=vision) == app:
        return []
    remedy = "Leave one of the two out."
    problem = "a change of the engine turns vision the other way"
    return [Fault("vision", problem, remedy, "on" if vision else "off")]


def _twice(changes: Sequence[Change]) -> list[Fault]:
    """Fields that a question sets more than once: which value is meant?"""
    texts: dict[str, list[str]] = {}
    for change in changes:
        texts.setdefault(change.field, []).append(change.text)
    remedy = "Set it once."
    return [
        Fault(field, "it is changed more than once", remedy, ", ".join(found))
        for field, found in texts.items()
        if len(found) > 1
    ]


def _draft(root: Path, draft: Draft, gpu: str | None, read_model: ReadModel) -> tuple[App, Facts]:
    if draft.engine not in engine_names():
        remedy = f"Choose one of {', '.join(engine_names())}."
        raise Faults([Fault("engine", "there is no such engine", remedy, draft.engine)])
    engine, facts = engine_named(draft.engine), load_facts(root)
    model = _pinned(facts, draft)
    if model is None:
        model = read_model(draft.model, draft.file)
        facts = replace(facts, models=(*facts.models, model))
    device = facts.devices.get(gpu) if gpu else None
    return _blank(engine, model, draft, device), facts


def _pinned(facts: Facts, draft: Draft) -> ModelFacts | None:
    """The model in the facts; None where its files must be read.

    Raises `Faults` for a name that is neither a model nor a path.
    """
    repo = _repo(draft)
    if repo:
        found = (one for one in facts.models for item in one.checkpoints if _is(item, draft, repo))
        return next(found, None)
    by_name = {model.name: model for model in facts.models}
    if draft.model in by_name or (draft.model and Path(draft.model).exists()):
        return by_name.get(draft.model)
    near = difflib.get_close_matches(draft.model, by_name, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    remedy = f"{hint}Name a model of charts_src/models/, a path, or hf:OWNER/NAME."
    raise Faults([Fault("model", "no facts and no files bear this name", remedy, draft.model)])


def _repo(draft: Draft) -> str | None:
    """The repository of a reference to a hub, without its revision."""
    if not draft.model.startswith(HUB):
        return None
    return draft.model.removeprefix(HUB).partition("@")[0]


def _is(checkpoint: Checkpoint, draft: Draft, repo: str) -> bool:
    """Whether the facts are of the files, and of the revision, that the draft names."""
    revision = draft.model.partition("@")[2]
    same = checkpoint.repo == repo and draft.file in (None, checkpoint.file)
    return same and (not revision or checkpoint.revision == revision)


def _blank(engine: Engine, model: ModelFacts, draft: Draft, device: Device | None) -> App:
    """The app of the one checkpoint that the engine reads and the draft means."""
    repo = _repo(draft)
    weights = [one for one in model.checkpoints if one.part == "weights"]
    meant = [one for one in weights if repo in (None, one.repo) and draft.file in (None, one.file)]
    made = [(one, app) for one in meant if (app := engine.blank(model, one, device))]
    if len(made) == 1:
        return made[0][1]
    if made:
        remedy = f"Name one: {_named([one for one, _ in made])}."
        raise Faults([Fault("model", "more than one checkpoint is meant", remedy, model.name)])
    raise Faults([_unread(model, weights, meant, draft.engine)])


def _unread(
    model: ModelFacts, weights: Sequence[Checkpoint], meant: Sequence[Checkpoint], engine: str
) -> Fault:
    """Why no checkpoint of a model can be planned, and what could be."""
    if not weights:
        problem = "the dimensions of this model are known, but no files of weights"
        remedy = (
            "Name a folder with its .safetensors or .gguf files, or a repository of a hub, "
            "hf:OWNER/NAME; their headers are enough."
        )
        return Fault("model", problem, remedy, model.name)
    readers = [name for name in engine_names() if _reads(name, model, meant)]
    hint = f" What is meant is read by --engine {' or '.join(readers)}." if readers else ""
    problem = f"{engine} reads none of the files that are meant"
    return Fault("model", problem, f"The facts have {_named(weights)}.{hint}", model.name)


def _reads(name: str, model: ModelFacts, meant: Sequence[Checkpoint]) -> bool:
    return any(engine_named(name).blank(model, one) for one in meant)


def _named(checkpoints: Sequence[Checkpoint]) -> str:
    """Checkpoints as a command line names them."""
    files = (f" --file {one.file}" if one.file else "" for one in checkpoints)
    named = (f"hf:{one.repo}{file}" for one, file in zip(checkpoints, files, strict=True))
    return ", ".join(named) or "no weights"

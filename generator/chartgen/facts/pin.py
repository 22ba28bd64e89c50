"""Writing what was read of a model into `charts_src/models/`, and nothing twice."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from chartgen.errors import Fault, Faults
from chartgen.facts.add import facts_of, name_of, open_source, read_files
from chartgen.facts.base import Fact
from chartgen.facts.load import load_facts
from chartgen.facts.model import Attention, Checkpoint, ModelFacts, Recurrent
from chartgen.facts.reading import Reading
from chartgen.facts.sources import Source
from chartgen.facts.write import facts_text, replace_file, with_checkpoint, with_flag, with_table

__all__ = ["Pinned", "add_model"]

Status = Literal["written", "added", "updated", "unchanged"]

FILLED = ("layers", "heads", "parameters", "experts", "vision", "image_tokens")
"""Facts that a file may lack and a later reading adds."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What stands in the file now, and whether that is new: a new file ("written"), one
    more checkpoint ("added"), one read anew ("updated"), or nothing ("unchanged")."""

    model: ModelFacts
    checkpoint: Checkpoint | None
    path: Path
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants added, as the command line says it; `repo` names the
    repository that a local copy is of, `part` what the file is used as (None: as it is
    pinned, else as weights)."""

    reference: str
    file: str | None = None
    name: str | None = None
    title: str | None = None
    part: str | None = None
    repo: str | None = None


def add_model(root: Path, wish: Wish, environ: Mapping[str, str] | None = None) -> Pinned:
    """Reads a model's files and pins what they say in the market repository `root`.

    Raises `Faults`; then nothing is written.
    """
    models = load_facts(root).models
    source, file = open_source(wish.reference, wish.file, wish.repo, environ)
    reading = read_files(source, file, wish.part)
    home = wish.name if wish.name is not None else _home(models, source.repo, reading)
    name = name_of(source.repo, home)
    _only_home(models, name, reading)
    known = next((model for model in models if model.name == name), None)
    if known is None:
        return _write(root, reading, source, name, wish)
    if wish.part is None:
        reading = _used_as_pinned(reading, known)
    return _join(_file_of(root, name), known, reading, source)


def _used_as_pinned(reading: Reading, known: ModelFacts) -> Reading:
    """The reading of a checkpoint that the facts have, in the part that they give it."""
    one = reading.checkpoint
    old = known.checkpoint(one.repo, one.file) if one else None
    if one is None or old is None:
        return reading
    return replace(reading, checkpoint=one.model_copy(update={"part": old.part}))


def _home(models: tuple[ModelFacts, ...], repo: str, reading: Reading) -> str | None:
    """The model whose file has this checkpoint, or is the only one to have its repository."""
    one = reading.checkpoint
    same = [model.name for model in models if one and model.checkpoint(one.repo, one.file)]
    near = [model.name for model in models if any(two.repo == repo for two in model.checkpoints)]
    return same[0] if same else near[0] if len(near) == 1 else None


def _only_home(models: tuple[ModelFacts, ...], name: str, reading: Reading) -> None:
    one = reading.checkpoint
    for model in models:
        if one and model.name != name and model.checkpoint(one.repo, one.file):
            remedy = f"Leave out --name, or take it out of {model.name}.toml first."
            raise Faults(
                [Fault("--name", f"{model.name} has this checkpoint already", remedy, name)]
            )


def _write(root: Path, reading: Reading, source: Source, name: str, wish: Wish) -> Pinned:
    if reading.dimensions is None:
        remedy = "Add the weights first, then this with --name and the model's name."
        raise Faults([Fault(reading.source, "this projector belongs to no known model", remedy)])
    model = facts_of(reading, source, name, wish.title)
    path = root / "charts_src" / "models" / f"{name}.toml"
    replace_file(path, facts_text(model))
    return Pinned(model, reading.checkpoint, path, "written")


def _file_of(root: Path, name: str) -> Path:
    files = sorted((root / "charts_src" / "models").glob("*.toml"))
    return next(one for one in files if tomllib.loads(one.read_text("utf-8")).get("name") == name)


def _join(path: Path, known: ModelFacts, reading: Reading, source: Source) -> Pinned:
    """Adds to a model's file what it does not say yet."""
    checkpoint = reading.checkpoint
    if reading.dimensions:
        _agree(known, facts_of(reading, source, known.name), reading.source)
    old = known.checkpoint(checkpoint.repo, checkpoint.file) if checkpoint else None
    before = path.read_text("utf-8")
    text, model = before, known
    if checkpoint and old != checkpoint:
        text = with_checkpoint(text, known, checkpoint)
        model = ModelFacts.model_validate(tomllib.loads(text))
    text = _fill(text, model, reading, source)
    if text == before:
        return Pinned(known, checkpoint, path, "unchanged")
    model = ModelFacts.model_validate(tomllib.loads(text))
    replace_file(path, text)
    return Pinned(model, checkpoint, path, "updated" if old else "added")


def _fill(text: str, known: ModelFacts, reading: Reading, source: Source) -> str:
    """The text with the facts that it lacks and the reading brings."""
    if reading.dimensions is None:
        missing = reading.vision is not None and known.vision is None
        return with_table(text, "vision", reading.vision) if missing and reading.vision else text
    found = facts_of(reading, source, known.name)
    for name in FILLED:
        fact: Fact | None = getattr(found, name)
        if fact is not None and getattr(known, name) is None:
            text = with_table(text, name, fact)
    if known.tied is None and found.tied is not None:
        text = with_flag(text, "tied", found.tied)
    return text


def _agree(known: ModelFacts, found: ModelFacts, where: str) -> None:
    """Raises `Faults` where two readings of one model contradict each other.

    A vocabulary may be padded, and a context be lengthened: those two may differ.
    """
    remedy = f"Give it a --name of its own, or correct the facts of {known.name}."
    faults = [
        Fault(f"{where}: {name}", f"the facts of {known.name} say {old}", remedy, new)
        for (name, old), (_, new) in zip(_shape(known), _shape(found), strict=True)
        if old != new and "" not in (old, new)
    ]
    if faults:
        raise Faults(faults)


def _shape(model: ModelFacts) -> Iterator[tuple[str, str]]:
    yield "hidden_size", str(model.hidden_size.value)
    yield "layers", str(model.layers.value) if model.layers else ""
    yield "heads", str(model.heads.value) if model.heads else ""
    yield "attention", ", ".join(sorted(_attention(one) for one in model.attention)) or "none"
    yield "recurrent", ", ".join(sorted(_recurrent(one) for one in model.recurrent)) or "none"


def _attention(one: Attention) -> str:
    kept = f"{one.key_elements} + {one.value_elements} elements a token"
    return f"{one.layers} {one.kind} layers of {kept}" + (f" in {one.window}" if one.window else "")


def _recurrent(one: Recurrent) -> str:
    return f"{one.layers} {one.kind} layers of {one.state_elements} + {one.conv_dim} elements"

"""`model add`: facts of a model from its own files, read here or from a hub."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from chartgen.errors import Fault, Faults
from chartgen.facts.base import Number
from chartgen.facts.headers.faults import broken
from chartgen.facts.hub import hub_of
from chartgen.facts.model import ModelFacts
from chartgen.facts.read_config import CONFIG_NAME, read_config_model
from chartgen.facts.read_gguf import read_gguf_model
from chartgen.facts.reading import Reading
from chartgen.facts.sources import LocalSource, Source

__all__ = ["facts_of", "open_source", "read_files", "read_model"]

_HUB = re.compile(
    r"hf:([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([A-Za-z0-9][\w./-]*))?", re.ASCII
)
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")

SHOWN = 100
"""Characters of a wrong title that an error repeats."""


PARTS = (".json", ".safetensors")
"""Endings of files that say nothing alone; a GGUF file may bear any name."""


def read_model(
    reference: str,
    file: str | None = None,
    name: str | None = None,
    *,
    title: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> ModelFacts:
    """The facts of a model without writing them.

    `reference` is hf:REPO[@REV], or the path of a folder or of a GGUF file; `file` names
    a GGUF file in it. HF_ENDPOINT and HF_TOKEN of `environ` choose the hub. Raises
    `Faults`, also for a projector, which is part of a model and none of its own.
    """
    source, path = open_source(reference, file, environ=environ)
    reading = read_files(source, path)
    if reading.dimensions is None:
        remedy = "Name the file of the weights; `chartgen model add` adds this one to it."
        raise Faults([Fault(reference, "this is a projector, not a model", remedy, path or "")])
    return facts_of(reading, source, name, title)


def open_source(
    reference: str,
    file: str | None,
    repo: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Source, str | None]:
    """Where a reference leads, and the GGUF file that is meant, None for the whole.

    `repo` names the repository that a local copy is of. Raises `Faults`.
    """
    if reference.startswith("hf:"):
        return _on_hub(reference, environ), file
    path = Path(reference)
    if path.is_file() and file is None:
        if path.suffix in PARTS:
            remedy = f"Name the folder that it lies in: {path.parent}."
            raise Faults([Fault(reference, "this is one file of a whole repository", remedy)])
        return LocalSource.of(path.parent, repo), path.name
    if reference and path.is_dir():
        return LocalSource.of(path, repo), file
    remedy = "Name a folder, a GGUF file, or hf:OWNER/NAME[@REVISION]."
    raise Faults([Fault(reference or "model", "there is no such model", remedy)])


def _on_hub(reference: str, environ: Mapping[str, str] | None) -> Source:
    found = _HUB.fullmatch(reference)
    if found is None:
        remedy = "Write hf:OWNER/NAME, or hf:OWNER/NAME@REVISION."
        raise Faults([Fault(reference, "this is no repository of a hub", remedy)])
    hub = hub_of(os.environ if environ is None else environ)
    return hub.open(found[1], found[2] or "main")


def read_files(source: Source, file: str | None, part: str | None = None) -> Reading:
    """What the files of a source say; raises `Faults`, also where it is not clear which
    are meant."""
    try:
        return _read(source, file, part)
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False)
        place = ".".join(str(one) for one in first["loc"])
        problem = f"what the files say does not go together: {place}: {first['msg']}"
        raise broken(source.where, problem) from None


def _read(source: Source, file: str | None, part: str | None) -> Reading:
    if file is not None:
        return read_gguf_model(source, file, part)
    if CONFIG_NAME in source.files:
        return read_config_model(source, part)
    files = [path for path in source.files if path.endswith(".gguf")]
    if len(files) == 1:
        return read_gguf_model(source, files[0], part)
    raise _unclear(source, sorted(files))


def _unclear(source: Source, files: list[str]) -> Faults:
    if files:
        remedy = "Choose one with --file."
        return broken(source.where, "there are several GGUF files", ", ".join(files), remedy)
    if "params.json" in source.files:
        remedy = "Use the repository's form with config.json; params.json is not read."
        return broken(source.where, "there is Mistral's own params.json alone", "", remedy)
    remedy = "Name a repository with config.json, or with GGUF files."
    return broken(source.where, "there is neither config.json nor a GGUF file", "", remedy)


def facts_of(
    reading: Reading, source: Source, name: str | None = None, title: str | None = None
) -> ModelFacts:
    """A reading as facts; the name is the repository's where none is given."""
    found = reading.dimensions
    if found is None:
        raise LookupError(f"{reading.source}: a projector has no dimensions of a model")
    known = reading.parameters
    parameters = Number(value=known, source=_headers(reading)) if known is not None else None
    return ModelFacts(
        name=name_of(source.repo, name),
        title=_title(reading, source, title),
        architecture=found.architecture,
        context_length=found.context_length,
        hidden_size=found.hidden_size,
        intermediate_size=found.intermediate_size,
        vocab_size=found.vocab_size,
        attention=found.attention,
        recurrent=found.recurrent,
        layers=found.layers,
        heads=found.heads,
        parameters=parameters,
        tied=reading.tied,
        experts=found.experts,
        vision=reading.vision,
        mtp_layers=found.mtp_layers,
        per_layer_embedding=found.per_layer_embedding,
        image_tokens=found.image_tokens,
        checkpoints=(reading.checkpoint,) if reading.checkpoint else (),
        sources={"files": reading.source},
    )


def _title(reading: Reading, source: Source, wanted: str | None) -> str:
    """The title that is wanted, else the first of the files' and the repository's names
    that can be one; raises `Faults` for a wanted one that cannot."""
    if wanted is not None and not _may_be_title(wanted):
        problem = "this cannot be a title"
        raise Faults([Fault("title", problem, "Write 3 to 1000 characters.", wanted[:SHOWN])])
    own = (reading.title or "", source.repo.partition("/")[2])
    return wanted or next(filter(_may_be_title, own), source.repo)


def _may_be_title(text: str) -> bool:
    return 3 <= len(text) <= 1000


def _headers(reading: Reading) -> str:
    layout = reading.checkpoint.layout if reading.checkpoint else None
    return f"elements of all tensors in the {layout.source}" if layout else reading.source


def name_of(repo: str, name: str | None) -> str:
    """The name of a facts file; raises `Faults` for one that cannot be."""
    if name is not None and not _NAME.fullmatch(name):
        remedy = "Use small letters, digits, dots and dashes."
        raise Faults([Fault("--name", "this is no name of a model", remedy, name)])
    own = re.sub(r"[^a-z0-9.-]+", "-", repo.partition("/")[2].lower())
    return name or own.removesuffix("-gguf").strip(".-") or "model"

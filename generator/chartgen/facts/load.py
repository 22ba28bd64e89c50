"""Reads the facts files of a repository: models, devices, recorded runs."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from chartgen.errors import Fault, Faults
from chartgen.facts.base import Fact
from chartgen.facts.device import Device
from chartgen.facts.evidence import Run
from chartgen.facts.model import Checkpoint, ModelFacts

F = TypeVar("F", bound=Fact)


class RunFile(Fact):
    """A file of recorded runs."""

    runs: tuple[Run, ...] = Field(strict=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of a repository."""

    models: tuple[ModelFacts, ...]
    devices: Mapping[str, Device]
    runs: tuple[Run, ...]

    def find(self, repo: str, file: str | None) -> tuple[ModelFacts, Checkpoint] | None:
        """The model that publishes `file` of `repo`, and what is known of that file."""
        for model in self.models:
            if checkpoint := model.checkpoint(repo, file):
                return model, checkpoint
        return None


def load_facts(root: Path, naming: Collection[str] = ()) -> Facts:
    """The facts below `charts_src/`; raises `Faults` with every fault of every file.

    With `naming`, only models and runs from files that name one of these repositories.
    """
    faults: list[Fault] = []
    source = root / "charts_src"
    models = _read_all(source / "models", ModelFacts, faults, naming)
    devices = _read_all(source / "devices", Device, faults)
    files = _read_all(source / "evidence", RunFile, faults, naming)
    faults += _twice((file, item.name) for file, item in models)
    faults += _twice((file, item.name) for file, item in devices)
    faults += _twice((file, run.id) for file, item in files for run in item.runs)
    faults += _twice(
        (file, f"{one.repo}, {one.file or 'the whole repository'}")
        for file, item in models
        for one in item.checkpoints
    )
    if faults:
        raise Faults(faults)
    runs = tuple(run for _, item in files for run in item.runs)
    by_name = {device.name: device for _, device in devices}
    return Facts(tuple(model for _, model in models), by_name, runs)


def _twice(named: Iterable[tuple[str, str]]) -> list[Fault]:
    """Two facts about one thing can disagree, so each is declared once."""
    first: dict[str, str] = {}
    faults = []
    for file, name in named:
        if name in first:
            problem = f"this is declared in {first[name]} already"
            faults.append(Fault(file, problem, "Keep one of the two.", name))
        first.setdefault(name, file)
    return faults


def _read_all(
    folder: Path, kind: type[F], faults: list[Fault], naming: Collection[str] = ()
) -> list[tuple[str, F]]:
    """Each facts file as its path from `charts_src` and its content."""
    files = (file for file in sorted(folder.glob("*.toml")) if _names(file, naming))
    found = ((_where(file), _read(file, kind, faults)) for file in files)
    return [(where, item) for where, item in found if item]


def _names(file: Path, wanted: Collection[str]) -> bool:
    """Whether a file names one of the wanted texts; one that cannot be read may do so."""
    try:
        text = file.read_text(encoding="utf-8") if wanted else ""
    except (OSError, UnicodeDecodeError):
        return True
    return not wanted or any(name in text for name in wanted)


def _where(file: Path) -> str:
    return "/".join(file.parts[-3:])


def _read(file: Path, kind: type[F], faults: list[Fault]) -> F | None:
    where = _where(file)
    try:
        return kind.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        faults.append(Fault(where, f"it cannot be read: {error.strerror}", "Make it readable."))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(Fault(where, f"this is not TOML: {error}", "Correct the file."))
    except ValidationError as error:
        faults += _faults(error, where)
    return None


def _faults(error: ValidationError, where: str) -> list[Fault]:
    return [
        Fault(
            f"{where}: {'.'.join(str(part) for part in item['loc'])}",
            item["msg"],
            "Correct the fact, and name its source.",
            "" if item["type"] == "missing" else repr(item["input"])[:120],
        )
        for item in error.errors(include_url=False)
    ]

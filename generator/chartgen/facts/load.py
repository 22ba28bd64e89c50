"""Reads the facts files of a repository: models, devices, recorded runs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
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


def load_facts(root: Path) -> Facts:
    """All facts below `charts_src/`; raises `Faults` with every fault of every file."""
    faults: list[Fault] = []
    source = root / "charts_src"
    models = _read_all(source / "models", ModelFacts, faults)
    devices = _read_all(source / "devices", Device, faults)
    files = _read_all(source / "evidence", RunFile, faults)
    runs = tuple(run for file in files for run in file.runs)
    faults += _twice("devices", [device.name for device in devices])
    faults += _twice("models", [model.name for model in models])
    faults += _twice("evidence", [run.id for run in runs])
    files_known = [f"{one.repo} {one.file or ''}" for item in models for one in item.checkpoints]
    faults += _twice("models", files_known)
    if faults:
        raise Faults(faults)
    return Facts(tuple(models), {device.name: device for device in devices}, runs)


def _twice(folder: str, names: list[str]) -> list[Fault]:
    """Two facts about one thing can disagree, so a name stands once."""
    return [
        Fault(f"charts_src/{folder}", "this is declared more than once", "Keep one.", name.strip())
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]


def _read_all(folder: Path, kind: type[F], faults: list[Fault]) -> list[F]:
    found = [_read(file, kind, faults) for file in sorted(folder.glob("*.toml"))]
    return [item for item in found if item]


def _read(file: Path, kind: type[F], faults: list[Fault]) -> F | None:
    where = "/".join(file.parts[-3:])
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

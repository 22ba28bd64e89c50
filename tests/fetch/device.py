"""A device at home that starts the program which fetches model files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import chartgen.chart.fetch
from chartgen.chart.fetch.__main__ import main
from chartgen.chart.fetch.hub import Hub
from tests.fetch.hub import REPO, FakeHub

WEIGHTS = hashlib.shake_256(b"weights").digest(3 * 2**20)
NEWER = hashlib.shake_256(b"newer").digest(3 * 2**20)
FILES = {"model.gguf": WEIGHTS, "config.json": b'{"layers": 2}', "sub dir/empty.json": b""}
ALL = ["*.gguf", "*.json"]
INTO = "owner--name"
PROGRAM = sorted(Path(chartgen.chart.fetch.__file__).parent.glob("*.py"))


def model(
    files: list[str] | None = None,
    revision: str | None = None,
    known: object = (),
    **more: object,
) -> dict[str, object]:
    entry: dict[str, object] = {"role": "weights", "repo": REPO, "branch": "main"}
    entry |= {"revision": revision, "into": INTO, "files": files or ALL, "known": known}
    return entry | more


def weights(revision: str | None = None) -> dict[str, object]:
    return model(["model.gguf"], revision)


@dataclasses.dataclass
class Device:
    """A device at home: its disk, its hub, and what is told about a start."""

    hub: FakeHub
    root: Path
    capfd: pytest.CaptureFixture[str]
    environ: dict[str, str] = dataclasses.field(default_factory=dict)
    pauses: list[float] = dataclasses.field(default_factory=list)
    free: int = 2**50
    timeout: float = 5.0
    clock: Callable[[], float] = time.monotonic
    plan: Path = Path()
    log: str = ""

    def __post_init__(self) -> None:
        self.plan = self.root.parent / "program" / "fetch" / "models.json"
        self.plan.parent.mkdir(parents=True)
        self.environ["HF_ENDPOINT"] = self.hub.url + "/"

    @property
    def folder(self) -> Path:
        return self.root / INTO

    def write(self, *models: dict[str, object], margin: int = 2**31) -> None:
        plan = {"root": str(self.root), "margin_bytes": margin, "models": models}
        self.plan.write_text(json.dumps(plan), "utf-8")

    def adjust(self, made: Hub) -> Hub:
        return dataclasses.replace(
            made,
            sleep=self.pauses.append,
            clock=self.clock,
            free=lambda _: self.free,
            timeout=self.timeout,
        )

    def start(self, *models: dict[str, object], margin: int = 2**31) -> int:
        self.write(*(models or (model(),)), margin=margin)
        code = main([str(self.plan)], self.environ, self.adjust)
        out, err = self.capfd.readouterr()
        assert err == ""
        self.log = out
        return code

    def spawn(self) -> subprocess.Popen[str]:
        """Run the program from copies of its files, as the chart puts them on a device."""
        for file in PROGRAM:
            shutil.copy(file, self.plan.parent)
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "fetch", str(self.plan)],
            cwd=self.plan.parent.parent,
            env={"PATH": os.environ["PATH"], "no_proxy": "*", **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def found(self) -> dict[str, bytes]:
        """The model's files on disk, without the program's own."""
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in paths
            if not path.name.startswith(".chartgen-")
        }

    def parts(self) -> list[Path]:
        return sorted(self.folder.rglob("*.part"))

    def record(self) -> Path:
        return self.folder / ".chartgen-record.json"

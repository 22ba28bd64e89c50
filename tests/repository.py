"""A market repository of its own for one test: the real sources in a temporary folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chartgen.facts import Facts, load_facts
from chartgen.lint.helm import Helm, find_helm
from chartgen.release.build import build
from chartgen.release.result import BuildResult
from chartgen.spec import App
from chartgen.spec.load import Loaded, load_apps

PROJECT = Path(__file__).parents[1]
VLLM = "vllmgemma426ba4bvisionone"
LLAMACPP = "llamacppgemma426ba4bvisionone"
SECONDS = 120
"""How long one run of the program may take."""


@cache
def real_helm() -> Helm:
    """The Helm that an installed chartgen chooses."""
    return find_helm("auto")


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder with `charts_src/` in it.

    A source is named by its path below `charts_src/`; a spec by its app's name alone.
    """

    root: Path

    @classmethod
    def copied(cls, root: Path) -> Repository:
        """The project's own sources, copied into `root`."""
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / "charts_src", root / "charts_src", ignore=ignored)
        return cls(root)

    @property
    def catalog(self) -> Path:
        """Where a build without `--out` writes."""
        return self.root / "catalog"

    def path(self, name: str) -> Path:
        """The file of a source."""
        return self.root / "charts_src" / (name if Path(name).suffix else f"{name}.py")

    def read(self, name: str) -> str:
        """The text of a source."""
        return self.path(name).read_text("utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a source whole."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text, "utf-8")

    def remove(self, *names: str) -> None:
        """Remove sources."""
        for name in names:
            self.path(name).unlink()

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the one place of a source that says `old`."""
        text = self.read(name)
        assert text.count(old) == 1, f"{name} says {old!r} {text.count(old)} times"
        self.write(name, text.replace(old, new))

    def set(self, name: str, **fields: str) -> None:
        """Give fields that stand alone on a line of a spec another value, as Python text."""
        for field, value in fields.items():
            pattern = re.compile(rf"^(?P<before> +{field}=).*(?P<after>,( +#.*)?)$", re.MULTILINE)
            found = list(pattern.finditer(self.read(name)))
            assert len(found) == 1, f"{name} sets {field} {len(found)} times"
            text, place = self.read(name), found[0]
            self.write(name, text[: place.end("before")] + value + text[place.start("after") :])

    def add(self, name: str, *, like: str = VLLM) -> None:
        """Write the spec of a further app; all but its name is as in the spec `like`."""
        text = self.read(like)
        self.write(name, text.replace(f'name="{like}"', f'name="{name}"'))

    def load(self, *names: str) -> Loaded:
        """The apps, or those named, with the faults of those that do not load."""
        return load_apps(self.root, names)

    def app(self, name: str = VLLM) -> App:
        """One app without faults."""
        loaded = self.load(name)
        assert not loaded.faults, [str(fault) for fault in loaded.faults]
        return loaded.apps[0]

    def facts(self) -> Facts:
        """All facts."""
        return load_facts(self.root)

    def build(self, *names: str, out: Path | None = None) -> BuildResult:
        """Build through the library, with real Helm."""
        return build(self.root, names, out=out, find_helm=real_helm)

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the real program in this repository, to its end."""
        return run_python("-m", "chartgen", *arguments, cwd=self.root, env=env)


def run_python(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run this Python with the project's package importable."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "generator"), **(env or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )

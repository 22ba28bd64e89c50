"""What the chart's templates print: every number and name derived once, here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from chartgen.chart.gpu import gpu_demand
from chartgen.chart.texts import filled
from chartgen.engines import Command, engine_of
from chartgen.engines.base import CACHE, MODELS
from chartgen.facts import Facts
from chartgen.quantities import GIB, MIB, quantity
from chartgen.spec import App, Market, Model, Text, Unknown
from chartgen.vram import Plan

PROGRAMS = "/opt/chartgen"
"""Where the program of the download lies, as the package `fetch`."""

PERIOD = 15
"""Seconds between two start-up probes."""


@dataclass(frozen=True)
class View:
    """One app as its templates see it."""

    app: App
    facts: Facts
    plan: Plan
    market: Market

    @cached_property
    def command(self) -> Command:
        """The engine's command."""
        return engine_of(self.app).command(self.app)

    def text(self, text: Text, language: str) -> str:
        """A text in one language, with its facts filled in."""
        told = filled(self.app, self.facts, text)
        return told.en if language == "en" else told.zh

    @property
    def icon_url(self) -> str:
        """Where the market serves the app's icon."""
        return f"{self.market.public_url}/icons/{self.app.name}.png"

    @property
    def gpu_memory(self) -> str:
        """The GPU memory that the manifest demands."""
        return quantity(gpu_demand(self.plan))

    @property
    def gpu_memory_mib(self) -> int:
        """The same as HAMi writes it."""
        return gpu_demand(self.plan) // MIB

    @property
    def memory(self) -> tuple[str, str]:
        """Request and limit of the host's RAM: the author's, or the plan's."""
        return self.plan.host.request, self.plan.host.limit

    @property
    def disk(self) -> str:
        """Disk for the models at their largest, and for compiled kernels."""
        return quantity(self.plan.disk.request)

    @property
    def disk_limit(self) -> str:
        """The disk request with slack."""
        return quantity(self.plan.disk.limit)

    @property
    def start_failures(self) -> int:
        """Failed probes until a start counts as failed; the download is not in it."""
        return -(-self.app.resources.start_minutes * 60 // PERIOD)

    @property
    def start_period(self) -> int:
        """Seconds between two start-up probes."""
        return PERIOD

    @property
    def paths(self) -> Mapping[str, str]:
        """Mount points of the containers."""
        return {"models": MODELS, "cache": CACHE, "programs": PROGRAMS}

    @property
    def fetch_image(self) -> str:
        """The image of the download."""
        return self.market.fetch_image

    @property
    def fetch_program(self) -> Mapping[str, str]:
        """The program of the download, file by file."""
        return fetch_program()

    @property
    def fetch_checksum(self) -> str:
        """A digest of program and plan: other ones restart the pod."""
        parts = [self.fetch_plan, *self.fetch_program.values()]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @cached_property
    def fetch_plan(self) -> str:
        """What the download fetches, as its program reads it."""
        models = [self._fetch(model) for model in self.app.models]
        return json.dumps({"root": MODELS, "margin_bytes": 2 * GIB, "models": models}, indent=2)

    def _fetch(self, model: Model) -> dict[str, object]:
        found = self.facts.find(model.repo, model.file)
        known = []
        if found and model.file and (found[1].size or found[1].sha256):
            known = [{"path": model.file, "size": found[1].size, "sha256": found[1].sha256}]
        return {
            "role": model.role,
            "repo": model.repo,
            "branch": model.branch,
            "revision": None if isinstance(model.revision, Unknown) else model.revision,
            "into": model.folder,
            "files": list(model.patterns),
            "known": known,
        }


@cache
def fetch_program() -> Mapping[str, str]:
    """The files of `chartgen.chart.fetch`, which a chart carries to the device."""
    folder = files("chartgen.chart") / "fetch"
    found = (item for item in folder.iterdir() if item.name.endswith(".py"))
    return {item.name: item.read_text("utf-8") for item in sorted(found, key=lambda i: i.name)}

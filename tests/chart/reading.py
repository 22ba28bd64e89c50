"""Charts of specs, and typed ways to read what Helm makes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ruamel.yaml import YAML

from chartgen.chart import Chart, render
from chartgen.facts import Facts
from chartgen.lint.helm import Helm, JsonValue
from chartgen.lint.prove import device_values
from chartgen.quantities import GIB, MIB
from chartgen.spec import App
from chartgen.spec.load import load_market
from chartgen.vram import plan
from tests.repository import PROJECT

UNITS = {"": Fraction(1), "m": Fraction(1, 1000), "Mi": Fraction(MIB), "Gi": Fraction(GIB)}


def made(app: App, facts: Facts) -> Chart:
    """The chart of an app, for the project's own market."""
    return render(app, facts, plan(app, facts), load_market(PROJECT))


def unfolded(chart: Chart, parent: Path) -> Path:
    """The chart as a folder that Helm reads."""
    for path, text in chart.files.items():
        file = parent / chart.name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return parent / chart.name


def rendered(
    helm: Helm, folder: Path, values: Mapping[str, JsonValue] | None = None
) -> dict[str, object]:
    """The objects that Helm makes of a chart, by kind; the device's values without any."""
    given = device_values(folder.name, 1) if values is None else values
    texts = helm.render(folder, release=folder.name, namespace="space", values=given)
    found = [document for text in texts.values() for document in YAML(typ="safe").load_all(text)]
    by_kind: dict[str, object] = {str(at(document, "kind")): document for document in found}
    assert len(by_kind) == len(found), "two objects of one kind"
    return by_kind


def reads(text: str, *, version: tuple[int, int] | None = None) -> object:
    """YAML as a reader of `version` sees it; 1.2 without one."""
    reader = YAML(typ="safe", pure=True)
    reader.version = version
    value: object = reader.load(text)
    return value


def at(value: object, *steps: str | int) -> object:
    """What lies at a path of keys and indexes; fails where nothing does."""
    for step in steps:
        if isinstance(step, int):
            assert isinstance(value, list)
            value = value[step]
        else:
            assert isinstance(value, dict)
            assert step in value, f"{step} is missing in {sorted(value)}"
            value = value[step]
    return value


def entries(value: object, *steps: str | int) -> list[object]:
    """The list at a path."""
    found = at(value, *steps)
    assert isinstance(found, list)
    return found


def table(value: object, *steps: str | int) -> dict[str, object]:
    """The object at a path."""
    found = at(value, *steps)
    assert isinstance(found, dict)
    return found


def words(value: object, *steps: str | int) -> list[str]:
    """The list of texts at a path."""
    found = entries(value, *steps)
    assert all(isinstance(item, str) for item in found)
    return [str(item) for item in found]


def amount(quantity: object) -> Fraction:
    """A Kubernetes quantity as a number."""
    parts = re.fullmatch(r"([0-9]+)(|m|Mi|Gi)", str(quantity))
    assert parts, f"not a quantity: {quantity!r}"
    return Fraction(parts[1]) * UNITS[parts[2]]


@dataclass(frozen=True)
class Installed:
    """One app's chart, its folder, its manifest and values, and its objects on a device."""

    app: App
    chart: Chart
    folder: Path
    manifest: object
    values: object
    objects: Mapping[str, object]

    @property
    def deployment(self) -> object:
        """The one workload."""
        return self.objects["Deployment"]

    @property
    def pod(self) -> object:
        """The workload's pod."""
        return at(self.deployment, "spec", "template", "spec")

    @property
    def engine(self) -> object:
        """The one container that serves."""
        (container,) = entries(self.pod, "containers")
        return container

    @property
    def fetch(self) -> object:
        """The one container that downloads."""
        (container,) = entries(self.pod, "initContainers")
        return container

    @property
    def demand(self) -> object:
        """What the manifest demands of the accelerator."""
        (accelerator,) = entries(self.manifest, "spec", "accelerator")
        return accelerator

    @property
    def templates(self) -> str:
        """What the device's lint searches for words: templates and values."""
        searched = ("templates/", "values.yaml")
        return "".join(text for path, text in self.chart.files.items() if path.startswith(searched))


def installed(helm: Helm, app: App, facts: Facts, parent: Path) -> Installed:
    """An app as a device has it."""
    chart = made(app, facts)
    folder = unfolded(chart, parent)
    manifest = reads(chart.files["OlaresManifest.yaml"])
    values = reads(chart.files["values.yaml"])
    return Installed(app, chart, folder, manifest, values, rendered(helm, folder))

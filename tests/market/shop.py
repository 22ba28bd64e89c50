"""Catalogs made for the purpose, by the functions that `chartgen build` writes with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from chartgen.catalog import (
    Changes,
    Ledger,
    Release,
    Remove,
    Resume,
    Row,
    Suspend,
    draft_catalog,
    read_catalog,
    write_catalog,
)
from chartgen.chart.pack import Package, pack
from chartgen.chart.render import Chart
from chartgen.spec import Category, Market, Text

DAY = date(2026, 11, 21)
SPEC = "0" * 64
PICTURE = b"\x89PNG\r\n\x1a\n"
MARKET = Market(
    source_id="test-market",
    title="A test market",
    public_url="https://market.example.org",
    categories=(
        Category(name="AI", slug="ai", title=Text("AI", "人工智能"), icon="sym_r_robot_2"),
        Category(name="Games", slug="fun-games", title=Text("Games", "游戏"), icon="sym_r_x"),
    ),
    hottest=("alpha", "beta"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An app's version."""

    name: str
    version: str = "1.0.0"
    olares: str = ">=1.12.6-0"
    title: str = "An app"
    description: str = "It does what it does."
    released: date = DAY


@dataclass(frozen=True, slots=True)
class Shop:
    """A catalog in a folder; every call writes its next state in one step."""

    root: Path

    def release(self, *apps: Made) -> None:
        """New versions."""
        packages = {app: package_of(app) for app in apps}
        files = {f"charts/{one.filename}": one.data for one in packages.values()}
        files |= {f"icons/{app.name}.png": PICTURE + app.name.encode() for app in apps}
        self._write([_row(app, package) for app, package in packages.items()], files)

    def suspend(self, name: str) -> None:
        """No longer for new devices."""
        self._write([Suspend(name=name, since=DAY, because=Text("Old.", "旧。"))])

    def remove(self, name: str) -> None:
        """No longer listed."""
        self._write([Remove(name=name, since=DAY)])

    def resume(self, name: str) -> None:
        """Offered again."""
        self._write([Resume(name=name)])

    def packages(self) -> dict[str, bytes]:
        """The packages by name and version."""
        return {file.stem: file.read_bytes() for file in (self.root / "charts").iterdir()}

    def _write(self, rows: list[Row], files: dict[str, bytes] | None = None) -> None:
        catalog = read_catalog(self.root)
        ledger = catalog.ledger.extended(rows)
        write_catalog(draft_catalog(catalog, Changes(ledger, files or {}), MARKET), self.root)


def shop(root: Path, *apps: Made) -> Shop:
    """A catalog of those apps."""
    made = Shop(root)
    made.release(*apps)
    return made


def many(count: int) -> Iterator[Made]:
    """Apps by the number."""
    return (Made(name=f"app{number:05d}") for number in range(count))


def package_of(app: Made) -> Package:
    """A package with what a catalog and a device read."""
    files = {"OlaresManifest.yaml": json.dumps(_manifest(app), ensure_ascii=False)}
    for locale in ("en-US", "zh-CN"):
        texts = {"spec": {"fullDescription": f"Full, {locale}", "upgradeDescription": "New."}}
        files[f"i18n/{locale}/OlaresManifest.yaml"] = json.dumps(texts)
    return pack(Chart(app.name, app.version, files))


def _row(app: Made, package: Package) -> Release:
    return Release(
        name=app.name,
        version=app.version,
        sha256=package.sha256,
        spec_sha256=SPEC,
        released=app.released,
        changes=Text("New.", "新。"),
    )


def empty(root: Path) -> Shop:
    """A catalog of nothing."""
    changes = Changes(Ledger(), {})
    write_catalog(draft_catalog(read_catalog(root), changes, MARKET), root)
    return Shop(root)


def _manifest(app: Made) -> dict[str, object]:
    demand = {"requiredCpu": "1", "limitedCpu": "2", "requiredMemory": "4Gi", "mode": "nvidia"}
    demand |= {"limitedMemory": "8Gi", "requiredDisk": "20Gi", "limitedDisk": "30Gi"}
    return {
        "olaresManifest.type": "app",
        "apiVersion": "v3",
        "metadata": {
            "name": app.name,
            "title": app.title,
            "description": app.description,
            "icon": f"https://market.example.org/icons/{app.name}.png",
            "version": app.version,
            "appid": app.name,
            "categories": ["AI"],
        },
        "entrances": [
            {
                **{"name": "web", "host": "web", "port": 80, "title": app.title},
                **{"icon": "", "authLevel": "private", "openMethod": "default"},
            }
        ],
        "spec": {
            "versionName": app.version,
            "fullDescription": "Full.",
            "upgradeDescription": "New.",
            "developer": "d",
            "website": "https://example.org",
            "sourceCode": "https://example.org",
            "doc": "https://example.org",
            "submitter": "s",
            "locale": ["en-US", "zh-CN"],
            "license": [{"text": "Apache-2.0", "url": "https://example.org"}],
            "supportArch": ["amd64"],
            "accelerator": [demand],
        },
        "options": {"dependencies": [{"name": "olares", "type": "system", "version": app.olares}]},
    }

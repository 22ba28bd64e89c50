"""Catalogs made directly, without a build: any number of apps, each with its own package.

Every app is one real app under another name, so that answers have their real size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.market import make_market
from benchmarks.process import CHARTGEN, seconds
from chartgen.catalog import Ledger, Release, derive_index, read_catalog
from chartgen.catalog.index import LOCALES, Listed
from chartgen.catalog.manifest import I18n, Manifest, parse_i18n, parse_manifest
from chartgen.chart import Chart, pack, unpack
from chartgen.spec import Market
from chartgen.spec.load import load_market


@dataclass(frozen=True, slots=True)
class _Model:
    """The real app: the files of its chart, parsed, and its icon."""

    release: Release
    files: Mapping[str, str]
    manifest: Manifest
    texts: Mapping[str, I18n]
    icon: bytes
    market: Market


def make_catalog(root: Path, apps: int) -> Path:
    """A catalog in `root` with that many apps, `bench00000` and following."""
    (root / "charts").mkdir(parents=True)
    (root / "icons").mkdir()
    made = [_app(root, f"bench{number:05d}") for number in range(apps)]
    ledger = Ledger(tuple(item.release for item in made))
    index = derive_index(ledger, made, _model().market)
    (root / "ledger.jsonl").write_text(ledger.text(), "utf-8")
    (root / "index.json").write_text(index.text, "utf-8")
    return root


def _app(root: Path, name: str) -> Listed:
    model = _model()
    old = model.release
    files = {path: text.replace(old.name, name) for path, text in model.files.items()}
    package = pack(Chart(name, old.version, files))
    (root / "charts" / package.filename).write_bytes(package.data)
    (root / "icons" / f"{name}.png").write_bytes(model.icon)
    release = old.model_copy(update={"name": name, "sha256": package.sha256})
    about = {"name": name, "title": f"Bench {name}"}
    metadata = model.manifest.metadata.model_copy(update=about)
    manifest = model.manifest.model_copy(update={"metadata": metadata})
    return Listed(release, manifest, model.texts)


@cache
def _model() -> _Model:
    """Builds one app, once."""
    with TemporaryDirectory() as folder:
        root = make_market(Path(folder) / "market", 1)
        seconds((*CHARTGEN, "build"), root)
        catalog = read_catalog(root / "catalog")
        ((name, (release,)),) = catalog.ledger.releases.items()
        files = unpack(catalog.package(release), release.filename)
        icon = (catalog.root / "icons" / f"{name}.png").read_bytes()
        market = load_market(root)
    manifest = parse_manifest(files["OlaresManifest.yaml"], name)
    texts = {code: parse_i18n(files[f"i18n/{code}/OlaresManifest.yaml"], name) for code in LOCALES}
    return _Model(release, files, manifest, texts, icon, market)

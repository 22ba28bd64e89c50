"""Builds killed at random moments: the catalog is always the old one or the new one."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.market import make_market
from benchmarks.process import CHARTGEN, seconds

APPS = 12


def report(kills: int) -> None:
    """Kills that many builds and says what the catalog was after each."""
    seen = {"old": 0, "new": 0, "finished before the kill": 0}
    with tempfile.TemporaryDirectory() as folder:
        root = make_market(Path(folder) / "market", APPS)
        seconds((*CHARTGEN, "build"), root)
        shutil.copytree(root / "catalog", root / "before")
        _bump(root)
        whole = _reset_and_time(root)
        after = digest(root / "catalog")
        for _ in range(kills):
            seen[_kill_once(root, whole, after)] += 1
        _reset(root)
        seconds((*CHARTGEN, "build"), root)
        leftovers = [path.name for path in root.glob(".catalog.new-*")]
    counts = ", ".join(f"{count} {state}" for state, count in seen.items())
    print(f"\n{kills} builds killed: {counts}; leftovers after the next build: {len(leftovers)}")


def _bump(root: Path) -> None:
    """The next version of every app, so that a build has all of them to write."""
    for spec in (root / "charts_src").glob("bench*.py"):
        text = spec.read_text("utf-8")
        text = text.replace('version="1.0.', 'version="1.1.', 1)
        spec.write_text(
            text.replace("    changes=Text(\n", "    changes=Text(\n        'Next: '\n", 1)
        )


def _reset(root: Path) -> None:
    shutil.rmtree(root / "catalog", ignore_errors=True)
    shutil.rmtree(root / ".chartgen", ignore_errors=True)
    shutil.copytree(root / "before", root / "catalog")


def _reset_and_time(root: Path) -> float:
    _reset(root)
    return seconds((*CHARTGEN, "build"), root)


def _kill_once(root: Path, whole: float, after: str) -> str:
    _reset(root)
    before = digest(root / "catalog")
    process = subprocess.Popen((*CHARTGEN, "build"), cwd=root, stdout=subprocess.DEVNULL)
    time.sleep(random.uniform(0.2 * whole, 1.05 * whole))
    finished = process.poll() is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    present = digest(root / "catalog")
    check_whole(root / "catalog")
    if present not in (before, after):
        raise SystemExit("the catalog is neither the old one nor the new one")
    return "finished before the kill" if finished else "old" if present == before else "new"


def digest(catalog: Path) -> str:
    """A digest of every path and byte of a catalog."""
    files = sorted(path for path in catalog.rglob("*") if path.is_file())
    parts = (f"{path.relative_to(catalog)} {_sha256(path)}" for path in files)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def check_whole(catalog: Path) -> None:
    """Every ledger row has its package, and the index is of this ledger."""
    rows = [json.loads(line) for line in (catalog / "ledger.jsonl").read_text().splitlines()]
    index = json.loads((catalog / "index.json").read_text())
    newest: dict[str, str] = {}
    for row in rows:
        package = catalog / "charts" / f"{row['name']}-{row['version']}.tgz"
        if _sha256(package) != row["sha256"]:
            raise SystemExit(f"{package} is not what the ledger says")
        newest[row["name"]] = row["version"]
    listed = {app["name"]: app["version"] for app in index["details"]["apps"].values()}
    if listed != newest:
        raise SystemExit("the index is not of this ledger")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

"""How long a build takes, beside `helm package` of the same charts."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.market import make_market
from benchmarks.process import CHARTGEN, PYTHON, helm_program, medians, seconds


def report(sizes: Sequence[int]) -> None:
    """Prints the tables."""
    _version()
    print("\n| apps | cold | unchanged | cold per app | helm package per chart | ratio |")
    print("|---|---|---|---|---|---|")
    for apps in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _build(Path(folder), apps)


def _version() -> None:
    here = Path.cwd()
    bare, version = medians(
        15,
        lambda: seconds((PYTHON, "-c", "pass"), here),
        lambda: seconds((*CHARTGEN, "--version"), here),
    )
    print(f"bare Python {bare * 1e3:.1f} ms, chartgen --version {version * 1e3:.1f} ms", end=" ")
    print(f"(+{(version - bare) * 1e3:.1f} ms)")


def _build(folder: Path, apps: int) -> None:
    root = make_market(folder / "market", apps)
    runs = 5 if apps <= 100 else 1

    def cold() -> float:
        shutil.rmtree(root / "catalog", ignore_errors=True)
        shutil.rmtree(root / ".chartgen", ignore_errors=True)
        return seconds((*CHARTGEN, "build"), root)

    first, again = medians(runs, cold, lambda: seconds((*CHARTGEN, "build"), root))
    peer = _helm_package(root, folder, min(apps, 8))
    each = first / apps
    print(
        f"| {apps} | {first:.3f} s | {again:.3f} s | {each * 1e3:.1f} ms "
        f"| {peer * 1e3:.1f} ms | {each / peer:.2f} |"
    )


def _helm_package(root: Path, folder: Path, count: int) -> float:
    """The median of `helm package` over some of the charts, unpacked."""
    charts = folder / "charts"
    helm = helm_program()
    times = []
    for package in sorted((root / "catalog" / "charts").glob("*.tgz"))[:count]:
        with tarfile.open(package) as archive:
            archive.extractall(charts, filter="data")
        chart = charts / package.name.rpartition("-")[0]
        times.append(seconds((helm, "package", str(chart), "-d", str(folder)), folder))
    return sorted(times)[len(times) // 2]

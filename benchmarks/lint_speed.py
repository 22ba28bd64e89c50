"""`python -m benchmarks.lint_speed`: the lint beside `helm lint`, over the same charts."""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from benchmarks.agreement.rows import variations
from benchmarks.process import CHARTGEN, helm_program
from chartgen.errors import HelmRefused
from chartgen.lint.device import device
from chartgen.lint.helm import Helm, find_helm
from chartgen.lint.manifest.check import manifest_problems
from chartgen.lint.manifest.read import read_manifest
from chartgen.lint.rendered.values import INSTALLER, NAMESPACE, render_values
from chartgen.lint.source import open_chart

CASES = Path(__file__).resolve().parent.parent / "tests" / "lint" / "cases"
ALONE = 20
"""Charts for which `helm lint` is started anew, as it is by hand and in pipelines."""


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of processors."""

    wall: float
    cpu: float


def main() -> None:
    """Times both, and tells where the lint's own time goes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lint_speed", description=__doc__)
    parser.add_argument("--charts", type=Path, help="a folder of charts; without one, variations")
    parser.add_argument("--count", type=int, default=1000, help="variations")
    parser.add_argument("--runs", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chartgen-") as text:
        folder = Path(text)
        charts = _charts(wanted.charts) if wanted.charts else _varied(folder, wanted.count)
        compare(charts, folder, wanted.runs)
        stages(charts)


def _charts(folder: Path) -> list[Path]:
    return [chart for chart in sorted(folder.iterdir()) if (chart / "Chart.yaml").is_file()]


def _varied(folder: Path, count: int) -> list[Path]:
    """So many charts that the device accepts, each in a folder of its own."""
    taken = [
        one
        for one in variations(CASES / "cases.jsonl", folder)
        if one.row.verdict == "accept" and not one.row.unsure
    ]
    made: list[Path] = []
    for number, one in enumerate(islice(cycle(taken), count)):
        path = folder / str(number) / one.row.path.name
        one.build_at(path, CASES / "base")
        made.append(path)
    return made


def compare(charts: Sequence[Path], folder: Path, runs: int) -> None:
    """Whole processes over all charts, in turn; a chart that is refused counts like others."""
    listed = folder / "paths.txt"
    listed.write_text("".join(f"{chart}\n" for chart in charts), "utf-8")
    values = folder / "values.json"
    values.write_text(json.dumps(render_values(INSTALLER, ["examplellm"])), "utf-8")
    helm = (helm_program(), "lint", "--quiet", "--values", str(values))
    ours = (*CHARTGEN, "lint", "--json", "--from", str(listed))
    gate = (*ours, "--profile", "device")
    paths = [str(chart) for chart in charts]
    alone = paths[:: max(1, len(paths) // ALONE)][:ALONE]
    measured: dict[str, tuple[int, Callable[[], Spent]]] = {
        "chartgen lint --profile device": (len(paths), lambda: _spent(gate)),
        "the same, --jobs 1": (len(paths), lambda: _spent((*gate, "--jobs", "1"))),
        "chartgen lint, device and house": (len(paths), lambda: _spent(ours)),
        "helm lint, all charts in one process": (len(paths), lambda: _spent((*helm, *paths))),
        "helm lint, a process a chart": (len(alone), lambda: _spent(*((*helm, p) for p in alone))),
    }
    taken = [[work() for _, work in measured.values()] for _ in range(runs)]
    print(f"{len(charts)} charts, medians of {runs} runs in turn, whole processes:\n")
    print("| program | charts | seconds | ms a chart | CPU ms a chart |")
    print("|---|---|---|---|---|")
    for (name, (count, _)), column in zip(measured.items(), zip(*taken, strict=True), strict=True):
        wall = statistics.median(one.wall for one in column)
        cpu = statistics.median(one.cpu for one in column)
        each, busy = wall / count * 1e3, cpu / count * 1e3
        print(f"| {name} | {count} | {wall:.2f} | {each:.1f} | {busy:.1f} |")


def stages(charts: Sequence[Path]) -> None:
    """Where the time of one process goes, each stage timed over all charts."""
    helm = find_helm("sdk", bounded=False)
    rows = {
        "reading the files": _each(charts, _open),
        "and the manifest": _each(charts, lambda path: _manifest(path, helm)),
        "and its rules": _each(charts, lambda path: _manifest(path, helm, rules=True)),
        "Helm alone: loading, two renders": _each(charts, lambda path: _render(path, helm)),
        "the whole gate": _each(charts, lambda path: _gate(path, helm)),
    }
    print("\n| stage, in one process | CPU ms a chart |")
    print("|---|---|")
    for name, seconds in rows.items():
        print(f"| {name} | {seconds / len(charts) * 1e3:.2f} |")


def _each(charts: Sequence[Path], work: Callable[[Path], None]) -> float:
    start = time.process_time()
    for chart in charts:
        work(chart)
    return time.process_time() - start


def _open(path: Path) -> None:
    with open_chart(path):
        pass


def _manifest(path: Path, helm: Helm, *, rules: bool = False) -> None:
    with open_chart(path) as opened:
        read = read_manifest(opened.chart, helm) if opened.chart else None
        if rules and read and read.manifest:
            manifest_problems(read.manifest)


def _render(path: Path, helm: Helm) -> None:
    values = render_values(INSTALLER, [])
    with suppress(HelmRefused), helm.load(path) as chart:
        for release in ("one", "two"):
            chart.render(release=release, namespace=NAMESPACE, values=values)


def _gate(path: Path, helm: Helm) -> None:
    with open_chart(path) as opened:
        if opened.chart:
            device(opened.chart, helm)


def _spent(*commands: Sequence[str]) -> Spent:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for command in commands:
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall, used)


if __name__ == "__main__":
    main()

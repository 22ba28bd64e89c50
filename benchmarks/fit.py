"""How long a plan takes: a whole `chartgen fit`, one evaluation, a whole frontier."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.process import CHARTGEN, PYTHON, medians, seconds
from chartgen.engines import engine_of
from chartgen.facts import Facts, load_facts
from chartgen.spec import App
from chartgen.spec.load import load_apps
from chartgen.vram import Verdict, plan, predicted, solve

CONFIGURATIONS = 10_000
RUNS = 15


def report() -> None:
    """Prints the tables; cycles are not looked for, as in the program."""
    gc.disable()
    root = Path(__file__).resolve().parent.parent
    apps, facts = load_apps(root).apps, load_facts(root)
    fitting = [app for app in apps if plan(app, facts).verdict is Verdict.FITS]
    _processes(root, fitting)
    print("\n| app | one sum | one verdict | 10,000 configurations | solver, both |")
    print("|---|---|---|---|---|")
    for app in fitting:
        _inside(app, facts)
    gc.enable()


def _processes(root: Path, apps: Sequence[App]) -> None:
    """Whole processes, in turn with a Python that does nothing."""
    print("| command | bare Python | fit | ratio |\n|---|---|---|---|")
    for app in apps:
        bare, fit = medians(
            RUNS,
            lambda: seconds((PYTHON, "-c", "pass"), root),
            lambda name=app.name: seconds((*CHARTGEN, "fit", name), root),  # type: ignore[misc]
        )
        print(f"| fit {app.name} | {bare * 1e3:.0f} ms | {fit * 1e3:.0f} ms | {fit / bare:.1f} |")


def _inside(app: App, facts: Facts) -> None:
    device, engine = facts.devices[app.device], engine_of(app)
    one = _each(lambda: engine.memory(app, facts, device), 2000)
    verdict = _each(lambda: predicted(app, facts, device), 2000)
    grid = _each(lambda: _grid(app, facts), 1)
    both = _each(lambda: solve(app, facts, "both"), 3)
    print(
        f"| {app.name} | {one * 1e6:.0f} us | {verdict * 1e6:.0f} us "
        f"| {grid:.2f} s | {both:.3f} s |"
    )


def _grid(app: App, facts: Facts) -> int:
    """The verdicts of a hundred contexts at a hundred numbers of sequences."""
    device, axes = facts.devices[app.device], engine_of(app).axes(app, facts)
    side = round(CONFIGURATIONS**0.5)
    fits = 0
    for row in range(side):
        count = axes.sequences.least + row % (axes.sequences.most - axes.sequences.least + 1)
        at = axes.sequences.at(app, count)
        for column in range(side):
            tokens = axes.context.least + (axes.context.most - axes.context.least) * column // side
            fits += predicted(axes.context.at(at, tokens), facts, device) is Verdict.FITS
    return fits


def _each(work: Callable[[], object], times: int) -> float:
    """Seconds of one call, in the middle of three rounds."""
    rounds = []
    for _ in range(3):
        start = time.perf_counter()
        for _ in range(times):
            work()
        rounds.append((time.perf_counter() - start) / times)
    return sorted(rounds)[1]


if __name__ == "__main__":
    report()

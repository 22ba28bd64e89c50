"""Mutated charts and packages through the whole lint: the house's profile and another.

    python -m benchmarks.fuzz_lint --inputs 100000 --out build/fuzz-lint [--charts DIR]

The seeds are the tests' base charts, this catalog's packages, and the charts in DIR. One
process works at a time and is watched: a traceback, a fault of the lint's own (S21) or a
minute without an answer is kept under OUT with its number, by which it can be made again
(--only NUMBER). A third of the inputs are folders, the others packages.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.mutations import Seed, mutated_chart, mutated_package
from chartgen.lint.finding import Profile
from chartgen.lint.helm import Helm
from chartgen.lint.judge import judge
from chartgen.lint.report import ChartReport
from chartgen.lint.source import charts_in, open_chart
from chartgen.lint.workers import Pipe, wished

PROJECT = Path(__file__).parents[1]
BASES = PROJECT / "tests" / "lint" / "cases" / "base"
SECONDS = 60.0
"""Without an answer for so long, an input counts as a hang."""
MAX_SEED_BYTES = 40_000
"""Files of a chart that mutations begin from: nine tenths of the official ones are smaller, and
larger ones take the time of many."""
BATCH = 2000
"""Inputs of one process; a new one shows what an input costs, and not what all did."""
OWN_FAULT = "S21"
_OTHERS = (Profile.DEVICE, Profile.STORE, Profile.LEGACY)


@dataclass
class Figures:
    """What happened so far; times in seconds, memory in KiB."""

    inputs: int = 0
    folders: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    longest: float = 0.0
    slowest: int = -1
    peak_kib: int = 0
    seconds: float = 0.0
    failures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the lint said of one input, or how it failed."""

    number: int
    folder: bool
    verdict: str
    rules: Sequence[str]
    seconds: float
    peak_kib: int
    failure: str = ""


def main() -> int:
    """Runs, and prints the table; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--only", type=int, help="one input, with its traceback")
    parser.add_argument("--charts", type=Path, help="a folder of further charts")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz-lint"))
    chosen = parser.parse_args()
    seeds = read_seeds(chosen.charts)
    if chosen.only is not None:
        print(_one(chosen.only, seeds, chosen.out / "only", wished("auto")))
        return 0
    chosen.out.mkdir(parents=True, exist_ok=True)
    figures = fuzz(seeds, chosen.first, chosen.inputs, chosen.out)
    return _report(figures)


def read_seeds(folder: Path | None) -> list[Seed]:
    """The sound charts that mutations begin from."""
    places = [*sorted(BASES.glob("*/*")), *charts_in(PROJECT / "catalog")]
    if folder is not None:
        places += charts_in(folder)
    seeds = []
    for place in places:
        with open_chart(place) as opened:
            files = opened.chart.files if opened.chart else {}
            if opened.chart and sum(map(len, files.values())) <= MAX_SEED_BYTES:
                seeds.append(Seed(opened.chart.name, dict(files)))
    return seeds


def fuzz(seeds: list[Seed], first: int, inputs: int, out: Path) -> Figures:
    """Runs inputs in processes of their own, one at a time."""
    figures, begin, number = Figures(), time.monotonic(), first
    while number < first + inputs:
        end = min(number + BATCH, first + inputs)
        number = _batch(seeds, range(number, end), figures)
        figures.seconds = time.monotonic() - begin
        (out / "figures.json").write_text(json.dumps(asdict(figures), indent=1))
        print(f"{figures.inputs} inputs, {len(figures.failures)} failures", flush=True)
    return figures


def _batch(seeds: list[Seed], numbers: range, figures: Figures) -> int:
    """Runs one process; returns the number that the next one begins with."""
    context = multiprocessing.get_context("fork")  # no Go is loaded before
    ours, theirs = context.Pipe()
    worker = context.Process(target=_work, args=(theirs, seeds, numbers))
    worker.start()
    theirs.close()
    number = numbers.start
    while number < numbers.stop:
        if not ours.poll(SECONDS):
            _note(figures, Outcome(number, False, "", (), SECONDS, 0, "no answer"))
            break
        try:
            outcome = ours.recv()
        except EOFError:
            _note(figures, Outcome(number, False, "", (), 0.0, 0, "the process died"))
            break
        if isinstance(outcome, Outcome):
            _note(figures, outcome)
            number = outcome.number + 1
    else:
        worker.join(SECONDS)
        return number
    worker.kill()
    worker.join()
    return number + 1


def _work(channel: Pipe, seeds: list[Seed], numbers: range) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # Helm's own warnings, in Go
    helm = wished("auto")
    with TemporaryDirectory(prefix="fuzz-") as folder:
        for number in numbers:
            channel.send(_one(number, seeds, Path(folder) / "chart", helm))
    channel.close()


def _one(number: int, seeds: list[Seed], place: Path, helm: Helm | None) -> Outcome:
    """Makes an input again from its number, and lints it."""
    random = Random(f"chart {number}")
    is_folder = number % 3 == 0
    profiles = (random.choice(_OTHERS), Profile.HOUSE)
    path = _folder(seeds, random, place) if is_folder else _package(seeds, random, place)
    begin, failure, report = time.perf_counter(), "", ChartReport("", {})
    try:
        report = judge(path, profiles, helm)
    except Exception:  # noqa: BLE001 - this is what is looked for
        failure = traceback.format_exc()
    took = time.perf_counter() - begin
    shutil.rmtree(place, ignore_errors=True)
    own = [one.problem for one in report.findings if one.problem.rule == OWN_FAULT]
    failure = failure or "".join(f"{one.message} {one.value}" for one in own)
    rules = sorted({one.problem.rule for one in report.findings})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Outcome(number, is_folder, report.verdict.value, rules, took, peak, failure)


def _folder(seeds: list[Seed], random: Random, place: Path) -> Path:
    name, files = mutated_chart(seeds, random)
    root = place / (name.strip("/.\\\n\x00\x1b").replace("/", "_")[:100] or "x")
    root.mkdir(parents=True)
    for path, data in files.items():
        try:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        except OSError:
            continue
    return root


def _package(seeds: list[Seed], random: Random, place: Path) -> Path:
    place.mkdir(parents=True)
    file = place / "chart-1.0.0.tgz"
    file.write_bytes(mutated_package(seeds, random))
    return file


def _note(figures: Figures, outcome: Outcome) -> None:
    figures.inputs += 1
    figures.folders += outcome.folder
    figures.verdicts[outcome.verdict] = figures.verdicts.get(outcome.verdict, 0) + 1
    for rule in outcome.rules:
        figures.rules[rule] = figures.rules.get(rule, 0) + 1
    if outcome.seconds > figures.longest:
        figures.longest, figures.slowest = outcome.seconds, outcome.number
    figures.times.append(outcome.seconds)
    figures.peak_kib = max(figures.peak_kib, outcome.peak_kib)
    if outcome.failure:
        figures.failures[str(outcome.number)] = outcome.failure


def _report(figures: Figures) -> int:
    times = sorted(figures.times)
    median, last = times[len(times) // 2], times[int(len(times) * 0.999)]
    print("| inputs | folders | accepted | refused | unknown | rules seen | failures |")
    print("|---|---|---|---|---|---|---|")
    said = [f"{figures.verdicts.get(one, 0):,}" for one in ("accept", "refuse", "unknown")]
    print(
        f"| {figures.inputs:,} | {figures.folders:,} | {' | '.join(said)} "
        f"| {len(figures.rules)} | {len(figures.failures)} |"
    )
    print(
        f"median {median * 1000:.1f} ms, 99.9 % {last * 1000:.0f} ms, "
        f"slowest {times[-1] * 1000:.0f} ms (input {figures.slowest}), "
        f"peak memory {figures.peak_kib / 1024:.0f} MiB, {figures.seconds:.0f} s"
    )
    for number, failure in list(figures.failures.items())[:20]:
        print(f"{number}: {failure.strip().splitlines()[-1]}")
    return 1 if figures.failures else 0


if __name__ == "__main__":
    sys.exit(main())

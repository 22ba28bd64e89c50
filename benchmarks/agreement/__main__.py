"""`python -m benchmarks.agreement`: the lint beside recorded verdicts of the device's own."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.agreement.compare import ask, table
from benchmarks.agreement.rows import Row, named_charts, variations


def main() -> None:
    """Prints a table, and ends with 1 where a verdict or a first rule differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__)
    parser.add_argument("--cases", type=Path, help="variations of base charts, one JSON a line")
    parser.add_argument("--base", type=Path, help="the folder of the base charts")
    parser.add_argument("--charts", type=Path, help="a folder of charts")
    parser.add_argument("--verdicts", type=Path, help="their verdicts, one JSON a line")
    parser.add_argument("--jobs", type=int, help="processes at work")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chartgen-") as folder:
        rows: list[Row] = []
        if wanted.cases and wanted.base:
            for variation in variations(wanted.cases, Path(folder)):
                variation.build(wanted.base)
                rows.append(variation.row)
        if wanted.charts and wanted.verdicts:
            rows += named_charts(wanted.verdicts, wanted.charts)
        if not rows:
            parser.error("give --cases and --base, or --charts and --verdicts")
        sys.exit(0 if report(rows, wanted.jobs) else 1)


def report(rows: Sequence[Row], jobs: int | None) -> bool:
    """Prints how far lint and record agree; whether they do, unsure rows apart."""
    answers, helm = ask(rows, jobs)
    sure = [one for one in answers if not one.row.unsure]
    unsure = [one for one in answers if one.row.unsure]
    print(f"Rendered by {helm or 'no Helm'}.", end="\n\n")
    print("\n".join(table(sure)))
    if unsure:
        print("\nWhere the record may not be the newest device's:\n")
        print("\n".join(table(unsure)))
    return all(one.same_rule for one in sure)


if __name__ == "__main__":
    main()

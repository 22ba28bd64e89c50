"""`python -m benchmarks.accuracy`: the planner against everything that was measured."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.accuracy.report import make_report, write_report

DATA = Path(__file__).parent / "data"
COLLECTIONS = (
    "measurements.jsonl",
    "own_measurements.jsonl",
    "llamacpp_sizes.csv",
    "vllm_sizes.csv",
    "vllm_sizes_versions.csv",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the report and prints its text; 0 whatever it says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        action="extend",
        help="collections: logs (JSON lines), or sizes (CSV), recognised by their columns",
    )
    parser.add_argument(
        "--models", type=Path, nargs="+", action="extend", help="tables of models (JSON)"
    )
    parser.add_argument("--out", type=Path, default=Path("dist/accuracy"), help="a folder")
    chosen = parser.parse_args(arguments)
    data = chosen.data or [DATA / name for name in COLLECTIONS]
    report = make_report(data, chosen.models or [DATA / "models.json"])
    write_report(report, chosen.out)
    sys.stdout.write(report.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Coverage-guided fuzzing of the readers of headers, with atheris.

    pip install atheris
    python -m benchmarks.fuzz_headers --inputs 1000000 --out build/fuzz

Each reader runs in a process of its own: no input may raise anything but `Faults`. What
does is kept under DIR/crashes. The report has inputs, crashes, the slowest input and the
peak memory of each reader.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

SHARES = {"gguf": 0.4, "safetensors": 0.2, "index": 0.1, "config": 0.3}
"""Parts of the inputs that each reader gets."""


def main() -> int:
    """Runs all readers, one after another, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="inputs of all readers")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    for reader, share in SHARES.items():
        command = [sys.executable, "-m", "benchmarks.fuzz_reader", reader]
        subprocess.run([*command, str(round(chosen.inputs * share)), str(chosen.out)], check=True)
    return _report(chosen.out)


def _report(out: Path) -> int:
    print("| reader | inputs | read without a fault | crashes | slowest | peak memory | time |")
    print("|---|---|---|---|---|---|---|")
    crashes = 0
    for reader in SHARES:
        found = json.loads((out / f"{reader}.json").read_text())
        crashes += len(found["crashes"])
        print(
            f"| {reader} | {found['inputs']:,} | {found['accepted']:,} | {len(found['crashes'])} "
            f"| {found['slowest'] * 1000:.1f} ms | {found['peak_kib'] / 1024:.0f} MiB "
            f"| {found['seconds']:.0f} s |"
        )
    return 1 if crashes else 0


if __name__ == "__main__":
    sys.exit(main())

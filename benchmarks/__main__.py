"""`python -m benchmarks`: every measurement, printed as tables."""

from __future__ import annotations

import argparse

from benchmarks import build_times, kill


def main() -> None:
    """Runs the measurements that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", choices=["build", "kill", []], help="all without one")
    parser.add_argument("--kills", type=int, default=200, help="builds that are killed")
    parser.add_argument("--apps", type=int, nargs="*", default=[1, 32, 1000])
    chosen = parser.parse_args()
    what = chosen.what or ["build", "kill"]
    if "build" in what:
        build_times.report(chosen.apps)
    if "kill" in what:
        kill.report(chosen.kills)


main()

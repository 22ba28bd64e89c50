"""`python -m benchmarks`: every measurement, printed as tables."""

from __future__ import annotations

import argparse

from benchmarks import build_times, fit, kill, serve, soak

ALL = ["build", "fit", "kill", "serve", "soak"]


def main() -> None:
    """Runs the measurements that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*ALL, []], help="all without one")
    parser.add_argument("--kills", type=int, default=200, help="builds that are killed")
    parser.add_argument("--apps", type=int, nargs="*", help="sizes of catalogs")
    chosen = parser.parse_args()
    what = chosen.what or ALL
    if "build" in what:
        build_times.report(chosen.apps or [1, 32, 1000])
    if "fit" in what:
        fit.report()
    if "kill" in what:
        kill.report(chosen.kills)
    if "serve" in what:
        serve.report(chosen.apps or [32, 10_000])
    if "soak" in what:
        soak.report(120)


main()

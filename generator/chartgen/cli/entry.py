"""The program's entry: answers the cheapest questions without loading anything."""

from __future__ import annotations

import sys

from chartgen import __version__


def main() -> None:
    """Runs chartgen with the process's arguments."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"chartgen {__version__}\n")
        return
    from chartgen.cli.app import run

    sys.exit(run(sys.argv[1:]))

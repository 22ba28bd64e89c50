"""The program's entry: answers the cheapest questions without loading anything."""

from __future__ import annotations

import gc
import sys

from chartgen import __version__
from chartgen.cli import INTERRUPTED, INTERRUPTED_WORDS


def main() -> None:
    """Runs chartgen with the process's arguments; an interruption ends it with 130."""
    try:
        code = _run(sys.argv[1:])
        # The end of a process looks for cycles once more, for 40 ms of a `fit`.
        gc.freeze()
        sys.exit(code)
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTED_WORDS}\n")
        sys.exit(INTERRUPTED)


def _run(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        sys.stdout.write(f"chartgen {__version__}\n")
        return 0
    # Most commands are one short run: looking for cycles costs a fifth of it and finds
    # nothing to free. A server turns it on again.
    gc.disable()
    from chartgen.cli.app import run

    return run(arguments)

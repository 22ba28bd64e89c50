"""The program with limits of a second, so that tests of the limits are short."""

from __future__ import annotations

from chartgen.cli.entry import main
from chartgen.market import run, server

run.REQUEST_SECONDS = 1.0
run.STOP_SECONDS = 3
server.BODY_SECONDS = 0.6
server.WATCH_SECONDS = 0.05

if __name__ == "__main__":
    main()

"""The program: read the plan, bring what is missing, and tell how it went."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from .hub import Hub
from .plan import Blob, Plan, read_plan
from .shelf import Shelf, open_shelf
from .stream import Turn
from .telling import FetchError, gib, log

_HUB = "https://huggingface.co"
_ADDRESS = r"https?://[\w.:\[\]-]+(/[\w./~-]+)?"

# Beside OSError: what the system's interfaces raise for paths that no system has, and Path for
# links in a circle.
_FAULTS = (OSError, ValueError, RuntimeError)


def connect(environ: Mapping[str, str]) -> Hub:
    """Return the hub that HF_ENDPOINT and HF_TOKEN name; raises FetchError."""
    endpoint = environ.get("HF_ENDPOINT", "").strip().rstrip("/") or _HUB
    token = environ.get("HF_TOKEN", "").strip()
    if not re.fullmatch(_ADDRESS, endpoint, re.ASCII):
        raise FetchError("HF_ENDPOINT has to be the http or https address of a hub")
    if not re.fullmatch("[!-~]*", token):
        raise FetchError("HF_TOKEN has characters that no token has")
    return Hub(endpoint, token, _opener())


def _opener() -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    # No other handlers: a redirect must not lead to a file, and Hub.ask wants to see each answer.
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(urllib.request.HTTPHandler())
    opener.add_handler(urllib.request.HTTPSHandler())
    return opener


def fetch(plan: Plan, hub: Hub) -> None:
    """Bring all files of a plan to their folders; raises FetchError, OSError."""
    with contextlib.ExitStack() as stack:
        # In one order, lest two copies wait for each other.
        models = [plan.models[into] for into in sorted(plan.models)]
        shelves = [open_shelf(hub, plan.root, model, stack) for model in models]
        jobs = [(shelf, blob) for shelf in shelves for blob in shelf.missing()]
        if jobs:
            _bring(jobs, plan, hub)


def _bring(jobs: list[tuple[Shelf, Blob]], plan: Plan, hub: Hub) -> None:
    rests = [shelf.rest(blob) for shelf, blob in jobs]
    _check_space(plan, sum(rests), hub.free(plan.root))
    for index, (shelf, blob) in enumerate(jobs):
        shelf.fetch(blob, Turn(index + 1, len(jobs), sum(rests[index + 1 :])))


def _check_space(plan: Plan, left: int, free: int) -> None:
    if free < left + plan.margin:
        needs = f"{gib(left)} to fetch, {gib(plan.margin)} to leave free"
        raise FetchError(f"too little disk in {plan.root}: {needs}, {gib(free)} free")


def _as_it_is(hub: Hub) -> Hub:
    return hub


def main(
    argv: list[str], environ: Mapping[str, str], adjust: Callable[[Hub], Hub] = _as_it_is
) -> int:
    """Fetch what the plan in `argv` asks for from the `adjust`ed hub; return the exit code."""
    try:
        if len(argv) != 1:
            raise FetchError("usage: python3 -m fetch PLAN.json")
        hub = adjust(connect(environ))
        fetch(read_plan(Path(argv[0])), hub)
    except KeyboardInterrupt:
        log("stopped; what has come so far is kept")
        return 1
    except FetchError as fault:
        log(f"error: {fault}")
        return fault.code
    except _FAULTS as fault:
        log(f"error: {fault}")
        return FetchError.code
    log("all model files are there")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # process 1 has no handler else
    sys.exit(main(sys.argv[1:], os.environ))

"""From a log to what it says: which engine's reader reads which log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from chartgen.engines.llamacpp.logs import read as read_llamacpp
from chartgen.engines.logs import Log, LogReader, log_lines
from chartgen.engines.vllm.logs import read as read_vllm
from chartgen.errors import Fault, Faults
from chartgen.facts import Device
from chartgen.spec import App

__all__ = ["Log", "read_log"]

_READERS: Mapping[str, LogReader] = {"vllm": read_vllm, "llamacpp": read_llamacpp}


def read_log(app: App, device: Device, raw: bytes, today: date) -> Log:
    """What a start-up log says, compared with the app that it should be of.

    Raises `Faults` for an engine whose logs cannot be read, and for a log in which
    nothing of that engine is found.
    """
    reader = _READERS.get(app.engine.kind)
    if reader is None:
        known = ", ".join(sorted(_READERS))
        remedy = f"Write its record by hand into charts_src/evidence/; read are logs of {known}."
        problem = "the logs of this engine cannot be read yet"
        raise Faults([Fault(f"{app.name}.engine.kind", problem, remedy, app.engine.kind)])
    found = reader(app, device, log_lines(raw), today)
    if found.empty:
        remedy = "Give the server's whole output, from its start until it is ready or ends."
        problem = f"nothing that {app.engine.kind} prints at its start is in this log"
        raise Faults([Fault("log", problem, remedy, f"{len(raw)} bytes")])
    return found

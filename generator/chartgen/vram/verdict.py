"""What the sum alone says of an app.

The interval of the sum decides: wholly under the limit fits, wholly over it does
not, anything else is unproven. The host's RAM is held against its own total the
same way, and the worse of the two stands.
"""

from __future__ import annotations

from enum import StrEnum

from chartgen.engines import Memory, engine_of
from chartgen.facts import Device, Facts
from chartgen.quantities import Estimate
from chartgen.spec import App
from chartgen.vram.host import Host, host_of, total


class Verdict(StrEnum):
    """What is known about an app on its device."""

    FITS = "fits"
    DOES_NOT_FIT = "does-not-fit"
    UNPROVEN = "unproven"


def predicted(app: App, facts: Facts, device: Device) -> Verdict:
    """The verdict of an app by formula; fast enough to be asked ten thousand times."""
    memory = engine_of(app).memory(app, facts, device)
    return predict(memory, total(memory.terms), host_of(app, memory.host, device), app)


def predict(memory: Memory, need: Estimate, host: Host, app: App) -> Verdict:
    """The verdict of a sum that is already made."""
    least = app.least_requests
    over = need.low > memory.limit.size or least > memory.requests.high
    if over or memory.refusals or host.too_small:
        return Verdict.DOES_NOT_FIT
    proven = need.high <= memory.limit.size and host.enough and not memory.caveats
    return Verdict.FITS if proven else Verdict.UNPROVEN

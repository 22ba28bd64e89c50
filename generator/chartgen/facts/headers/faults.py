"""What is said of a header that cannot be what it claims."""

from __future__ import annotations

from chartgen.errors import Fault, Faults

__all__ = ["broken", "shown"]

DAMAGED = "Fetch the file again; a file that stays so is damaged or not what its name says."
_SHOWN = 80


def shown(value: object) -> str:
    """A value of a hostile file for a message: short, in one line."""
    text = ascii(value) if not isinstance(value, str) else ascii(value)[1:-1]
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def broken(where: str, problem: str, value: object = "", remedy: str = DAMAGED) -> Faults:
    """The one fault of a header; `where` names the file."""
    return Faults([Fault(where, problem, remedy, shown(value) if value != "" else "")])

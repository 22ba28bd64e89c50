"""How the rules of a manifest say what is wrong, and in which order the device reports it.

The device checks a manifest's fields first; while one of them is wrong, it reports none of the
rules across fields. Rules say all that they find; what the device would report only after the
first repair stands behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chartgen.lint.finding import Problem
from chartgen.lint.manifest.read import Manifest


@dataclass(frozen=True, slots=True)
class Voice:
    """Makes the problems of one manifest."""

    manifest: Manifest

    def says(self, rule: str, path: str, wrong: str, remedy: str) -> Problem:
        """A problem of the field at `path`, with the value that is there."""
        seen = self.manifest.seen(path)
        return Problem(rule, self.manifest.place(path), seen, f"{path} {wrong}", remedy)

    def missing(self, rule: str, path: str, remedy: str = "") -> list[Problem]:
        """That a field is absent or empty."""
        return [self.says(rule, path, "is missing or empty", remedy or f"Write {path}.")]

    def needed(self, rule: str, path: str, value: str) -> list[Problem]:
        """The same, where `value` is empty."""
        return [] if value else self.missing(rule, path)

    def long(self, rule: str, path: str, value: str, most: int) -> list[Problem]:
        """That a text is missing, or too long: Go counts bytes, three for most of CJK."""
        size = len(value.encode())
        if size == 0:
            return self.missing(rule, path)
        return self.longer(rule, path, value, most)

    def longer(self, rule: str, path: str, value: str, most: int) -> list[Problem]:
        """That a text is too long, where it is there."""
        size = len(value.encode())
        wrong = f"is {size} bytes long, more than {most}"
        return [self.says(rule, path, wrong, "Shorten it.")] if size > most else []

    def outside(self, rule: str, path: str, value: str, allowed: Sequence[str]) -> list[Problem]:
        """That a value is none of those allowed; an empty one passes."""
        if not value or value in allowed:
            return []
        leave = "Leave it out, or use" if "" in allowed else "Use"
        remedy = f"{leave} one of {', '.join(one for one in allowed if one)}."
        return [self.says(rule, path, "is not a value that the device knows", remedy)]


@dataclass(slots=True)
class Said:
    """What a check says: what the device reports at once, and what only after a repair."""

    shown: list[Problem] = field(default_factory=list)
    hidden: list[Problem] = field(default_factory=list)

    def first_of(self, *groups: Iterable[Problem]) -> None:
        """Adds checks of one field, of which the device reports the first that fails."""
        found = [group for group in map(list, groups) if group]
        self.shown += found[0] if found else []
        self.hidden += [problem for group in found[1:] for problem in group]

    def add(self, other: Said) -> None:
        """Adds what another check says."""
        self.shown += other.shown
        self.hidden += other.hidden


def fields_first(fields: Said, across: Iterable[Problem]) -> Said:
    """Checks of fields, and those across fields, which wait while a field is wrong."""
    across = list(across)
    # The device gives all wrong fields in one message, which counts as its first rule.
    fields.shown.sort(key=lambda problem: problem.rule)
    if fields.shown:
        return Said(fields.shown, fields.hidden + across)
    return Said(fields.shown + across, fields.hidden)


def repeated(values: Sequence[str]) -> list[int]:
    """The places of the values that came before."""
    first: dict[str, int] = {}
    return [place for place, value in enumerate(values) if first.setdefault(value, place) != place]

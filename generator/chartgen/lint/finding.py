"""What a lint finds: the rule, the place, the value seen and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs; the names are those of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Profile(StrEnum):
    """Whose rules are asked."""

    DEVICE = "device"
    """The install gate of a device, with its default options."""
    STORE = "store"
    """The bot that reads pull requests of the official store."""
    LEGACY = "legacy"
    """The older checker, for manifests before 0.12.0."""
    HOUSE = "house"
    """What chartgen holds to be common sense."""


class Verdict(StrEnum):
    """What a profile says of a chart; unknown where a check that it needs could not run."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """A file below the chart's root folder, and a line counted from 1 where one is known."""

    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule that a chart breaks, before a profile weighs it.

    `value` is what was seen, `remedy` one sentence that says what to do.
    """

    rule: str
    place: Place
    value: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem as a profile weighs it."""

    problem: Problem
    profile: Profile
    severity: Severity

"""What reading start-up logs has in common, whatever engine printed them.

A log is hostile input: people paste it, terminals colour it, containers put words in
front of each line, and several processes write into it at once. So nothing is expected
at the start of a line, every length is bounded, and every pattern repeats at most a
fixed number of times.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

from chartgen.facts import Device, Quantity, Reading
from chartgen.quantities import GIB, MIB
from chartgen.spec import App

MOST_LINES = 400_000
"""Lines of a log that are read: half of them from its start, half from its end."""

LONGEST_LINE = 20_000
"""Characters of a line that are read; a printed configuration has some thousands."""

BEFORE, AFTER = 60, 120
"""Characters around the words that count which a record quotes with them."""

LONGEST_QUOTE = 900
"""Characters that a record quotes of several lines together."""

CARD_TOLERANCE = 0.01
"""How far the memory of a card may be from its profile's: drivers reserve a little more
or less from version to version (two figures of one RTX 5090, 31.36 and 31.37 GiB, vram
formulas 4.1)."""

UNITS: Mapping[str, int] = {"GiB": GIB, "GB": GIB, "MiB": MIB, "MB": MIB, "bytes": 1}
"""Both engines divide by powers of two, also where they print GB or MB."""

Outcome: TypeAlias = Literal["served", "failed"]

_COLOUR = re.compile(r"\x1b?\[[0-9;]{1,12}m|\x1b\[[0-9;?]{0,12}[A-Za-z]")
_CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])
_FULL_DAY = re.compile(r"\b(20[0-9]{2})-([0-9]{2})-([0-9]{2})[T ][0-9]{2}:[0-9]{2}")
_SHORT_DAY = re.compile(r"\b(?:INFO|WARNING|ERROR|DEBUG) ([0-9]{2})-([0-9]{2}) [0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of the server, as the spec has it and as the log has it.

    `log` is None where the log does not tell; `same` is then true.
    """

    field: str
    spec: str
    log: str | None
    same: bool


@dataclass(frozen=True, slots=True)
class Log:
    """What a start-up log says, in the light of the app that it should be of.

    `outcome` is None where the log shows neither a server that is ready nor one that
    fails for memory; `said` is the line that tells. `missing` names what such a log
    often has and this one has not. `revision` is the commit of the model's files.
    """

    version: str | None
    outcome: Outcome | None
    said: str
    day: date | None
    settings: tuple[Setting, ...]
    readings: tuple[Reading, ...]
    missing: tuple[str, ...]
    revision: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def differences(self) -> tuple[Setting, ...]:
        """Settings in which the log is of another deployment than the spec."""
        return tuple(setting for setting in self.settings if not setting.same)

    @property
    def assumed(self) -> tuple[str, ...]:
        """Fields that the spec alone gives."""
        return tuple(setting.field for setting in self.settings if setting.log is None)

    @property
    def empty(self) -> bool:
        """Whether nothing at all was recognised."""
        return not (self.version or self.outcome or self.readings)


LogReader: TypeAlias = Callable[[App, Device, Sequence[str], date], Log]
"""Reads the lines of a log; the day is today's, for logs that name no year."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as it was printed, in its base unit, with half a unit of its last digit."""

    value: float
    half: float
    line: str


def log_lines(raw: bytes) -> tuple[str, ...]:
    """The lines of a log without colours and control characters, empty ones left out.

    A carriage return ends a line: progress bars are drawn with it.
    """
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = raw.decode(encoding, errors="replace").replace("\r", "\n")
    lines = [line for line in text.split("\n") if line]
    if len(lines) > MOST_LINES:
        lines = lines[: MOST_LINES // 2] + lines[-MOST_LINES // 2 :]
    cleaned = (_clean(line) for line in lines)
    return tuple(line for line in cleaned if line)


def _clean(line: str) -> str:
    short = line[:LONGEST_LINE]
    if "[" in short:
        short = _COLOUR.sub("", short)
    return short.translate(_CONTROL).strip()


def newest_start(lines: Sequence[str], marks: Iterable[re.Pattern[str]]) -> Sequence[str]:
    """The lines from the last start on, where a log holds several.

    Each pattern marks a line that a server prints once at each start, in this order; one
    that comes out of its order opens the next start.
    """
    known, last, begin = tuple(enumerate(marks)), -1, 0
    for index, line in enumerate(lines):
        place = next((place for place, mark in known if mark.search(line)), None)
        if place is not None:
            begin = index if 0 <= place <= last else begin
            last = place
    return lines[begin:]


def printed(match: re.Match[str]) -> Printed:
    """The number of a match with the groups `number` and, for sizes, `unit`.

    Its rounding is half a unit of the last digit; a count is exact.
    """
    number = match["number"].replace(",", "")
    unit = match.groupdict().get("unit")
    scale = UNITS[unit] if unit else 1
    whole, _, decimals = number.partition(".")
    exact = not decimals and (unit is None or scale == 1)
    half = 0.0 if exact else 0.5 * scale / 10 ** len(decimals)
    value = float(number) * scale if decimals else float(int(whole) * scale)
    return Printed(value, half, quoted(match))


def reading(quantity: Quantity, parts: Sequence[Printed]) -> Reading:
    """The sum of what was printed, as a reading; sizes and counts are whole numbers."""
    value, half = sum(part.value for part in parts), sum(part.half for part in parts)
    low, high = max(0.0, value - half), value + half
    if quantity != "concurrency":
        value, low, high = float(round(value)), float(math.floor(low)), float(math.ceil(high))
    said = " + ".join(dict.fromkeys(part.line for part in parts))
    said = said if len(said) <= LONGEST_QUOTE else f"{said[:LONGEST_QUOTE]}..."
    return Reading(quantity=quantity, value=value, low=low, high=high, said=said)


def quoted(match: re.Match[str]) -> str:
    """The words of a match with what stands around them, single blanks between."""
    line, begin, end = match.string, max(0, match.start() - BEFORE), match.end() + AFTER
    text = " ".join(line[begin:end].split())
    return f"{'...' if begin else ''}{text}{'...' if end < len(line) else ''}"


def outcome_of(
    lines: Sequence[str], served: re.Pattern[str], failed: re.Pattern[str]
) -> tuple[Outcome | None, str]:
    """How a start ended, and the words that tell: the last ones count, since a server may
    try again with less, or run out of memory after it was ready. Of several failures the
    first is quoted: the others are its consequences."""
    first = ""
    for line in reversed(lines):
        if match := failed.search(line):
            first = quoted(match)
        elif match := served.search(line):
            return ("failed", first) if first else ("served", quoted(match))
    return ("failed", first) if first else (None, "")


def day_of(lines: Iterable[str], today: date) -> date | None:
    """The day of a log: its first full date, else the latest one with its month and day."""
    short: date | None = None
    for line in lines:
        if match := _FULL_DAY.search(line):
            return _day(int(match[1]), int(match[2]), int(match[3]))
        if short is None and (match := _SHORT_DAY.search(line)):
            short = _latest(int(match[1]), int(match[2]), today)
    return short


def _latest(month: int, day: int, today: date) -> date | None:
    """A log may be a day ahead of us: its clock stands in another time zone."""
    found = _day(today.year, month, day)
    ahead = found is not None and found > today + timedelta(days=1)
    return _day(today.year - 1, month, day) if ahead or found is None else found


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def setting(field: str, spec: object, log: object | None, *, same: bool | None = None) -> Setting:
    """A setting by its two values; without `same` they are compared as text."""
    if log is None:
        return Setting(field, str(spec), None, same=True)
    equal = str(spec) == str(log) if same is None else same
    return Setting(field, str(spec), str(log), equal)


def card_setting(device: Device, total: Reading | None) -> Iterator[Setting]:
    """The card's memory as the engine saw it, against the profile."""
    if total is None:
        return
    low = device.cuda_total.low * (1 - CARD_TOLERANCE)
    high = device.cuda_total.high * (1 + CARD_TOLERANCE)
    spec, log = (f"{size / GIB:.2f} GiB" for size in (device.cuda_total.value, total.value))
    yield setting("device.cuda_total", spec, log, same=total.high >= low and total.low <= high)


def same_file(path: str, wanted: str) -> bool:
    """Whether a printed path leads to the wanted repository or file.

    Servers print a hub's name, a path in a cache or a path of their own: the repository
    (`owner/name`, `owner--name`) or, at least, the last part must be the wanted one.
    """
    found = path.casefold().replace("\\", "/").rstrip("/").replace("--", "/")
    name = wanted.casefold()
    inside = f"/{found.split('/snapshots/')[0]}/"
    return f"/{name}/" in inside or found.rpartition("/")[2] == name.rpartition("/")[2]


def revision_of(path: str) -> str | None:
    """The commit in a path of a hub's cache."""
    match = re.search(r"/snapshots/([0-9a-f]{40})(?:/|$)", path.replace("\\", "/"))
    return match[1] if match else None

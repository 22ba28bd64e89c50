"""Records as people write them: keys may be missing, null, or numbers in other spellings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

NUMBER = re.compile(r"[~<>=≈]*\s*(?P<number>[-+]?[0-9][0-9 ,_]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)")
UNITS = {
    "": 1,
    "b": 1,
    "bytes": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
    "k": 1 << 10,
    "m": 1 << 20,
}
"""Multiples behind a number. `k` and `m` are those of contexts: 32K is 32768 tokens."""

TRUE = {"1", "true", "yes", "on", "y"}
FALSE = {"0", "false", "no", "off", "n"}
NOTHING = {"", "null", "none", "nan", "n/a", "na", "-", "?", "unknown"}


@dataclass(frozen=True, slots=True)
class Record:
    """One object of a collection; every accessor gives None for what is not there."""

    fields: Mapping[str, object]

    def text(self, key: str) -> str | None:
        """The value as text, None where it says nothing."""
        value = self.fields.get(key)
        if value is None or isinstance(value, (dict, list)):
            return None
        text = str(value).strip()
        return None if text.lower() in NOTHING else text

    def word(self, key: str) -> str:
        """The value as a word in lower case, also one that elsewhere says nothing: none."""
        value = self.fields.get(key)
        return value.strip().lower() if isinstance(value, str) else ""

    def number(self, key: str) -> float | None:
        """The value as a number: 8192, "8,192", "32K", "~2.9", "16.67 GiB" (bytes)."""
        return parse_number(self.fields.get(key))

    def whole(self, key: str) -> int | None:
        """The value as a whole number."""
        value = self.number(key)
        return None if value is None else round(value)

    def positive(self, key: str) -> int | None:
        """The value as a whole number of at least 1."""
        value = self.whole(key)
        return value if value and value > 0 else None

    def flag(self, key: str) -> bool | None:
        """The value as a truth value: true, 1, "yes", "on"."""
        value = self.text(key)
        if value is None:
            return None
        if value.lower() in TRUE | FALSE:
            return value.lower() in TRUE
        number = parse_number(value)
        return None if number is None else number != 0

    def section(self, key: str) -> Record:
        """The object under `key`, an empty one where there is none."""
        value = self.fields.get(key)
        if not isinstance(value, Mapping):
            return Record({})
        return Record({str(name): item for name, item in value.items()})

    def items(self, key: str) -> tuple[object, ...]:
        """The list under `key`; a single value is a list of one."""
        value = self.fields.get(key)
        if isinstance(value, (list, tuple)):
            return tuple(value)
        return () if value is None else (value,)

    def words(self, key: str) -> tuple[str, ...]:
        """The list under `key` as texts."""
        return tuple(str(item) for item in self.items(key))

    def __contains__(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)


def parse_number(value: object) -> float | None:
    """A finite number from whatever stands there, None where there is none."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, (int, float)):
        return _finite(value)
    return _spelled(value) if isinstance(value, str) else None


def first(record: Record, keys: Sequence[str]) -> float | None:
    """The first of these keys that holds a number."""
    return next((found for key in keys if (found := record.number(key)) is not None), None)


def _spelled(text: str) -> float | None:
    found = NUMBER.match(text.strip())
    if not found:
        return None
    unit = text.strip()[found.end() :].strip().split(" ")[0].lower().rstrip(".;,)")
    number = float(re.sub(r"[ ,_]", "", found["number"]))
    return _finite(number * UNITS.get(unit, 1))


def _finite(value: float) -> float | None:
    return float(value) if abs(value) < 1e18 and math.isfinite(value) else None

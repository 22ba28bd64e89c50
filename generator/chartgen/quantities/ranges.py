"""Versions and version ranges as the device reads them: Masterminds/semver 3.4.

Comparators (`=`, `!=`, `>`, `>=`, `<`, `<=`, `~`, `^`) joined by commas or spaces must
all hold; alternatives are joined by `||`; `1.2 - 1.4` is a range with both ends. `x`, `*`
and missing parts are wildcards. A pre-release is admitted only if a comparator of its
branch names one (`>=1.12.6-0` admits `1.12.6-rc.1`, `>=1.12.6` does not). Up to 3.3 every
comparator had to name one; the device's lint is built with 3.4.0. A range of one comparator
means the same to both.

A version is lenient: `1`, `1.2`, `v1.2.3` and `01.2.3` are complete, `1.0.0-01` and `1.0.0.0`
are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from semver import Version

_IDS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
# A stray bar is in the library's own character class, and fails only as a number.
_PART = r"[0-9xX*|]+"
_SPACE = r"[\t\n\f\r ]"
_SHAPE = rf"v?{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:-{_IDS})?(?:\+{_IDS})?"
LENIENT = re.compile(
    rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({_IDS}))?(?:\+({_IDS}))?", re.ASCII
)
COMPARATOR = re.compile(
    rf"(?P<op>!=|>=|=>|<=|=<|~>|=|>|<|~|\^|){_SPACE}*(?P<version>v?(?P<major>{_PART})"
    rf"(?:\.(?P<minor>{_PART}))?(?:\.(?P<patch>{_PART}))?(?P<pre>-{_IDS})?(?:\+{_IDS})?)"
)
BETWEEN = re.compile(rf"{_SPACE}*,{_SPACE}*|{_SPACE}+")
HYPHEN = re.compile(rf"{_SPACE}*({_SHAPE}){_SPACE}+-{_SPACE}+({_SHAPE}){_SPACE}*")
MAX_NUMBER = (1 << 64) - 1
"""The largest number of a version: Go keeps each in 64 bits."""
MAX_DIGITS = 4000
"""Digits that Python turns into a number; Go reads past any count of leading zeros."""
MAX_LENGTH = 2000
"""Characters of a range that is read at all, which bounds the time; Go has no such limit."""


@dataclass(frozen=True, slots=True)
class _Comparator:
    op: str
    low: Version
    parts: int
    """How many of major, minor and patch were written before the first wildcard."""

    def admits(self, version: Version) -> bool:
        return _OPERATORS[self.op](version, self)


def parse_version(text: str) -> Version | None:
    """A version as Masterminds' lenient parser reads it: `v1`, `1.2` are complete."""
    found = LENIENT.fullmatch(text)
    if not found:
        return None
    major, minor, patch, pre, build = found.groups()
    if not all(_counted(part) for part in (major, minor, patch)):
        return None
    try:
        numbers = f"{int(major)}.{int(minor or 0)}.{int(patch or 0)}"
        return Version.parse(numbers + (f"-{pre}" if pre else "") + (f"+{build}" if build else ""))
    except ValueError:
        return None


def _counted(part: str | None) -> bool:
    """Whether a number is one that Go can hold."""
    return len(part or "0") <= MAX_DIGITS and int(part or "0") <= MAX_NUMBER


def admits(constraint: str, version: str) -> bool:
    """Whether a range admits a version; an unreadable version is admitted by none, and an
    empty range admits all. Raises `ValueError` for a text that is no range."""
    if not constraint.strip():
        return True
    branches = _parse(constraint)
    parsed = parse_version(version)
    return parsed is not None and any(_all(branch, parsed) for branch in branches)


def is_range(text: str) -> bool:
    """Whether the device can read a range; a blank one it cannot."""
    try:
        return bool(_parse(text))
    except ValueError:
        return False


def _all(branch: tuple[_Comparator, ...], version: Version) -> bool:
    if version.prerelease and not any(one.low.prerelease for one in branch):
        return False
    return all(one.admits(version) for one in branch)


@lru_cache(maxsize=1024)
def _parse(constraint: str) -> tuple[tuple[_Comparator, ...], ...]:
    if len(constraint) > MAX_LENGTH:
        raise ValueError("not a version range: too long")
    text = HYPHEN.sub(r">= \1, <= \2 ", constraint)
    return tuple(_branch(part, constraint) for part in text.split("||"))


def _branch(text: str, whole: str) -> tuple[_Comparator, ...]:
    found = []
    text = text.strip("\t\n\f\r ")
    place = 0
    while True:
        match = COMPARATOR.match(text, place)
        one = _comparator(match) if match else None
        if not match or not one:
            raise ValueError(f"not a version range: {whole!r}")
        found.append(one)
        if match.end() == len(text):
            return tuple(found)
        between = BETWEEN.match(text, match.end())
        place = between.end() if between else len(text)


def _comparator(match: re.Match[str]) -> _Comparator | None:
    major, minor, patch, pre = (match[key] or "" for key in ("major", "minor", "patch", "pre"))
    if _wild(major):
        low, parts = f"0.0.0{pre}", 0
    elif not minor or _wild(minor):
        low, parts = f"{major}.0.0{pre}", 1
    elif not patch or _wild(patch):
        low, parts = f"{major}.{minor}.0{pre}", 2
    else:
        low, parts = match["version"], 3
    version = parse_version(low)
    op = {"=>": ">=", "=<": "<=", "~>": "~"}.get(match["op"], match["op"])
    return _Comparator(op, version, parts) if version else None


def _wild(part: str) -> bool:
    return part in ("x", "X", "*")


def _equal(version: Version, one: _Comparator) -> bool:
    return version == one.low if one.parts == 3 else _tilde(version, one)


def _unequal(version: Version, one: _Comparator) -> bool:
    """Only the parts before a wildcard count, but a lone one is 0.0.0."""
    if one.parts in (0, 3):
        return version != one.low
    if one.parts == 2 and (version.prerelease or one.low.prerelease):
        return version.replace(patch=0) != one.low
    return version.to_tuple()[: one.parts] != one.low.to_tuple()[: one.parts]


def _greater(version: Version, one: _Comparator) -> bool:
    if one.parts in (0, 3) or version.major != one.low.major:
        return version > one.low
    return one.parts == 2 and version.minor > one.low.minor


def _at_most(version: Version, one: _Comparator) -> bool:
    if one.parts == 3 or version.major != one.low.major:
        return version <= one.low
    return one.parts == 1 or version.minor <= one.low.minor


def _tilde(version: Version, one: _Comparator) -> bool:
    """The numbers that were written stay, but for the patch."""
    low = one.low
    if version < low:
        return False
    if one.parts in (0, 3) and (low.major, low.minor, low.patch) == (0, 0, 0):
        return True
    return version.major == low.major and (one.parts == 1 or version.minor == low.minor)


def _caret(version: Version, one: _Comparator) -> bool:
    """The first number that is not zero stays, and all before it."""
    low = one.low
    if version < low or version.major != low.major:
        return False
    if low.major or one.parts == 1:
        return True
    if low.minor or one.parts == 2:
        return version.minor == low.minor
    # A lone wildcard counts as 0.0.0 too.
    return version.minor == 0 and version.patch == low.patch


_OPERATORS: Mapping[str, Callable[[Version, _Comparator], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _unequal,
    ">": _greater,
    ">=": lambda version, one: version >= one.low,
    "<": lambda version, one: version < one.low,
    "<=": _at_most,
    "~": _tilde,
    "^": _caret,
}

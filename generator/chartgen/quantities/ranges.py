"""Version ranges as the device reads them: Masterminds' syntax.

Comparators (`=`, `!=`, `>`, `>=`, `<`, `<=`, `~`, `^`) joined by commas or spaces must
all hold; alternatives are joined by `||`; `1.2 - 1.4` is a range with both ends. `x`, `*`
and missing parts are wildcards. A pre-release is admitted only if a comparator of its
branch names one (`>=1.12.6-0` admits `1.12.6-rc.1`, `>=1.12.6` does not). That is
Masterminds/semver 3.4; up to 3.3 every comparator had to name one, and which of the two a
device has is not known. A range of one comparator means the same to both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from semver import Version

PART = r"(?:[xX*]|[0-9]+)"
COMPARATOR = re.compile(
    rf"\s*(?P<op>=|!=|>=|=>|<=|=<|>|<|~>?|\^|)\s*v?(?P<major>{PART})"
    rf"(?:\.(?P<minor>{PART}))?(?:\.(?P<patch>{PART}))?"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\s*(?:,|\s|$)"
)
HYPHEN = re.compile(r"\s*(v?[0-9][0-9A-Za-z.+*-]*)\s+-\s+(v?[0-9][0-9A-Za-z.+*-]*)\s*")
LENIENT = re.compile(
    r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?"
)


@dataclass(frozen=True, slots=True)
class _Comparator:
    op: str
    low: Version
    parts: int
    """How many of major, minor and patch were written."""

    def admits(self, version: Version) -> bool:
        return _OPERATORS[self.op](version, self)

    @property
    def next(self) -> Version:
        """The first version after all that a wildcard of this shape means."""
        if self.parts == 0:
            return Version(1 << 62)
        return self.low.bump_major() if self.parts == 1 else self.low.bump_minor()


def parse_version(text: str) -> Version | None:
    """A version as Masterminds' lenient parser reads it: `v1`, `1.2` are complete."""
    found = LENIENT.fullmatch(text)
    if not found:
        return None
    major, minor, patch, pre, build = found.groups()
    try:
        numbers = f"{int(major)}.{int(minor or 0)}.{int(patch or 0)}"
        return Version.parse(numbers + (f"-{pre}" if pre else "") + (f"+{build}" if build else ""))
    except ValueError:
        return None


def admits(constraint: str, version: str) -> bool:
    """Whether a range admits a version; an unreadable version is admitted by none, and an
    empty range admits all. Raises `ValueError` for a text that is no range."""
    if not constraint.strip():
        return True
    parsed = parse_version(version)
    return parsed is not None and any(_all(branch, parsed) for branch in _parse(constraint))


def _all(branch: tuple[_Comparator, ...], version: Version) -> bool:
    if version.prerelease and not any(one.low.prerelease for one in branch):
        return False
    return all(one.admits(version) for one in branch)


@cache
def _parse(constraint: str) -> tuple[tuple[_Comparator, ...], ...]:
    return tuple(_branch(part, constraint) for part in constraint.split("||"))


def _branch(text: str, whole: str) -> tuple[_Comparator, ...]:
    found, place = [], 0
    text = HYPHEN.sub(r" >=\1 <=\2 ", text)
    while place < len(text):
        match = COMPARATOR.match(text, place)
        if not match or match.end() == place:
            raise ValueError(f"not a version range: {whole!r}")
        found.append(_comparator(match))
        place = match.end()
    if not found:
        raise ValueError(f"not a version range: {whole!r}")
    return tuple(found)


def _comparator(match: re.Match[str]) -> _Comparator:
    written = [match["major"], match["minor"], match["patch"]]
    numbers: list[int] = []
    for part in written:
        if part is None or part in "xX*":
            break
        numbers.append(int(part))
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    op = {"=>": ">=", "=<": "<=", "~>": "~"}.get(match["op"], match["op"])
    return _Comparator(op, Version(major, minor, patch, match["pre"]), len(numbers))


def _equal(version: Version, one: _Comparator) -> bool:
    return one.low <= version < one.next if one.parts < 3 else version == one.low


def _greater(version: Version, one: _Comparator) -> bool:
    return version >= one.next if one.parts < 3 else version > one.low


def _at_most(version: Version, one: _Comparator) -> bool:
    return version < one.next if one.parts < 3 else version <= one.low


def _tilde(version: Version, one: _Comparator) -> bool:
    """The numbers that were written stay, but for the patch."""
    same = version.major == one.low.major or one.parts == 0
    return version >= one.low and same and (one.parts < 2 or version.minor == one.low.minor)


def _caret(version: Version, one: _Comparator) -> bool:
    """The first number that is not zero stays, and all before it."""
    low = one.low
    if version < low or (one.parts and version.major != low.major):
        return False
    if low.major or one.parts < 2:
        return True
    if low.minor or one.parts == 2:
        return version.minor == low.minor
    return version.minor == 0 and version.patch == low.patch


_OPERATORS: Mapping[str, Callable[[Version, _Comparator], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": lambda version, one: not _equal(version, one),
    ">": _greater,
    ">=": lambda version, one: version >= one.low,
    "<": lambda version, one: version < one.low,
    "<=": _at_most,
    "~": _tilde,
    "^": _caret,
}

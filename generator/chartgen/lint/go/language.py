"""Language tags of BCP 47 as Go's golang.org/x/text/language reads and spells them (0.33).

The gate takes a tag only in its canonical spelling: `en-US`, `zh-Hans-CN`; not `en_US`, `EN-us`,
`en-Latn` (English needs no script), `iw` (now `he`) or `klingon` (no such language). Languages,
scripts, regions and variants have to be known, and which are is in `subtags.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_SUBTAG = re.compile(r"[A-Za-z0-9]{1,8}")
_MAX_WHOLE = 11
"""Characters of the longest tag that is known as a whole, `en-US-POSIX`."""
_MAX_LENGTH = 1000
"""Characters of a tag that is read, which bounds the time; Go has no such limit."""


@dataclass(frozen=True, slots=True)
class _Registry:
    """What is known of each kind of subtag: its canonical spelling by its own."""

    languages: Mapping[str, str]
    scripts: Mapping[str, str]
    regions: Mapping[str, str]
    suppressed: Mapping[str, str]
    """The script that a language is written in anyway."""
    variants: Mapping[str, int]
    """The rank of each variant: a tag names them in this order."""
    whole: Mapping[str, str]


class _NotATag(ValueError):
    """A text that is no language tag."""


def canonical_language(tag: str) -> str | None:
    """The canonical spelling of a BCP 47 language tag, or None where it is none."""
    if not 0 < len(tag) <= _MAX_LENGTH:
        return None
    written = tag.replace("_", "-")
    if len(tag) <= _MAX_WHOLE and written.lower() in _registry().whole:
        return _registry().whole[written.lower()]
    parts = written.split("-")
    if not all(_SUBTAG.fullmatch(part) for part in parts):
        return None
    try:
        return "-".join(_Reader(parts).tag())
    except _NotATag:
        return None


@cache
def _registry() -> _Registry:
    text = files("chartgen.lint.go").joinpath("subtags.txt").read_text(encoding="ascii")
    parts = (part.partition("\n") for part in text.split("\n\n"))
    words = {name: body.split() for name, _, body in parts}
    variants = {word: rank for rank, word in enumerate(words["variants"])}
    known = {
        name: _spellings(words[name] + words[f"other {name}"])
        for name in ("languages", "scripts", "regions")
    }
    suppressed, whole = (_spellings(words[name]) for name in ("suppressed scripts", "whole tags"))
    return _Registry(**known, suppressed=suppressed, variants=variants, whole=whole)


def _spellings(words: list[str]) -> dict[str, str]:
    """Each word's canonical spelling: itself, or what stands behind its `=`."""
    pairs = (word.partition("=") for word in words)
    return {word: canonical if equal else word for word, equal, canonical in pairs}


class _Reader:
    """Reads a tag from left to right, subtag by subtag."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts
        self._known = _registry()

    def tag(self) -> list[str]:
        """The subtags in canonical spelling and order. Raises `_NotATag`."""
        if self._size() == 1:
            return self._private()
        core = self._core()
        extensions = self._extensions()
        if self._parts:
            raise _NotATag
        return extensions if core == ["und"] and extensions[:1] == ["x"] else core + extensions

    def _size(self) -> int:
        """How long the next subtag is; 0 at the end."""
        return len(self._parts[0]) if self._parts else 0

    def _next(self) -> str:
        return self._parts.pop(0)

    def _private(self) -> list[str]:
        """`x-anything`, and nothing else starts with a single character."""
        if self._parts[0].lower() != "x" or len(self._parts) < 2:
            raise _NotATag
        return [part.lower() for part in self._parts]

    def _core(self) -> list[str]:
        language = self._look(self._known.languages, self._next().lower())
        # A language of three letters behind a language, as in zh-yue, stands for both.
        while self._size() == 3 and self._parts[0][0].isalpha():
            inner = self._look(self._known.languages, self._next().lower())
            language = language if inner == "und" else inner
        language, _, implied = language.partition("-")
        script = self._script()
        if script == self._known.suppressed.get(language):
            script = ""
        region = self._region()
        found = [language, script, region or implied, *self._variants()]
        return [part for part in found if part]

    def _look(self, known: Mapping[str, str], part: str) -> str:
        if part not in known:
            raise _NotATag
        return known[part]

    def _script(self) -> str:
        if self._size() != 4 or not self._parts[0][0].isalpha():
            return ""
        return self._look(self._known.scripts, self._next().title())

    def _region(self) -> str:
        if self._size() not in (2, 3):
            return ""
        return self._look(self._known.regions, self._next().upper())

    def _variants(self) -> list[str]:
        found = set[str]()
        while self._size() >= 4:
            part = self._next().lower()
            if part not in self._known.variants:
                raise _NotATag
            found.add(part)
        return sorted(found, key=self._known.variants.__getitem__)

    def _extensions(self) -> list[str]:
        found: list[list[str]] = []
        private: list[str] = []
        while self._size() == 1 and not private:
            one = self._extension()
            private, found = (one, found) if one[0] == "x" else (private, [*found, one])
        found.sort(key=lambda one: one[0])
        return [part for one in (*found, private) for part in one]

    def _extension(self) -> list[str]:
        kind = self._next().lower()
        if kind == "u":
            body = self._unicode()
        elif kind == "t":
            body = self._transformed()
        else:
            body = self._taken(1 if kind == "x" else 2)
        if not body:
            raise _NotATag
        return [kind, *body]

    def _taken(self, least: int) -> list[str]:
        """The next subtags of at least that size."""
        found = []
        while self._size() >= least:
            found.append(self._next().lower())
        return found

    def _unicode(self) -> list[str]:
        """Attributes, then keys with their values, each in order and once."""
        attributes = sorted(self._taken(3), key=lambda part: part[:3])
        keys: dict[str, list[str]] = {}
        while self._size() == 2:
            key = self._next().lower()
            value = self._taken(3)
            if keys.setdefault(key, value) != value:
                raise _NotATag
        return attributes + [part for key in sorted(keys) for part in (key, *keys[key])]

    def _transformed(self) -> list[str]:
        """A language, then fields whose names end in a digit."""
        found: list[str] = []
        if self._size() in (2, 3) and self._parts[0][1].isalpha():
            found = [part.lower() for part in self._source()]
        while self._size() == 2 and self._parts[0][1].isdigit():
            found += [self._next().lower(), *self._taken(3)]
        return found

    def _source(self) -> list[str]:
        """The language of a `t` extension, which is checked and left as it is."""
        start = list(self._parts)
        self._core()
        return start[: len(start) - len(self._parts)]

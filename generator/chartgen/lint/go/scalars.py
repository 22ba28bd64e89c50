"""What a YAML scalar means to Go's yaml/v2 (2.4.3, resolve.go): YAML 1.1, with its own turns."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping

from chartgen.lint.go.nodes import Scalar
from chartgen.lint.go.numbers import parse_float, parse_int, parse_uint

_PREFIX = "tag:yaml.org,2002:"
STR = _PREFIX + "str"
BOOL = _PREFIX + "bool"
INT = _PREFIX + "int"
FLOAT = _PREFIX + "float"
NULL = _PREFIX + "null"
BINARY = _PREFIX + "binary"
TIMESTAMP = _PREFIX + "timestamp"
_RESOLVED = {STR, BOOL, INT, FLOAT, NULL, TIMESTAMP}


def _words() -> dict[str, Scalar]:
    spelled: Mapping[str, Scalar] = {
        "y yes true on": True,
        "n no false off": False,
        "~ null": None,
        ".inf +.inf": math.inf,
        "-.inf": -math.inf,
    }
    words: dict[str, Scalar] = {"": None, ".nan": math.nan, ".NaN": math.nan, ".NAN": math.nan}
    for names, value in spelled.items():
        for name in names.split():
            # Go knows `.Inf` and `-.Inf`, whose capital comes after the point.
            head = name[: name.find("i")] if "inf" in name else ""
            tail = name[len(head) :]
            words |= dict.fromkeys((name, head + tail.capitalize(), name.upper()), value)
    return words


_WORDS = _words()
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_HINTS = frozenset("+-.0123456789yYnNtTfFoO~")
_NUMBERS = frozenset("+-.0123456789")


class ScalarError(ValueError):
    """A scalar that its tag does not fit."""


def resolve(tag: str | None, text: str) -> Scalar:
    """The value of a plain or tagged scalar. Raises `ScalarError` where Go does."""
    if not tag:
        return _implicit(text)
    if tag == BINARY:
        return _binary(text)
    if tag not in _RESOLVED or tag == STR:
        return text
    return _tagged(tag, text)


def _implicit(text: str) -> Scalar:
    if text and text[0] not in _HINTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMBERS else text


def _number(text: str) -> int | float | str:
    if text[0] == ".":
        found = parse_float(_BETWEEN_DIGITS.sub("", text))
        return text if found is None else found
    plain = text.replace("_", "")
    for parse in (parse_int, parse_uint, parse_float):
        number = parse(plain)
        if number is not None:
            return number
    return text


def _tagged(tag: str, text: str) -> Scalar:
    value = _implicit(text)
    if tag == FLOAT and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if _tag_of(value) != tag and tag != TIMESTAMP:
        raise ScalarError(f"cannot decode `{text}` as a !!{tag.removeprefix(_PREFIX)}")
    return text if tag == TIMESTAMP else value


def _tag_of(value: Scalar) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, str):
        return STR
    return INT if isinstance(value, int) else FLOAT


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise ScalarError("!!binary value contains invalid base64 data") from error

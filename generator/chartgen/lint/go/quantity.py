"""Kubernetes quantities: `1100m`, `9Gi`, `1.5e3`, as apimachinery 0.34 reads and compares them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

_SHAPE = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*)([+-]?[0-9]*)")
_DECIMAL: Mapping[str, int] = {
    **{"n": -9, "u": -6, "m": -3, "": 0, "k": 3},
    **{"M": 6, "G": 9, "T": 12, "P": 15, "E": 18},
}
_BINARY: Mapping[str, int] = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NANO = Fraction(1, 10**9)
_MOST = Fraction((1 << 63) - 1)
_MAX_LENGTH = 100
"""Characters of a quantity that is read, which bounds the time; Go has no such limit."""
_MAX_EXPONENT = 1000
"""The largest exponent that is computed, which bounds the time; Go has no such limit."""


class QuantityError(ValueError):
    """A text that is no quantity."""


@lru_cache(maxsize=4096)
def parse_quantity(text: str) -> Fraction:
    """The exact value of a quantity. Raises `QuantityError`.

    A suffix without digits is 0 of its kind, as a lone sign is: Go looks for no digit.
    What is smaller than one billionth is rounded up to it, away from zero, and a quantity in
    powers of two stops at 2**63 - 1.
    """
    found = _SHAPE.fullmatch(text) if 0 < len(text) <= _MAX_LENGTH else None
    if not found:
        raise QuantityError(f"not a quantity: {text}")
    sign, whole, part, letters, exponent = (group or "" for group in found.groups())
    if not whole and not part and _needs_digits(letters, exponent):
        raise QuantityError(f"no number in a quantity: {text}")
    value = Fraction(int(f"0{whole}{part}"), 10 ** len(part))
    value = _bounded(_scaled(value, letters, exponent, text), binary=letters in _BINARY)
    return -value if sign == "-" else value


def _needs_digits(letters: str, exponent: str) -> bool:
    """Where Go leaves its fast path, which takes no digit for 0, and reads the digits."""
    return letters in ("Pi", "Ei") or (exponent[:1] == "-" and int(exponent[1:] or "0") > 9)


def _scaled(value: Fraction, letters: str, exponent: str, text: str) -> Fraction:
    if letters in ("e", "E") and exponent.strip("+-"):
        return value * _power(int(exponent), text)
    if not exponent and letters in _DECIMAL:
        return value * Fraction(10) ** _DECIMAL[letters]
    if not exponent and letters in _BINARY:
        return value * (1 << _BINARY[letters])
    raise QuantityError(f"not a suffix of a quantity: {text}")


def _power(exponent: int, text: str) -> Fraction:
    if abs(exponent) > _MAX_EXPONENT:
        raise QuantityError(f"too large an exponent: {text}")
    return Fraction(10) ** exponent


def _bounded(value: Fraction, *, binary: bool) -> Fraction:
    nanos = value / _NANO
    if nanos.denominator != 1:
        value = -(-nanos.numerator // nanos.denominator) * _NANO
    return min(value, _MOST) if binary else value


def quantity_or_nought(text: str) -> Fraction:
    """The exact value of a quantity; what is none counts as nought, and other rules speak of it."""
    try:
        return parse_quantity(text)
    except QuantityError:
        return Fraction(0)


def is_quantity(text: str) -> bool:
    """Whether a text is a quantity."""
    try:
        parse_quantity(text)
    except QuantityError:
        return False
    return True

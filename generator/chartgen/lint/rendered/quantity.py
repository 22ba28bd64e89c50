"""Kubernetes quantities (`500m`, `8Gi`, `1e3`), as its own parser reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

Nano: TypeAlias = int
"""Billionths of a unit: the finest that a quantity may be."""

_ONE = 10**9
_DIGITS = 60
"""Digits that are looked at, and the reach of an exponent: more than any machine has of
anything, or less than a billionth."""
_LARGEST_BINARY = (2**63 - 1) * _ONE
"""Larger quantities with a binary suffix are cut to this one."""
_QUANTITY = re.compile(
    r"(?P<sign>[+-]?)(?P<digits>0*(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?)"
    r"(?P<suffix>[eE][+-]?[0-9]+|[KMGTPE]i|[numkMGTPE]?)"
)
_SUFFIXES: Mapping[str, int] = {
    "n": 1,
    "u": 10**3,
    "m": 10**6,
    "": _ONE,
    **{letter: 10 ** (3 * power) * _ONE for power, letter in enumerate("kMGTPE", 1)},
    **{f"{letter}i": 1024**power * _ONE for power, letter in enumerate("KMGTPE", 1)},
}


@lru_cache(maxsize=4096)
def parse_quantity(text: str) -> Nano | None:
    """The quantity in billionths, rounded up, or None where there is none.

    Source: k8s.io/apimachinery pkg/api/resource ParseQuantity: a sign, digits with at most
    one point, and a suffix. Without digits it is nought, but for the smallest and largest
    suffixes.
    """
    found = _QUANTITY.fullmatch(text)
    if text == "" or not found:
        return None
    whole, part = found["whole"], (found["part"] or "")[:_DIGITS]
    suffix = found["suffix"]
    if not found["digits"].strip(".") and (suffix in ("Pi", "Ei") or "e-" in suffix.lower()):
        return None
    value = _scaled(int(whole[:_DIGITS] + part or "0"), len(part), suffix)
    return -value if found["sign"] == "-" else value


def _scaled(digits: int, places: int, suffix: str) -> Nano:
    up, down = _SUFFIXES.get(suffix, _ONE), _power(places)
    if suffix not in _SUFFIXES:
        exponent = max(-_DIGITS, min(_DIGITS, int(suffix[1:15])))
        up, down = up * _power(max(exponent, 0)), down * _power(max(-exponent, 0))
    value = -(-digits * up // down)
    return min(value, _LARGEST_BINARY) if suffix.endswith("i") else value


def _power(exponent: int) -> int:
    return int(f"1{'0' * exponent}")

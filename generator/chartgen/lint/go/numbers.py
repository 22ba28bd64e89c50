"""Numbers as Go's strconv reads and writes them, where Python's int() and float() differ."""

from __future__ import annotations

import math
import re
import struct
from decimal import Decimal

_BASES = {"0x": 16, "0o": 8, "0b": 2}
_DIGITS = {2: "01", 8: "01234567", 10: "0123456789", 16: "0123456789abcdefABCDEF"}
_GROUPED = re.compile(r"[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)

INT64 = range(-(1 << 63), 1 << 63)
UINT64 = range(1 << 64)


def parse_int(text: str) -> int | None:
    """An integer in Go's own syntax, `strconv.ParseInt(text, 0, 64)`: `0777` and `0o777` are
    octal, `0x1F` and `0b11` are read too; None where Go refuses."""
    value = _parse(text)
    return value if value is not None and value in INT64 else None


def parse_uint(text: str) -> int | None:
    """The same without a sign and up to 2**64 - 1, `strconv.ParseUint(text, 0, 64)`."""
    if text[:1] in ("+", "-"):
        return None
    value = _parse(text)
    return value if value is not None and value in UINT64 else None


def _parse(text: str) -> int | None:
    sign = text[:1] if text[:1] in ("+", "-") else ""
    digits, base = text[len(sign) :], 10
    if digits[:1] == "0" and len(digits) > 1:
        base = _BASES.get(digits[:2].lower(), 8)
        digits = digits[1:] if base == 8 and digits[1] not in "oO" else digits[2:]
        digits = digits.removeprefix("_")
    if not _GROUPED.fullmatch(digits):
        return None
    digits = digits.replace("_", "")
    if len(digits) > 80 or not set(digits) <= set(_DIGITS[base]):
        return None
    return int(digits, base) * (-1 if sign == "-" else 1)


def parse_float(text: str) -> float | None:
    """A decimal float; None where Go refuses, as it does past the largest float64."""
    if not _DECIMAL.fullmatch(text):
        return None
    value = float(text)
    return None if math.isinf(value) else value


def format_float32(value: float) -> str:
    """A float as `strconv.FormatFloat(value, 'g', -1, 32)` writes it: the shortest digits that
    a float32 keeps, with an exponent below 1e-4 and from 1e6 on.

    `1.10` becomes `1.1`, `1000000.0` becomes `1e+06`.
    """
    if math.isnan(value):
        return "NaN"
    narrow = _float32(value)
    if math.isinf(narrow):
        return "+Inf" if narrow > 0 else "-Inf"
    sign = "-" if math.copysign(1.0, narrow) < 0 else ""
    return sign + _general(*_shortest32(abs(narrow)))


def _general(digits: str, point: int) -> str:
    """Digits as %e or %f; `point` is where the decimal point stands in them."""
    exponent = point - 1
    if exponent < -4 or exponent >= 6:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{fraction}e{exponent:+03d}"
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def _shortest32(value: float) -> tuple[str, int]:
    """The fewest digits that read back as the same float32, and where the point stands."""
    if value == 0:
        return "0", 1
    for precision in range(9):
        text = f"{value:.{precision}e}"
        if _float32(float(text)) == value:
            break
    sign_digits = Decimal(text).as_tuple()
    digits = "".join(map(str, sign_digits.digits)).rstrip("0")
    return digits, int(text.split("e")[1]) + 1


def _float32(value: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)

"""Bytes, and estimates of bytes with an error bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

Bytes = NewType("Bytes", int)
"""A count of bytes. GB in published figures means 10**9, GiB means 2**30."""

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of bytes that is known within `low` and `high`, both included."""

    value: Bytes
    low: Bytes
    high: Bytes

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"an estimate must lie inside its interval: {self}")

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            Bytes(self.value + other.value),
            Bytes(self.low + other.low),
            Bytes(self.high + other.high),
        )

    @classmethod
    def exact(cls, value: int) -> Estimate:
        """An estimate without an error bar."""
        return cls(Bytes(value), Bytes(value), Bytes(value))


ZERO = Estimate.exact(0)


def gib(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    """An estimate given in GiB; a missing bound is the value itself."""
    return _scaled(GIB, value, low, high)


def mib(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    """An estimate given in MiB; a missing bound is the value itself."""
    return _scaled(MIB, value, low, high)


def _scaled(unit: int, value: float, low: float | None, high: float | None) -> Estimate:
    lowest = value if low is None else low
    highest = value if high is None else high
    return Estimate(
        Bytes(round(value * unit)), Bytes(round(lowest * unit)), Bytes(round(highest * unit))
    )


def quantity(size: Bytes) -> str:
    """A Kubernetes quantity, rounded up to whole MiB: `24Gi`, `23982Mi`."""
    whole = -(-size // MIB)
    return f"{whole // 1024}Gi" if whole % 1024 == 0 else f"{whole}Mi"

"""Numbers that carry their unit: memory, intervals, versions."""

from chartgen.quantities.memory import GIB, MIB, ZERO, Bytes, Estimate, gib, mib, quantity
from chartgen.quantities.versions import (
    MAX_VERSION_LENGTH,
    following,
    is_version,
    version_key,
)

__all__ = [
    "GIB",
    "MAX_VERSION_LENGTH",
    "MIB",
    "ZERO",
    "Bytes",
    "Estimate",
    "following",
    "gib",
    "is_version",
    "mib",
    "quantity",
    "version_key",
]

"""The GPU memory that a manifest demands.

The demand is what the container is capped at, and under memory slices the total
that CUDA reports inside it; an engine's fraction is taken of that number (Olares
market contract 5, trap 8). So the demand is the total that the plan was made for:
less would starve a server that the sum says fits, more would promise memory that
the card does not have.
"""

from __future__ import annotations

from chartgen.quantities import MIB, Bytes
from chartgen.vram import Plan


def gpu_demand(plan: Plan) -> Bytes:
    """Bytes to demand: the device's CUDA total, in whole MiB, never over it."""
    return Bytes(plan.device.cuda_total.value // MIB * MIB)

"""Bytes that one head of one layer keeps for one token, by type of KV cache.

Read in vLLM 0.33.0: `kv_cache_interface.py` for the plain types,
`layers/quantization/turboquant/config.py` and `backends/triton_attn.py` for packed ones.
"""

from __future__ import annotations

from math import ceil

TURBOQUANT = "turboquant_"
"""How the names of the types begin that pack a key and a value into one slot."""

TURBOQUANT_BITS: dict[str, tuple[int, int]] = {
    "turboquant_k8v4": (8, 4),
    "turboquant_4bit_nc": (4, 4),
    "turboquant_k3v4_nc": (3, 4),
    "turboquant_3bit_nc": (3, 3),
}
"""Bits of an element of a key and of a value."""

KEY_NORM = 2
"""Bytes of a key's norm where it is coded; FP8 keys have none."""

VALUE_SCALE = 4
"""Bytes of a value's scale and zero point."""

HEAD_SCALES = 8
"""Bytes of the two scales of a head where each token has its own (`per_token_head`)."""

SKIPPED_EACH_SIDE = 2
"""First and last layers that TurboQuant leaves unquantised in a model without a state."""


def is_packed(kv_cache_dtype: str) -> bool:
    """Whether keys and values lie in one slot, and some layers may stay unquantised."""
    return kv_cache_dtype.startswith(TURBOQUANT)


def slot_bytes(kv_cache_dtype: str, head_dim: int, value_dim: int) -> int:
    """Bytes of a key of `head_dim` and a value of `value_dim` elements."""
    if is_packed(kv_cache_dtype):
        return _turboquant(kv_cache_dtype, head_dim)
    if kv_cache_dtype.endswith("_per_token_head"):
        both = head_dim + value_dim
        return (both // 2 if kv_cache_dtype.startswith("int4") else both) + HEAD_SCALES
    if kv_cache_dtype.startswith("nvfp4"):
        return sum(size // 2 + size // 16 for size in (head_dim, value_dim))
    width = 1 if kv_cache_dtype.startswith("fp8") else 2
    return (head_dim + value_dim) * width


def _turboquant(kv_cache_dtype: str, head_dim: int) -> int:
    """FP8 keys or coded ones with a norm, coded values with scale and zero, even in sum."""
    key_bits, value_bits = TURBOQUANT_BITS[kv_cache_dtype]
    key = head_dim if key_bits == 8 else ceil(head_dim * key_bits / 8) + KEY_NORM
    slot = key + ceil(head_dim * value_bits / 8) + VALUE_SCALE
    return slot + slot % 2

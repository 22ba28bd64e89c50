"""The tensor types of ggml: elements and bytes of a block, as ggml.h and gguf-py number them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FILE_TYPES", "TYPES", "BlockType"]

_K = 256
"""Elements of a super-block of the K- and I-quants (QK_K)."""


class BlockType(NamedTuple):
    """A tensor type: its name, the elements of one block and the bytes of one block."""

    name: str
    elements: int
    size: int


TYPES = {
    0: BlockType("F32", 1, 4),
    1: BlockType("F16", 1, 2),
    2: BlockType("Q4_0", 32, 18),
    3: BlockType("Q4_1", 32, 20),
    6: BlockType("Q5_0", 32, 22),
    7: BlockType("Q5_1", 32, 24),
    8: BlockType("Q8_0", 32, 34),
    9: BlockType("Q8_1", 32, 36),
    10: BlockType("Q2_K", _K, 84),
    11: BlockType("Q3_K", _K, 110),
    12: BlockType("Q4_K", _K, 144),
    13: BlockType("Q5_K", _K, 176),
    14: BlockType("Q6_K", _K, 210),
    15: BlockType("Q8_K", _K, 292),
    16: BlockType("IQ2_XXS", _K, 66),
    17: BlockType("IQ2_XS", _K, 74),
    18: BlockType("IQ3_XXS", _K, 98),
    19: BlockType("IQ1_S", _K, 50),
    20: BlockType("IQ4_NL", 32, 18),
    21: BlockType("IQ3_S", _K, 110),
    22: BlockType("IQ2_S", _K, 82),
    23: BlockType("IQ4_XS", _K, 136),
    24: BlockType("I8", 1, 1),
    25: BlockType("I16", 1, 2),
    26: BlockType("I32", 1, 4),
    27: BlockType("I64", 1, 8),
    28: BlockType("F64", 1, 8),
    29: BlockType("IQ1_M", _K, 56),
    30: BlockType("BF16", 1, 2),
    34: BlockType("TQ1_0", _K, 54),
    35: BlockType("TQ2_0", _K, 66),
    39: BlockType("MXFP4", 32, 17),
    40: BlockType("NVFP4", 64, 36),
    41: BlockType("Q1_0", 128, 18),
    42: BlockType("Q2_0", 64, 18),
}
"""Source: gguf-py/gguf/constants.py (GGML_QUANT_SIZES) of llama.cpp 0c1e57098, October 2026;
31 to 33 and 36 to 38 were row-interleaved variants that no file may hold any more."""

FILE_TYPES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
    41: "Q2_0",
}
"""What `general.file_type` says of the mixture of types; the same source (LlamaFileType)."""

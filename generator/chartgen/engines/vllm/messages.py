"""What vLLM prints about its KV cache, in the words and the meaning of its version.

The texts are compared character for character with answers of the planner of 0.19 to
0.33 (vram formulas 4.4 and 10.8).
"""

from __future__ import annotations

from chartgen.engines.vllm.versions import Rules
from chartgen.quantities import GIB

NOTHING_LEFT = "No available memory for the cache blocks."
"""The refusal where nothing is left for a cache at all."""


def in_gib(size: int) -> str:
    """Bytes as vLLM writes them: GiB, rounded to hundredths, no trailing zeros but one."""
    return str(round(size / GIB, 2))


def refusal(rules: Rules, tokens: int, needed: int, checked: int, longest: int) -> str:
    """The refusal of a cache that cannot hold one request of `tokens`."""
    if checked <= 0:
        return NOTHING_LEFT
    model = "model" if rules.says_model else "models"
    text = (
        f"To serve at least one request with the {model}'s max seq len ({tokens}), "
        f"({in_gib(needed)} GiB KV cache is needed, which is larger than the available KV "
        f"cache memory ({in_gib(checked)} GiB)"
    )
    if not longest:
        return text
    estimate = f"the estimated maximum model length is {longest}"
    return f"{text}. Based on the available memory, {estimate}"


def too_many_sequences(sequences: int, blocks: int) -> str:
    """The refusal of captured graphs for more sequences than there are blocks of state."""
    return (
        f"max_num_seqs ({sequences}) exceeds available Mamba cache blocks ({blocks}). Each "
        "decode sequence requires one Mamba cache block, so CUDA graph capture cannot "
        f"proceed. Please lower max_num_seqs to at most {blocks} or increase "
        "gpu_memory_utilization."
    )


def cache_size(tokens: int) -> str:
    """The line about the size of the cache."""
    return f"GPU KV cache size: {tokens:,} tokens"


def concurrency(tokens: int, requests: float) -> str:
    """The line about requests at full context."""
    return f"Maximum concurrency for {tokens:,} tokens per request: {requests:.2f}x"

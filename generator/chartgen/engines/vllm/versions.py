"""The rules of vLLM's planner that changed between versions, each with its first version.

All were read in the planner's own source and hold for one card without a KV
connector. A version of None is unknown: it is charged by the newest rules.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from chartgen.engines.vllm.settings import Version

NEWEST: Version = (999, 0, 0)
"""Later than any version; stands for one that is unknown."""

ONE_BLOCK_PER_SEQUENCE: Version = (0, 20, 0)
"""From here on a captured decode step needs a block of state for each sequence (vram
formulas 10.5; 0.19 has no such check)."""

PRINTS_CONCURRENCY: Version = (0, 21, 0)
"""From here on "GPU KV cache size" is concurrency x max_model_len, before it counted the
tokens of one group's blocks (vram formulas 10.8)."""

SAYS_MODEL: Version = (0, 22, 0)
"""From here on the refusal says "the model's max seq len", before "the models's" (0.19 to
0.21, planner's answers)."""

PACKS_HYBRIDS: Version = (0, 22, 0)
"""From here on a hybrid's block is sized by TurboQuant's own slot (0.22.1,
`platforms/interface.py`; 0.20.0 has no such case)."""

PADS_ATTENTION: Version = (0, 24, 0)
"""From here on a page that does not divide the largest one is padded, before the server
refused to start (read in 0.23.0 and 0.24.0, `unify_kv_cache_spec_page_size`)."""

FITS_SKIPPED: Version = (0, 25, 0)
"""From here on a quantised block covers a page of the layers that stay unquantised (read
in 0.24.0 and 0.25.1, `_align_heterogeneous_kv_block_size`)."""

COUNTS_FLIGHTS: Version = (0, 26, 0)
"""From here on a sliding layer also holds the batch of the step in flight (vram formulas
10.2)."""

PADS_STATE: Version = (0, 26, 0)
"""From here on a page of state is padded to a larger page of attention (read in 0.25.1
and 0.26.0)."""

ANY_BATCH: Version = (0, 27, 0)
"""From here on an aligned block may be longer than a batch (vram formulas 10.5)."""

ALIGNS_MAMBA2: Version = (0, 28, 0)
"""From here on Mamba-2 caches prefixes in mode align, before in mode all (vram formulas
10.4)."""

CACHES_HYBRIDS: Version = (0, 28, 0)
"""From here on prefix caching is on by default for models with a state. 0.26 and 0.27 can do
it but leave it off (`EngineArgs._set_default_chunked_prefill_and_prefix_caching_args`, read
in 0.20.0, 0.25.1, 0.26.0, 0.27.1, 0.28.0 and 0.33.0; four public logs of 0.26.0 and 0.27.1
have it off). Vram formulas 10.6 says 0.26."""

RETAINS_LOOKAHEAD: Version = (0, 28, 0)
"""From here on a sliding layer keeps the tokens that several MTP layers read again
(present in 0.28.0, absent in 0.26.0)."""

FALLS_BACK: Version = (0, 28, 0)
"""From here on latents beside a sliding drafter whose pages cannot be made equal are kept
in one group, the drafter charged for all tokens (present in 0.28.0, absent in 0.26.0)."""

ALIGNS_LATENTS: Version = (0, 28, 0)
"""From here on a block of latents beside states is a multiple of 128 tokens (present in
0.28.0, absent in 0.26.0, `platforms/interface.py`)."""

NULL_BLOCK: Version = (0, 29, 0)
"""From here on the start-up check leaves one block out (vram formulas 10.1)."""

PADS_PACKED: Version = (0, 30, 0)
"""From here on TurboQuant's pages may be padded as well (0.28.0 still asks the backend,
0.30.0 does not)."""

CHECKPOINTS_MAMBA2: Version = (0, 32, 0)
"""From here on Mamba-2 in mode align holds a block for a checkpoint inside a prompt (vram
formulas 10.3)."""

CHECKPOINTS_GDN: Version = (0, 33, 0)
"""The same for a gated delta net with FlashInfer's kernel, whose blocks are then multiples
of 64 tokens (vram formulas 10.3 and 10.4)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The planner of one version: which of the changes above it has."""

    one_block_per_sequence: bool
    prints_concurrency: bool
    says_model: bool
    packs_hybrids: bool
    pads_attention: bool
    fits_skipped: bool
    counts_flights: bool
    caches_hybrids: bool
    pads_state: bool
    any_batch: bool
    aligns_mamba2: bool
    retains_lookahead: bool
    falls_back: bool
    aligns_latents: bool
    null_block: bool
    pads_packed: bool
    checkpoints_mamba2: bool
    checkpoints_gdn: bool


@functools.cache
def rules_of(version: Version | None) -> Rules:
    """The rules of a version; an unknown one has the newest."""
    own = version or NEWEST
    return Rules(
        one_block_per_sequence=own >= ONE_BLOCK_PER_SEQUENCE,
        prints_concurrency=own >= PRINTS_CONCURRENCY,
        says_model=own >= SAYS_MODEL,
        packs_hybrids=own >= PACKS_HYBRIDS,
        pads_attention=own >= PADS_ATTENTION,
        fits_skipped=own >= FITS_SKIPPED,
        counts_flights=own >= COUNTS_FLIGHTS,
        caches_hybrids=own >= CACHES_HYBRIDS,
        pads_state=own >= PADS_STATE,
        any_batch=own >= ANY_BATCH,
        aligns_mamba2=own >= ALIGNS_MAMBA2,
        retains_lookahead=own >= RETAINS_LOOKAHEAD,
        falls_back=own >= FALLS_BACK,
        aligns_latents=own >= ALIGNS_LATENTS,
        null_block=own >= NULL_BLOCK,
        pads_packed=own >= PADS_PACKED,
        checkpoints_mamba2=own >= CHECKPOINTS_MAMBA2,
        checkpoints_gdn=own >= CHECKPOINTS_GDN,
    )

"""The host's memory that a llama.cpp server takes.

Formulas: vram formulas 3.4 and 3.6; the server's own caches are tools/server's of
October 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chartgen.engines.base import Term
from chartgen.engines.llamacpp.cells import Layers, state_bytes
from chartgen.engines.llamacpp.settings import PAD, Settings, padded
from chartgen.engines.llamacpp.weights import Placement
from chartgen.facts import ModelFacts
from chartgen.quantities import MIB, Bytes, Estimate

SOURCE = "llama.cpp 0c1e57098 (October 2026)"


def host_terms(
    model: ModelFacts,
    settings: Settings,
    layers: Sequence[Layers],
    placed: Placement,
    kept: Estimate,
    buffers: Estimate,
) -> Iterator[Term]:
    """All terms; `kept` is what the GPU does not hold of caches and states."""
    how = "mapped from the file" if settings.mmap else "read into memory"
    yield Term("embeddings", placed.embeddings, f"input embeddings, {how}", "vram formulas 3.6")
    if placed.layers_on_host:
        weights = Estimate.exact(placed.layers_on_host)
        yield Term("weights", weights, f"layers and experts that stay here, {how}", SOURCE)
    if kept.high:
        yield Term("KV cache and states", kept, "of the layers that stay here", SOURCE)
    yield Term("host compute", buffers, "masks and inputs of the graphs", "vram formulas 3.4")
    yield Term(
        "outputs",
        Estimate.exact(4 * model.vocab_size.value * settings.outputs),
        f"{settings.outputs} rows of f32 logits",
        SOURCE,
    )
    yield from _server_caches(model, settings, layers)


def _server_caches(
    model: ModelFacts, settings: Settings, layers: Sequence[Layers]
) -> Iterator[Term]:
    """What a long-running server fills: earlier prompts, and states to go back to."""
    limit = Bytes(settings.cache_ram * MIB)
    if limit:
        yield Term(
            "prompt cache",
            _filling(limit),
            f"--cache-ram {settings.cache_ram} MiB, filled as prompts change",
            SOURCE,
        )
    each = checkpoint_bytes(model, settings, layers)
    size = Bytes(each * settings.ctx_checkpoints * settings.n_parallel)
    if size:
        yield Term(
            "context checkpoints",
            _filling(size),
            f"{settings.ctx_checkpoints} x {settings.n_parallel} slots x {each / MIB:.1f} MiB",
            SOURCE,
        )


def _filling(most: Bytes) -> Estimate:
    """A cache that starts empty: how far it fills depends on the prompts, half is a guess."""
    return Estimate(Bytes(most // 2), Bytes(0), most)


def checkpoint_bytes(model: ModelFacts, settings: Settings, layers: Sequence[Layers]) -> int:
    """One checkpoint of one slot: what cannot be cut back, recurrent states and windows."""
    states = state_bytes(model, settings) // (settings.n_parallel * (1 + settings.n_rs_seq))
    return states + sum(_window_bytes(each, settings) for each in layers)


def _window_bytes(each: Layers, settings: Settings) -> int:
    """The window of one slot with a micro-batch beside it, in all layers of a kind."""
    window = each.kind.window
    if each.kind.kind != "sliding" or window is None or settings.swa_full:
        return 0
    pads = min(each.cells, padded(window + settings.ubatch)) // PAD
    whole = each.cells * settings.n_stream // PAD
    return each.size.high // whole * pads * each.kind.layers

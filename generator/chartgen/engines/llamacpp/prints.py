"""What llama.cpp logs about its memory, and why it would not start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chartgen.engines.llamacpp.cells import Layers, element
from chartgen.engines.llamacpp.settings import Settings
from chartgen.facts import ModelFacts
from chartgen.quantities import MIB, Estimate
from chartgen.spec.llamacpp import CacheType


def prints(
    layers: Sequence[Layers], settings: Settings, states: Estimate, compute: Estimate
) -> Iterator[str]:
    """The lines of a start-up log that state sizes, as far as they follow from formulas."""
    yield f"n_ctx = {settings.n_ctx_seq * settings.n_stream}, n_ctx_seq = {settings.n_ctx_seq}"
    for each in layers:
        yield (
            f"KV buffer size = {_mib(each.size, each.kind.layers)} MiB "
            f"({each.cells} cells, {each.kind.layers} layers, "
            f"{settings.n_parallel}/{settings.n_stream} seqs)"
        )
    if states.high:
        yield (
            f"RS buffer size = {_mib(states)} MiB "
            f"({settings.n_parallel} cells, {settings.n_rs_seq} rs_seq)"
        )
    yield f"compute buffer size = {_mib(compute)} MiB"


def refusals(model: ModelFacts, settings: Settings) -> Iterator[str]:
    """Reasons for which no context is made (src/llama-context.cpp, October 2026)."""
    if not settings.flash_attn:
        if element(settings.type_v, settings.fork).block > 1:
            yield "quantized V cache requires flash_attn to be enabled"
        return
    for kind in model.attention:
        yield from _indivisible("K", settings.type_k, kind.head_dim)
        width = kind.value_elements // kind.kv_heads
        yield from _indivisible("V", settings.type_v, width)


def _indivisible(name: str, kind: CacheType, width: int) -> Iterator[str]:
    """Blocks of upstream's types; forks may pad a head, so theirs are not judged."""
    block = element(kind, None).block
    if width % block and not kind.startswith("turbo"):
        yield (
            f"{name} cache type {kind} with block size {block} does not divide "
            f"n_embd_head_{name.lower()}={width}"
        )


def _mib(size: Estimate, count: int = 1) -> str:
    low, high = size.low * count / MIB, size.high * count / MIB
    return f"{high:.2f}" if low == high else f"{low:.2f} to {high:.2f}"

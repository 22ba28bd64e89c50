"""What is kept of a conversation, split between the GPU and the host's memory.

A layer's cache lies where the layer lies (src/llama-kv-cache.cpp). The facts count the
layers of each kind and do not order them, so a split by layers is an interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chartgen.engines.llamacpp.cells import STATE_BYTES, Layers, times
from chartgen.engines.llamacpp.settings import Settings
from chartgen.engines.llamacpp.weights import Placement
from chartgen.facts import ModelFacts
from chartgen.quantities import ZERO, Bytes, Estimate


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes of one kind of memory by where they lie."""

    gpu: Estimate
    host: Estimate


def kept_cache(layers: Sequence[Layers], settings: Settings, placed: Placement) -> Kept:
    """The KV cache."""
    return _split([(each.size, each.kind.layers) for each in layers], settings, placed)


def kept_states(model: ModelFacts, settings: Settings, placed: Placement) -> Kept:
    """The recurrent states of all slots, with their copies for a rollback: always f32
    (vram formulas 3.3)."""
    rows = _rows(settings)
    sizes = [
        (
            times(rows, (kind.conv_kernel - 1) * kind.conv_dim + kind.state_elements),
            kind.layers,
        )
        for kind in model.recurrent
    ]
    return _split(sizes, settings, placed)


def shared_graph(
    model: ModelFacts,
    settings: Settings,
    layers: Sequence[Layers],
    placed: Placement,
    whole: Kept,
) -> Kept:
    """The compute buffers of a graph of which the host works a part.

    The GPU takes the host's results in, and a layer's cache where the host keeps it; the
    host needs at most what the GPU would (llama-fit-params of October 2026 on two models
    with `-ngl`, `--n-cpu-moe` and `--no-kv-offload`).
    """
    if settings.kv_offload and not placed.layers_on_host:
        return whole
    taken = 8 * model.hidden_size.value * settings.ubatch
    if not settings.kv_offload:
        taken += max((each.size.high for each in layers), default=0)
    gpu, host = whole.gpu, whole.host
    most = Bytes(gpu.high + taken)
    here = gpu.high if placed.layers_on_host else 0
    there = Bytes(host.high + here)
    return Kept(Estimate(most, Bytes(0), most), Estimate(there, host.low, there))


def _rows(settings: Settings) -> Estimate:
    """Bytes of one element in all rows. Builds of May 2026 draft without copies: a public
    log of b484 with MTP states 598.50 MiB for four slots of Qwen3.6-27B, one state each."""
    bare = settings.n_parallel * STATE_BYTES
    whole = bare * (1 + settings.n_rs_seq)
    return Estimate(Bytes(whole), Bytes(whole if settings.era == "new" else bare), Bytes(whole))


def _split(sizes: Iterable[tuple[Estimate, int]], settings: Settings, placed: Placement) -> Kept:
    """Each size is of one layer, with the number of such layers."""
    gpu = host = ZERO
    for size, layers in sizes:
        value, least, most = _layers_on_host(layers, settings, placed)
        host += _scaled(size, value, least, most)
        gpu += _scaled(size, layers - value, layers - most, layers - least)
    return Kept(gpu, host)


def _layers_on_host(layers: int, settings: Settings, placed: Placement) -> tuple[int, int, int]:
    """How many of some layers stay with the host: about, at least, at most."""
    if not settings.kv_offload:
        return layers, layers, layers
    if not placed.blocks_on_host:
        return 0, 0, 0
    others = placed.blocks - placed.blocks_on_host
    value = round(layers * placed.blocks_on_host / placed.blocks)
    return value, max(layers - others, 0), min(layers, placed.blocks_on_host)


def _scaled(size: Estimate, value: int, least: int, most: int) -> Estimate:
    return Estimate(Bytes(size.value * value), Bytes(size.low * least), Bytes(size.high * most))

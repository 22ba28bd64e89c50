"""Where llama.cpp puts the weights: on the GPU, or in the host's memory.

Formulas: vram formulas 3.6; the placement of layers is src/llama-model.cpp's of
October 2026. The input embedding stays with the host, so an untied file leaves it
there and a tied one has it twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from chartgen.engines.llamacpp.settings import ALL_LAYERS, Settings
from chartgen.facts import Checkpoint, ModelFacts
from chartgen.facts.model import Layout
from chartgen.quantities import ZERO, Bytes, Estimate

NARROWEST = 0.4
"""Bytes of an embedding's element in the narrowest files: 3 bits and its scales."""

WIDEST = 2.0
"""Bytes of an embedding's element in the widest files, f16."""

USUAL = 1.0
"""Bytes of an embedding's element in the usual files: q6_K takes 0.82, q8_0 1.06."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The weights by where they lie.

    `blocks_on_host` of `blocks` repeating layers stay with the host, the first ones.
    `experts_on_host` are bytes of routed experts that the host keeps of the others.
    `largest_on_host` is the largest block, or its experts, that stays there: while a
    long prompt is read, its tensors are copied to the GPU one after the other.
    """

    gpu: Estimate
    embeddings: Estimate
    layers_on_host: int = 0
    blocks: int = 0
    blocks_on_host: int = 0
    largest_on_host: int = 0

    @property
    def on_gpu(self) -> bool:
        """Whether every repeating layer lies on the GPU."""
        return not self.blocks_on_host


def needs_layout(model: ModelFacts, settings: Settings) -> bool:
    """Whether only the sizes of single layers tell what lies on the GPU."""
    return bool(settings.n_cpu_moe) or not _every_layer(model, settings)


def placement(model: ModelFacts, checkpoint: Checkpoint, settings: Settings) -> Placement:
    """The weights of a checkpoint; one without a layout lies on the GPU as a whole."""
    if checkpoint.layout is None:
        return Placement(checkpoint.on_gpu.estimate, _guessed_embeddings(model))
    return _laid_out(checkpoint.layout, model, settings)


def _every_layer(model: ModelFacts, settings: Settings) -> bool:
    if model.layers is None:
        return settings.n_gpu_layers >= ALL_LAYERS
    return settings.n_gpu_layers > model.layers.value + model.mtp_layers


def _guessed_embeddings(model: ModelFacts) -> Estimate:
    """The host's copy of the embeddings, from their elements alone."""
    layers = model.layers.value if model.layers else 0
    width = model.hidden_size.value + model.per_layer_embedding * layers
    elements = model.vocab_size.value * width
    return Estimate(
        Bytes(round(USUAL * elements)),
        Bytes(round(NARROWEST * elements)),
        Bytes(round(WIDEST * elements)),
    )


def _laid_out(layout: Layout, model: ModelFacts, settings: Settings) -> Placement:
    """The rule of `load_tensors`: the last layers first, the output as one more."""
    mtp_layers = model.mtp_layers if layout.mtp else 0
    offloadable = len(layout.blocks) + mtp_layers + 1
    held_back = max(offloadable - settings.n_gpu_layers, 0)
    blocks_on_host = min(held_back, len(layout.blocks))
    experts = layout.experts[blocks_on_host : settings.n_cpu_moe]
    on_host = sum(layout.blocks[:blocks_on_host]) + sum(experts)
    gpu = sum(layout.blocks[blocks_on_host:]) - sum(experts)
    if held_back < offloadable:
        gpu += (layout.output or layout.token_embedding) + layout.other + layout.vision
    else:
        on_host += layout.output + layout.other
    mtp = _mtp(layout, settings, on_host=held_back > len(layout.blocks))
    return Placement(
        gpu=Estimate.exact(gpu + layout.audio) + mtp,
        embeddings=Estimate.exact(layout.token_embedding + layout.per_layer_embeddings),
        layers_on_host=on_host,
        blocks=len(layout.blocks),
        blocks_on_host=blocks_on_host,
        largest_on_host=max((*layout.blocks[:blocks_on_host], *experts), default=0),
    )


def _mtp(layout: Layout, settings: Settings, *, on_host: bool) -> Estimate:
    """Layers for multi-token prediction: builds of the new era load them only to draft
    with them (common/common.cpp, load_mtp), earlier ones always."""
    if on_host or not layout.mtp:
        return ZERO
    drafts = settings.drafting is not None and settings.drafting.mtp
    if drafts or settings.era == "old":
        return Estimate.exact(layout.mtp)
    if settings.era == "new":
        return ZERO
    return Estimate(Bytes(layout.mtp), Bytes(0), Bytes(layout.mtp))

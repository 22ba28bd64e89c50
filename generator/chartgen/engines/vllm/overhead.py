"""What vLLM takes beside weights and KV cache, as intervals that data justify.

At start vLLM runs one full batch through the model, then one sampling step, and for a
model with eyes first one encoder pass. The largest of the three passes, the CUDA
context with kernels and workspaces, and the memory held back for CUDA graphs are taken
from its budget before the KV cache is sized:

    overhead = max(language pass, sampling step, encoder pass) + context + rest + graphs

The sizes of the passes follow from shapes. Two constants are fitted on public start-up
logs, and the interval of the rest is the 95 % prediction interval of their residuals by
source. `docs/intervals.md` has the method and the table; `tests/vram/test_overhead.py`
derives the constants again from the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from chartgen.engines.base import Term
from chartgen.engines.vllm.narrow import Measured, narrowed
from chartgen.engines.vllm.settings import Settings, Version
from chartgen.facts import Device, ModelFacts, Run
from chartgen.quantities import GIB, ZERO, Bytes, Estimate, gib

SAMPLER_BYTES = 15
"""Bytes for each sequence and vocabulary entry in the dummy sampling step.

Fitted with `REST` on 26 public logs, vLLM 0.6 to 0.33 (least absolute deviations on a grid
of 5 bytes, November 2026). Single logs lie between 4 (FlashInfer's sampler, 0.26) and 40
(sorting in torch, 0.15 and 0.33).
"""

CONTEXT = gib(0.26, 0.03, 0.58)
"""Memory outside torch: CUDA context, kernels, NCCL.

Median and range of nine public logs that print it, vLLM 0.14 to 0.33: 0.03 and 0.06 GiB
(48 and 16 GB cards), 0.07 three times, 0.16, 0.26, 0.47 (RTX 3090), 0.58 (WSL).
"""

FREE_AT_START = "vLLM starts only while its whole budget is free"
"""`request_memory` of 0.20.0 to 0.33.0 (v1/worker/utils.py): total x utilization is held
against what the card has free once the CUDA context is there, whatever the cache takes."""

REST = gib(0.14, 0.0, 0.70)
"""Workspaces of attention and sampling, encoder cache, fragments: what no formula names.

The value is fitted on the same logs: context and rest together 0.40 GiB. The high end is
their upper 95 % prediction bound, 1.28 GiB together, from the scatter of the residuals of
12 sources; the low end is physical: nothing.
"""

GRAPHS_FIRST = 0.2 * GIB
"""Memory of the first captured graph. Thirteen printed sizes, vLLM 0.19 to 0.33: 0.08 to
0.39 GiB where five graphs or fewer were captured."""

GRAPHS_EACH = 1e-4 * GIB
"""Memory of each graph and layer beyond; 86 graphs of 28 to 64 layers: 0.23 to 1.59 GiB."""

GRAPHS_HIGH = (0.4 * GIB, 3e-4 * GIB)
"""The same two constants at the high end: all but one of the thirteen lie under it."""

GRAPHS_INSIDE_FROM = (0, 20, 0)
"""From 0.20.0 on the profiler holds memory for graphs back inside the budget: `envs.py` of
0.19.0 has it off, those of 0.20.0, 0.21.0 and 0.24.0 have it on, though the log line says
"default since v0.21.0". Model runner V2 of 0.26 may hold nothing back, so the low end is
0."""

MOST_CAPTURED = 512
"""Tokens of the largest batch that is captured as a graph by default (vLLM 0.33.0)."""

AUTOTUNED = gib(0.0, 0.0, 3.5)
"""What autotuned kernels of gated delta nets leave behind on cards of compute capability
12: nothing in three logs, 1.6 to 1.8 GiB in three (0.19.2, 0.20.0), 3.5 GiB in one build
of 0.17.1 (vllm-project/vllm#36973)."""

AUTOTUNED_IN = ((0, 17, 1), (0, 21, 0))
"""Versions that showed it: from the first, before the second; 0.18.0 did so too on
another card. Logs from 0.23 on do not."""

GEMMA_VIDEO = 32 * (70 + 2 + 6)
"""Tokens of a video of 32 frames (vLLM 0.33.0, `gemma4_mm.py` and `gemma4_unified.py`)."""

QWEN_IMAGE = 16384
"""Tokens of the largest image of Qwen 3.5 (budgets in five logs)."""

ITEM_TOKENS = {
    "Gemma4ForConditionalGeneration": GEMMA_VIDEO,
    "Gemma4UnifiedForConditionalGeneration": GEMMA_VIDEO,
    "gemma4": GEMMA_VIDEO,
    "Qwen3_5ForConditionalGeneration": QWEN_IMAGE,
    "Qwen3_5MoeForConditionalGeneration": QWEN_IMAGE,
    "qwen35": QWEN_IMAGE,
    "qwen35moe": QWEN_IMAGE,
}
"""Tokens of the largest item that the encoder is profiled with, by the architecture's name
in config.json and in GGUF headers, where facts were read from those first."""

MOST_ITEM_TOKENS = 16384
"""The same where neither facts nor logs tell: the most that was seen."""

TOWER = (1152, 4304)
"""Hidden size and feed-forward of a tower without facts: SigLIP so400m, the largest of the
common ones (vram formulas 4.2)."""

TOWER_MERGE = 3
"""Patches along one side of a token for a tower without facts (Gemma 3 and 4)."""

SMALL_TOWER = (768, 3072)
"""The smallest of the common ones, for the low end (transformers 5.23.0, Gemma 4)."""


def overhead(
    model: ModelFacts, settings: Settings, device: Device | None, runs: Sequence[Run] = ()
) -> tuple[Term, ...]:
    """The terms beside weights and KV cache; measured runs of neighbours narrow them.

    Each end of the sum is monotone: more batched tokens, sequences or images never
    needs less. Without a device the rules that need most hold.
    """
    terms = predicted(model, settings, device)
    if not runs:
        return terms

    def total(of: Settings) -> Estimate:
        return sum((term.estimate for term in predicted(model, of, device)), ZERO)

    found = narrowed(Measured(model, settings, device, runs), total)
    return (found,) if found else terms


def predicted(model: ModelFacts, settings: Settings, device: Device | None) -> tuple[Term, ...]:
    """The terms by formula alone."""
    language = settings.max_num_batched_tokens * token_bytes(model)
    sampling = settings.max_num_seqs * model.vocab_size.value * SAMPLER_BYTES
    peak = max(language, sampling)
    terms = [
        Term(
            "activations",
            Estimate.exact(language),
            f"{settings.max_num_batched_tokens} batched tokens x {token_bytes(model)} bytes",
            "shapes of one layer; two public logs of long batches agree within 0.02 GiB",
        ),
        Term(
            "sampling step",
            Estimate.exact(peak - language),
            f"{settings.max_num_seqs} sequences x vocabulary x {SAMPLER_BYTES} bytes, "
            "what exceeds the activations",
            "fitted on 26 public logs, docs/intervals.md",
        ),
    ]
    if settings.vision:
        terms.append(_encoder_term(model, settings, peak))
    graphs = graphs_term(model, settings, device)
    return (*terms, *((graphs,) if graphs else ()), *_constants(model, settings, device))


def token_bytes(model: ModelFacts) -> int:
    """Bytes of activations for each token of a batch, at the widest point of a layer.

    The gated feed-forward holds its two inputs and its product, 3 ff, and the residual,
    the normed and the attended stream, 3 h, in 16 bit; a mixture holds the inputs and
    outputs of its used experts; a state layer its convolved inputs twice and one state
    for each 64 tokens.
    """
    hidden, wide = model.hidden_size.value, model.intermediate_size.value
    total = 0
    if experts := model.experts:
        wide = max(wide, experts.shared_intermediate_size)
        width = experts.intermediate_size
        total = 2 * experts.used * (max(2 * width, hidden) + width)
    for kind in model.recurrent:
        total += 4 * kind.conv_dim + kind.state_elements // 32
    return total + 2 * (3 * wide + 3 * hidden)


def _encoder_term(model: ModelFacts, settings: Settings, peak: int) -> Term:
    """What the encoder's pass takes beyond the language model's."""
    size = encoder_pass(model, settings)
    tokens = profiled_tokens(model, settings.max_num_batched_tokens)
    return Term(
        "image encoder",
        _over(size, peak),
        f"{tokens} image tokens, patches x 2 (ff + 7 h), what exceeds the language pass",
        f"vram formulas 4.2; {_tower(model)[2]}",
    )


def encoder_pass(model: ModelFacts, settings: Settings) -> Estimate:
    """What the encoder's dummy pass takes; nothing for a server without images."""
    if not settings.vision:
        return ZERO
    tokens = profiled_tokens(model, settings.max_num_batched_tokens)
    patches = tokens * (model.vision.merge if model.vision else TOWER_MERGE) ** 2
    low, value, _ = _tower(model)
    return Estimate(Bytes(patches * value), Bytes(patches * low), Bytes(patches * value))


def _tower(model: ModelFacts) -> tuple[int, int, str]:
    """Bytes for each patch, low and value, with their source; a tower that facts doubt
    may be any of the common ones."""
    tower = model.vision
    if tower is None:
        return patch_bytes(*SMALL_TOWER), patch_bytes(*TOWER), "a common tower: the facts name none"
    size = patch_bytes(tower.hidden_size, tower.intermediate_size)
    if tower.uncertain:
        return size, max(size, patch_bytes(*TOWER)), "a common tower: the facts doubt theirs"
    return size, size, tower.source


def patch_bytes(hidden: int, wide: int) -> int:
    """Bytes of the encoder's pass for each patch: feed-forward, projections, residuals."""
    return 2 * (wide + 7 * hidden)


def profiled_tokens(model: ModelFacts, batch: int) -> int:
    """Tokens of the encoder's dummy pass: whole items of the largest kind that fit into
    the budget, which holds one at least."""
    known = model.vision.max_tokens if model.vision else None
    item = ITEM_TOKENS.get(model.architecture) or known or MOST_ITEM_TOKENS
    return max(batch, item) // item * item


def graphs(model: ModelFacts, settings: Settings) -> Estimate:
    """What CUDA graphs take wherever they are counted; nothing in eager mode."""
    count = captured(settings)
    if not count:
        return ZERO
    layers = count * _layers(model)
    value = round(GRAPHS_FIRST + GRAPHS_EACH * layers)
    return Estimate(Bytes(value), Bytes(0), Bytes(round(GRAPHS_HIGH[0] + GRAPHS_HIGH[1] * layers)))


def captured(settings: Settings) -> int:
    """Graphs that are captured: mixed batches piece by piece, decoding steps whole."""
    if settings.enforce_eager or settings.cudagraph_mode == "NONE":
        return 0
    step = settings.max_num_seqs * (1 + settings.num_speculative_tokens)
    mode = settings.cudagraph_mode
    mixed = 0 if mode == "FULL_DECODE_ONLY" else _sizes(min(MOST_CAPTURED, 2 * step))
    whole = 0 if mode == "PIECEWISE" else _sizes(min(MOST_CAPTURED, step))
    return mixed + whole


def _sizes(most: int) -> int:
    """Batch sizes up to `most` in vLLM's list: 1, 2, 4, then eights to 256, then 16s."""
    if most < 8:
        return most.bit_length()
    return 3 + most // 8 if most < 256 else 35 + (most - 256) // 16


def graphs_term(model: ModelFacts, settings: Settings, device: Device | None) -> Term | None:
    """Graphs in the budget; of graphs outside it, what the rest of the card cannot hold."""
    size = graphs(model, settings)
    if not size.high:
        return None
    count = captured(settings)
    if settings.version is None or settings.version >= GRAPHS_INSIDE_FROM:
        formula = f"{count} graphs, held back inside the budget"
    else:
        room = _outside(settings, device)
        size = _over(size, room)
        formula = f"{count} graphs outside the budget, beyond the {room / GIB:.2f} GiB left there"
    return Term("CUDA graphs", size, formula, "13 sizes in public logs, docs/intervals.md")


def _outside(settings: Settings, device: Device | None) -> int:
    if device is None or settings.kv_cache_memory_bytes is not None:
        return 0
    total = device.cuda_total.value
    return total - ceil(total * settings.gpu_memory_utilization)


def _over(size: Estimate, room: int) -> Estimate:
    return Estimate(
        Bytes(max(0, size.value - room)),
        Bytes(max(0, size.low - room)),
        Bytes(max(0, size.high - room)),
    )


def _constants(model: ModelFacts, settings: Settings, device: Device | None) -> tuple[Term, ...]:
    found = (
        Term("CUDA context", CONTEXT, "outside torch", "range of nine public logs"),
        Term(
            "workspaces and rest",
            REST,
            "95 % prediction interval of residuals by source",
            "26 public logs of 13 sources, docs/intervals.md",
        ),
    )
    if not _autotunes(model, settings.version, device):
        return found
    source = "vllm-project/vllm#36973 and seven more logs, docs/intervals.md"
    return (*found, Term("autotuned state kernels", AUTOTUNED, "left behind", source))


def _autotunes(model: ModelFacts, version: Version | None, device: Device | None) -> bool:
    if not any(kind.kind == "gated-delta-net" for kind in model.recurrent):
        return False
    if device and not device.compute_capability.startswith("12."):
        return False
    return version is None or AUTOTUNED_IN[0] <= version < AUTOTUNED_IN[1]


def _layers(model: ModelFacts) -> int:
    if model.layers:
        return model.layers.value
    owners = sum(kind.layers for kind in model.attention)
    return owners + sum(kind.layers for kind in model.recurrent)

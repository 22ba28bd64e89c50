"""The buffers that llama.cpp reserves for its graphs.

What a build reserves is replayed (`compute.py`). It can fall by some MiB where the context
grows, as holes happen to fit or not. A plan charges straight lines through it, which
never fall: what fits then fits with less as well. Formulas: vram formulas 3.4 (May and
October 2026 builds). A build whose age is unknown is charged the larger of both eras.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from chartgen.engines.llamacpp.cells import sliding_cells, value_elements
from chartgen.engines.llamacpp.compute import Question, borrowed, reserved, turned
from chartgen.engines.llamacpp.settings import DEFAULT_UBATCH, Era, Settings, padded
from chartgen.engines.llamacpp.shape import Shape, shape_of
from chartgen.facts import Compute, ModelFacts
from chartgen.quantities import ZERO, Bytes, Estimate
from chartgen.spec.llamacpp import CacheType

FLOAT: tuple[CacheType, ...] = ("f32", "f16", "bf16")
"""Cache types that attention reads as they are."""

Ends = tuple[float, float]
"""The low and the high end of a buffer, as parts of its value."""

REPLAYED: Ends = (0.99, 1.04)
"""A replay against what servers log. It meets llama-fit-params to 0.01 % (1,040 sizes of the
study, 2,752 others of 43 models, 14 of them never looked at before; one is 2 % off); of
nine public logs the worst are 0.8 % below and 2.4 % above, with builds between the two eras
and other back ends than CUDA among them."""

BORROWED: Ends = (0.95, 1.15)
"""A replay of another order of layers: 3 % above to 12 % below (Nemotron-Nano-9B-v2)."""

LINES: Mapping[tuple[Era, bool], Ends] = {
    ("old", False): (0.83, 1.47),
    ("old", True): (0.83, 1.20),
    ("new", False): (0.89, 1.04),
    ("new", True): (0.89, 1.04),
}
"""The lines that a plan charges against what is reserved, by era and by whether a cache is
quantised: the farthest of 2,816 sizes (benchmarks/compute_study.py, November 2026). With one
family of models left out, the others' ends hold 98 % of its sizes."""

OF_STATES = 1.21
"""The high end of the new era for recurrent layers: the states of many slots may lie beside
one another (Nemotron-3-Nano-4B with four slots)."""

OF_SCORES = 1.15
"""The high end without flash attention, where lines were not drawn through the graphs: 5 %
above in 58 sizes (llama-fit-params, November 2026), with room for other heads."""

HOST: Ends = (0.995, 1.005)
"""The host's buffer, within 0.1 % of 3,856 sizes and of six logs that print it; a log from
between the two eras (Qwen3-4B, 28.02 MiB for 18.01) lies outside."""

GUESSED: Ends = (2 / 3, 4 / 3)
"""A model of an architecture that was not read, taken for a Llama or a Qwen of its widths:
the fallback of vram formulas 3.4 is 22 % low for Qwen3-4B, 36 % high for Nemotron-3-Nano."""

FAR = 1 << 22
"""Cells at which the old era's masks outweigh everything else."""

USUAL = (16_384, 32_768, 65_536)
"""Cells at which the old era's logits outweigh everything else in most models."""


@dataclass(frozen=True, slots=True)
class Buffers:
    """What one context reserves: on the GPU as a plan charges it, in the host's memory, and
    the f16 copy of a quantised cache, which is taken later or counted inside the first."""

    charged: Estimate
    attention: Bytes
    """The least that a graph reserves which attends for every token and feeds forward for
    its outputs alone, as that of layers for multi-token prediction."""
    host: Estimate
    copy: Estimate
    source: str
    model: ModelFacts
    settings: Settings

    @property
    def gpu(self) -> Estimate:
        """What a build reserves on the GPU, replayed; as charged where no graph is known."""
        return replayed(self.model, self.settings) or self.charged


@dataclass(frozen=True, slots=True)
class Lines:
    """What lies beside logits and masks, in bytes for each token of a micro-batch: beside
    logits (with `hole` for each cell), while a layer attends, and in its feed-forward."""

    logits: float
    hole: float
    attention: float
    old_body: float
    new_body: float
    source: str


@dataclass(frozen=True, slots=True)
class Known:
    """What follows from a model alone; it keeps the facts alive that it is found by."""

    model: ModelFacts
    shape: Shape
    constants: Lines
    ends: Ends | None
    """The ends of a guess; None where the architecture was read."""


_KNOWN: dict[int, Known] = {}
"""By the identity of the facts: to hash them takes longer than all the rest, and thousands
of sums are asked of a few models."""

MOST_KNOWN = 256


def buffers(model: ModelFacts, settings: Settings) -> Buffers:
    """The buffers of one context."""
    known = _known(model)
    constants = known.constants
    sliding = sliding_cells(model, settings)
    old = max(_old(model, settings, constants, sliding), _old_scores(model, settings, constants))
    new = max(_new(settings, constants, sliding), _new_scores(model, settings, constants))
    return Buffers(
        charged=_either(
            settings, _line(known, settings, "old", old), _line(known, settings, "new", new)
        ),
        attention=Bytes(_attending(settings, constants, sliding)),
        host=_host(model, settings, sliding),
        copy=_copy(model, settings, constants, sliding),
        source=f"vram formulas 3.4; {constants.source}",
        model=model,
        settings=settings,
    )


def _line(known: Known, settings: Settings, era: Era, size: int) -> Estimate:
    """What a plan charges for one era."""
    low, high = LINES[era, _quantised(settings)]
    if era == "new" and known.model.recurrent:
        high = OF_STATES
    if not settings.flash_attn:
        high = max(high, OF_SCORES)
    return _within(size, known.ends or (low, high))


def _quantised(settings: Settings) -> bool:
    return settings.type_k not in FLOAT or settings.type_v not in FLOAT


def replayed(model: ModelFacts, settings: Settings) -> Estimate | None:
    """What the build's own allocator reserves; None for an architecture without a graph."""
    known = _known(model)
    sliding = sliding_cells(model, settings)
    size = {era: _replay(known, settings, era, sliding) for era in get_args(Era)}
    old, new = size["old"], size["new"]
    if known.ends or old is None or new is None:
        return None
    ends = BORROWED if borrowed(known.shape) else REPLAYED
    return _either(settings, _within(old, ends), _within(new, ends))


def _replay(known: Known, settings: Settings, era: Era, sliding: int) -> int | None:
    if settings.era not in (None, era):
        return 0
    whole = settings.n_ctx_seq
    asked = Question(
        era=era,
        turned=_quantised(settings),
        flash=settings.flash_attn,
        ubatch=settings.ubatch,
        outputs=settings.outputs,
        sequences=settings.n_parallel,
        sliding=None if sliding in (0, whole) else sliding,
    )
    return reserved(known.shape, asked, whole)


def _known(model: ModelFacts) -> Known:
    found = _KNOWN.get(id(model))
    if found is None:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN[id(model)] = _learn(model)
    return found


def _learn(model: ModelFacts) -> Known:
    """Constants from the architecture's graph, or measured ones, or a likely graph's."""
    shape = shape_of(model)
    # A head's width leaves a doubt about how many there are; a measured constant does not.
    certain = shape.known and model.heads is not None
    if model.compute and not certain:
        return Known(model, shape, _measured(model.compute), None)
    sized = model.hidden_size.value and model.vocab_size.value
    lines = _lines(shape) if sized else None
    if lines and certain:
        return Known(model, shape, lines, None)
    if model.compute:
        return Known(model, shape, _measured(model.compute), None)
    return Known(model, shape, lines or _fallback_of(model), GUESSED)


def _measured(found: Compute) -> Lines:
    """Constants that were fitted to one model (vram formulas 3.4)."""
    body = found.new_f
    return Lines(found.old_l, found.old_lc, found.old_a, body, body, found.source)


def _lines(shape: Shape) -> Lines | None:
    """The straight lines through a graph, for each token of a micro-batch of usual size."""
    logits = 4 * shape.vocab
    bare = replace(shape, vocab=1)
    usual = [_rest(shape, "old", cells, (True,)) for cells in USUAL]
    body, far, new = (
        _rest(bare, "old", USUAL[0], (True,)),
        _rest(shape, "old", FAR, (True, False)),
        _rest(shape, "new", FAR, (True, False)),
    )
    if body is None or far is None or new is None or None in usual:
        return None
    sizes = [size for size in usual if size is not None]
    # In some graphs the hole that a mask in f32 has left lies below the logits.
    slope = (sizes[-1] - sizes[0]) / (USUAL[-1] - USUAL[0])
    hole = 4 if abs(slope - 4) < 0.05 else 0
    above = min(size - hole * cells for size, cells in zip(sizes, USUAL, strict=True))
    masks = 2 * _window(shape)
    return Lines(
        logits=max(0, above - logits),
        hole=hole,
        attention=max(0, far - 6 * FAR),
        old_body=max(0, body - 2 * USUAL[0] - masks),
        new_body=max(0, new - 2 * FAR - masks),
        source=f"from the widths of a {shape.arch}, by its graph",
    )


def _rest(shape: Shape, era: Era, cells: int, turned: tuple[bool, ...]) -> float | None:
    """Bytes for each token, with a cache of either kind."""
    sizes = [
        reserved(
            shape, Question(era, kind, True, DEFAULT_UBATCH, 1, 1, _window(shape) or None), cells
        )
        for kind in turned
    ]
    found = [size for size in sizes if size is not None]
    return max(found) / DEFAULT_UBATCH if found else None


def _window(shape: Shape) -> int:
    """Cells of the sliding layers, 0 where there are none."""
    return padded(shape.window + DEFAULT_UBATCH) if shape.window else 0


def _fallback_of(model: ModelFacts) -> Lines:
    """Constants from the widths of the layers (vram formulas 3.4); for experts, their
    outputs and three of their widths in f32."""
    hidden, routed = model.hidden_size.value, model.experts
    mixed = routed.used * (4 * hidden + 12 * routed.intermediate_size) if routed else 0
    body = 16 * hidden + max(8 * model.intermediate_size.value, mixed)
    return Lines(4 * hidden, 0, 12 * hidden, body, body, "formulas 3.4, fallback")


def _within(size: int, ends: Ends) -> Estimate:
    return Estimate(Bytes(size), Bytes(int(size * ends[0])), Bytes(round(size * ends[1])))


def _either(settings: Settings, old: Estimate, new: Estimate) -> Estimate:
    """The era's own, or where it is unknown the larger, down to the smaller's low end."""
    if settings.era:
        return old if settings.era == "old" else new
    larger = max(old, new, key=lambda size: size.value)
    return Estimate(larger.value, min(old.low, new.low), max(old.high, new.high))


def _old(model: ModelFacts, settings: Settings, constants: Lines, sliding: int) -> int:
    """The compute buffer of builds up to the summer of 2026."""
    context = settings.n_ctx_seq
    logits = 4 * model.vocab_size.value + constants.logits + constants.hole * context
    attention = 6 * context + constants.attention
    mask = 2 * context + 2 * sliding + constants.old_body
    return round(settings.ubatch * max(logits, attention, mask))


def _new(settings: Settings, constants: Lines, sliding: int) -> int:
    """The compute buffer of later builds, without the copy of a quantised cache."""
    return round(settings.ubatch * (2 * settings.n_ctx_seq + 2 * sliding + constants.new_body))


def _attending(settings: Settings, constants: Lines, sliding: int) -> int:
    """The new era's masks with what lies beside them while a layer attends (682 MiB logged
    for the MTP context of Qwen3.5-4B: 512 of cache and this)."""
    masks = 2 * settings.n_ctx_seq + 2 * sliding
    return round(settings.ubatch * (masks + min(constants.attention, constants.new_body)))


def _old_scores(model: ModelFacts, settings: Settings, constants: Lines) -> int:
    """The old era's buffer without flash attention: every head's scores of a micro-batch at
    once, in f32, with their mask (1080 MiB in a public log of 2025, 1072 here)."""
    scores = _scores(model, settings)
    masks = 4 * settings.n_ctx_seq
    return scores and scores + round(settings.ubatch * (masks + constants.attention))


def _new_scores(model: ModelFacts, settings: Settings, constants: Lines) -> int:
    """The same in the new era (llama-fit-params: 2148.0 MiB for Llama 3.1 8B at 32768)."""
    scores = _scores(model, settings)
    return scores and scores + round(settings.ubatch * constants.new_body)


def _scores(model: ModelFacts, settings: Settings) -> int:
    if settings.flash_attn or model.heads is None:
        return 0
    return 4 * model.heads.value * settings.n_ctx_seq * settings.ubatch


def _host(model: ModelFacts, settings: Settings, sliding: int) -> Estimate:
    """Inputs in the host's memory: masks, in f32 in the old era and in f16 in the new one,
    the embeddings of a micro-batch twice, and for each cache the places to write to and
    the matrices that turn a quantised one (llama-fit-params, May and October 2026)."""
    tokens = -(-settings.ubatch // settings.n_parallel) * settings.n_parallel
    masks = tokens * (settings.n_ctx_seq + sliding)
    layers = model.layers.value if model.layers else 0
    width = 2 * model.hidden_size.value + layers * model.per_layer_embedding
    inputs = 4 * tokens * (width + 2) + _cache_inputs(model, settings, tokens)
    old, new = 4 * (masks + tokens) + inputs, 2 * masks + inputs
    return _either(settings, _within(old, HOST), _within(new, HOST))


def _cache_inputs(model: ModelFacts, settings: Settings, tokens: int) -> int:
    """Sliding layers and others have a cache each, and each cache its own inputs."""
    caches = {(kind.kind == "sliding", kind.head_dim) for kind in model.attention}
    # Without flash attention values are written element by element.
    rows = 1
    if not settings.flash_attn:
        rows = max((kind.value_elements for kind in model.attention), default=1) or 1
    places = 8 * (1 + rows) * tokens * len(caches)
    if settings.type_k in FLOAT or any(kind.kind == "mla" for kind in model.attention):
        return places
    return places + sum(4 * (turned(width) ** 2 + turned(64) ** 2) for _, width in caches)


def _copy(model: ModelFacts, settings: Settings, constants: Lines, sliding: int) -> Estimate:
    """Flash attention turns one whole layer of a quantised cache into f16 for prefill.

    Older builds take it at run time, newer ones inside the compute buffer.
    """
    copy = _f16_copy(model, settings)
    if not copy:
        return ZERO
    masks = 2 * settings.n_ctx_seq + 2 * sliding
    with_copy = round(settings.ubatch * (masks + constants.attention)) + copy
    new = _new(settings, constants, sliding)
    low, high = sorted((copy, max(new, with_copy) - new))
    return Estimate(Bytes(high), Bytes(low), Bytes(high))


def _f16_copy(model: ModelFacts, settings: Settings) -> int:
    if not settings.flash_attn:
        return 0
    tokens = settings.n_ctx_seq * settings.n_stream
    k = settings.type_k not in FLOAT
    v = settings.type_v not in FLOAT
    each = (
        k * kind.key_elements + v * value_elements(kind, model, settings)
        for kind in model.attention
        if kind.kind != "sliding"
    )
    return max(each, default=0) * 2 * tokens

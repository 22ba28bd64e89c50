"""The GPU memory of `transformers serve`.

Formulas: vram formulas 6, read in transformers 5.23.0; no public log was compared,
so every interval is wide and only what fits with all of it is called proven.
"""

from __future__ import annotations

from math import ceil

from chartgen.engines.base import Limit, Memory, Requests, Term
from chartgen.engines.common import scaled, sourced, weights, weights_term
from chartgen.engines.transformers.cache import layer_bytes, request_bytes, state_bytes
from chartgen.facts import Checkpoint, Device, Facts, ModelFacts
from chartgen.quantities import ZERO, Bytes, Estimate, mib
from chartgen.spec import App, Transformers

CUDA_CONTEXT = mib(400, 250, 700)
"""CUDA context, libraries and kernels of a torch process. Estimate by analogy to the
non-torch memory of other engines (0.26 to 0.35 GiB, vram formulas 4.2); not measured."""

ALLOCATOR_SLACK = 0.06
"""Share of weights and cache that the allocator holds beyond what is in use, at most
twice this. Estimate: fragments of a cache that grows token by token; not measured."""

NF4_BYTES = 0.5 + 0.0625 * 0.25
"""Bytes for each parameter of a linear layer in NF4 with double quantisation: 4 bits and
a scale of about 0.016 (vram formulas 6)."""

INT8_BYTES = 1.0 + 0.01
"""Bytes for each parameter of a linear layer in bitsandbytes' 8 bit: a byte and one
f32 scale a row. Estimate."""

PLAIN = ("BF16", "F16", "F32", "FP16", "BFLOAT16", "FLOAT16")
"""How the names of checkpoints begin that bitsandbytes codes while they are loaded. One
that carries a quantisation of its own keeps it."""

PROFILE = "vram formulas 6, transformers 5.23.0; not compared with a measurement"


def memory(app: App, engine: Transformers, facts: Facts, device: Device) -> Memory:
    """The sum of one server on one device, held against all that CUDA reports."""
    model, checkpoint = weights(app, facts)
    total = device.cuda_total
    each = request_bytes(model, engine) + state_bytes(model)
    loaded = _weights(model, checkpoint, engine)
    cache = Estimate.exact(ceil(each * engine.max_num_seqs))
    kept = loaded.estimate + cache
    terms = (
        loaded,
        Term(
            "KV cache",
            cache,
            f"{engine.max_num_seqs} requests of {engine.context_length} tokens in bf16",
            PROFILE,
        ),
        Term(
            "growing copy",
            Estimate.exact(layer_bytes(model, engine)),
            "one layer's cache twice while it grows",
            PROFILE,
        ),
        _activations(model, engine),
        *_images(model, engine),
        Term(
            "allocator",
            scaled(kept, (ALLOCATOR_SLACK, 0.0, 2 * ALLOCATOR_SLACK)),
            "0 to 12 % of weights and cache",
            "estimate, not measured",
        ),
        Term("CUDA context", CUDA_CONTEXT, "constant", "estimate, not measured"),
    )
    limit = Limit(Bytes(total.value), "CUDA total", total.source)
    caveats = ("flags in extra_args",) if engine.extra_args else ()
    return Memory(terms, limit, _requests(limit, terms, cache, each, engine), caveats)


def _weights(model: ModelFacts, checkpoint: Checkpoint, engine: Transformers) -> Term:
    """The file as it is, or its linear layers quantised while they are loaded."""
    if engine.quantization is None or not checkpoint.quantization.upper().startswith(PLAIN):
        return weights_term(checkpoint)  # a checkpoint that is coded already stays as it is
    each = NF4_BYTES if engine.quantization == "bnb-4bit" else INT8_BYTES
    parameters = _parameters(model, checkpoint)
    whole = min(parameters, _embeddings(model) + _vision(checkpoint))
    linear = parameters - whole
    least = int(linear * each) + whole * 2
    # Experts that are one stacked tensor are no linear layers and may stay as they are.
    most = parameters * 2 if model.experts else int(least * 1.05)
    return Term(
        "weights",
        Estimate(Bytes(least), Bytes(int(least * 0.97)), Bytes(max(least, most))),
        f"{linear} linear parameters x {each:.4g} + {whole} others x 2",
        f"vram formulas 6; {sourced(checkpoint)}",
    )


def _parameters(model: ModelFacts, checkpoint: Checkpoint) -> int:
    if model.parameters:
        return model.parameters.value
    return checkpoint.on_disk.value // 2


def _embeddings(model: ModelFacts) -> int:
    one = model.vocab_size.value * model.hidden_size.value
    return one if model.tied else 2 * one


def _vision(checkpoint: Checkpoint) -> int:
    return checkpoint.layout.vision // 2 if checkpoint.layout else 0


def _activations(model: ModelFacts, engine: Transformers) -> Term:
    """A prompt is read in one piece; only the last position's logits are kept, in f32.

    A mixture's tokens pass its used experts. Eager attention holds the scores of every
    head in f32.
    """
    wide = model.intermediate_size.value
    if mixture := model.experts:
        chosen = mixture.used * mixture.intermediate_size + mixture.shared_intermediate_size
        wide = max(wide, chosen)
    tokens = engine.context_length
    size = tokens * (2 * wide + 4 * model.hidden_size.value) * 2
    size += engine.max_num_seqs * model.vocab_size.value * 4
    if engine.attn_implementation == "eager" and model.heads:
        size += model.heads.value * tokens * tokens * 4
    return Term(
        "activations",
        scaled(Estimate.exact(size), (1.0, 0.5, 1.5)),
        "context_length x (2 ff + 4 h) x 2 + logits, half to half as much again",
        PROFILE,
    )


def _images(model: ModelFacts, engine: Transformers) -> tuple[Term, ...]:
    """What the vision tower holds while it encodes the prompt's images."""
    tower = model.vision
    if not engine.images_per_prompt or tower is None:
        return ()
    tokens = engine.image_tokens or tower.max_tokens
    if tokens is None:
        tokens = model.image_tokens.value if model.image_tokens else 1024
    patches = tokens * tower.merge * tower.merge * engine.images_per_prompt
    size = patches * (2 * tower.intermediate_size + 6 * tower.hidden_size) * 2
    return (
        Term(
            "image encoding",
            scaled(Estimate.exact(size), (1.0, 0.5, 2.0)),
            f"{patches} patches x (2 ff + 6 h) x 2",
            PROFILE,
        ),
    )


def _requests(
    limit: Limit, terms: tuple[Term, ...], cache: Estimate, each: int, engine: Transformers
) -> Requests:
    need = sum((term.estimate for term in terms), ZERO)
    most = float(engine.max_num_seqs)

    def count(size: int) -> float:
        return min(max(0, limit.size - size + cache.value) / max(1, each), most)

    return Requests(count(need.value), count(need.high), count(need.low), engine.context_length)

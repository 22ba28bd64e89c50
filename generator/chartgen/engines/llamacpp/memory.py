"""The memory of a llama.cpp server, on the GPU and on the host.

Formulas: vram formulas 3 (May and October 2026 builds). A build whose age is
unknown is charged the larger of both eras.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chartgen.engines.base import Limit, Memory, Requests, Term
from chartgen.engines.common import known, sourced, weights
from chartgen.engines.llamacpp.cells import Layers, layers_of
from chartgen.engines.llamacpp.draft import drafter_terms, mtp_terms
from chartgen.engines.llamacpp.host import host_terms
from chartgen.engines.llamacpp.prints import prints, refusals
from chartgen.engines.llamacpp.reserve import Buffers, buffers
from chartgen.engines.llamacpp.settings import Settings, settings_of
from chartgen.engines.llamacpp.split import Kept, kept_cache, kept_states, shared_graph
from chartgen.engines.llamacpp.weights import Placement, placement
from chartgen.facts import Checkpoint, Device, Facts, ModelFacts
from chartgen.quantities import ZERO, Bytes, Estimate, mib
from chartgen.spec import App, LlamaCpp

CUDA_CONTEXT = mib(300, 130, 600)
"""CUDA context and kernels: 140 to 153 MiB measured on laptops, up to 600 planned (vram
formulas 3.7); the low end lies as far below the least as that below the most measured."""

VISION_COMPUTE = mib(200, 100, 250)
"""Compute buffer of a projector without facts of its own (vram formulas 3.7, uncertain)."""

VISION_HOST = mib(25)
"""What a projector's graph reserves on the host: 24.93 MiB in one log (vram formulas 3.7)."""


def memory(app: App, engine: LlamaCpp, facts: Facts, device: Device) -> Memory:
    """The sum of one server on one device."""
    settings = settings_of(app, engine)
    model, checkpoint = weights(app, facts)
    placed = placement(model, checkpoint, settings)
    layers = layers_of(model, settings)
    cache, states = kept_cache(layers, settings, placed), kept_states(model, settings, placed)
    reserved = buffers(model, settings)
    shared = shared_graph(model, settings, layers, placed, Kept(reserved.charged, reserved.host))
    vision = known(app, facts, "mmproj")
    extra = VISION_HOST if vision else ZERO
    return Memory(
        terms=(
            Term("weights", placed.gpu, _held(placed, settings), sourced(checkpoint)),
            _kv_term(layers, settings, cache),
            *_state_terms(model, settings, states),
            *(_vision(vision[1]) if vision else ()),
            _compute_term(settings, shared.gpu, reserved.source),
            Term("CUDA context", CUDA_CONTEXT, "constant", "vram formulas 3.7"),
            *_copied_terms(placed),
            _scratch_term(settings, reserved),
            *_draft_terms(app, facts, model, settings),
            Term("headroom", ZERO, "none: what is free on the card stays free", "no other app"),
        ),
        limit=Limit(Bytes(device.cuda_total.value), "CUDA total", device.cuda_total.source),
        requests=_requests(engine),
        caveats=tuple(_caveats(app, facts, model, settings)),
        refusals=tuple(refusals(model, settings)),
        host=tuple(
            host_terms(
                model,
                settings,
                layers,
                placed,
                cache.host + states.host,
                shared.host + extra,
            )
        ),
        prints=lambda: (
            *prints(layers, settings, states.gpu + states.host, shared.gpu),
            *_images(engine, model, vision=bool(vision)),
        ),
    )


def _held(placed: Placement, settings: Settings) -> str:
    if placed.blocks_on_host:
        kept = placed.blocks_on_host
        return f"size on the GPU, {kept} of {placed.blocks} layers stay in host memory"
    if settings.n_cpu_moe:
        return "size on the GPU, experts stay in host memory"
    return "size on the GPU"


def _kv_term(layers: Sequence[Layers], settings: Settings, cache: Kept) -> Term:
    held = " + ".join(f"{each.kind.layers} x {each.cells} cells" for each in layers)
    return Term(
        "KV cache",
        cache.gpu,
        f"({held}) x {settings.n_stream} streams, {settings.type_k}/{settings.type_v}",
        "; ".join(each.kind.source for each in layers),
    )


def _state_terms(model: ModelFacts, settings: Settings, states: Kept) -> Iterator[Term]:
    if model.recurrent:
        yield Term(
            "recurrent states",
            states.gpu,
            f"f32, {settings.n_parallel} slots x (1 + {settings.n_rs_seq} drafted tokens)",
            "; ".join(kind.source for kind in model.recurrent),
        )


def _vision(checkpoint: Checkpoint) -> tuple[Term, ...]:
    compute = checkpoint.compute
    return (
        Term("vision tower", checkpoint.on_gpu.estimate, "size on the GPU", sourced(checkpoint)),
        Term(
            "vision compute",
            compute.estimate if compute else VISION_COMPUTE,
            "compute buffer of the projector",
            compute.source if compute else "vram formulas 3.7",
        ),
    )


def _compute_term(settings: Settings, size: Estimate, source: str) -> Term:
    built = f"builds of the {settings.era} era" if settings.era else "max of old and new builds"
    return Term("compute", size, f"{built}, n_ubatch x (...)", source)


def _copied_terms(placed: Placement) -> Iterator[Term]:
    """Weights in host memory are copied to the GPU, a tensor at a time, for long prompts."""
    largest = placed.largest_on_host
    if largest:
        yield Term(
            "copied weights",
            Estimate(Bytes(largest // 2), Bytes(0), Bytes(largest)),
            "at most one layer of those in host memory, while a long prompt is read",
            "ggml-backend.cpp of October 2026: a copied weight starts a split of its own",
        )


def _scratch_term(settings: Settings, reserved: Buffers) -> Term:
    size = reserved.copy
    if not settings.kv_offload:
        size = Estimate(size.value, Bytes(0), size.high)
    return Term(
        "attention copy",
        size,
        "f16 copy of one layer's K and V, taken while a long prompt is read",
        "vram formulas 3.4: older builds take it at run time, newer ones inside compute",
    )


def _draft_terms(app: App, facts: Facts, model: ModelFacts, settings: Settings) -> Iterator[Term]:
    drafting = settings.drafting
    if drafting is None:
        return
    if drafting.mtp:
        yield from mtp_terms(model, settings, drafting)
    elif found := known(app, facts, "draft"):
        yield from drafter_terms(found, settings, drafting)


def _requests(engine: LlamaCpp) -> Requests:
    """Every slot holds its own full context from the start."""
    slots = float(engine.full_slots)
    return Requests(slots, slots, slots, engine.ctx_per_slot)


def _images(engine: LlamaCpp, model: ModelFacts, *, vision: bool) -> Iterator[str]:
    """Images lie in the context as tokens do."""
    tokens = image_tokens(engine, model)
    if vision and tokens:
        held = engine.ctx_per_slot // tokens
        yield f"an image takes {tokens} cells of the context; a slot holds at most {held} images"


def image_tokens(engine: LlamaCpp, model: ModelFacts) -> int | None:
    """Tokens of one image, or None where neither flags nor facts tell."""
    if engine.image_max_tokens is not None:
        return engine.image_max_tokens
    return model.image_tokens.value if model.image_tokens else None


def _caveats(app: App, facts: Facts, model: ModelFacts, settings: Settings) -> Iterator[str]:
    """What takes memory and has no formula here."""
    drafter = known(app, facts, "draft")
    if drafter and settings.drafting is None:
        yield "the drafter and its context"
    if drafter and not drafter[0].attention:
        yield "the drafter's KV cache, whose dimensions no fact states"
    if not settings.flash_attn and model.heads is None:
        yield "attention scores without flash attention"
    if app.engine.extra_args:
        yield "flags in extra_args"

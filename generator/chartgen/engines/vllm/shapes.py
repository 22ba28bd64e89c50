"""The shape of vLLM's KV cache: kinds of layers, their blocks and groups.

It depends on the model, the version and a few settings, not on context, batch or memory,
so each is worked out once. Formulas: vram formulas 4.3 and 10.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, lcm

from chartgen.engines.vllm.groups import Family, Grouping, Kind, grouped, whole, windows_error
from chartgen.engines.vllm.settings import MambaMode, Settings, Version
from chartgen.engines.vllm.slots import SKIPPED_EACH_SIDE, is_packed, slot_bytes
from chartgen.engines.vllm.versions import Rules, rules_of
from chartgen.facts import Attention, ModelFacts, Recurrent

BLOCK = 16
"""Tokens in a block where nothing else decides (vLLM's default, 0.19 to 0.33)."""

CHUNK = 128
"""Tokens of a Mamba-2 chunk: the unit of a block in mode all (vram formulas 10.4)."""

GDN_GRID = 64
"""Tokens of a chunk of FlashInfer's gated delta net (vram formulas 10.4)."""

LATENT_BLOCK = 128
"""Tokens of which a block of latents beside states is a multiple."""

CONV_BYTES = 2
"""Bytes of an element of a convolution's state: the model's own 16 bits."""

STATE_BYTES = 4
"""Bytes of an element of the recurrent state: f32, as the public configs set it."""

AttentionKey = tuple[str, int, int, int, int, int | None]
"""Kind, layers, KV heads, head dim, value dim, window."""

RecurrentKey = tuple[str, int, int, int, int]
"""Kind, layers, convolution kernel, convolution elements, state elements."""


@dataclass(frozen=True, slots=True)
class Form:
    """What decides the shape of a block: no context, batch or memory."""

    attention: tuple[AttentionKey, ...]
    recurrent: tuple[RecurrentKey, ...]
    draft: tuple[AttentionKey, ...]
    layers: int | None
    mtp_layers: int
    version: Version | None
    kv_cache_dtype: str
    block_size: int | None
    hybrid_manager: bool
    prefix_caching: bool | None
    mamba_cache_mode: MambaMode | None
    flashinfer: bool
    speculative_tokens: int


@dataclass(frozen=True, slots=True)
class Shape:
    """Groups and block sizes of one form. `state_blocks` are the blocks of state that a
    request holds beside those that grow with its tokens (mode all)."""

    grouping: Grouping
    rules: Rules
    attn_block_size: int
    mamba_block_size: int
    mode: MambaMode | None
    mamba_page_bytes: int | None
    state_blocks: int
    retained: int


def form_of(model: ModelFacts, settings: Settings, draft: ModelFacts | None) -> Form:
    """What of a model and its settings decides the shape."""
    mtp = max(1, model.mtp_layers) if settings.speculation == "mtp" and draft is None else 0
    return Form(
        attention=tuple(map(_attention_key, model.attention)),
        recurrent=tuple(map(_recurrent_key, model.recurrent)),
        draft=tuple(map(_attention_key, draft.attention)) if draft else (),
        layers=model.layers.value if model.layers else None,
        mtp_layers=mtp,
        version=settings.version,
        kv_cache_dtype=settings.kv_cache_dtype,
        block_size=settings.block_size,
        hybrid_manager=settings.hybrid_manager,
        prefix_caching=settings.prefix_caching,
        mamba_cache_mode=settings.mamba_cache_mode,
        flashinfer=settings.gdn_prefill != "triton",
        speculative_tokens=settings.num_speculative_tokens,
    )


def _attention_key(kind: Attention) -> AttentionKey:
    values = kind.head_dim if kind.value_dim is None else kind.value_dim
    return (kind.kind, kind.layers, kind.kv_heads, kind.head_dim, values, kind.window)


def _recurrent_key(kind: Recurrent) -> RecurrentKey:
    return (kind.kind, kind.layers, kind.conv_kernel, kind.conv_dim, kind.state_elements)


@functools.lru_cache(maxsize=4096)
def shape_of(form: Form) -> Shape:
    """The shape of one form."""
    rules = rules_of(form.version)
    mode = _mode(form, rules)
    state = _state_bytes(form)
    block = _block_size(form, rules, mode, state)
    page = block * _token_bytes(form, form.attention) if form.recurrent else None
    kinds = kinds_of(form, block)
    if not form.hybrid_manager:
        kinds = list(whole(kinds))
    grouping = grouped(kinds, rules)
    if not form.hybrid_manager:
        error = NOT_ONE_TYPE if form.recurrent else windows_error(kinds)
        grouping = replace(grouping, error=error or grouping.error)
    return Shape(
        grouping=grouping,
        rules=rules,
        attn_block_size=_longest_block(grouping, block),
        mamba_block_size=block,
        mode=mode,
        mamba_page_bytes=max((page or 0, state)) if form.recurrent else None,
        state_blocks=_state_blocks(form, rules, mode),
        retained=_retained(form, rules),
    )


def kinds_of(form: Form, block: int) -> list[Kind]:
    """The layers by kind, in blocks of so many tokens, before any grouping."""
    page = block * _token_bytes(form, form.attention)
    return [*_states(form, block, page), *_caches(form, block)]


def _mode(form: Form, rules: Rules) -> MambaMode | None:
    """How states are cached: by whether prefixes are, and by kind and version."""
    if not form.recurrent:
        return None
    cached = rules.caches_hybrids if form.prefix_caching is None else form.prefix_caching
    if not cached:
        return "none"
    all_states = all(kind == "mamba2" for kind, *_ in form.recurrent)
    if form.mamba_cache_mode == "all" and all_states:
        return "all"
    if form.mamba_cache_mode == "align":
        return "align"
    return "align" if rules.aligns_mamba2 or not all_states else "all"


def _state_bytes(form: Form) -> int:
    """Bytes of the largest state of one layer, with what speculation adds to its
    convolution."""
    return max(
        (
            conv * (kernel - 1 + form.speculative_tokens) * CONV_BYTES + state * STATE_BYTES
            for _, _, kernel, conv, state in form.recurrent
        ),
        default=0,
    )


def _token_bytes(form: Form, kinds: tuple[AttentionKey, ...]) -> int:
    """Bytes of a token in one layer that keeps all tokens, else in the largest one."""
    sizes = [(kind[0] != "sliding", _bytes_of(kind, form.kv_cache_dtype)) for kind in kinds]
    return max(sizes)[1]


def _bytes_of(kind: AttentionKey, kv_cache_dtype: str) -> int:
    _, _, heads, head_dim, value_dim, _ = kind
    return heads * slot_bytes(kv_cache_dtype, head_dim, value_dim)


def _block_size(form: Form, rules: Rules, mode: MambaMode | None, state: int) -> int:
    """Tokens of an attention block: a page of it must hold a state."""
    least = form.block_size or BLOCK
    if not form.recurrent:
        return _quantised_block(form, least) if rules.fits_skipped else least
    unit = _unit(form, rules, mode)
    return max(least, unit * ceil(state / (unit * _token_bytes(form, form.attention))))


def _unit(form: Form, rules: Rules, mode: MambaMode | None) -> int:
    least = form.block_size or BLOCK
    if rules.aligns_latents and any(kind[0] == "mla" for kind in form.attention):
        least = max(least, LATENT_BLOCK)
    if mode == "all":
        return lcm(CHUNK, least)
    grid = mode == "align" and _checkpoints_gdn(form, rules)
    return lcm(GDN_GRID, least) if grid else least


def _checkpoints_gdn(form: Form, rules: Rules) -> bool:
    nets = all(kind == "gated-delta-net" for kind, *_ in form.recurrent)
    return nets and rules.checkpoints_gdn and form.flashinfer


def _quantised_block(form: Form, least: int) -> int:
    """A packed block that covers the smallest one of the layers that are not packed."""
    if not is_packed(form.kv_cache_dtype):
        return least
    packed, plain = _token_bytes(form, form.attention), _plain(form, form.attention)
    return least if packed == plain else max(least, least * ceil(plain * BLOCK / (least * packed)))


def _plain(form: Form, kinds: tuple[AttentionKey, ...]) -> int:
    return _token_bytes(replace(form, kv_cache_dtype="auto"), kinds)


def _states(form: Form, block: int, page: int) -> Iterator[Kind]:
    for number, (_, layers, *_) in enumerate(form.recurrent):
        yield Kind("mamba", layers, block, page, form=(number,))


def _caches(form: Form, block: int) -> Iterator[Kind]:
    """Kinds of attention: the model's, with its MTP layers, and the drafter's."""
    for key in form.attention:
        yield from _split(form, key, block)
    if form.mtp_layers:
        wide = next((key for key in form.attention if key[0] != "sliding"), form.attention[0])
        yield _kind(wide, form.mtp_layers, form.kv_cache_dtype, block)
    for key in form.draft:
        yield _kind(key, key[1], form.kv_cache_dtype, block)


def _split(form: Form, key: AttentionKey, block: int) -> Iterator[Kind]:
    """The layers of one kind, without those that TurboQuant leaves as they are."""
    plain = _skipped(form, key) if is_packed(form.kv_cache_dtype) else 0
    if plain:
        yield _kind(key, plain, "auto", block)
    if key[1] > plain:
        yield _kind(key, key[1] - plain, form.kv_cache_dtype, block)


def _skipped(form: Form, key: AttentionKey) -> int:
    """First and last layers; they are looked for in the kind that keeps all tokens."""
    wide = next((kind for kind in form.attention if kind[0] != "sliding"), form.attention[0])
    if form.recurrent or key != wide:
        return 0
    layers = form.layers or key[1]
    return min(2 * min(SKIPPED_EACH_SIDE, layers // 2), key[1])


def _kind(key: AttentionKey, layers: int, kv_cache_dtype: str, block: int) -> Kind:
    name, _, heads, head_dim, value_dim, window = key
    family: Family = "mla" if name == "mla" else "swa" if name == "sliding" and window else "full"
    page = block * heads * slot_bytes(kv_cache_dtype, head_dim, value_dim)
    kept = window if family == "swa" else None
    form = (heads, head_dim, value_dim)
    return Kind(family, layers, block, page, kept, form, packed=is_packed(kv_cache_dtype))


def _longest_block(grouping: Grouping, block: int) -> int:
    """The block of the layers that keep all tokens."""
    parts = grouping.parts
    return next((part.block_size for part in parts if part.family in ("full", "mla")), block)


def _state_blocks(form: Form, rules: Rules, mode: MambaMode | None) -> int:
    """Blocks of state of one request (vram formulas 10.3)."""
    if mode != "align":
        return form.speculative_tokens + (1 if mode == "none" else 0)
    mamba2 = all(kind == "mamba2" for kind, *_ in form.recurrent)
    checkpoint = (mamba2 and rules.checkpoints_mamba2) or _checkpoints_gdn(form, rules)
    return 2 + form.speculative_tokens + (1 if checkpoint else 0)


def _retained(form: Form, rules: Rules) -> int:
    """Tokens that a chain of MTP layers reads again at the end of a window."""
    several = min(form.mtp_layers, form.speculative_tokens) > 1
    return form.speculative_tokens - 1 if rules.retains_lookahead and several else 0


NOT_ONE_TYPE = "Failed to promote local KV cache specs to one unified type."
"""What vLLM says where the hybrid manager is off and a model has states."""

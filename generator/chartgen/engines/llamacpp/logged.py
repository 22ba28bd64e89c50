"""The settings of a llama.cpp server as its log tells them, held against the spec's."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.engines.llamacpp.buffers import Buffers
from chartgen.engines.llamacpp.settings import DEFAULT_BATCH, DEFAULT_UBATCH, padded
from chartgen.engines.logs import Setting, same_file, setting
from chartgen.facts import Device
from chartgen.spec import App, LlamaCpp

__all__ = ["settings"]

FLASH = {"on": ("1", "true", "enabled"), "off": ("0", "false", "disabled")}
"""How builds print whether attention uses its flash kernels; `auto` may become either."""

ALL_LAYERS = 99
"""The number that llama.cpp's users write for "all layers"."""

BLOB = "sha256-"
"""Some programs keep model files under their digest: the name says nothing then."""


def settings(app: App, engine: LlamaCpp, device: Device, found: Buffers) -> Iterator[Setting]:
    """Every setting that decides memory, as the spec and the log have it."""
    yield from _model(app, found)
    yield from _context(engine, found)
    yield from _cache(engine, found)
    yield _flash(engine, found)
    yield from _layers(engine, found)
    yield from _drafting(app, engine, found)
    yield from _vision(app, found)
    yield from _card(device, found)


def _model(app: App, found: Buffers) -> Iterator[Setting]:
    weights = app.model("weights")
    if weights is None:
        return
    path = found.model_path
    log = None if path is None or BLOB in path else path
    wanted = weights.file or weights.repo
    yield setting("models.weights", wanted, log, same=log is None or same_file(log, wanted))


def _context(engine: LlamaCpp, found: Buffers) -> Iterator[Setting]:
    told = found.main.settings if found.main else {}
    tokens, slots = told.get("n_ctx"), told.get("n_seq_max") or found.slots
    if tokens is None and found.slot_tokens and slots and slots.isdecimal():
        shared = found.unified == "true"
        tokens = str(int(found.slot_tokens) * (1 if shared else int(slots)))
    yield setting("engine.ctx_size", engine.ctx_size, tokens, same=_same_context(engine, tokens))
    yield setting("engine.parallel", engine.slots, slots)
    ubatch = min(engine.n_ubatch or DEFAULT_UBATCH, engine.n_batch or DEFAULT_BATCH)
    yield setting("engine.n_ubatch", min(ubatch, engine.ctx_size), told.get("n_ubatch"))
    yield from _sharing(engine, told.get("kv_unified") or found.unified)


def _same_context(engine: LlamaCpp, tokens: str | None) -> bool:
    """The server pads the tokens of all, or of each slot."""
    if tokens is None or not tokens.isdecimal():
        return True
    each = padded(engine.ctx_size // (1 if engine.unified else engine.slots))
    whole = each * (1 if engine.unified else engine.slots)
    return int(tokens) in (engine.ctx_size, padded(engine.ctx_size), whole)


def _sharing(engine: LlamaCpp, log: str | None) -> Iterator[Setting]:
    """One slot alone has nothing to share."""
    if engine.slots > 1:
        yield setting("engine.kv_unified", str(engine.unified).lower(), log)


def _cache(engine: LlamaCpp, found: Buffers) -> Iterator[Setting]:
    spec = f"{engine.cache_type_k}/{engine.cache_type_v}"
    log = found.main.settings.get("types") if found.main else None
    yield setting("engine.cache_type_k/v", spec, log)
    if engine.swa_full or found.full_window:
        yield setting("engine.swa_full", engine.swa_full, found.full_window or None)


def _flash(engine: LlamaCpp, found: Buffers) -> Setting:
    log = found.main.settings.get("flash_attn") if found.main else None
    wanted = FLASH.get(engine.flash_attn, ())
    known = log in (*FLASH["on"], *FLASH["off"])
    same = not known or not wanted or log in wanted
    return setting("engine.flash_attn", engine.flash_attn, log if known else None, same=same)


def _layers(engine: LlamaCpp, found: Buffers) -> Iterator[Setting]:
    if found.layers is None:
        yield setting("engine.n_gpu_layers", engine.n_gpu_layers, None)
        return
    on_gpu, layers = found.layers
    same = on_gpu == min(engine.n_gpu_layers, layers)
    yield setting("engine.n_gpu_layers", engine.n_gpu_layers, f"{on_gpu} of {layers}", same=same)


def _drafting(app: App, engine: LlamaCpp, found: Buffers) -> Iterator[Setting]:
    """A second context shows speculation; its absence shows none only where a first is seen."""
    chosen = engine.speculation
    drafts = (chosen is not None and chosen.drafts) or app.model("draft") is not None
    seen = found.draft_next or any(context.draft for context in found.contexts)
    if drafts or seen:
        log = "a second context" if seen else None if found.main is None else "none"
        spec = chosen.spec_type if chosen else "a drafter" if drafts else "none"
        yield setting("engine.speculation", spec, log, same=log is None or seen == drafts)
    rollback = found.main.settings.get("n_rs_seq") if found.main else None
    if drafts and chosen and chosen.n_max and rollback not in (None, "0"):
        yield setting("engine.speculation.n_max", chosen.n_max, rollback)


def _vision(app: App, found: Buffers) -> Iterator[Setting]:
    wanted = app.model("mmproj") is not None
    if wanted or found.has_vision:
        log = True if found.has_vision else None
        yield setting("models.mmproj", wanted, log)


def _card(device: Device, found: Buffers) -> Iterator[Setting]:
    """A plan is of one card."""
    if len(found.cards) > 1:
        yield setting("device.cards", 1, len(found.cards))
    if found.capabilities:
        same = device.compute_capability in found.capabilities
        log = ", ".join(sorted(found.capabilities))
        yield setting("device.compute_capability", device.compute_capability, log, same=same)

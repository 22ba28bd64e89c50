"""The buffers that a llama.cpp log lists: of which context, on which device, how large.

A server creates one context for its model and, for speculation, a second one. A
context's caches add up (sliding and full ones are two); its compute buffer is reserved
anew now and then, so the last line of a device counts. While a server fits its
parameters to free memory it only tries sizes out: what it prints until then is no
measurement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chartgen.engines.logs import Printed, printed, quoted
from chartgen.facts import Quantity
from chartgen.quantities import MIB

__all__ = ["Buffers", "Context", "read_buffers"]

SIZE = r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,4})?) ?(?P<unit>MiB|MB)\b"
BUFFER = re.compile(
    r"(?<!\S)(?P<device>[^\s:=|]\S{0,63})\s{1,20}"
    r"(?:(?P<kind>model|KV|RS|compute|output|LoRA|DSV4 \w{1,20} state) )?"
    rf"buffer size\s{{0,4}}=\s{{0,12}}{SIZE}"
)
KEY = re.compile(
    r"(?:llama_context|llama_new_context_with_model|llama_init_from_model): "
    r"(n_seq_max|n_ctx|n_ctx_seq|n_batch|n_ubatch|flash_attn|kv_unified|n_rs_seq)"
    r"\s{0,20}= ([a-z0-9]{1,20})\b"
)
TYPES = re.compile(r"\bK \((\w{1,12})\):.{0,40}\bV \((\w{1,12})\)")
TYPED = re.compile(r"type_k = '(\w{1,12})', type_v = '(\w{1,12})'")
SLOTS = re.compile(r"n_slots = ([0-9]{1,4})\b")
UNIFIED = re.compile(r"n_ctx_slot = ([0-9]{1,9}), kv_unified = '(true|false)'")
LAYERS = re.compile(r"offloaded ([0-9]{1,4})/([0-9]{1,4}) layers")
MODEL = re.compile(
    r"metadata? .{0,80}tensors from (\S.{0,500}?) \(version"
    r"|loading model:? '([^']{1,500})'|main: loading model: (\S{1,500})"
    r"|(?:context with|failed to load) model,? '([^']{1,500})'"
)
CAPABILITY = re.compile(r"compute capability ([0-9]{1,2}\.[0-9])")
CLIP_WEIGHTS = re.compile(
    rf"(?:load_hparams: model size:|params backend buffer size =)\s{{0,20}}{SIZE}"
)
CLIP_COMPUTE = re.compile(rf"clip_model_load: compute allocated memory: {SIZE}")
CLIP_BACKEND = re.compile(r"CLIP using (\w{1,20})")
TABLE = re.compile(
    r"- (?P<device>[^|=]{1,120}?)[|:]\s{0,40}(?P<total>[0-9]{1,9}) = [0-9]{1,9} \+ "
    r"\(\s{0,12}[0-9]{1,9} =\s{1,12}(?P<model>[0-9]{1,9}) \+\s{1,12}(?P<context>[0-9]{1,9}) "
    r"\+\s{1,12}(?P<compute>[0-9]{1,9})\)"
)
ANCIENT: tuple[tuple[Quantity, re.Pattern[str]], ...] = (
    ("weights", re.compile(rf"\bVRAM used(?: =|:) {SIZE}")),
    ("kv_cache", re.compile(rf"\bVRAM kv self = {SIZE}")),
    ("compute", re.compile(rf"\bVRAM scratch buffer: {SIZE}")),
)
"""Builds of 2023, which named no devices."""

FITTED = "fitting params to free memory took"
DRAFT_MARKS = ("creating MTP draft context", "loading draft model")
HEAD_MARK = "MTP draft head registered"
AT_EXIT = "llama_print_memory_breakdown"
"""The table's first name, September 2025, before servers fitted their parameters."""

READY = ("server is listening", ": listening on http", ": model loaded", "all slots are idle")


@dataclass(slots=True)
class Context:
    """One context: its settings as they were printed, its caches, its compute buffers."""

    draft: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    kv: list[tuple[str, Printed]] = field(default_factory=list)
    recurrent: list[Printed] = field(default_factory=list)
    compute: dict[str, Printed] = field(default_factory=dict)


@dataclass(slots=True)
class Buffers:
    """Everything about sizes and settings that one start printed.

    `rows` are the lines of the table that a server prints of itself when it ends.
    """

    contexts: list[Context] = field(default_factory=list)
    weights: list[tuple[bool, str, Printed]] = field(default_factory=list)
    vision: list[tuple[Quantity, Printed]] = field(default_factory=list)
    ancient: dict[Quantity, Printed] = field(default_factory=dict)
    rows: dict[str, re.Match[str]] = field(default_factory=dict)
    draft_next: bool = False
    ready: bool = False
    vision_on_gpu: bool = True
    has_vision: bool = False
    model_path: str | None = None
    slots: str | None = None
    slot_tokens: str | None = None
    unified: str | None = None
    layers: tuple[int, int] | None = None
    full_window: bool = False
    capabilities: set[str] = field(default_factory=set)

    @property
    def cards(self) -> set[str]:
        """The devices that hold weights, by their names without what follows `_` or `[`."""
        names = (device for _, device, _ in self.weights if not on_host(device))
        return {re.split(r"[_\[]", name)[0] for name in names}

    @property
    def main(self) -> Context | None:
        """The context of the model itself."""
        return next((context for context in self.contexts if not context.draft), None)

    def by_quantity(self) -> tuple[tuple[Quantity, list[Printed]], ...]:
        """What was printed of each quantity; the parts of one are to be added."""
        main = [context for context in self.contexts if not context.draft]
        drafts = [context for context in self.contexts if context.draft]
        old = self.ancient
        return (
            ("weights", self._model(draft=False) or _one(old, "weights")),
            ("host_weights", self._model(draft=False, host=True)),
            ("kv_cache", _kv(main) or _one(old, "kv_cache")),
            ("host_kv", _kv(main, host=True)),
            ("recurrent", [size for one in main for size in one.recurrent]),
            ("compute", _compute(main) or _one(old, "compute")),
            ("host_compute", _compute(main, host=True)),
            ("draft_weights", self._model(draft=True)),
            ("draft_kv", _kv(drafts)),
            ("draft_recurrent", [size for one in drafts for size in one.recurrent]),
            ("draft_compute", _compute(drafts)),
            ("vision_weights", [size for name, size in self.vision if name == "vision_weights"]),
            ("vision_compute", [size for name, size in self.vision if name == "vision_compute"]),
        )

    def table(self) -> Iterator[tuple[Quantity, list[Printed]]]:
        """The table's columns, whole MiB that were rounded down."""
        columns: tuple[tuple[Quantity, str], ...] = (
            ("card_total", "total"),
            ("weights", "model"),
            ("context", "context"),
            ("compute", "compute"),
        )
        for quantity, column in columns:
            yield quantity, [_floored(row, column) for row in self.rows.values()]

    def _model(self, *, draft: bool, host: bool = False) -> list[Printed]:
        return [
            size
            for of_draft, device, size in self.weights
            if of_draft == draft and on_host(device) == host
        ]


def on_host(device: str) -> bool:
    """Whether a buffer's name is one of host memory: CPU, CPU_Mapped, CUDA_Host."""
    return device.startswith(("CPU", "BLAS", "AMX", "KLEIDIAI")) or device.endswith("_Host")


def read_buffers(lines: Sequence[str]) -> Buffers:
    """The buffers of one start."""
    found = Buffers()
    for line in lines:
        if FITTED in line:
            found = Buffers(model_path=found.model_path, capabilities=found.capabilities)
        _settings(found, line)
        _model_facts(found, line)
        _sizes(found, line)
    return found


def _settings(found: Buffers, line: str) -> None:
    if "constructing llama_context" in line:
        _begin(found)
    elif match := KEY.search(line):
        key, value = match[1], match[2]
        context = _present(found)
        if key in context.settings:
            context = _begin(found)
        context.settings[key] = value
    elif any(mark in line for mark in DRAFT_MARKS):
        found.draft_next = True
    elif HEAD_MARK in line and found.contexts:
        found.contexts[-1].draft = True
    if match := TYPES.search(line) or TYPED.search(line):
        _present(found).settings["types"] = f"{match[1]}/{match[2]}"


def _begin(found: Buffers) -> Context:
    """A new context; every one after the first is for speculation."""
    if found.contexts and not found.contexts[-1].settings:
        return found.contexts[-1]
    context = Context(draft=found.draft_next or bool(found.contexts))
    found.contexts.append(context)
    return context


def _present(found: Buffers) -> Context:
    return found.contexts[-1] if found.contexts else _begin(found)


def _model_facts(found: Buffers, line: str) -> None:
    if found.model_path is None and (match := MODEL.search(line)):
        found.model_path = next(path for path in match.groups() if path)
    if match := SLOTS.search(line):
        found.slots = match[1]
    if match := UNIFIED.search(line):
        found.slot_tokens, found.unified = match[1], match[2]
    if found.layers is None and (match := LAYERS.search(line)):
        found.layers = (int(match[1]), int(match[2]))
    if match := CAPABILITY.search(line):
        found.capabilities.add(match[1])
    found.full_window = found.full_window or "using full-size SWA cache" in line
    found.ready = found.ready or any(mark in line for mark in READY)
    if "clip_" in line or "[mtmd]" in line:
        found.has_vision = True
        if match := CLIP_BACKEND.search(line):
            found.vision_on_gpu = match[1] != "CPU"


def _sizes(found: Buffers, line: str) -> None:
    if "buffer size" in line and "clip_model_load" not in line:
        if match := BUFFER.search(line):
            _buffer(found, line, match)
    elif " = " in line and "+ (" in line:
        _row(found, line)
    elif found.vision_on_gpu:
        _vision(found, line)
    if "VRAM" in line:
        for quantity, pattern in ANCIENT:
            if match := pattern.search(line):
                found.ancient[quantity] = printed(match)


def _buffer(found: Buffers, line: str, match: re.Match[str]) -> None:
    device, kind, size = match["device"], match["kind"] or "model", printed(match)
    if "compute_meta" in line:
        if not on_host(device):
            found.vision.append(("vision_compute", size))
    elif kind == "model":
        found.weights.append((found.draft_next or bool(found.contexts), device, size))
    elif kind == "KV":
        _present(found).kv.append((device, size))
    elif kind == "compute":
        _present(found).compute[device] = size
    elif kind not in ("output", "LoRA"):
        _present(found).recurrent.append(size)


def _vision(found: Buffers, line: str) -> None:
    if match := CLIP_WEIGHTS.search(line):
        found.has_vision = True
        if not any(name == "vision_weights" for name, _ in found.vision):
            found.vision.append(("vision_weights", printed(match)))
    elif match := CLIP_COMPUTE.search(line):
        found.vision.append(("vision_compute", printed(match)))


def _row(found: Buffers, line: str) -> None:
    """A table that a server prints before it is ready is a plan, not a measurement; builds
    that do not plan yet print it when they end."""
    measured = found.contexts or found.ready or AT_EXIT in line
    if measured and (match := TABLE.search(line)):
        found.rows[match["device"].strip()] = match


def _floored(row: re.Match[str], column: str) -> Printed:
    whole = int(row[column])
    return Printed((whole + 0.5) * MIB, 0.5 * MIB, quoted(row))


def _kv(contexts: Sequence[Context], *, host: bool = False) -> list[Printed]:
    return [size for one in contexts for device, size in one.kv if on_host(device) == host]


def _compute(contexts: Sequence[Context], *, host: bool = False) -> list[Printed]:
    return [
        size for one in contexts for device, size in one.compute.items() if on_host(device) == host
    ]


def _one(ancient: dict[Quantity, Printed], quantity: Quantity) -> list[Printed]:
    return [ancient[quantity]] if quantity in ancient else []

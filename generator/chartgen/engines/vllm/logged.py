"""The settings of a vLLM server as its log tells them, held against the spec's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chartgen.engines.logs import Setting, setting
from chartgen.spec import App, Speculation, Vllm

__all__ = ["Told", "settings"]

VALUE = r"""'[^']{0,300}'|"[^"]{0,300}"|[^\s,)}\]]{1,100}"""

CONTEXTS = (
    re.compile(r"Using max model len ([0-9]{1,9})"),
    re.compile(r"Maximum concurrency for ([0-9,]{1,12}) tokens"),
    re.compile(r"max seq len \(([0-9]{1,9})\)"),
)
FRACTIONS = (
    re.compile(r"gpu_memory_utilization \((0?\.[0-9]{1,6})\)"),
    re.compile(r"Desired GPU memory utilization is \((0?\.[0-9]{1,6}),"),
    re.compile(r"current --gpu-memory-utilization=(0?\.[0-9]{1,6})"),
    re.compile(r"increase --gpu-memory-utilization from (0?\.[0-9]{1,6}) to"),
    re.compile(r"gpu_memory_utilization(?:=|\s{1,20})(0?\.[0-9]{1,6})"),
)
BATCH = (re.compile(r"max_num_batched_tokens=([0-9]{1,9})\b"),)
CARDS = re.compile(r"\((?:VllmWorker|Worker)[ _](?:TP|rank=)([0-9]{1,3})\b")
WORKER_PROCESS = "(VllmWorkerProcess pid="
PARTED = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
IMAGES = re.compile(
    r"limit_mm_per_prompt'?: ?\{[^{}]{0,200}'image': ?(?:\{'count': ?)?([0-9]{1,6})"
)
DRAFTED = re.compile(
    r"'speculative_config': ?(\{[^}]{0,2000}\})"
    r"|\bspeculative_config=(None|SpeculativeConfig\([^)]{0,2000}\))"
)
SAME_CACHE = {"fp8": "fp8_e4m3"}
"""vLLM's fp8 is e4m3."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the lines tell about the settings.

    `arguments` are the lines that repeat the command line, `config` those that show the
    whole configuration; `lines` are all.
    """

    lines: Sequence[str]
    arguments: str
    config: str

    @classmethod
    def of(cls, lines: Sequence[str]) -> Told:
        """The lines of one start."""
        arguments = _last(lines, "non-default args:", "args: Namespace(", "AsyncEngineArgs(")
        return cls(lines, arguments, _last(lines, "LLM engine"))

    @property
    def model(self) -> str | None:
        """The model as the server was told to load it."""
        return self.value("model") or self.value("model_tag")

    def value(self, key: str, *others: str) -> str | None:
        """The first value of a key, its quotes removed; None where no line names it."""
        for name in (key, *others):
            pattern = re.compile(rf"(?:'{name}': ?|(?<![\w.']){name}=)({VALUE})")
            for line in (self.arguments, self.config):
                if match := pattern.search(line):
                    return match[1].strip("'\"")
        return None

    def argument(self, key: str) -> str | None:
        """The value of a key on the command line; None and False are a default."""
        match = re.search(rf"(?:'{key}': ?|(?<![\w.']){key}=)({VALUE})", self.arguments)
        return match[1].strip("'\"") if match and match[1] not in ("None", "False") else None

    def whole(self, key: str, *others: str) -> int | None:
        """The value of a key that is a whole number."""
        return _whole(self.value(key, *others))

    def first(self, patterns: Sequence[re.Pattern[str]]) -> str | None:
        """What the first of the patterns that occurs has found, best first."""
        for pattern in patterns:
            for line in self.lines:
                if match := pattern.search(line):
                    return match[1].replace(",", "")
        return None


def settings(app: App, told: Told) -> Iterator[Setting]:
    """Every setting that decides memory, as the spec and the log have it."""
    if not isinstance(app.engine, Vllm):
        raise TypeError(f"{app.name} does not run on vLLM")
    engine = app.engine
    yield from _budget(engine, told)
    yield _cache(engine, told)
    yield from _switches(engine, told)
    yield from _vision(engine, told)
    yield _drafting(engine.speculation, told)
    yield from _fixed(engine, told)
    yield from _rare(engine, told)
    yield from _cards(engine, told)


def _budget(engine: Vllm, told: Told) -> Iterator[Setting]:
    context = told.whole("max_model_len", "max_seq_len") or _whole(told.first(CONTEXTS))
    yield setting("engine.max_model_len", engine.max_model_len, context)
    fraction = told.value("gpu_memory_utilization") or told.first(FRACTIONS)
    yield _fraction(engine.gpu_memory_utilization, fraction)
    yield setting("engine.max_num_seqs", engine.max_num_seqs, told.whole("max_num_seqs"))
    batch = told.whole("max_num_batched_tokens") or _whole(told.first(BATCH))
    yield setting("engine.max_num_batched_tokens", engine.max_num_batched_tokens, batch)


def _fraction(spec: float, text: str | None) -> Setting:
    try:
        log = float(text) if text else None
    except ValueError:
        log = None
    same = log is None or abs(log - spec) < 5e-5  # printed with four decimals
    return setting("engine.gpu_memory_utilization", spec, log, same=same)


def _cache(engine: Vllm, told: Told) -> Setting:
    """`auto` becomes what the checkpoint says, so any type may stand for it in a log."""
    spec, log = engine.kv_cache_dtype, told.value("kv_cache_dtype")
    same = spec == "auto" or _cache_name(spec) == _cache_name(log or spec)
    return setting("engine.kv_cache_dtype", spec, log, same=same)


def _cache_name(name: str) -> str:
    return SAME_CACHE.get(name, name)


def _switches(engine: Vllm, told: Told) -> Iterator[Setting]:
    for field, spec in (
        ("enforce_eager", engine.enforce_eager),
        ("enable_prefix_caching", engine.enable_prefix_caching),
    ):
        log = told.value(field)
        yield setting(f"engine.{field}", spec, log if log in ("True", "False") else None)


def _vision(engine: Vllm, told: Told) -> Iterator[Setting]:
    if told.value("language_model_only") == "True":
        yield setting("engine.language_model_only", engine.language_model_only, True)
        return
    match = IMAGES.search(told.arguments)
    spec = 0 if engine.language_model_only else engine.images_per_prompt
    yield setting("engine.images_per_prompt", spec, int(match[1]) if match else None)


def _drafting(chosen: Speculation | None, told: Told) -> Setting:
    spec = f"{chosen.method} {chosen.num_speculative_tokens}" if chosen else "none"
    match = DRAFTED.search(told.arguments) or DRAFTED.search(told.config)
    return setting("engine.speculation", spec, _drafted(match) if match else None)


def _drafted(match: re.Match[str]) -> str:
    text = match[1] or match[2]
    if text == "None":
        return "none"
    method = re.search(r"method'?(?:=|: ?)'(\w{1,40})'", text)
    tokens = re.search(r"(?:num_speculative_tokens|num_spec_tokens)'?(?:=|: ?)([0-9]{1,3})", text)
    name = method[1] if method else "draft"
    return f"{'mtp' if name.endswith('mtp') else name} {tokens[1] if tokens else '?'}"


def _fixed(engine: Vllm, told: Told) -> Iterator[Setting]:
    """Settings that a log shows resolved: they can be compared only where the spec fixes them."""
    if engine.dtype != "auto":
        log = told.value("dtype")
        yield setting("engine.dtype", engine.dtype, log and log.removeprefix("torch."))
    if engine.quantization:
        yield setting("engine.quantization", engine.quantization, told.value("quantization"))


def _rare(engine: Vllm, told: Told) -> Iterator[Setting]:
    """Settings that few servers change: they are named only where one of the two does."""
    for field, spec in (
        ("kv_cache_memory_bytes", engine.kv_cache_memory_bytes),
        ("block_size", engine.block_size),
        ("disable_hybrid_kv_cache_manager", engine.disable_hybrid_kv_cache_manager or None),
        ("mamba_cache_mode", engine.mamba_cache_mode),
    ):
        log = told.argument(field)
        if spec is not None or log is not None:
            assumed = not told.arguments
            yield setting(f"engine.{field}", spec, None if assumed else log or "the default")


def _cards(engine: Vllm, told: Told) -> Iterator[Setting]:
    """A plan is of one card; a log of several shares the weights between them."""
    if any("parallel-size" in argument for argument in engine.extra_args):
        return
    for field in PARTED:
        count = told.whole(field)
        if count is not None and count > 1:
            yield setting(f"engine.{field}", 1, count)
            return
    workers = {match[1] for line in told.lines if (match := CARDS.search(line))} - {"0"}
    if workers or any(WORKER_PROCESS in line for line in told.lines):
        yield setting("engine.tensor_parallel_size", 1, "several workers")


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 13 else None


def _last(lines: Sequence[str], *literals: str) -> str:
    found = (line for line in reversed(lines) if any(literal in line for literal in literals))
    return next(found, "")

"""The settings of a vLLM server and its card, as a log tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.accuracy.answer import Unanswerable
from benchmarks.accuracy.cards import cuda_total, device_of
from benchmarks.accuracy.loose import Record
from benchmarks.accuracy.models import Model
from chartgen.engines.vllm.defaults import defaults
from chartgen.engines.vllm.settings import (
    FLASHINFER_CAPABILITIES,
    GdnPrefill,
    MambaMode,
    Settings,
    Version,
    version_of,
)
from chartgen.engines.vllm.versions import rules_of
from chartgen.facts import Device, Measure

OLDEST: Version = (0, 19, 0)
"""The rules that need least of those that the planner knows."""

V1_FROM: Version = (0, 8, 0)
"""Before, prompts were not cut: a batch held the longest one whole (vLLM 0.6 to 0.7)."""

MOST_WHOLE_PROMPT = 32768
"""Contexts up to which those versions did so by default."""

MODES: dict[str, MambaMode] = {"none": "none", "align": "align", "all": "all"}

DTYPES = {"bf16": "bfloat16", "f16": "float16", "fp16": "float16", "half": "float16"}

CODED = ("fp8", "turboquant_", "nvfp4", "int8_per_token_head", "int4_per_token_head")
"""How the names of the types begin that are narrower than 16 bit."""

CAPABILITIES = (
    ("gb10", "12.1"), ("rtx pro", "12.0"), ("50[5-9]0", "12.0"), ("b[23]00", "10.0"),
    ("gh?[hg]?h?[12]00", "9.0"), ("40[5-9]0|l40|l4\\b|ada", "8.9"),
    ("30[5-9]0|a10\\b|a40|a6000|a5000", "8.6"), ("a100|a30", "8.0"), ("20[5-8]0|t4\\b", "7.5"),
)  # fmt: skip
"""Compute capabilities by the names of cards (NVIDIA's table, November 2026)."""

MOST_DEMANDING = "12.0"
"""Stands for a card that is not named: the rules for it need most."""

SPECULATION = re.compile(
    r"\b(?P<method>mtp|eagle3?|dflash)\b.*?\bn\s*=\s*(?P<count>[0-9]{1,2})", re.IGNORECASE
)
"""`MTP n=3` among the flags."""

RELEASE = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+")
"""A release that is named whole; "~v0.20" and "v0.19-0.20" are not."""

BLOCK_SIZE = re.compile(r"--block-size[ =]([1-9][0-9]{0,4})\b")

SHORT = 8192
"""A context for what may depend on one, where the log gives none: short, beside the longest."""


def settings_of_log(record: Record, model: Model) -> tuple[Settings, ...]:
    """Every reading of a log that its words allow, the planner's own choice first.

    A log that does not say whether a hybrid caches prefixes may do either. Of a release that
    it names whole, the default comes first; else the larger need, as everywhere for what is
    not known.
    Raises Unanswerable for a cache type that vLLM does not have.
    """
    device = card_of(record)
    base = _base(record, model, device)
    cachings: tuple[bool | None, ...] = (base.prefix_caching,)
    if model.facts.recurrent and base.prefix_caching is None and base.mamba_cache_mode is None:
        cachings = _cachings(record)
    return tuple(
        _with_defaults(
            replace(base, max_model_len=context, version=version, prefix_caching=caching),
            record,
            device,
        )
        for version in _versions(record)
        for context in _contexts(record, model)
        for caching in cachings
    )


def _cachings(record: Record) -> tuple[bool, bool]:
    """Whether prefixes of a hybrid are cached, the likelier first."""
    text = record.text("engine_version") or ""
    first = not RELEASE.match(text) or rules_of(version_of(text)).caches_hybrids
    return first, not first


def _base(record: Record, model: Model, device: Device | None) -> Settings:
    flags = (record.text("flags") or "").lower()
    mode = MODES.get(record.word("mamba"))
    spoken = SPECULATION.search(flags)
    text_only = "--language-model-only" in flags or re.search(r"image['\"]?\s*[=:]\s*0", flags)
    return Settings(
        max_model_len=1,
        block_size=int(given[1]) if (given := BLOCK_SIZE.search(flags)) else None,
        kv_cache_dtype=cache_dtype(record.text("kv_dtype")),
        hybrid_manager="--disable-hybrid" not in flags,
        prefix_caching=_caching(flags, mode),
        mamba_cache_mode=mode,
        gdn_prefill=_kernel(device),
        speculation=spoken["method"].lower() if spoken else None,
        num_speculative_tokens=int(spoken["count"]) if spoken else 0,
        enforce_eager="eager" in flags,
        images_per_prompt=0 if text_only or not _sees(model, record) else 1,
        language_model_only="--language-model-only" in flags,
    )


def _with_defaults(settings: Settings, record: Record, device: Device | None) -> Settings:
    own = defaults(settings.version, device)
    batch = own.max_num_batched_tokens
    if settings.version is not None and settings.version < V1_FROM:
        batch = max(batch, min(settings.max_model_len, MOST_WHOLE_PROMPT))
    util = record.number("util") or record.number("gpu_memory_utilization")
    return replace(
        settings,
        max_num_seqs=record.positive("max_num_seqs") or own.max_num_seqs,
        max_num_batched_tokens=record.positive("max_num_batched_tokens") or batch,
        gpu_memory_utilization=util if util and 0 < util <= 1 else own.gpu_memory_utilization,
    )


def _sees(model: Model, record: Record) -> bool:
    """Whether the model has eyes; a log may be of a sister with eyes."""
    said = f"{record.text('model')} {record.text('flags')} {record.text('quant')}".lower()
    return "vision" in model.entry or bool(re.search(r"\bvl\b|vision", said))


def _caching(flags: str, mode: MambaMode | None) -> bool | None:
    if "no prefix caching" in flags or "--no-enable-prefix-caching" in flags:
        return False
    if mode is not None:
        return mode != "none"
    return True if "prefix caching" in flags or "prefix-caching" in flags else None


def cache_dtype(text: str | None) -> str:
    """A cache type under vLLM's own name; raises Unanswerable for one that it lacks."""
    name = (text or "auto").lower().replace(" ", "")
    plain = DTYPES.get(name, name)
    if plain.startswith(CODED) or plain in ("auto", "bfloat16", "float16"):
        return plain
    raise Unanswerable(f"cache type {name}")


def _versions(record: Record) -> Iterator[Version | None]:
    """One version, or where it is not known the newest rules and the oldest."""
    text = (record.text("engine_version") or "").lstrip("~ ").lower()
    least = text.startswith(">")
    found = version_of(text.lstrip(">=~ "))
    if found is not None and found < (2000, 0, 0):
        yield found
        if not least:
            return
        yield None
    else:
        yield None
        yield OLDEST


def _contexts(record: Record, model: Model) -> Iterator[int]:
    stated = record.positive("ctx")
    if stated:
        yield stated
        return
    native = model.configured_context or SHORT
    yield native
    yield min(native, SHORT)


def card_of(record: Record) -> Device | None:
    """The card as a profile; None without its size."""
    known, total = device_of(record), cuda_total(record)
    if known is not None or total is None:
        return known
    name = (record.text("gpu") or "").lower()
    found = (number for words, number in CAPABILITIES if re.search(words, name))
    capability = next(found, MOST_DEMANDING)
    size = Measure(
        value=total.value, low=total.low, high=total.high, source="the log, or its card's usual"
    )
    return Device(
        name="card",
        title="a card of the collection",
        gpu=f"card: {name}"[:1000],
        mode="nvidia",
        arch="amd64",
        compute_capability=capability,
        cuda_total=size,
        smi_total=size,
    )


def _kernel(device: Device | None) -> GdnPrefill | None:
    if device is None:
        return None
    major = int(device.compute_capability.partition(".")[0])
    return "flashinfer" if major in FLASHINFER_CAPABILITIES else "triton"

"""How a measured run of a neighbour narrows what vLLM takes beside weights and cache.

A run that printed its weights and its available KV cache tells its whole overhead:

    measured = utilization x CUDA total - weights - available

Our own differs from it by what the formula says of the other settings; how far that can
be trusted depends on what differs, and each rule names its reason.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from chartgen.engines.base import Term
from chartgen.engines.vllm.settings import Settings, version_of
from chartgen.facts import Device, ModelFacts, Reading, Run
from chartgen.quantities import GIB, Bytes, Estimate

Formula = Callable[[Settings], Estimate]
"""The overhead that the formulas predict for settings on our device."""

REPEAT = 0.12
"""GiB between starts of one deployment: two public logs of one server print 2.95 and 3.07
GiB available (RTX 5090, vLLM 0.20.0), three of another agree to 0.01."""

OTHER_DEVICE = 0.35
"""GiB between cards: the CUDA context alone was 0.03 to 0.58 GiB in public logs."""

OTHER_CHECKPOINT = 0.35
"""GiB between quantisations of one model: kernels choose other workspaces (Qwen3-8B in FP8
and NVFP4 on one card: 1.26 and 1.35 GiB; FP4 mixtures by two kernels: more)."""

MOVED = 0.35
"""Share of what the formula adds or takes off for other settings: slopes of batch and
sequences scatter by about a third between sources.

All differences of settings count by this alone, so that the ends stay monotone from one
setting to the next.
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A deployment and the runs that may speak for its overhead."""

    model: ModelFacts
    settings: Settings
    device: Device | None
    runs: Sequence[Run]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The overhead that a run measured, as it stands and moved to our settings, in bytes."""

    run: Run
    settings: Settings
    measured: float
    value: float
    doubt: float


def narrowed(ours: Measured, formula: Formula) -> Term | None:
    """The overhead by measured neighbours, or None without one.

    Each neighbour's figure is moved to our settings by formula and gets a doubt for what
    differs; the interval is where all of them and the formula agree, and holds their mean
    in any case: evidence outside the formula's interval wins. Where ours needs no less
    than a neighbour, the low end is at least what was measured there, but for what two
    starts differ by. All ends stay monotone, being largest and least of monotone ones.
    """
    found = list(neighbours(ours, formula))
    if not found:
        return None
    before, value = formula(ours.settings), sum(one.value for one in found) / len(found)
    low = min(value, max(before.low, *(one.value - one.doubt for one in found)))
    high = max(value, min(before.high, *(one.value + one.doubt for one in found)))
    floor = max(0.0, *_floors(ours.settings, found))
    low, value, high = (max(end, floor) for end in (low, value, high))
    nearest = min(found, key=lambda one: one.doubt)
    return Term(
        "overhead, measured",
        Estimate(Bytes(round(value)), Bytes(round(low)), Bytes(round(high))),
        f"{nearest.measured / GIB:.2f} GiB of run {nearest.run.id}, "
        f"moved by {(nearest.value - nearest.measured) / GIB:+.2f}; neighbours: {len(found)}",
        nearest.run.source,
    )


def _floors(ours: Settings, found: Sequence[Neighbour]) -> Iterator[float]:
    """What was measured where less was asked for: ours takes no less."""
    yield 0.0
    for one in found:
        if dominates(ours, one.settings):
            yield one.measured - REPEAT * GIB


def neighbours(ours: Measured, formula: Formula) -> Iterator[Neighbour]:
    """Runs of the same model under the same minor version."""
    if ours.settings.version is None:
        return
    minor = ours.settings.version[:2]
    for run in ours.runs:
        # The cheap questions first: a solver asks ten thousand times.
        if run.engine != "vllm" or not run.readings or _minor(run.engine_version) != minor:
            continue
        if not of_model(ours.model, run.model):
            continue
        measured = measured_overhead(run, ours.device)
        if measured is not None:
            theirs = settings_of_run(run)
            shift = formula(ours.settings).value - formula(theirs).value
            doubt = _doubt(ours, run) * GIB + MOVED * abs(shift)
            yield Neighbour(run, theirs, measured, measured + shift, doubt)


def of_model(model: ModelFacts, repo: str) -> bool:
    """Whether a repository holds weights of the model: a checkpoint of its facts, or one
    that bears its name."""
    return model.name in repo.lower() or any(one.repo == repo for one in model.checkpoints)


def measured_overhead(run: Run, device: Device | None = None) -> float | None:
    """What a run took beside weights and cache, in bytes, or None where it does not say.

    The card's total is the run's own reading, else that of the device of its name.
    """
    weights, available = _read(run, "weights"), _read(run, "available_kv")
    total = _read(run, "card_total")
    if total is None and device and device.name == run.device:
        total = float(device.cuda_total.value)
    if weights is None or available is None or total is None or run.utilization is None:
        return None
    return ceil(total * run.utilization) - weights - available


def settings_of_run(run: Run) -> Settings:
    """A recorded run as settings; what it does not name is at vLLM's default."""
    named = dict(text.partition("=")[::2] for text in run.settings)
    spoken = named.get("speculation", "").split()
    return Settings(
        max_model_len=run.context,
        max_num_seqs=run.sequences,
        max_num_batched_tokens=run.batch,
        kv_cache_dtype=run.kv_cache_dtype,
        version=version_of(run.engine_version),
        gpu_memory_utilization=run.utilization or 0.9,
        speculation=spoken[0] if spoken else None,
        num_speculative_tokens=int(spoken[-1]) if len(spoken) > 1 else 0,
        enforce_eager=named.get("enforce_eager") == "True",
        cudagraph_mode=named.get("cudagraph_mode"),
        images_per_prompt=int(named.get("images_per_prompt", 1)) if run.vision else 0,
        language_model_only=named.get("language_model_only") == "True",
    )


def dominates(more: Settings, less: Settings) -> bool:
    """Whether `more` needs at least the memory of `less` by the monotone laws: no
    shorter context, no fewer sequences, batched tokens or images, no step captured less,
    and nothing else changed but the share of the card."""
    grown = (
        more.max_model_len >= less.max_model_len
        and more.max_num_seqs >= less.max_num_seqs
        and more.max_num_batched_tokens >= less.max_num_batched_tokens
        and more.images_per_prompt >= less.images_per_prompt
        and more.vision >= less.vision
        and more.language_model_only <= less.language_model_only
        and more.enforce_eager <= less.enforce_eager
    )
    return grown and _alike(more) == _alike(less)


def _alike(settings: Settings) -> Settings:
    """The settings with all that `dominates` compares by size set aside."""
    return replace(
        settings,
        max_model_len=1,
        max_num_seqs=1,
        max_num_batched_tokens=1,
        images_per_prompt=0,
        language_model_only=False,
        enforce_eager=False,
        gpu_memory_utilization=0.9,
    )


@functools.cache
def _minor(text: str | None) -> tuple[int, int] | None:
    version = version_of(text)
    return version[:2] if version else None


def _doubt(ours: Measured, run: Run) -> float:
    """GiB that the neighbour's figure may be off for ours, beside what is moved."""
    doubt = REPEAT
    if ours.device is None or run.device != ours.device.name:
        doubt += OTHER_DEVICE
    if {run.model} != {one.repo for one in ours.model.checkpoints if one.file is None}:
        doubt += OTHER_CHECKPOINT
    return doubt


def _read(run: Run, quantity: str) -> float | None:
    found: Iterator[Reading] = (one for one in run.readings if one.quantity == quantity)
    return next((one.value for one in found), None)

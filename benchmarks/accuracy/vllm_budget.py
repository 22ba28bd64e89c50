"""vLLM's budget on one card: weights, overhead, and what is left for the KV cache."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, reduce
from math import ceil

from benchmarks.accuracy import overhead
from benchmarks.accuracy.cards import cuda_total
from benchmarks.accuracy.llamacpp_sums import file_in_words, first_size
from benchmarks.accuracy.loose import Record, first
from benchmarks.accuracy.models import Model
from benchmarks.accuracy.vllm_settings import card_of
from chartgen.engines.base import Term
from chartgen.engines.vllm.overhead import graphs, predicted
from chartgen.engines.vllm.settings import Settings
from chartgen.engines.vllm.weights import weights_estimate
from chartgen.facts import Checkpoint, Measure
from chartgen.quantities import GIB, ZERO, Bytes, Estimate

PASSES = ("activations", "sampling step", "image encoder", "workspaces and rest")
"""Terms that together are the peak of the profiling run inside torch."""

ROUNDED = 0.005
"""Half of the last digit of a printed GiB."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one reading of a log takes and leaves.

    `weights` are as planned from parameters or files, `loaded` as this start printed them.
    """

    total: Estimate | None
    weights: Estimate | None
    loaded: Estimate | None
    overhead: Estimate
    activation: Estimate
    graphs: Estimate
    utilization: float

    @property
    def held(self) -> Estimate | None:
        """The weights that the sum is made with: printed by the start, else planned."""
        return self.loaded or self.weights

    @property
    def available(self) -> Estimate | None:
        """What is left for the KV cache; below 0 where nothing is."""
        return self.left_by(self.overhead)

    def left_by(self, taken: Estimate) -> Estimate | None:
        """What is left by an overhead; None where the card or the weights are not known."""
        weights, total = self.held, self.total
        if weights is None or total is None:
            return None
        return Estimate(
            Bytes(self._share(total.value) - weights.value - taken.value),
            Bytes(self._share(total.low) - weights.high - taken.high),
            Bytes(self._share(total.high) - weights.low - taken.low),
        )

    def _share(self, total: int) -> int:
        return ceil(total * self.utilization)


def budget_of(model: Model, settings: Settings, record: Record) -> Budget:
    """The budget of one server."""
    terms = predicted(model.facts, settings, card_of(record))
    return Budget(
        total=cuda_total(record),
        weights=weights_of(model, settings, record),
        loaded=_loaded(record),
        overhead=added(terms),
        activation=added(term for term in terms if term.name in PASSES),
        graphs=graphs(model.facts, settings),
        utilization=settings.gpu_memory_utilization,
    )


def without_source(name: str, model: Model, settings: Settings, record: Record) -> Estimate | None:
    """The overhead with constants that never saw the source of the log `name`.

    None for a log that was not among those that the constants are fitted on: then the
    planner's own constants have not seen it either.
    """
    device, group = card_of(record), _groups().get(name)
    if device is None or group is None:
        return None
    point = overhead.Point(name, group, model.facts, settings, device, 0.0, 0.0, None)
    held = overhead.hold(point, _fitted_without(group))
    low, value, high = (Bytes(round(size * GIB)) for size in (held.low, held.value, held.high))
    return Estimate(value, min(low, value), max(high, value))


def is_fitted(name: str) -> bool:
    """Whether the constants are fitted on the log `name` among others."""
    return name in _groups()


@cache
def _groups() -> dict[str, str]:
    """Logs that the constants are fitted on, with their sources."""
    return {point.id: point.group for point in overhead.read_points()}


@cache
def _fitted_without(group: str) -> overhead.Constants:
    return overhead.fit([point for point in overhead.read_points() if point.group != group])


def added(terms: Iterable[Term]) -> Estimate:
    """The sum of some terms."""
    return reduce(Estimate.__add__, (term.estimate for term in terms), ZERO)


def weights_of(model: Model, settings: Settings, record: Record) -> Estimate | None:
    """Loaded weights from what is published: the files' size, or parameters and scheme."""
    quant = record.text("quant")
    published = None if plain_bf16(record) else _published(model, record)
    source = quant if published is None else _checkpoint(quant or "not named", published)
    if source is None:
        return None
    found = weights_estimate(model.facts, source, vision=settings.vision)
    return found.estimate if found else None


def _checkpoint(quant: str, size: Estimate) -> Checkpoint:
    measure = Measure(value=size.value, low=size.low, high=size.high, source="as published")
    return Checkpoint(
        repo="given/collection",
        part="weights",
        quantization=quant if len(quant) > 2 else f"scheme {quant}",
        size=max(1, size.value),
        on_disk=measure,
        on_gpu=measure,
    )


def plain_bf16(record: Record) -> bool:
    """Whether the checkpoint is in 16 bit throughout."""
    return (record.text("quant") or "").lower() in ("bf16", "bfloat16", "fp16", "f16", "float16")


def _published(model: Model, record: Record) -> Estimate | None:
    gib = first(record.section("reported"), ("ckpt_gib", "checkpoint_gib", "file_gib"))
    if gib is not None:
        return Estimate.exact(round(gib * GIB))
    quant = record.text("quant")
    if quant is None:
        return None
    words = file_in_words(model, quant)
    if words is not None:
        return words
    files = model.entry.section("files")
    names = [name for name in files if quant.lower() in name.lower() and "load" not in name.lower()]
    if len(names) != 1:
        return None
    size = files.number(names[0])
    stated = first_size(files.text(names[0]) or "")
    return stated or (Estimate.exact(round(size)) if size and size > GIB // 2 else None)


def _loaded(record: Record) -> Estimate | None:
    """The weights that this start printed."""
    reported = record.section("reported")
    gib = reported.number("model_load_gib") or record.number("model_load")
    gb = reported.number("model_load_gb")
    size = gib * GIB if gib else gb * 1e9 if gb else None
    if not size:
        return None
    half = ROUNDED * GIB if gib else 5e8
    return Estimate(Bytes(round(size)), Bytes(round(size - half)), Bytes(round(size + half)))

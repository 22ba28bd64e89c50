"""What the planner says of one llama.cpp server: every quantity, and the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from benchmarks.accuracy.cards import cuda_total
from benchmarks.accuracy.loose import Record, first, parse_number
from benchmarks.accuracy.models import Model
from benchmarks.accuracy.points import Span, Verdict
from chartgen.engines.base import Term
from chartgen.engines.llamacpp.cells import kv_bytes, kv_cache, state_bytes, times
from chartgen.engines.llamacpp.draft import mtp_terms
from chartgen.engines.llamacpp.memory import CUDA_CONTEXT, VISION_COMPUTE
from chartgen.engines.llamacpp.reserve import buffers
from chartgen.engines.llamacpp.settings import Settings
from chartgen.engines.llamacpp.weights import placement
from chartgen.facts import Checkpoint, Layout, Measure, ModelFacts
from chartgen.quantities import GIB, MIB, ZERO, Bytes, Estimate

Q8_0 = 34 / 32
"""Bytes of an element of q8_0, which every tensor of the simulated files has."""

ROUNDED = (0.995, 1.005)
"""Parameters are given in millions, and norms and routers are wider than the rest."""

HEADER = 40 * MIB
"""What a GGUF file holds beside tensors at most: its vocabulary."""

SIZE = re.compile(r"(?P<size>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[GM][iI]?B)\b")


@dataclass(frozen=True, slots=True)
class Planned:
    """Every quantity that one reading of a row gives, and why others are missing.

    `need` is the sum that is held against the card, None without the weights' size.
    """

    spans: Mapping[str, Estimate]
    missing: Mapping[str, str]
    need: Estimate | None
    refused: str | None = None

    def joined(self, quantity: str, others: Sequence[Planned]) -> Span | None:
        """This reading's value, within the interval of all readings that the row allows."""
        mine = self.spans.get(quantity)
        if mine is None:
            return None
        found = [plan.spans[quantity] for plan in others if quantity in plan.spans]
        low, high = min(each.low for each in found), max(each.high for each in found)
        return Span(mine.value, low, high)


def plan_of(model: Model, settings: Settings, record: Record) -> Planned:
    """The numbers of a whole server, or of the part of one that the row is about."""
    part = (record.text("part") or "").lower()
    if part == "mmproj":
        return _projector(model)
    if part.startswith("mtp"):
        return _second(model, settings)
    return _server(model, settings, record)


def verdict_of(plans: Sequence[Planned], record: Record) -> tuple[Verdict | None, str]:
    """The verdict over all readings, and in words how it came about."""
    card = cuda_total(record)
    needs = [plan.need for plan in plans if plan.need is not None]
    if card is None:
        return None, "no size of the card is given"
    if not needs:
        return None, "no size of the weights is given"
    low, high = min(need.low for need in needs), max(need.high for need in needs)
    unknown = _unknown_drafter(record)
    words = (
        f"needs {low / GIB:.2f} to {high / GIB:.2f} GiB of {card.low / GIB:.2f} to "
        f"{card.high / GIB:.2f}{unknown}"
    )
    if low > card.high:
        return "does-not-fit", words
    return ("fits" if high <= card.low and not unknown else "unproven"), words


def _unknown_drafter(record: Record) -> str:
    """A drafter of its own has a cache, and its dimensions stand in no record."""
    said = f"{record.text('quant')} {record.text('flags')}".lower()
    words = ("dflash", "eagle", "-md ", "draft-simple", "draft model")
    return ", and a drafter's cache" if any(word in said for word in words) else ""


def _projector(model: Model) -> Planned:
    stated = model.entry.section("vision")
    found = {
        "vision_weights": stated.number("mmproj_bf16_f16_mib"),
        "vision_compute": stated.number("llamacpp_compute_mib"),
    }
    exact = {name: Estimate.exact(round(size * MIB)) for name, size in found.items() if size}
    return Planned(exact, {}, None)


def _second(model: Model, settings: Settings) -> Planned:
    """The context on the layers for multi-token prediction alone."""
    facts = _mtp_facts(model.facts)
    reserved = buffers(model.facts, settings)
    return Planned(
        {"kv": kv_cache(facts, settings), "compute": reserved.gpu, "host_compute": reserved.host},
        {},
        None,
    )


def _mtp_facts(facts: ModelFacts) -> ModelFacts:
    widest = max(facts.attention, key=lambda kind: kind.elements_per_token)
    layers = max(1, facts.mtp_layers)
    kinds = (widest.model_copy(update={"layers": layers}),)
    return facts.model_copy(update={"attention": kinds, "recurrent": ()})


def _server(model: Model, settings: Settings, record: Record) -> Planned:
    facts = model.facts
    cache, states = kv_cache(facts, settings), Estimate.exact(state_bytes(facts, settings))
    reserved = buffers(facts, settings)
    spans = {
        "kv": cache,
        "kv_full": _kinds(facts, settings, sliding=False),
        "kv_swa": _kinds(facts, settings, sliding=True),
        "recurrent": states,
        "context": cache + states,
        "cuda_context": CUDA_CONTEXT,
    }
    missing = {"weights": "no size of a file is given", "total": "no size of the weights is given"}
    if facts.vocab_size.value and facts.hidden_size.value:
        spans |= {"compute": reserved.gpu, "host_compute": reserved.host}
    else:
        missing["compute"] = "the model's vocabulary or hidden size is not given"
    if settings.drafting and facts.mtp_layers:
        spans["mtp_context"] = _total(_parts_of_second(facts, settings))
    spans |= _weights(model, settings, record)
    laid = _loaded(record) or spans.get("weights")
    if laid is not None and "compute" in spans:
        spans["total_self"] = laid + cache + states + reserved.gpu
        spans["total"] = spans["total_self"] + CUDA_CONTEXT + _beside(model, settings, record)
    need = spans.get("total")
    return Planned(spans, missing, None if need is None else need + _later(facts, settings))


def _later(facts: ModelFacts, settings: Settings) -> Estimate:
    """What a server takes while it serves, and what is left free for its drafts."""
    margin = (term for term in _mtp(facts, settings) if "margin" in term.name)
    return buffers(facts, settings).copy + _total(margin)


def _beside(model: Model, settings: Settings, record: Record) -> Estimate:
    """The second context, and the projector with its buffer."""
    return _total(_parts_of_second(model.facts, settings)) + _vision(model, record)


def _vision(model: Model, record: Record) -> Estimate:
    if not record.text("mmproj") or record.flag("mmproj") is False:
        return ZERO
    stated = model.entry.section("vision").number("mmproj_bf16_f16_mib")
    if stated is None:
        return VISION_COMPUTE + Estimate(Bytes(1200 * MIB), Bytes(400 * MIB), Bytes(2400 * MIB))
    return VISION_COMPUTE + Estimate.exact(round(stated * MIB))


def _mtp(facts: ModelFacts, settings: Settings) -> tuple[Term, ...]:
    if settings.drafting is None or not facts.mtp_layers:
        return ()
    return tuple(mtp_terms(facts, settings, settings.drafting))


def _parts_of_second(facts: ModelFacts, settings: Settings) -> list[Term]:
    """The second context without what is left free, and without what comes later."""
    words = ("margin", "copy")
    return [term for term in _mtp(facts, settings) if not any(w in term.name for w in words)]


def _total(terms: Iterable[Term]) -> Estimate:
    return reduce(Estimate.__add__, (term.estimate for term in terms), ZERO)


def _kinds(facts: ModelFacts, settings: Settings, *, sliding: bool) -> Estimate:
    sizes = (
        times(kv_bytes(kind, facts, settings), kind.layers)
        for kind in facts.attention
        if (kind.kind == "sliding") == sliding
    )
    return reduce(Estimate.__add__, sizes, ZERO)


def _weights(model: Model, settings: Settings, record: Record) -> dict[str, Estimate]:
    """Weights on the GPU and embeddings on the host, where a file's size is known."""
    if "ct" in record and "model_mib" in record:
        return _simulated(model, settings)
    size = _file(model, record)
    if size is None:
        return {}
    embedding = record.section("reported").number("cpu_model_mib")
    if embedding is None:
        return {"weights": _on_gpu(model, size)}
    rows = round(embedding * MIB)
    layout = _layout(model, round(size.value) - rows * (1 if model.facts.tied else 2), rows, 0)
    exact = placement(model.facts, _checkpoint(layout), settings).gpu
    low = Bytes(max(0, exact.low - HEADER))
    return {"weights": Estimate(exact.value, low, Bytes(exact.high))}


def _on_gpu(model: Model, size: Estimate) -> Estimate:
    """A whole file, less at most the embeddings of an untied one, which stay on the host."""
    elements = model.vocab * model.facts.hidden_size.value
    usual, most = (0, 0) if model.facts.tied else (elements * 0.6, elements * Q8_0)
    value = max(0, round(size.value - usual))
    return Estimate(
        Bytes(value), Bytes(max(0, min(value, round(size.low - most)))), Bytes(size.high)
    )


def _simulated(model: Model, settings: Settings) -> dict[str, Estimate]:
    """Weights of a file whose tensors all are q8_0, from the number of parameters."""
    parameters = model.facts.parameters
    rows = round(model.vocab * model.facts.hidden_size.value * Q8_0)
    layers = model.facts.layers.value if model.facts.layers else 0
    tables = round(model.vocab * model.facts.per_layer_embedding * layers * Q8_0)
    found = {"host_weights": Estimate.exact(rows + tables)}
    if parameters is None or not rows:
        return found
    outside = rows * (1 if model.facts.tied else 2) + tables
    rest = max(0, round(parameters.value * Q8_0) - outside)
    laid = placement(model.facts, _checkpoint(_layout(model, rest, rows, tables)), settings)
    low, high = (Bytes(round(laid.gpu.value * part)) for part in ROUNDED)
    return found | {"weights": Estimate(laid.gpu.value, low, high)}


def _layout(model: Model, blocks: int, rows: int, tables: int) -> Layout:
    return Layout(
        token_embedding=rows,
        per_layer_embeddings=tables,
        output=0 if model.facts.tied else rows,
        blocks=(max(0, blocks),),
        source="from the size of the file and of its embeddings",
    )


def _checkpoint(layout: Layout) -> Checkpoint:
    size = Measure(value=layout.total, low=layout.total, high=layout.total, source=layout.source)
    return Checkpoint(
        repo="given/collection",
        part="weights",
        quantization="as given",
        on_disk=size,
        on_gpu=size,
        layout=layout,
    )


def _loaded(record: Record) -> Estimate | None:
    """The weights as this very server loaded them."""
    size = record.section("reported").number("model_buffer_mib")
    return None if size is None else Estimate.exact(round(size * MIB))


def _file(model: Model, record: Record) -> Estimate | None:
    """The size of the file: stated beside the log, in the name, or in the table of models."""
    gib = first(record.section("reported"), ("file_gib", "ckpt_gib")) or record.number("file_gib")
    if gib is not None:
        return Estimate.exact(round(gib * GIB))
    return file_in_words(model, record.text("quant") or "")


def file_in_words(model: Model, quant: str) -> Estimate | None:
    """The sizes that stand in a file's name, or that of the published file of this name."""
    sizes = [_in_words(match) for match in SIZE.finditer(quant)]
    if sizes:
        return reduce(Estimate.__add__, sizes, ZERO)
    return first_size(model.entry.section("files").text(quant) or "")


def first_size(text: str) -> Estimate | None:
    """The first size in a text: what follows are often other versions of it."""
    found = SIZE.search(text)
    return None if found is None else _in_words(found)


def _in_words(match: re.Match[str]) -> Estimate:
    """A size within half of its last digit."""
    value, number = parse_number(match.group()) or 0.0, match["size"]
    half = value / float(number) * _half_digit(number) if float(number) else 0.0
    return Estimate(Bytes(round(value)), Bytes(round(value - half)), Bytes(round(value + half)))


def _half_digit(text: str) -> float:
    """Half of the last digit of a number: 0.05 for 12.3."""
    return 0.5 * 10.0 ** -len(text.partition(".")[2])

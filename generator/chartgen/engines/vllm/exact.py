"""vLLM's own planner, asked where a Python has vLLM, beside the closed form.

`own_planner.py` runs in that Python, without a GPU, and answers with integers of its
version. The size of a block is decided before the planner and is given to it, and so is
what is left for the cache; what it makes of the layers is its own: groups, blocks of a
request, need, refusal. Both sides answer by the rules of the planner's version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from chartgen.engines.base import Exact, ExactRow
from chartgen.engines.common import known, weights
from chartgen.engines.vllm.groups import Kind
from chartgen.engines.vllm.memory import cache_of
from chartgen.engines.vllm.pages import KvLayout, flights
from chartgen.engines.vllm.planner import Outcome
from chartgen.engines.vllm.settings import Settings, settings_of, version_of
from chartgen.engines.vllm.shapes import CONV_BYTES, STATE_BYTES, Form, form_of, kinds_of
from chartgen.facts import Device, Facts, ModelFacts
from chartgen.quantities import GIB, Bytes
from chartgen.spec import App, Vllm


@dataclass(frozen=True, slots=True)
class Case:
    """One question to the planner: a model's layers under settings, with so many bytes."""

    layout: KvLayout
    form: Form
    settings: Settings
    available: Bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the planner of `version` says; `trouble` where it could not be asked."""

    version: str
    groups: int = 0
    needed_bytes: int = 0
    blocks_per_request: int = 0
    num_blocks: int | None = None
    max_concurrency: float | None = None
    refusal: str = ""
    startup_error: str = ""
    trouble: str = ""


class Planner(Protocol):
    """Something that answers cases: an installed vLLM, or a stand-in."""

    @property
    def name(self) -> str:
        """How people call it: the program that runs."""
        ...

    def version(self) -> str:
        """The version of its vLLM; raises `Faults` where there is none."""
        ...

    def answers(self, cases: Sequence[dict[str, object]]) -> Sequence[dict[str, object]]:
        """One answer for each case, as `own_planner.py` reads and writes them; raises
        `Faults` where no answer comes."""
        ...


def exact(app: App, engine: Vllm, facts: Facts, device: Device, planner: Planner) -> Exact:
    """What a planner says of one app, beside the closed form of the same version."""
    version = planner.version()
    model, _ = weights(app, facts)
    drafter = known(app, facts, "draft")
    settings = replace(settings_of(app, engine, device), version=version_of(version))
    found = cache_of(app, facts, device, settings).value
    case = case_of(model, settings, found.layout, found.available, drafter and drafter[0])
    (answer,) = map(answer_of, planner.answers([dict(facts_of(case))]))
    notes = (*_other_version(engine, version), *_given(found, settings), *_words(found, answer))
    return Exact(planner.name, f"vLLM {version}", tuple(_rows(found, answer)), notes)


def _rows(found: Outcome, answer: Answer) -> Iterator[ExactRow]:
    """Each number that the planner gave; what it refused to count has no row."""
    layout, blocks = found.layout, answer.blocks_per_request
    if not blocks:  # it could not be asked, or refused before it counted
        return
    groups = sum(part.groups for part in layout.shape.grouping.parts)
    yield _row("groups of layers", "groups", groups, answer.groups)
    yield _row("one block", "bytes", layout.bytes_per_block, answer.needed_bytes // blocks)
    yield _row("blocks of one request", "blocks", layout.blocks_per_request, blocks)
    yield _row("KV cache of one request", "bytes", layout.needed_bytes, answer.needed_bytes)
    if answer.num_blocks is not None:
        yield _row("blocks in all", "blocks", found.num_blocks, answer.num_blocks)
    if answer.max_concurrency is not None and found.max_concurrency is not None:
        theirs = answer.max_concurrency
        yield _row("full requests at once", "requests", found.max_concurrency, theirs)


def _row(name: str, unit: str, ours: float, theirs: float) -> ExactRow:
    """A row of a number that the closed form is certain of."""
    return ExactRow(name, unit, ours, ours, ours, theirs)


def _other_version(engine: Vllm, version: str) -> Iterator[str]:
    own = engine.image.engine_version
    if version_of(own) != version_of(version):
        said = own if isinstance(own, str) else "an unknown version"
        yield f"the app's image has {said}; both columns here are by the rules of {version}"


def _given(found: Outcome, settings: Settings) -> Iterator[str]:
    """What the planner cannot find out without a GPU."""
    given = settings.kv_cache_memory_bytes is not None
    source = "kv_cache_memory_bytes" if given else "the central value of the sum"
    yield (
        f"the planner was told blocks of {found.layout.shape.mamba_block_size} tokens and "
        f"{max(0, found.available) / GIB:.2f} GiB for the cache, {source}"
    )


def _words(found: Outcome, answer: Answer) -> Iterator[str]:
    """What either side says in words."""
    if answer.trouble:
        yield f"the planner could not be asked: {answer.trouble}"
    if theirs := answer.startup_error or answer.refusal:
        yield f"the planner says: {theirs}"
    if ours := found.startup_error or found.refusal:
        yield f"the sum says: {ours}"


def case_of(
    model: ModelFacts,
    settings: Settings,
    layout: KvLayout,
    available: Bytes,
    draft: ModelFacts | None = None,
) -> Case:
    """The question that the closed form has answered with `layout`."""
    return Case(layout, form_of(model, settings, draft), settings, available)


def facts_of(case: Case) -> Iterator[tuple[str, object]]:
    """The case as `own_planner.py` reads it."""
    layout, settings = case.layout, case.settings
    yield "max_model_len", settings.max_model_len
    yield "max_num_batched_tokens", settings.max_num_batched_tokens
    yield "in_flight", flights(settings)
    yield "retained", layout.shape.retained
    yield "hybrid_manager", settings.hybrid_manager
    yield "mamba_cache_mode", layout.mamba_cache_mode or "none"
    yield "block_size", layout.shape.mamba_block_size
    yield "available_bytes", case.available
    kinds = kinds_of(case.form, layout.shape.mamba_block_size)
    yield "layers", [dict(_kind(case, kind)) for kind in kinds]


def _kind(case: Case, kind: Kind) -> Iterator[tuple[str, object]]:
    yield "family", kind.family
    yield "layers", kind.layers
    if kind.family == "mamba":
        yield from _state(case, kind)
        return
    heads, head_dim, value_dim = kind.form
    slot = kind.page_bytes // (kind.block_size * heads)
    yield "block_size", kind.block_size
    yield "kv_heads", heads
    yield "head_dim", head_dim
    yield "value_dim", value_dim
    yield "element", 1 if kind.packed else slot // (head_dim + value_dim)
    yield "window", kind.window
    yield "slot_bytes", slot if kind.packed else None


def _state(case: Case, kind: Kind) -> Iterator[tuple[str, object]]:
    shape, speculative = case.layout.shape, case.settings.num_speculative_tokens
    _, _, kernel, width, state = case.form.recurrent[kind.form[0]]
    yield "block_size", case.layout.mamba_block_size
    yield "conv_rows", kernel - 1 + speculative
    yield "conv_dim", width
    yield "state", state
    yield "element_bytes", [CONV_BYTES, STATE_BYTES]
    yield "page_bytes", kind.page_bytes
    yield "speculative_blocks", speculative
    align = shape.mode == "align"
    yield "checkpoint_blocks", shape.state_blocks - speculative - 2 if align else 0


def answer_of(found: dict[str, object]) -> Answer:
    """The answer that `own_planner.py` wrote."""
    groups = found.get("groups")
    listed = groups if isinstance(groups, list) else []
    blocks, requests = found.get("num_blocks"), found.get("max_concurrency")
    return Answer(
        version=str(found["version"]),
        groups=len(listed),
        needed_bytes=int(str(found.get("needed_bytes", 0))),
        blocks_per_request=sum(int(group["blocks_per_request"]) for group in listed),
        num_blocks=None if blocks is None else int(str(blocks)),
        max_concurrency=None if requests is None else float(str(requests)),
        refusal=str(found.get("refusal", "")),
        startup_error=str(found.get("startup_error", "")),
        trouble=str(found.get("trouble", "")),
    )

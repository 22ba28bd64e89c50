"""vLLM's own planner, asked where a Python has vLLM, beside the closed form.

`own_planner.py` runs in that Python, without a GPU, and answers with integers of its
version. The size of a block is decided before the planner and is given to it; what it
makes of the layers is its own: groups, blocks of a request, need, refusal.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chartgen.engines.vllm import own_planner
from chartgen.engines.vllm.groups import Kind
from chartgen.engines.vllm.pages import KvLayout, flights
from chartgen.engines.vllm.settings import Settings
from chartgen.engines.vllm.shapes import CONV_BYTES, STATE_BYTES, Form, form_of, kinds_of
from chartgen.errors import Fault, Faults
from chartgen.facts import ModelFacts
from chartgen.quantities import Bytes

PATIENCE = 300
"""Seconds that vLLM may take to import and to answer."""


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

    def answers(self, cases: Sequence[Case]) -> list[Answer]:
        """One answer for each case; raises `Faults` where there is no vLLM."""
        ...


@dataclass(frozen=True, slots=True)
class Installed:
    """The vLLM of the Python at `program`."""

    program: Path

    def answers(self, cases: Sequence[Case]) -> list[Answer]:
        """Run the planner once for all cases."""
        asked = json.dumps([dict(_case(case)) for case in cases])
        words = (str(self.program), "-W", "ignore", str(Path(own_planner.__file__)))
        quiet = {**os.environ, "VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}
        try:
            done = subprocess.run(  # noqa: S603
                words,
                input=asked,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
                env=quiet,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _trouble(self.program, str(error)) from error
        if done.returncode:
            raise _trouble(self.program, _last_line(done.stderr))
        return [_answer(found) for found in json.loads(_last_line(done.stdout))]


def _trouble(program: Path, said: str) -> Faults:
    remedy = "Name a Python that can import vllm, such as the one in the app's own image."
    return Faults([Fault("exact", f"no planner answered: {said}", remedy, str(program))])


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def case_of(
    model: ModelFacts,
    settings: Settings,
    layout: KvLayout,
    available: Bytes,
    draft: ModelFacts | None = None,
) -> Case:
    """The question that the closed form has answered with `layout`."""
    return Case(layout, form_of(model, settings, draft), settings, available)


def _case(case: Case) -> Iterator[tuple[str, object]]:
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


def _answer(found: dict[str, object]) -> Answer:
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

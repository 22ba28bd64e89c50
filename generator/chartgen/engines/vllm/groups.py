"""How vLLM groups layers so that all groups share blocks of one size in bytes.

A page is what one layer takes of a block. Layers that need blocks for the same tokens
form one group; otherwise all pages are made equal, by longer blocks where a page divides
the largest one and by padding where it does not, and each kind is cut into groups of as
many layers as the smallest kind has. Read in vLLM's `get_kv_cache_groups`, 0.20 to 0.33
(vram formulas 4.3); nothing is shared with its code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from chartgen.engines.vllm.versions import Rules

Family = Literal["full", "swa", "mla", "mamba"]
"""What a layer keeps: all tokens, a window, a latent of all tokens, or a state."""

EVEN = 1.5
"""Kinds whose numbers of layers differ by less than this factor are padded to the larger
number instead of being cut to the smaller (0.20 to 0.33)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Layers of one form: `page_bytes` hold `block_size` tokens, or one state.

    `form` is what else keeps two kinds apart: heads and dimensions; `packed` says whether
    a key and a value share one slot.
    """

    family: Family
    layers: int
    block_size: int
    page_bytes: int
    window: int | None = None
    form: tuple[int, ...] = ()
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """`groups` groups that share out the layers of one kind; `page_bytes` is a layer's, or
    that of all layers where their pages differ."""

    family: Family
    groups: int
    layers: int
    block_size: int
    page_bytes: int
    window: int | None = None

    def group_layers(self) -> tuple[int, ...]:
        """Layers of each group, dealt out in turn."""
        return tuple(len(range(each, self.layers, self.groups)) for each in range(self.groups))


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of a model, what one block takes, and why the server refuses them."""

    parts: tuple[Part, ...]
    bytes_per_block: int
    error: str = ""


def grouped(kinds: Sequence[Kind], rules: Rules) -> Grouping:
    """The groups of all layers."""
    merged = _merged(kinds)
    if _same_tokens(merged):
        return _one_group(merged)
    equal, error = _unified(merged, rules)
    if error and rules.falls_back and _may_fall_back(merged):
        return _one_group(whole(merged))
    merged = _merged(equal)
    page = max(kind.page_bytes for kind in merged)
    size = group_size([kind.layers for kind in merged])
    parts = tuple(
        Part(
            kind.family,
            ceil(kind.layers / size),
            kind.layers,
            kind.block_size,
            kind.page_bytes,
            kind.window,
        )
        for kind in merged
    )
    return Grouping(parts, size * page, error)


def group_size(layers: Sequence[int]) -> int:
    """Layers in one group: the fewest of any kind, unless the kinds are nearly even."""
    return max(layers) if max(layers) < EVEN * min(layers) else min(layers)


def whole(kinds: Sequence[Kind]) -> tuple[Kind, ...]:
    """The kinds with the hybrid manager off: a sliding layer is charged for all tokens, and
    its window is kept in mind."""
    block = next((kind.block_size for kind in kinds if kind.family in ("full", "mla")), None)
    if block is None:
        return tuple(kinds)
    return tuple(
        replace(
            kind,
            family="full",
            block_size=block,
            page_bytes=kind.page_bytes // kind.block_size * block,
        )
        if kind.family == "swa"
        else kind
        for kind in kinds
    )


def windows_error(kinds: Sequence[Kind]) -> str:
    """What vLLM says where layers of several windows would be charged as one kind."""
    windows = {kind.window for kind in kinds if kind.family == "full" and kind.window}
    return SEVERAL_WINDOWS if len(windows) > 1 else ""


def _merged(kinds: Sequence[Kind]) -> list[Kind]:
    """Kinds that differ in nothing but their layers become one, in order of appearance."""
    found: dict[Kind, int] = {}
    for kind in kinds:
        form = replace(kind, layers=0)
        found[form] = found.get(form, 0) + kind.layers
    return [replace(form, layers=layers) for form, layers in found.items()]


def _same_tokens(kinds: Sequence[Kind]) -> bool:
    """Whether all layers need blocks for the same tokens."""
    first = kinds[0]
    if len(kinds) == 1:
        return True
    if any(kind.block_size != first.block_size for kind in kinds):
        return False
    if all(kind.family in ("full", "mla") for kind in kinds):
        return True
    return all(kind.family == "swa" and kind.window == first.window for kind in kinds)


def _may_fall_back(kinds: Sequence[Kind]) -> bool:
    """Whether latents beside a window may all be charged as layers of all tokens."""
    families = {kind.family for kind in kinds}
    if not {"mla", "swa"} <= families or "mamba" in families:
        return False
    charged = whole(kinds)
    return _same_tokens(charged) and not windows_error(charged)


def _one_group(kinds: Sequence[Kind]) -> Grouping:
    first, total = kinds[0], sum(kind.layers * kind.page_bytes for kind in kinds)
    alike = len({kind.page_bytes for kind in kinds}) == 1
    page = first.page_bytes if alike else total
    layers = sum(kind.layers for kind in kinds)
    part = Part(first.family, 1, layers, first.block_size, page, first.window)
    return Grouping((part,), total)


def _unified(kinds: Sequence[Kind], rules: Rules) -> tuple[list[Kind], str]:
    """The kinds with pages of one size, and what the planner says where that is not to be."""
    largest = max(kind.page_bytes for kind in kinds)
    found, error = [], ""
    for kind in kinds:
        if kind.family != "mamba" and largest % kind.page_bytes == 0:
            block = kind.block_size * (largest // kind.page_bytes)
            found.append(replace(kind, block_size=block, page_bytes=largest))
        else:
            if kind.page_bytes != largest and not _pads(kind, rules):
                error = UNEQUAL if not rules.pads_attention else UNPADDED
            found.append(replace(kind, page_bytes=largest))
    return found, error


def _pads(kind: Kind, rules: Rules) -> bool:
    if kind.family == "mamba":
        return rules.pads_state
    pads = rules.pads_packed if kind.packed else rules.pads_attention
    return kind.family != "mla" and pads


SEVERAL_WINDOWS = "All attention layers in the same KV cache group must have the same window size."
"""What vLLM says with the hybrid manager off for a model of several windows."""

UNEQUAL = (
    "The page size of the layer is not divisible by the maximum page size. "
    "Cannot unify by adjusting block_size."
)
"""What vLLM says up to 0.23 where pages cannot be made equal."""

UNPADDED = "page size is not divisible by the maximum page size and cannot be padded."
"""The part of vLLM's words that is the same from 0.24 on."""

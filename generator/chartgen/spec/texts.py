"""Texts in both languages of the market, and the mark of a thing nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field

CHECKED = ConfigDict(extra="forbid", revalidate_instances="always", strict=True)
"""Spec classes are built unchecked and checked whole, so that all faults show at once."""

Prose = Annotated[
    str, Field(min_length=1, max_length=8000, pattern=r"\S", description="a non-empty text")
]


@dataclass(frozen=True, slots=True)
class Text:
    """One text in English and Chinese.

    Facts in it come from the spec: `{context}`, `{context_per_slot}`, `{slots}`,
    `{kv_cache_dtype}`, `{engine}`, `{image}`, `{model}`, `{download}`, `{license}`,
    `{port}` and `{served_name}` are filled in when the chart is rendered. A brace of the text
    itself is doubled.
    """

    __pydantic_config__ = CHECKED

    en: Prose
    zh: Prose


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that no source gives; `reason` says what is missing and how it would be found."""

    __pydantic_config__ = CHECKED

    reason: Prose

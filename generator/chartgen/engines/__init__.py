"""The engines: all that is peculiar to one stands in its folder, and on one line here."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.engines.base import (
    Axes,
    Axis,
    Command,
    Engine,
    Limit,
    Memory,
    Requests,
    Term,
    Variant,
)
from chartgen.engines.llamacpp import LlamaCppEngine
from chartgen.engines.vllm import VllmEngine
from chartgen.spec import App

__all__ = [
    "Axes",
    "Axis",
    "Command",
    "Engine",
    "Limit",
    "Memory",
    "Requests",
    "Term",
    "Variant",
    "engine_of",
]

_ENGINES: Mapping[str, Engine] = {"vllm": VllmEngine(), "llamacpp": LlamaCppEngine()}


def engine_of(app: App) -> Engine:
    """The engine that an app runs on."""
    return _ENGINES[app.engine.kind]

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
from chartgen.engines.sglang import SglangEngine
from chartgen.engines.transformers import TransformersEngine
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
    "engine_named",
    "engine_names",
    "engine_of",
]

_ENGINES: Mapping[str, Engine] = {
    "vllm": VllmEngine(),
    "llamacpp": LlamaCppEngine(),
    "sglang": SglangEngine(),
    "transformers": TransformersEngine(),
}


def engine_of(app: App) -> Engine:
    """The engine that an app runs on."""
    return _ENGINES[app.engine.kind]


def engine_names() -> tuple[str, ...]:
    """The names under which specs know the engines."""
    return tuple(_ENGINES)


def engine_named(name: str) -> Engine:
    """The engine of that name; raises `KeyError` for any other."""
    return _ENGINES[name]

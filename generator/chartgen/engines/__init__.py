"""The engines: all that is peculiar to one stands in its folder, and on one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from chartgen.engines.base import (
    Axes,
    Axis,
    Command,
    Engine,
    Exact,
    ExactRow,
    Limit,
    Memory,
    Requests,
    Term,
    Variant,
)
from chartgen.spec import App

__all__ = [
    "Axes",
    "Axis",
    "Command",
    "Engine",
    "Exact",
    "ExactRow",
    "Limit",
    "Memory",
    "Requests",
    "Term",
    "Variant",
    "engine_named",
    "engine_names",
    "engine_of",
]


def _vllm() -> Engine:
    from chartgen.engines.vllm import VllmEngine

    return VllmEngine()


def _llamacpp() -> Engine:
    from chartgen.engines.llamacpp import LlamaCppEngine

    return LlamaCppEngine()


def _sglang() -> Engine:
    from chartgen.engines.sglang import SglangEngine

    return SglangEngine()


def _transformers() -> Engine:
    from chartgen.engines.transformers import TransformersEngine

    return TransformersEngine()


_ENGINES: Mapping[str, Callable[[], Engine]] = {
    "vllm": _vllm,
    "llamacpp": _llamacpp,
    "sglang": _sglang,
    "transformers": _transformers,
}
"""Each is loaded when it is first asked for: most commands need one of them."""


def engine_of(app: App) -> Engine:
    """The engine that an app runs on."""
    return engine_named(app.engine.kind)


def engine_names() -> tuple[str, ...]:
    """The names under which specs know the engines."""
    return tuple(_ENGINES)


@cache
def engine_named(name: str) -> Engine:
    """The engine of that name; raises `KeyError` for any other."""
    return _ENGINES[name]()

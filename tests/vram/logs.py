"""Real start-up logs, and an app that two of them are of."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

from chartgen.engines.reading import Log, read_log
from chartgen.facts import Facts
from chartgen.spec import App
from tests.repository import LLAMACPP, Repository

FOLDER = Path(__file__).parent / "data" / "logs"
TODAY = date(2026, 11, 21)
SOURCES: dict[str, str] = tomllib.loads((FOLDER / "sources.toml").read_text("utf-8"))
TINY = "llamacpp-2026-10.log"
"""A whole log of a server that was ready, of the app that `tiny` gives."""

MIB = 1 << 20
GIB = 1 << 30


def raw(*names: str) -> bytes:
    """The bytes of logs, one after the other."""
    return b"\n".join((FOLDER / name).read_bytes() for name in names)


def read(app: App, facts: Facts, *names: str, device: str = "olares-one") -> Log:
    """What logs say to the reader of an app's engine."""
    return read_log(app, facts.devices[device], raw(*names), TODAY)


def measured(log: Log) -> dict[str, float]:
    """The readings by their quantities: sizes in MiB, all else as it is."""
    plain = {"kv_tokens", "concurrency", "block_size", "max_model_len"}
    return {
        one.quantity: one.value if one.quantity in plain else round(one.value / MIB, 2)
        for one in log.readings
    }


def tiny(repository: Repository) -> App:
    """The llama.cpp app, changed to what the log `TINY` is of: its model, its context, no
    projector."""
    for name in ("families/gemma4.py", "models/gemma-4-26b-a4b.toml"):
        repository.edit(name, "gemma-4-26B-A4B-it-UD-Q4_K_XL.gguf", "tiny.gguf")
    repository.set(LLAMACPP, models="(gemma4.UD_Q4_K_XL,)")
    repository.edit(LLAMACPP, "ctx_size=131072", "ctx_size=8192")
    unknown = 'Unknown("a fork; no source gives its build number")'
    repository.edit("families/images.py", f"engine_version={unknown}", 'engine_version="b9101"')
    return repository.app(LLAMACPP)

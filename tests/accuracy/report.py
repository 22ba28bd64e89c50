"""Runs the accuracy report on small collections, as a user does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from benchmarks.accuracy.__main__ import main

Json = dict[str, object]
ROWS = tuple[Json, ...]

LLAMA: Json = {
    "arch_gguf": "llama",
    "n_layers": 32,
    "layer_types": "all full",
    "n_full_layers": 32,
    "hidden": 4096,
    "ffn_dense": 14336,
    "n_heads": 32,
    "kv_heads_full": 8,
    "head_dim_full": 128,
    "vocab": 128256,
    "native_ctx": 131072,
    "tied": False,
    "params_b_text": 8.03,
    "aliases": ["llama-eight (same dims)"],
    "llamacpp_compute": {"old_L": 22815, "old_Lc": 0.197, "old_A": 49336, "new_F": 204984},
}
"""Llama 3.1 8B, as a table of models has it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a run of the report left: rows and gaps of accuracy.json, text and plot."""

    rows: ROWS
    skipped: ROWS
    text: str
    plot: str

    def row(self, quantity: str) -> Json:
        """The only row of this quantity."""
        (found,) = (row for row in self.rows if row["quantity"] == quantity)
        return found

    def why(self, name: str) -> str:
        """Everything that was passed over of the row `name`, in words."""
        return "; ".join(str(item["why"]) for item in self.skipped if item["id"] == name)


def report(folder: Path, models: Json, *collections: Path) -> Written:
    """Runs the report on these files and reads what it wrote."""
    table = folder / "models.json"
    table.write_text(json.dumps({"_meta": {"note": "made here"}, "models": models}), "utf-8")
    out = folder / "out"
    data = [str(path) for path in collections]
    assert main(["--data", *data, "--models", str(table), "--out", str(out)]) == 0
    document = cast("dict[str, list[Json]]", json.loads((out / "accuracy.json").read_text("utf-8")))
    return Written(
        tuple(document["rows"]),
        tuple(document["skipped"]),
        (out / "accuracy.md").read_text("utf-8"),
        (out / "accuracy.svg").read_text("utf-8"),
    )


def logs(folder: Path, *records: object) -> Path:
    """A collection of logs with these lines; a text stands as it is."""
    lines = [item if isinstance(item, str) else json.dumps(item) for item in records]
    return _written(folder / "logs.jsonl", "\n".join(lines))


def table(folder: Path, name: str, head: Sequence[str], *rows: Sequence[object]) -> Path:
    """A collection of sizes with these columns."""
    lines = [",".join(str(cell) for cell in row) for row in (head, *rows)]
    return _written(folder / name, "\n".join(lines))


def _written(path: Path, text: str) -> Path:
    path.write_text(text + "\n", "utf-8")
    return path

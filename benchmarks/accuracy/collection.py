"""Collections of measurements, recognised by their columns."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.accuracy.loose import Record

Kind = Literal["logs", "llamacpp-sizes", "vllm-plans"]

LARGEST = 1 << 28
"""Bytes of the largest file that is read: 256 MiB."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row, or one quantity of it, that no planner was asked about, and why."""

    collection: str
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its own id, or its number in the file from 1."""

    collection: str
    id: str
    record: Record

    def skipped(self, why: str) -> Skipped:
        """This row as one that is passed over."""
        return Skipped(self.collection, self.id, why)


@dataclass(frozen=True, slots=True)
class Collection:
    """The rows of one file; `kind` is None for a file of none of the known shapes."""

    name: str
    kind: Kind | None
    rows: tuple[Row, ...]
    skipped: tuple[Skipped, ...]


def read_collections(paths: Sequence[Path]) -> tuple[Collection, ...]:
    """One collection for each file, under the file's name, or its path where names repeat."""
    names = [path.name for path in paths]
    return tuple(
        _read(path, path.name if names.count(path.name) == 1 else str(path)) for path in paths
    )


def _read(path: Path, name: str) -> Collection:
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        text = path.read_text("utf-8-sig")
        is_table = path.suffix.lower() not in (".json", ".jsonl", ".ndjson")
        plain = not text.lstrip().startswith(("{", "["))
        rows, broken = _table(text, name) if is_table and plain else _objects(text, name)
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        return Collection(name, None, (), (Skipped(name, name, f"cannot be read: {error}"),))
    kind = _kind(rows)
    if kind is None:
        broken = [*broken, Skipped(name, name, "columns of no known collection")]
        return Collection(name, None, (), tuple(broken))
    return Collection(name, kind, tuple(rows), tuple(broken))


def _kind(rows: Iterable[Row]) -> Kind | None:
    """What the columns say; a file of logs has a `reported` section in some row."""
    columns = {column for row in rows for column in row.record}
    if "reported" in columns:
        return "logs"
    if {"vllm_version", "model", "max_model_len"} <= columns:
        return "vllm-plans"
    if {"model", "ctx"} <= columns and {"ctx_mib", "comp_mib", "model_mib"} & columns:
        return "llamacpp-sizes"
    return None


def _table(text: str, name: str) -> tuple[list[Row], list[Skipped]]:
    csv.field_size_limit(min(sys.maxsize, 1 << 20))
    lines = text.splitlines()
    head = lines[0] if lines else ""
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(lines, delimiter=delimiter)
    columns = [column.strip().lower() for column in next(reader, [])]
    return [
        Row(name, str(number), Record(dict(zip(columns, cells, strict=False))))
        for number, cells in enumerate(reader, 1)
        if any(cell.strip() for cell in cells)
    ], []


def _objects(text: str, name: str) -> tuple[list[Row], list[Skipped]]:
    """A JSON list, an object with one, or an object a line."""
    try:
        document: object = json.loads(text)
    except ValueError:
        return _lines(text, name)
    if isinstance(document, dict):
        inside = [] if "reported" in document else [*filter(_of_objects, document.values())]
        document = inside[0] if inside else [document]
    items = document if isinstance(document, list) else []
    return _rows(name, list(enumerate(items, 1)))


def _of_objects(value: object) -> bool:
    """Whether this is a list that holds objects."""
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _lines(text: str, name: str) -> tuple[list[Row], list[Skipped]]:
    found: list[tuple[int, object]] = []
    broken: list[Skipped] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append((number, json.loads(line)))
        except (ValueError, RecursionError) as error:
            broken.append(Skipped(name, f"line {number}", f"not JSON: {error}"))
    rows, others = _rows(name, found)
    return rows, [*broken, *others]


def _rows(name: str, items: Iterable[tuple[int, object]]) -> tuple[list[Row], list[Skipped]]:
    rows: list[Row] = []
    broken: list[Skipped] = []
    for number, item in items:
        if isinstance(item, dict):
            record = Record({str(key): value for key, value in item.items()})
            rows.append(Row(name, record.text("id") or str(number), record))
        else:
            broken.append(Skipped(name, str(number), "not an object"))
    return rows, broken

"""The accuracy report on collections that nobody prepared it for."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.accuracy.__main__ import COLLECTIONS, DATA
from tests.accuracy.report import LLAMA, Json, Written, logs, report, table

LOG: Json = {
    "id": "a-log",
    "engine": "llama.cpp",
    "engine_era": "old",
    "model": "llama-eight",
    "ctx": 8192,
    "kv_dtype": "f16",
    "n_parallel": 1,
    "kv_unified": False,
    "ubatch": 512,
    "reported": {"kv_buffer_mib": 1024.0},
}
SIZES = ("ver", "model", "ctx", "ub", "np", "kvu", "ct", "ctx_mib")
MIB = 1 << 20


def one(folder: Path, **changed: object) -> Written:
    """The report on one log with these fields changed."""
    return report(folder, {"llama-3.1-8b": LLAMA}, logs(folder, LOG | changed))


def test_a_log_becomes_a_row(tmp_path: Path) -> None:
    row = one(tmp_path).row("kv")
    named = {"collection": "logs.jsonl", "id": "a-log", "quantity": "kv", "unit": "bytes"}
    assert row.items() >= named.items()
    assert row["truth"] == row["value"] == row["low"] == row["high"] == 1024 * MIB


@pytest.mark.parametrize("name", ["Llama-3.1-8B", "meta/Llama_3.1-8B-Instruct", "llama3.1-8b"])
def test_a_model_is_found_under_other_spellings(tmp_path: Path, name: str) -> None:
    assert one(tmp_path, model=name).row("kv")["value"] == 1024 * MIB


@pytest.mark.parametrize(
    ("reported", "size"),
    [
        ({"kv_buffer_mib": "1,024.00"}, 1024 * MIB),
        ({"kv_buffer_gib": 1}, 1024 * MIB),
        ({"kv_cache_bytes": 1 << 30}, 1 << 30),
        ({"kv_size_mib": "1 GiB"}, 1 << 30),
    ],
)
def test_sizes_are_read_in_other_spellings(tmp_path: Path, reported: Json, size: int) -> None:
    assert one(tmp_path, reported=reported, ctx="8K").row("kv")["truth"] == size


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"model": "nobody-7b"}, "model nobody-7b: not in the table of models"),
        ({"model": None}, "no model is named"),
        ({"ctx": None}, "no context is given"),
        ({"kv_dtype": "int3"}, "cache type int3"),
        ({"engine": "tgi"}, "engine tgi"),
        ({"reported": {"kv_buffer_mib": "a lot"}}, "not a number"),
        ({"reported": {"warp_drive_mib": 3}}, "no quantity of this name"),
        ({"reported": {"kv_buffer": 3}}, "a size without a unit"),
        ({"reported": {}}, "reports no number"),
        ({"reported": {"model_buffer_mib": 4000.0}}, "no size of a file"),
    ],
)
def test_what_cannot_be_planned_is_skipped_with_its_reason(
    tmp_path: Path, changed: Json, why: str
) -> None:
    found = one(tmp_path, **changed)
    assert not found.rows
    assert why in found.why("a-log")


def test_broken_lines_and_nulls_never_end_the_report(tmp_path: Path) -> None:
    nulls: Json = dict.fromkeys(LOG)
    deep = "[" * 50_000
    collection = logs(tmp_path, LOG, "{broken", "3", "[]", nulls, {}, '{"reported": NaN}', deep)
    found = report(tmp_path, {"llama-3.1-8b": LLAMA}, collection)
    assert [row["id"] for row in found.rows] == ["a-log"]
    assert len(found.skipped) >= 6


def test_files_of_no_known_shape_are_named(tmp_path: Path) -> None:
    odd = table(tmp_path, "odd.csv", ("a", "b"), (1, 2))
    found = report(tmp_path, {"m": LLAMA}, odd, tmp_path / "absent.csv", logs(tmp_path))
    assert "no known collection" in found.why("odd.csv")
    assert "cannot be read" in found.why("absent.csv")


@pytest.mark.parametrize("missing", ["kv_heads_full", "head_dim_full", "hidden", "vocab"])
def test_a_model_without_a_dimension_loses_what_needs_it(tmp_path: Path, missing: str) -> None:
    models: Json = {"llama-3.1-8b": {**LLAMA, missing: None}}
    asked = {"kv_buffer_mib": 1024.0, "compute_buffer_mib": 261.0}
    found = report(tmp_path, models, logs(tmp_path, LOG | {"reported": asked}))
    planned = {row["quantity"] for row in found.rows}
    assert planned == ({"kv"} if missing in ("hidden", "vocab") else set())
    assert found.why("a-log")


def test_layers_are_counted_from_the_words_for_their_pattern(tmp_path: Path) -> None:
    """Five sliding layers of 1024 tokens for each full one; the last 12 share a cache."""
    shared: Json = {
        **LLAMA,
        "n_layers": 24,
        "n_full_layers": None,
        "layer_types": "(5 sliding + 1 full) x 4",
        "kv_shared_layers": 12,
        "kv_heads_swa": 8,
        "head_dim_swa": 128,
        "sliding_window": 1024,
    }
    sizes = {"kv_full_mib": 64.0, "kv_swa_mib": 60.0}
    found = report(tmp_path, {"llama-3.1-8b": shared}, logs(tmp_path, LOG | {"reported": sizes}))
    assert found.row("kv_full")["value"] == 64 * MIB
    assert found.row("kv_swa")["value"] == 60 * MIB


def test_what_was_deduced_from_its_own_number_is_marked(tmp_path: Path) -> None:
    assert one(tmp_path, circular_components=["kv"]).row("kv")["independent"] is False
    assert one(tmp_path).row("kv")["independent"] is True


def test_simulated_sizes_take_their_number_as_id(tmp_path: Path) -> None:
    rows = [("new", "llama-3.1-8b", ctx, 512, 1, 0, "q8_0", size) for ctx, size in SIZED]
    found = report(tmp_path, {"llama-3.1-8b": LLAMA}, table(tmp_path, "s.csv", SIZES, *rows))
    assert [(row["id"], row["value"]) for row in found.rows] == [("1", 272 * MIB), ("2", 544 * MIB)]


SIZED = ((4096, 272.0), (8192, 544.0))


def test_contradicting_records_are_listed(tmp_path: Path) -> None:
    first = LOG | {"quant": "Q4_K_M", "gpu": "a card"}
    second = first | {"id": "other", "reported": {"kv_buffer_mib": 700.0}}
    found = report(tmp_path, {"llama-3.1-8b": LLAMA}, logs(tmp_path, first, second))
    section = found.text.partition("contradict each other")[2].partition("##")[0]
    assert "a-log" in section
    assert "other" in section


def test_a_run_is_judged_against_what_happened(tmp_path: Path) -> None:
    sizes = {"model_buffer_mib": 20000.0, "oom": True}
    found = one(tmp_path, gpu_total_mib=16000, reported=sizes, ctx=65536)
    assert "| does-not-fit | 0      | 1" in found.text


VLLM: Json = {
    "id": "a-start",
    "engine": "vLLM",
    "engine_version": "v0.20.0",
    "gpu": "some card",
    "gpu_total_mib": 24564,
    "model": "llama-3.1-8b",
    "quant": "bf16",
    "ctx": 131072,
    "kv_dtype": "bf16",
    "util": 0.9,
    "reported": {"available_kv_gib": 4.0, "kv_needed_gib": 16.0, "est_max_len": 32768, "oom": True},
}


def test_a_start_of_vllm_is_planned_and_judged(tmp_path: Path) -> None:
    found = report(tmp_path, {"llama-3.1-8b": LLAMA}, logs(tmp_path, VLLM))
    assert found.row("needed_kv")["value"] == 16 << 30
    assert found.row("estimated_length")["value"] == 32768
    left = found.row("available_kv")
    assert left["source_left_out"] is True
    assert left["verdict"] == "does-not-fit"
    assert left["outcome"] == "failed"


def test_a_log_that_does_not_say_its_version_is_read_as_several(tmp_path: Path) -> None:
    sliding = {**LLAMA, "sliding_window": 1024, "kv_heads_swa": 8, "head_dim_swa": 128}
    mixed = {**sliding, "n_full_layers": 16, "n_swa_layers": 16, "layer_types": "mixed"}
    record = VLLM | {"engine_version": None}
    row = report(tmp_path, {"llama-3.1-8b": mixed}, logs(tmp_path, record)).row("needed_kv")
    spread = [float(str(row[key])) for key in ("low", "value", "high")]
    assert spread[0] < spread[1] == spread[2]


def test_the_naive_formula_stands_beside_ours(tmp_path: Path) -> None:
    peers = one(tmp_path).row("kv")["peers"]
    assert isinstance(peers, dict)
    assert peers["naive"] == 1024 * MIB


def test_the_plot_is_an_image(tmp_path: Path) -> None:
    assert ElementTree.fromstring(one(tmp_path).plot).tag.endswith("svg")


@pytest.mark.parametrize("name", [name for name in COLLECTIONS if name.endswith(".csv")])
def test_the_projects_own_sizes_are_all_planned(tmp_path: Path, name: str) -> None:
    """A row of every model."""
    with (DATA / name).open(encoding="utf-8") as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    some = [tuple(f'"{cell}"' for cell in row.values()) for row in rows.values()]
    head = tuple(next(iter(rows.values())))
    collection = table(tmp_path, name, head, *some)
    found = report_with_own_models(tmp_path, collection)
    assert not found.skipped
    assert {row["id"] for row in found.rows} == {str(n + 1) for n in range(len(rows))}


def report_with_own_models(folder: Path, collection: Path) -> Written:
    """The report on one collection with the project's own table of models."""
    models = json.loads((DATA / "models.json").read_text("utf-8"))["models"]
    return report(folder, models, collection)

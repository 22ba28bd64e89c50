"""llama.cpp's caches and states, held against its own answers and public logs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

import pytest

from chartgen.facts import Facts
from chartgen.quantities import MIB, ZERO, Estimate
from chartgen.spec import App, LlamaCpp
from chartgen.spec.llamacpp import CacheType, Fork
from chartgen.vram import plan
from tests.vram.published import DATA, knowing, published, serving, with_file

KINDS: dict[str, CacheType] = {kind: kind for kind in get_args(CacheType)}
KEPT = ("KV cache", "recurrent states")
PRINTED = 0.0051
"""Logs round to a hundredth of a MiB."""


@dataclass(frozen=True)
class Row:
    """One server: what it runs, and the MiB that it keeps of conversations."""

    model: str
    context: int
    ubatch: int
    slots: int
    unified: bool
    k: CacheType
    v: CacheType
    mib: float

    def change(self, engine: LlamaCpp) -> LlamaCpp:
        return replace(
            engine,
            ctx_size=self.context,
            n_ubatch=self.ubatch,
            parallel=self.slots,
            kv_unified=self.unified,
            cache_type_k=self.k,
            cache_type_v=self.v,
        )


def simulated() -> Iterator[Row]:
    """Every row of llama-fit-params, both eras, 13 models."""
    with (DATA / "llamacpp_sizes.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind = KINDS[row["ct"]]
            yield Row(
                row["model"],
                int(row["ctx"]),
                int(row["ub"]),
                int(row["np"]),
                row["kvu"] == "1",
                kind,
                kind,
                float(row["ctx_mib"]),
            )


@dataclass(frozen=True)
class Log:
    """A public log: the server, and the buffers that it printed."""

    id: str
    row: Row
    kv: float | None
    states: float | None


def logged() -> Iterator[Log]:
    """Every log with a known model, context and cache type of which nothing was deduced
    from the number itself."""
    for line in (DATA / "measurements.jsonl").read_text("utf-8").splitlines():
        log = json.loads(line)
        kinds = (log.get("kv_dtype") or "").split("/")
        said, deduced = log["reported"], log.get("circular_components", ())
        named = log["engine"] == "llama.cpp" and set(kinds) <= set(KINDS)
        if not named or not log["ctx"] or "part" in log:
            continue
        row = Row(
            log["model"],
            log["ctx"],
            log["ubatch"],
            log["n_parallel"] or 1,
            bool(log["kv_unified"]),
            KINDS[kinds[0]],
            KINDS[kinds[-1]],
            0,
        )
        kv = None if "kv" in deduced else said.get("kv_buffer_mib")
        states = None if "recurrent" in deduced else said.get("rs_buffer_mib")
        if kv is not None or states is not None:
            yield Log(log["id"], row, kv, states)


def terms(llama: App, facts: Facts, row: Row, *names: str) -> Estimate:
    model = with_file(published(row.model), 8 << 30)
    made = plan(serving(llama, row.change, model), knowing(facts, model))
    return sum((item.estimate for item in made.terms if item.name in names), ZERO)


def test_every_simulated_server_keeps_what_it_reserves(llama: App, facts: Facts) -> None:
    rows = list(simulated())
    missed = [
        row
        for row in rows
        if abs(terms(llama, facts, row, *KEPT).value / MIB - row.mib) > 2 * PRINTED
    ]
    assert (len(rows), missed) == (1040, [])


@pytest.mark.parametrize("log", [log for log in logged() if log.kv is not None], ids=lambda x: x.id)
def test_the_logged_kv_caches(llama: App, facts: Facts, log: Log) -> None:
    found = terms(llama, facts, log.row, "KV cache")
    assert found.low == found.high
    assert found.value / MIB == pytest.approx(log.kv, abs=PRINTED)


@pytest.mark.parametrize(
    "log", [log for log in logged() if log.states is not None], ids=lambda x: x.id
)
def test_the_logged_recurrent_states(llama: App, facts: Facts, log: Log) -> None:
    found = terms(llama, facts, log.row, "recurrent states")
    assert found.value / MIB == pytest.approx(log.states, abs=PRINTED)


def test_the_logs_are_as_many_as_the_collection_has() -> None:
    found = list(logged())
    assert sum(log.kv is not None for log in found) >= 25
    assert sum(log.states is not None for log in found) >= 8


@pytest.mark.parametrize(
    ("fork", "mib"), [("turboquant", (28.125, 28.125, 31.5)), ("buun", (31.5, 28.125, 31.5))]
)
def test_a_type_of_which_builds_differ_is_an_interval_by_fork(
    llama: App, facts: Facts, fork: Fork, mib: tuple[float, float, float]
) -> None:
    """28.12 MiB for 2304 cells of 16 layers is in a public log of TheTom's fork."""
    model = with_file(published("qwen3.6-27b"), 8 << 30)

    def change(engine: LlamaCpp) -> LlamaCpp:
        return replace(
            engine, fork=fork, ctx_size=2304, cache_type_k="turbo3", cache_type_v="turbo3"
        )

    made = plan(serving(llama, change, model), knowing(facts, model))
    (found,) = (item.estimate for item in made.terms if item.name == "KV cache")
    assert tuple(size / MIB for size in (found.value, found.low, found.high)) == mib


def test_a_latent_is_kept_once(llama: App, facts: Facts) -> None:
    row = Row("glm-4.7-flash", 32_768, 512, 1, False, "f16", "q8_0", 0)
    assert terms(llama, facts, row, "KV cache").value == 47 * 576 * 2 * 32_768


def test_keys_and_values_have_types_of_their_own(llama: App, facts: Facts) -> None:
    row = Row("qwen3.6-27b", 131_072, 512, 1, False, "q8_0", "q4_0", 0)
    assert terms(llama, facts, row, "KV cache").value / MIB == 2176 + 1152

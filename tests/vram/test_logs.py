"""What real start-up logs say, of every era and device that is at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from chartgen.engines.reading import read_log
from chartgen.errors import Faults
from chartgen.facts import Facts
from chartgen.spec import App, Sglang
from tests.vram.logs import FOLDER, GIB, MIB, SOURCES, TINY, measured, raw, read

READINGS: Mapping[str, Mapping[str, float]] = {
    "vllm-0.2-refused.log": {"kv_tokens": 0},
    "vllm-0.6.log": {
        "weights": 15348.53,
        "non_torch": 358.4,
        "available_kv": 3901.44,
        "card_total": 24145.92,
        "kv_tokens": 1952 * 16,
        "concurrency": 1.56,
    },
    "vllm-0.6-refused.log": {
        "weights": 15348.53,
        "non_torch": 358.4,
        "available_kv": 2959.36,
        "card_total": 24145.92,
        "kv_tokens": 1478 * 16,
        "concurrency": 0.82,
    },
    "vllm-0.6-table.log": {
        "weights": 15319.04,
        "non_torch": 1832.96,
        "activation": 1290.24,
        "available_kv": 54568.96,
        "card_total": 81121.28,
    },
    "vllm-0.8.log": {"weights": 15348.63, "kv_tokens": 158656, "concurrency": 4.84},
    "vllm-0.8-config.log": {},
    "vllm-0.8-terminal.log": {
        "weights": 12851.2,
        "non_torch": 163.84,
        "activation": 2437.12,
        "available_kv": 57528.32,
        "card_total": 81090.56,
        "kv_tokens": 7191 * 16,
    },
    "vllm-0.8-two-cards.log": {
        "weights": 10547.2,
        "non_torch": 337.92,
        "activation": 1812.48,
        "available_kv": 14602.24,
        "card_total": 32122.88,
        "kv_tokens": 7299 * 16,
        "concurrency": 2.34,
    },
    "vllm-0.9-served.log": {"cuda_graphs": 460.8, "kv_tokens": 1131008, "concurrency": 8.63},
    "vllm-0.10.log": {"available_kv": 6666.24, "kv_tokens": 42656, "concurrency": 1.3},
    "vllm-0.11.log": {
        "weights": 2100.53,
        "available_kv": 34109.44,
        "kv_tokens": 1587648,
        "concurrency": 775.22,
    },
    "vllm-0.15-progress.log": {
        "available_kv": 42987.52,
        "kv_tokens": 171904,
        "concurrency": 5.25,
    },
    "vllm-0.18-compose.log": {},
    "vllm-0.19-graphs.log": {
        "available_kv": 17776.64,
        "cuda_graphs_estimate": 266.24,
        "kv_tokens": 188640,
        "concurrency": 5.23,
    },
    "vllm-0.21-four-cards.log": {"available_kv": 16097.28, "cuda_graphs_estimate": 174.08},
    "vllm-0.24.log": {"available_kv": 6154.24, "kv_tokens": 569878, "concurrency": 4.35},
    "vllm-0.27-two-cards.log": {"available_kv": 7034.88, "cuda_graphs_estimate": 368.64},
    "vllm-2026-09.log": {"weights": 18124.8, "block_size": 1568},
    "vllm-hybrid.log": {"weights": 20224.0, "block_size": 1568},
    "vllm-no-blocks.log": {},
    "vllm-oom.log": {"card_total": 81008.64},
    "vllm-refused.log": {"needed_kv": 36864.0, "max_model_len": 50512},
    "llamacpp-2024-02-clip.log": {"vision_weights": 595.49, "vision_compute": 32.89},
    "llamacpp-2024-two-cards.log": {
        "weights": 19423.91,
        "host_weights": 1640.62,
        "kv_cache": 5120.0,
        "compute": 672.01,
    },
    "llamacpp-2025-02-prefixed.log": {
        "kv_cache": 144.0,
        "compute": 300.75,
        "host_compute": 12.01,
    },
    "llamacpp-2025-02-start.log": {},
    "llamacpp-2025-04-draft.log": {"kv_cache": 6.0, "compute": 298.5, "host_compute": 2.76},
    "llamacpp-2025-04-vulkan.log": {
        "kv_cache": 19200.0,
        "compute": 1174.0,
        "host_compute": 18.01,
    },
    "llamacpp-2025-07-vulkan-oom.log": {"kv_cache": 6564.0},
    "llamacpp-2025-09-breakdown.log": {
        "card_total": 3 * 24080.5,
        "weights": 3 * 13169.5,
        "context": 3 * 38.5,
        "compute": 985.5 + 2 * 548.5,
    },
    "llamacpp-2025-10-rocm-oom.log": {},
    "llamacpp-2025-11-metal.log": {"kv_cache": 18.0, "compute": 404.0, "host_compute": 15.15},
    "llamacpp-2026-03-cuda-oom.log": {},
    "llamacpp-2026-07-quiet.log": {},
    "llamacpp-2026-07-timestamps.log": {"weights": 16386.94, "host_weights": 682.03},
    "llamacpp-2026-08-colours.log": {"kv_cache": 182.75},
    "llamacpp-2026-clip.log": {"vision_weights": 811.79, "vision_compute": 121.25},
    "llamacpp-2026-hybrid.log": {
        "kv_cache": 8192.0,
        "recurrent": 50.25,
        "compute": 808.02,
        "host_compute": 528.02,
    },
    "llamacpp-2026-mtp.log": {
        "weights": 4386.53,
        "host_weights": 644.14,
        "draft_kv": 32.0,
        "draft_compute": 490.0,
    },
    "llamacpp-2026-10.log": {
        "weights": 9.32,
        "host_weights": 0.31,
        "kv_cache": 4.5,
        "compute": 12.04,
        "host_compute": 9.04,
        "card_total": 24105.5,
    },
    "llamacpp-2026-10-drafter.log": {
        "weights": 9.32,
        "host_weights": 0.31,
        "kv_cache": 8.5,
        "compute": 4.04,
        "host_compute": 2.54,
        "draft_weights": 9.32,
        "draft_kv": 16.0,
        "draft_compute": 4.25,
        "card_total": 24105.5,
    },
}
"""Sizes in MiB, as the lines of each log add up by hand."""

NOTHING = "llamacpp-2026-02-fit.log"
"""A server that only tried sizes out: none of its numbers is a measurement."""

OUTCOMES = {
    "vllm-0.2-refused.log": "failed",
    "vllm-0.6-refused.log": "failed",
    "vllm-0.9-served.log": "served",
    "vllm-no-blocks.log": "failed",
    "vllm-oom.log": "failed",
    "vllm-refused.log": "failed",
    "llamacpp-2025-04-draft.log": "served",
    "llamacpp-2025-07-vulkan-oom.log": "failed",
    "llamacpp-2025-10-rocm-oom.log": "failed",
    "llamacpp-2026-03-cuda-oom.log": "failed",
    "llamacpp-2026-07-quiet.log": "served",
    "llamacpp-2026-10.log": "served",
    "llamacpp-2026-10-drafter.log": "served",
}

SILENT = ("vllm-0.18-compose.log", "vllm-0.8-config.log", "llamacpp-2025-02-start.log")
"""Logs that say who speaks, and no number yet."""


@pytest.fixture
def apps(flagship: App, llama: App) -> Mapping[str, App]:
    """The app whose reader reads logs of an engine."""
    return {"vllm": flagship, "llamacpp": llama}


def app_of(apps: Mapping[str, App], name: str) -> App:
    return apps[name.partition("-")[0]]


def test_every_log_has_its_source_and_is_read() -> None:
    logs = {path.name for path in FOLDER.glob("*.log")}
    assert logs == SOURCES.keys()
    assert logs == {*READINGS, NOTHING}


@pytest.mark.parametrize("name", READINGS)
def test_a_real_log_says_what_it_measured(name: str, apps: Mapping[str, App], facts: Facts) -> None:
    log = read(app_of(apps, name), facts, name)
    assert measured(log) == READINGS[name]
    assert log.outcome == OUTCOMES.get(name)
    assert bool(log.said) == (log.outcome is not None)


def test_what_a_server_only_tried_out_is_no_measurement(llama: App, facts: Facts) -> None:
    with pytest.raises(Faults, match="nothing that llamacpp prints"):
        read(llama, facts, NOTHING)
    ready = read(llama, facts, "llamacpp-2026-07-quiet.log", NOTHING)
    assert ready.readings == ()


def test_the_interval_is_half_a_unit_of_the_last_printed_digit(flagship: App, facts: Facts) -> None:
    readings = {one.quantity: one for one in read(flagship, facts, "vllm-0.11.log").readings}
    weights, available = readings["weights"], readings["available_kv"]
    assert (weights.low, weights.high) == pytest.approx(
        (2.05125 * GIB, 2.05135 * GIB), abs=1
    )  # 2.0513
    assert (available.low, available.high) == pytest.approx(
        (33.305 * GIB, 33.315 * GIB), abs=1
    )  # 33.31
    assert (readings["concurrency"].low, readings["concurrency"].high) == (775.215, 775.225)
    assert readings["kv_tokens"].low == readings["kv_tokens"].high == 1_587_648


def test_the_roundings_of_a_sum_add_up_and_a_cut_number_may_be_one_larger(
    llama: App, facts: Facts
) -> None:
    two = {one.quantity: one for one in read(llama, facts, "llamacpp-2024-two-cards.log").readings}
    assert two["kv_cache"].high - two["kv_cache"].low == pytest.approx(0.02 * MIB, abs=2)
    assert "CUDA0" in two["kv_cache"].said
    assert "CUDA1" in two["kv_cache"].said
    total = next(one for one in read(llama, facts, TINY).readings if one.quantity == "card_total")
    assert (total.low, total.high) == (24105 * MIB, 24106 * MIB)


def test_what_is_missing_is_named(flagship: App, llama: App, facts: Facts) -> None:
    log = read(flagship, facts, "vllm-0.8.log")
    assert log.missing == (
        "activation",
        "non_torch",
        "available_kv",
        "card_total",
        "cuda_graphs",
    )
    assert read(llama, facts, TINY).missing == ("vision_weights", "vision_compute")
    quiet = read(llama, facts, "llamacpp-2026-07-quiet.log")
    assert "weights" in quiet.missing
    assert quiet.notes == ("this build prints its buffers only at `-lv 4`",)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("vllm-0.8-config.log", "0.8.5.post1"),
        ("vllm-0.18-compose.log", "0.18.0"),
        ("vllm-0.24.log", "0.24.0"),
        ("llamacpp-2025-02-start.log", "b4701"),
        ("llamacpp-2026-10.log", None),
    ],
)
def test_the_version(name: str, version: str | None, apps: Mapping[str, App], facts: Facts) -> None:
    assert read(app_of(apps, name), facts, name).version == version


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("vllm-0.2-refused.log", date(2024, 4, 27)),
        ("vllm-0.11.log", date(2025, 11, 24)),
        ("vllm-2026-09.log", date(2026, 9, 21)),
        ("llamacpp-2026-07-timestamps.log", date(2026, 7, 7)),
        ("llamacpp-2026-10.log", None),
    ],
)
def test_the_day(name: str, day: date | None, apps: Mapping[str, App], facts: Facts) -> None:
    """Without a year it is the last such day before the present one."""
    assert read(app_of(apps, name), facts, name).day == day


def told(log_name: str, app: App, facts: Facts) -> dict[str, str]:
    settings = read(app, facts, log_name).settings
    return {one.field: one.log for one in settings if one.log is not None}


def test_the_settings_of_a_command_line(flagship: App, facts: Facts) -> None:
    assert told("vllm-0.24.log", flagship, facts) == {
        "models.weights": "~/.cache/huggingface/qwen3.6-35b-a3b-nvfp4",
        "engine.max_model_len": "131072",
        "engine.max_num_seqs": "1",
        "engine.max_num_batched_tokens": "8192",
        "engine.kv_cache_dtype": "fp8",
        "engine.enable_prefix_caching": "True",
        "engine.images_per_prompt": "2",
    }
    compose = told("vllm-0.18-compose.log", flagship, facts)
    assert compose["engine.gpu_memory_utilization"] == "0.79"
    assert compose["engine.disable_hybrid_kv_cache_manager"] == "True"


def test_the_settings_of_a_whole_configuration(flagship: App, facts: Facts) -> None:
    found = told("vllm-0.8-config.log", flagship, facts)
    assert found == {
        "models.weights": "Qwen/Qwen3-14B",
        "engine.max_model_len": "4096",
        "engine.kv_cache_dtype": "auto",
        "engine.enforce_eager": "False",
        "engine.speculation": "none",
    }


def test_the_settings_of_a_context_with_a_drafter(llama: App, facts: Facts) -> None:
    found = told("llamacpp-2026-10-drafter.log", llama, facts)
    assert found == {
        "models.weights": "tiny.gguf",
        "engine.ctx_size": "8192",
        "engine.parallel": "2",
        "engine.n_ubatch": "256",
        "engine.cache_type_k/v": "q8_0/q8_0",
        "engine.flash_attn": "enabled",
        "engine.n_gpu_layers": "5 of 5",
        "engine.speculation": "a second context",
        "device.cuda_total": "23.54 GiB",
    }


@pytest.mark.parametrize(
    "name",
    ["vllm-0.8-two-cards.log", "vllm-0.21-four-cards.log", "vllm-0.27-two-cards.log"],
)
def test_a_log_of_several_cards_is_of_another_deployment(
    name: str, flagship: App, facts: Facts
) -> None:
    fields = [one.field for one in read(flagship, facts, name).differences]
    assert "engine.tensor_parallel_size" in fields


def test_so_is_one_of_another_card(flagship: App, llama: App, facts: Facts) -> None:
    h100 = read(flagship, facts, "vllm-oom.log").differences
    assert [one.field for one in h100] == ["device.cuda_total"]
    fields = [one.field for one in read(llama, facts, "llamacpp-2024-two-cards.log").differences]
    assert {"device.cards", "device.compute_capability"} <= set(fields)


def test_the_commit_stands_in_the_path_of_a_cache(llama: App, facts: Facts) -> None:
    found = read(llama, facts, "llamacpp-2026-clip.log").revision
    assert found == "d0976223747697cb51e056d85c532013931fe52e"


def test_the_last_start_of_several_counts(flagship: App, llama: App, facts: Facts) -> None:
    again = read(llama, facts, "llamacpp-2026-10-drafter.log", TINY)
    assert measured(again) == READINGS[TINY]
    later = read(flagship, facts, "vllm-0.24.log", "vllm-0.18-compose.log")
    assert (later.version, later.readings) == ("0.18.0", ())


def test_a_server_may_run_out_of_memory_after_it_was_ready(llama: App, facts: Facts) -> None:
    log = read(llama, facts, TINY, "llamacpp-2025-10-rocm-oom.log")
    assert log.outcome == "failed"
    assert "cudaMalloc failed" in log.said
    assert read(llama, facts, "llamacpp-2025-10-rocm-oom.log", TINY).outcome == "served"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_encodings_of_other_systems(
    encoding: str, end: str, flagship: App, facts: Facts
) -> None:
    text = raw("vllm-0.11.log").decode("utf-8").replace("\n", end)
    device = facts.devices["olares-one"]
    log = read_log(flagship, device, text.encode(encoding), date(2026, 11, 21))
    assert measured(log) == READINGS["vllm-0.11.log"]


def test_a_log_of_the_other_engine_is_not_read(flagship: App, facts: Facts) -> None:
    with pytest.raises(Faults, match="nothing that vllm prints"):
        read(flagship, facts, "llamacpp-2026-hybrid.log")


def test_nor_is_one_of_an_engine_without_a_reader(flagship: App, facts: Facts) -> None:
    engine = Sglang(
        image=flagship.engine.image,
        served_model_name="gemma",
        context_length=8192,
        mem_fraction_static=0.8,
        max_running_requests=4,
    )
    with pytest.raises(Faults, match="cannot be read yet"):
        read(replace(flagship, engine=engine), facts, "vllm-0.8.log")

"""Facts files: what they hold, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from chartgen.errors import Fault, Faults
from tests.repository import Repository

MODEL = "models/gemma-4-26b-a4b.toml"
DEVICE = "devices/olares-one.toml"
RUNS = "evidence/gemma-4-26b-a4b.toml"


def faults(repository: Repository) -> list[Fault]:
    with pytest.raises(Faults) as refused:
        repository.facts()
    assert all(fault.remedy and "\n" not in str(fault) for fault in refused.value.faults)
    return list(refused.value.faults)


def only_fault(repository: Repository) -> Fault:
    (fault,) = faults(repository)
    return fault


def test_the_project_s_own_facts_load(repository: Repository) -> None:
    facts = repository.facts()
    assert [model.name for model in facts.models] == ["gemma-4-26b-a4b"]
    assert "olares-one" in facts.devices
    assert len(facts.runs) >= 3


def test_a_number_carries_its_source_and_its_doubt(repository: Repository) -> None:
    facts = repository.facts()
    found = facts.find("cyankiwi/gemma-4-26B-A4B-it-AWQ-4bit", None)
    assert found
    model, checkpoint = found
    assert model.context_length.value == 262_144
    assert checkpoint.on_gpu.uncertain
    assert checkpoint.revision is None
    assert "commit" in checkpoint.unknown
    assert facts.devices["olares-one"].cuda_total.value == 23_982 << 20


def test_a_file_that_is_unknown_is_not_guessed(repository: Repository) -> None:
    facts = repository.facts()
    assert facts.find("cyankiwi/gemma-4-26B-A4B-it-AWQ-4bit", "model.safetensors") is None
    assert facts.find("nobody/nothing", None) is None


@pytest.mark.parametrize("name", [MODEL, DEVICE, RUNS])
def test_a_file_that_is_no_toml(repository: Repository, name: str) -> None:
    repository.write(name, "name = [\n")
    fault = only_fault(repository)
    assert name in fault.path
    assert "not TOML" in fault.problem


@pytest.mark.parametrize("name", [MODEL, DEVICE, RUNS])
def test_a_file_that_is_no_text(repository: Repository, name: str) -> None:
    repository.path(name).write_bytes(b"\xff\xfe\x00")
    assert name in only_fault(repository).path


def test_a_file_that_cannot_be_read(repository: Repository) -> None:
    repository.path("devices/folder.toml").mkdir()
    assert "cannot be read" in only_fault(repository).problem


@pytest.mark.parametrize(
    ("name", "old", "new", "path"),
    [
        (MODEL, "[hidden_size]\n", "[hidden_size]\nvalu = 3\n", "hidden_size.valu"),
        (MODEL, 'kind = "sliding"\n', 'kind = "sliding"\nheads = 8\n', "attention.0.heads"),
        (DEVICE, "cores = 24\n", "cores = 24\ncoers = 24\n", "coers"),
        (RUNS, "utilization = 0.85\n", "utilisation = 0.85\n", "runs.0.utilisation"),
    ],
)
def test_an_unknown_key(repository: Repository, name: str, old: str, new: str, path: str) -> None:
    repository.edit(name, old, new)
    fault = only_fault(repository)
    assert fault.path.endswith(f"{name}: {path}")


@pytest.mark.parametrize(
    ("name", "old", "new", "path"),
    [
        (MODEL, "[hidden_size]\nvalue = 2816\n", "[hidden_size]\nvalue = '2816'\n", "hidden_size"),
        (MODEL, "layers = 25\n", "layers = 0\n", "attention.0.layers"),
        (DEVICE, 'mode = "nvidia"\n', 'mode = "amd"\n', "mode"),
        (RUNS, 'id = "vllm-gemma-4-26b-awq-16k"\n', 'id = "A run"\n', "runs.0.id"),
        (RUNS, "utilization = 0.85\n", "utilization = 85\n", "runs.0.utilization"),
        (RUNS, 'outcome = "failed"\n', 'outcome = "unclear"\n', "runs.2.outcome"),
        (RUNS, "date = 2026-05-14\n", 'date = "yesterday"\n', "runs.0.date"),
    ],
)
def test_a_wrong_value(repository: Repository, name: str, old: str, new: str, path: str) -> None:
    repository.edit(name, old, new)
    fault = only_fault(repository)
    assert f"{name}: {path}" in fault.path
    assert fault.value


def test_a_missing_source(repository: Repository) -> None:
    text = repository.read(DEVICE)
    line = next(line for line in text.splitlines() if line.startswith('source = "data sheet'))
    repository.edit(DEVICE, f"{line}\n", "")
    fault = only_fault(repository)
    assert (fault.path.endswith("host_memory.source"), fault.value) == (True, "")


@pytest.mark.parametrize(
    ("low", "value", "high"),
    [(18_000_000_000, 17_000_000_000, 19_000_000_000), (1, 3, 2), (3, 2, 1)],
)
def test_an_interval_out_of_order(repository: Repository, low: int, value: int, high: int) -> None:
    repository.edit(
        MODEL,
        "value = 17_000_000_000\nlow = 16_500_000_000\nhigh = 18_200_000_000",
        f"value = {value}\nlow = {low}\nhigh = {high}",
    )
    fault = only_fault(repository)
    assert fault.path.endswith("checkpoints.0.on_disk")
    assert "in this order" in fault.problem


def test_all_faults_of_all_files_show_together(repository: Repository) -> None:
    repository.edit(DEVICE, "cores = 24\n", "cores = 0\ncoers = 24\n")
    repository.edit(RUNS, "sequences = 4\nbatch = 8192\nutilization = 0.85", "utilization = 0.85")
    repository.write("models/other.toml", "=")
    places = {fault.path.rpartition("/")[2] for fault in faults(repository)}
    assert places == {
        "olares-one.toml: cores",
        "olares-one.toml: coers",
        "gemma-4-26b-a4b.toml: runs.0.sequences",
        "gemma-4-26b-a4b.toml: runs.0.batch",
        "other.toml",
    }


@pytest.mark.parametrize("name", [DEVICE, MODEL, RUNS])
def test_the_same_fact_twice_is_refused(repository: Repository, name: str) -> None:
    repository.write(f"{name.partition('/')[0]}/twin.toml", repository.read(name))
    assert any("twin" in str(fault) for fault in faults(repository))

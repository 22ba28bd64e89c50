"""What a llama.cpp spec may say of drafting, slots and host memory."""

from __future__ import annotations

import pytest

from tests.repository import Repository
from tests.spec.samples import LLAMACPP

IMPORT = "import App, Image, License, LlamaCpp, "


def saying(repository: Repository, fields: str) -> list[str]:
    """The paths of the faults of the sample with these fields added."""
    repository.edit(LLAMACPP, IMPORT, f"{IMPORT}LlamaSpeculation, ")
    repository.set(LLAMACPP, parallel=f"1, {fields}")
    return [fault.path for fault in repository.load(LLAMACPP).faults]


@pytest.mark.parametrize(
    ("speculation", "path"),
    [
        ('spec_type="draft-mtp"', "speculation.n_max"),
        ('spec_type="draft-simple", n_max=8', "speculation.spec_type"),
        ('spec_type="draft-nonsense", n_max=8', "speculation.spec_type"),
        ('spec_type="draft-mtp", n_max=0', "speculation.n_max"),
        ('spec_type="draft-mtp", n_max=4, cache_type_k="q9_9"', "speculation.cache_type_k"),
    ],
)
def test_drafting_that_cannot_be_planned(
    repository: Repository, speculation: str, path: str
) -> None:
    found = saying(repository, f"speculation=LlamaSpeculation({speculation})")
    assert found == [f"{LLAMACPP}.engine.{path}"]


@pytest.mark.parametrize(
    "speculation",
    ['spec_type="draft-mtp", n_max=5', 'spec_type="mtp", n_max=5', 'spec_type="ngram-mod"'],
)
def test_drafting_without_a_drafter(repository: Repository, speculation: str) -> None:
    assert saying(repository, f"speculation=LlamaSpeculation({speculation})") == []


def test_a_word_of_a_fork_needs_the_fork(repository: Repository) -> None:
    repository.set(LLAMACPP, fork="None")
    found = saying(repository, 'speculation=LlamaSpeculation(spec_type="mtp", n_max=5)')
    assert found == [f"{LLAMACPP}.engine.speculation.spec_type"]


def test_a_drafter_says_how_it_drafts(repository: Repository) -> None:
    repository.edit(LLAMACPP, 'role="mmproj"', 'role="draft"')
    (fault,) = repository.load(LLAMACPP).faults
    assert fault.path == f"{LLAMACPP}.engine.speculation"


def test_experts_stay_in_one_way(repository: Repository) -> None:
    assert saying(repository, "cpu_moe=True, n_cpu_moe=3") == [f"{LLAMACPP}.engine.n_cpu_moe"]


def test_slots_may_be_left_to_the_server(repository: Repository) -> None:
    repository.set(LLAMACPP, parallel="None")
    engine = repository.app(LLAMACPP).engine
    assert engine.kind == "llamacpp"
    assert (engine.slots, engine.unified, engine.full_slots) == (4, True, 1)
    assert engine.ctx_per_slot == engine.ctx_size


@pytest.mark.parametrize("fork", ["atomic", "turboquant", "buun", "beellama"])
def test_the_forks_that_are_known(repository: Repository, fork: str) -> None:
    repository.set(LLAMACPP, fork=f'"{fork}"', cache_type_k='"turbo3"')
    assert repository.load(LLAMACPP).faults == ()

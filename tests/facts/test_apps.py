"""Specs held against the facts: what an app names must be known, and agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chartgen.errors import Fault
from chartgen.spec import App, Unknown
from chartgen.vram import plan_faults
from tests.repository import LLAMACPP, VLLM, Repository

MODEL = "models/gemma-4-26b-a4b.toml"
ONE, OTHER = "1" * 40, "2" * 40


def only_fault(repository: Repository, app: App) -> Fault:
    (fault,) = plan_faults(app, repository.facts())
    assert fault.remedy
    return fault


@pytest.mark.parametrize("name", [VLLM, LLAMACPP])
def test_the_project_s_own_apps_agree(repository: Repository, name: str) -> None:
    assert plan_faults(repository.app(name), repository.facts()) == []


@pytest.mark.parametrize("name", [VLLM, LLAMACPP])
def test_an_unknown_device_names_the_known_ones(repository: Repository, name: str) -> None:
    app = replace(repository.app(name), device="olares-two", evidence=())
    fault = only_fault(repository, app)
    assert (fault.path, fault.value) == (f"{name}.device", "olares-two")
    assert "olares-one" in fault.remedy


@pytest.mark.parametrize(("index", "file"), [(0, "other.gguf"), (1, "mmproj-BF16.gguf")])
def test_files_without_facts(repository: Repository, index: int, file: str) -> None:
    app = repository.app(LLAMACPP)
    models = [*app.models]
    models[index] = replace(models[index], file=file)
    fault = only_fault(repository, replace(app, models=tuple(models)))
    assert fault.path == f"{LLAMACPP}.models.{index}"
    assert file in fault.value


def test_a_chat_template_needs_no_facts(repository: Repository) -> None:
    app = repository.app()
    template = replace(
        app.models[0], role="chat_template", repo="google/gemma-4-26B-A4B-it", file="chat.jinja"
    )
    with_template = replace(app, models=(*app.models, template))
    assert plan_faults(with_template, repository.facts()) == []


def pinned(repository: Repository, revision: str) -> App:
    app = repository.app()
    return replace(app, models=(replace(app.models[0], revision=revision),))


def test_a_pin_that_contradicts_the_facts(repository: Repository) -> None:
    head = 'part = "weights"\nquantization = "compressed'
    repository.edit(MODEL, head, f'revision = "{ONE}"\n{head}')
    fault = only_fault(repository, pinned(repository, OTHER))
    assert (fault.path, fault.value) == (f"{VLLM}.models.0.revision", OTHER)
    assert ONE in fault.remedy
    assert plan_faults(pinned(repository, ONE), repository.facts()) == []


def test_a_pin_where_either_side_does_not_know(repository: Repository) -> None:
    assert isinstance(repository.app().models[0].revision, Unknown)
    assert plan_faults(pinned(repository, ONE), repository.facts()) == []
    head = 'part = "weights"\nquantization = "compressed'
    repository.edit(MODEL, head, f'revision = "{ONE}"\n{head}')
    assert plan_faults(repository.app(), repository.facts()) == []


def test_a_context_over_the_model_s_own_limit(repository: Repository) -> None:
    repository.set(LLAMACPP, ctx_size="2 * 262_144 + 2", parallel="2")
    fault = only_fault(repository, repository.app(LLAMACPP))
    assert fault.path == f"{LLAMACPP}.engine.ctx_size"
    assert "262144" in fault.problem
    repository.set(LLAMACPP, ctx_size="2 * 262_144")
    assert plan_faults(repository.app(LLAMACPP), repository.facts()) == []


def test_layers_in_host_memory_are_not_planned(repository: Repository) -> None:
    repository.set(LLAMACPP, parallel="1, n_gpu_layers=20")
    fault = only_fault(repository, repository.app(LLAMACPP))
    assert (fault.path, fault.value) == (f"{LLAMACPP}.engine.n_gpu_layers", "20")


def test_the_program_refuses_with_faults_and_exit_code(repository: Repository) -> None:
    repository.edit(MODEL, "layers = 25\n", "layers = 0\n")
    run = repository.run("build")
    assert (run.returncode, run.stdout) == (3, "")
    assert "attention.0.layers" in run.stderr
    assert "Traceback" not in run.stderr
    assert not repository.catalog.exists()

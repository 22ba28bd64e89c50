"""`chartgen fit --model`: folders and files of models that no spec names."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.facts.made import small_repository
from tests.facts.samples import config, gguf_file
from tests.repository import Repository

MODEL = "qwen3-1.7b"
NAMES = ["model.embed_tokens.weight", *(f"model.layers.{one}.mlp.weight" for one in range(28))]
WHOLE = small_repository(config(MODEL), NAMES)


def put(repository: Repository, folder: str, files: Mapping[str, bytes]) -> None:
    (repository.root / folder).mkdir()
    for name, content in files.items():
        (repository.root / folder / name).write_bytes(content)


@pytest.mark.parametrize("engine", ["vllm", "sglang", "transformers"])
def test_a_folder_of_any_name(repository: Repository, engine: str) -> None:
    put(repository, "q", WHOLE)
    asked = ("fit", "--model", "./q", "--engine", engine, "--gpu", "rtx-5090", "--json")
    run = repository.run(*asked)
    assert run.stderr == ""
    found = json.loads(run.stdout)
    assert (found["app"], found["label"]) == ("q", "./q: gpu=rtx-5090")
    weights = next(term for term in found["terms"] if term["name"] == "weights")
    assert 0 < weights["bytes"] < 1 << 20


@pytest.mark.parametrize(
    ("engine", "fields"),
    [
        ("vllm", ("max_model_len", "max_num_seqs")),
        ("sglang", ("context_length", "max_running_requests")),
        ("transformers", ("context_length", "max_num_seqs")),
    ],
)
def test_each_axis_of_each_engine_can_be_solved_for(
    repository: Repository, engine: str, fields: tuple[str, str]
) -> None:
    put(repository, "q", WHOLE)
    for field in fields:
        asked = ("fit", "--model", "./q", "--engine", engine, "--gpu", "h100-80", "--solve", field)
        run = repository.run(*asked, "--json")
        assert run.stderr == ""
        assert json.loads(run.stdout)["solved"]["field"] == field


def test_a_large_card_has_larger_defaults(repository: Repository) -> None:
    """An H100 is given batches of 8,192 tokens and 1,024 sequences by vLLM itself."""
    put(repository, "q", WHOLE)
    asked = ("fit", "--model", "./q", "--engine", "vllm", "--gpu")
    assert "8192 batched tokens" in repository.run(*asked, "h100-80").stdout
    assert "2048 batched tokens" in repository.run(*asked, "l4").stdout


def test_a_file_of_the_other_engine(repository: Repository) -> None:
    put(repository, "gguf", {"model.gguf": gguf_file(MODEL)})
    asked = ("fit", "--model", "gguf/model.gguf", "--engine")
    assert repository.run(*asked, "llamacpp", "--gpu", "rtx-5090").returncode in (0, 5)
    refused = repository.run(*asked, "vllm")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "--file model.gguf" in refused.stderr
    assert "read by --engine llamacpp" in refused.stderr


def test_a_folder_without_weights_says_what_to_do(repository: Repository) -> None:
    put(repository, "dimensions", {"config.json": WHOLE["config.json"]})
    run = repository.run("fit", "--model", "./dimensions", "--engine", "vllm")
    assert (run.returncode, run.stdout) == (3, "")
    assert "no files of weights" in run.stderr
    assert ".safetensors or .gguf files" in run.stderr


def test_a_title_that_cannot_be_one_is_a_fault(repository: Repository) -> None:
    put(repository, "q", WHOLE)
    run = repository.run("model", "add", "./q", "--title", "x")
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith("chartgen: title: ")
    assert repository.run("model", "add", "./q").returncode == 0

"""Rules that concern more than one field of a spec."""

from __future__ import annotations

import pytest

from tests.repository import Repository
from tests.spec.samples import LLAMACPP, VLLM

PINNED = f'"sha256:{"0" * 64}"'


@pytest.mark.parametrize(
    ("name", "fields", "path"),
    [
        (VLLM, {"mutable_because": "None"}, "engine.image.tag"),
        (VLLM, {"mutable_because": "None", "tag": '"latest"'}, "engine.image.tag"),
        (VLLM, {"images_per_prompt": "1, language_model_only=True"}, "engine.images_per_prompt"),
        (
            VLLM,
            {"max_num_seqs": "4, enable_chunked_prefill=False"},
            "engine.max_num_batched_tokens",
        ),
        (LLAMACPP, {"fork": "None", "cache_type_k": '"turbo3"'}, "engine.cache_type_k"),
        (LLAMACPP, {"parallel": '1, flash_attn="off"'}, "engine.flash_attn"),
        (LLAMACPP, {"file": "None"}, "models.0.file"),
    ],
)
def test_fields_that_contradict_each_other(
    repository: Repository, name: str, fields: dict[str, str], path: str
) -> None:
    if "file" in fields:
        repository.edit(name, 'file="gemma-4-26B-A4B-it-UD-Q4_K_XL.gguf"', "file=None")
    else:
        repository.set(name, **fields)
    assert [fault.path for fault in repository.load(name).faults] == [f"{name}.{path}"]


def test_a_digest_pins_a_moving_tag(repository: Repository) -> None:
    repository.set(VLLM, mutable_because="None", digest=PINNED)
    assert repository.app(VLLM).engine.image.reference.endswith(PINNED.strip('"'))


@pytest.mark.parametrize("method", ["eagle", "eagle3", "dflash"])
def test_a_method_with_a_drafter_needs_one(repository: Repository, method: str) -> None:
    repository.edit(VLLM, "import App,", "import App, Speculation,")
    chosen = f'1, speculation=Speculation(method="{method}", num_speculative_tokens=2)'
    repository.set(VLLM, images_per_prompt=chosen)
    (fault,) = repository.load(VLLM).faults
    assert fault.path == f"{VLLM}.engine.speculation"


def test_each_role_is_played_once_and_the_weights_are_there(repository: Repository) -> None:
    repository.edit(LLAMACPP, 'role="mmproj"', 'role="weights"')
    assert [fault.value for fault in repository.load(LLAMACPP).faults] == ["weights"]
    repository.edit(VLLM, 'role="weights"', 'role="chat_template"')
    assert [fault.path for fault in repository.load(VLLM).faults] == [f"{VLLM}.models"]


@pytest.mark.parametrize(
    ("resources", "path"),
    [
        ('cpu=("16", "4"), memory=("24Gi", "40Gi")', "resources.cpu"),
        ('cpu=("500m", "1"), memory=("24Gi", "4096Mi")', "resources.memory"),
        ('cpu=("500m", "1"), memory=("1Gi", "4Gi"), shm="8Gi"', "resources.shm"),
    ],
)
def test_resources_that_exceed_themselves(
    repository: Repository, resources: str, path: str
) -> None:
    repository.set(VLLM, resources=f"Resources({resources})")
    assert [fault.path for fault in repository.load(VLLM).faults] == [f"{VLLM}.{path}"]


def test_variables_that_the_device_refuses(repository: Repository) -> None:
    repository.edit(LLAMACPP, '"GGML_CUDA_GRAPH_OPT"', '"OLARES_USER_HUGGINGFACE_TOKEN"')
    (fault,) = repository.load(LLAMACPP).faults
    assert (fault.path, fault.value) == (
        f"{LLAMACPP}.engine.env.0",
        "OLARES_USER_HUGGINGFACE_TOKEN",
    )


def test_the_context_of_a_slot_is_its_share(repository: Repository) -> None:
    repository.set(LLAMACPP, parallel="2")
    engine = repository.app(LLAMACPP).engine
    assert engine.kind == "llamacpp"
    assert engine.ctx_per_slot == 65536

"""What a build refuses, all at once and before anything is written."""

from __future__ import annotations

import struct

import pytest

from chartgen.errors import DoesNotFit, Faults, Several, Unproven
from tests.release.steps import amend, files, leftovers, set_version
from tests.repository import LLAMACPP, VLLM, Repository

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def refused(repository: Repository, *names: str) -> str:
    with pytest.raises(Faults) as faults:
        repository.build(*names)
    assert not repository.catalog.exists()
    return str(faults.value)


def test_what_does_not_fit_is_refused_with_its_sum(repository: Repository) -> None:
    engine = "but(app.engine, kv_cache_dtype='bfloat16', max_model_len=262144)"
    amend(repository, engine=engine, evidence="()")
    with pytest.raises(DoesNotFit) as error:
        repository.build(VLLM)
    said = str(error.value)
    assert "DOES NOT FIT" in said
    for word in ("weights", "KV cache", "need", "limit", "GiB"):
        assert word in said
    assert "biggest lever: " in said
    assert "frees" in said
    assert not repository.catalog.exists()


def test_what_nobody_measured_is_unproven(repository: Repository) -> None:
    amend(repository, engine="but(app.engine, max_num_seqs=5)", evidence="()")
    with pytest.raises(Unproven, match="UNPROVEN: the limit lies inside the interval"):
        repository.build(VLLM)
    assert not repository.catalog.exists()


def test_a_run_that_failed_refuses(repository: Repository) -> None:
    image = 'but(app.engine.image, engine_version="0.21.1rc1.dev169")'
    amend(repository, engine=f"but(app.engine, image={image})", evidence="()")
    with pytest.raises(DoesNotFit, match="a recorded run of this deployment failed"):
        repository.build(VLLM)


def test_two_refusals_are_told_together(repository: Repository) -> None:
    amend(repository, engine="but(app.engine, max_num_seqs=5)", evidence="()")
    engine = "but(app.engine, cache_type_k='f32', cache_type_v='f32', ctx_size=262144)"
    amend(repository, LLAMACPP, engine=engine)
    with pytest.raises(Several) as error:
        repository.build()
    assert [type(one) for one in error.value.errors] == [DoesNotFit, Unproven]
    assert not repository.catalog.exists()


def test_more_context_than_the_model_has_is_a_fault(repository: Repository) -> None:
    amend(repository, engine="but(app.engine, max_model_len=1048576)", evidence="()")
    assert f"{VLLM}.engine.max_model_len: " in refused(repository, VLLM)


def test_all_faults_of_a_run_come_together(repository: Repository) -> None:
    amend(repository, title='"x" * 31', engine="but(app.engine, max_num_seqs='four')")
    engine = "but(app.engine, ctx_size=9999999)"
    amend(repository, LLAMACPP, categories='("Games",)', engine=engine)
    repository.write("broken", "app = (\n")
    said = refused(repository)
    for path in (
        f"{VLLM}.engine.max_num_seqs: ",
        f"{VLLM}.title: ",
        f"{LLAMACPP}.categories: ",
        f"{LLAMACPP}.engine.ctx_size: ",
        "charts_src/broken.py:1: ",
    ):
        assert path in said
    assert "Games" in said
    assert len(said.splitlines()) >= 5


def test_a_good_app_is_not_released_beside_a_wrong_one(repository: Repository) -> None:
    repository.build(LLAMACPP)
    before = files(repository)
    set_version(repository, "1.0.4", "Fine.", LLAMACPP)
    amend(repository, engine="but(app.engine, max_num_seqs=0)")
    with pytest.raises(Faults):
        repository.build()
    assert files(repository) == before
    assert leftovers(repository) == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not a PNG"),
        (b"<svg/>", "not a PNG"),
        (PNG, "not a PNG"),
        (PNG + struct.pack(">II", 128, 256), "128x256 pixels"),
        (PNG + struct.pack(">II", 256, 256) + bytes(600_000), "bytes"),
        (None, "cannot be read: No such file or directory"),
    ],
    ids=["empty", "svg", "head", "small", "large", "missing"],
)
def test_a_wrong_icon_is_a_fault(repository: Repository, data: bytes | None, problem: str) -> None:
    icon = repository.path("icons/gemma4-vllm.png")
    if data is None:
        icon.unlink()
    else:
        icon.write_bytes(data)
    said = refused(repository, VLLM)
    assert said.startswith(f"{VLLM}.icon: ")
    assert problem in said
    assert "256x256" in said


def test_an_edit_that_does_not_fit_either_is_told_with_its_sum(repository: Repository) -> None:
    """Claims of evidence, the sum and the edited release show together."""
    repository.build(VLLM)
    engine = "but(app.engine, kv_cache_dtype='bfloat16', max_model_len=262144)"
    amend(repository, VLLM, engine=engine)
    with pytest.raises(Several) as refused:
        repository.build(VLLM)
    said = str(refused.value)
    assert "kv_cache_dtype bfloat16 -> fp8 frees 3.38 GiB" in said
    assert "Set version to 1.0.3" in said
    assert "this record is of another deployment" in said

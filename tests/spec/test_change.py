"""Changes given as text go through the spec's own check."""

from __future__ import annotations

import pytest

from chartgen.errors import Fault
from chartgen.spec import App, LlamaCpp, Speculation, Vllm
from chartgen.spec.change import Change, changed
from tests.repository import LLAMACPP, PROJECT, VLLM, Repository

HERE = Repository(PROJECT)


def vllm(*changes: tuple[str, str]) -> tuple[App, list[Fault]]:
    return changed(HERE.app(VLLM), [Change(field, text) for field, text in changes])


def engine(*changes: tuple[str, str]) -> Vllm:
    app, faults = vllm(*changes)
    assert faults == []
    assert isinstance(app.engine, Vllm)
    return app.engine


def fault(*changes: tuple[str, str]) -> Fault:
    _, (found,) = vllm(*changes)
    assert found.remedy
    return found


def test_numbers_words_and_switches() -> None:
    found = engine(
        ("max_model_len", "65536"),
        ("gpu_memory_utilization", "0.5"),
        ("kv_cache_dtype", "auto"),
        ("enforce_eager", "on"),
    )
    assert (found.max_model_len, found.gpu_memory_utilization) == (65_536, 0.5)
    assert (found.kv_cache_dtype, found.enforce_eager) == ("auto", True)


def test_what_lies_inside_a_field() -> None:
    assert engine(("image.engine_version", "0.33.0")).image.engine_version == "0.33.0"
    found = engine(("speculation", '{"method": "ngram", "num_speculative_tokens": 3}'))
    assert found.speculation == Speculation(method="ngram", num_speculative_tokens=3)


def test_a_field_that_may_be_unset() -> None:
    assert engine(("tool_call_parser", "none")).tool_call_parser is None
    assert engine(("extra_args", '["--seed", "1"]')).extra_args == ("--seed", "1")


def test_no_change_is_the_same_app() -> None:
    app = HERE.app(VLLM)
    assert changed(app, []) == (app, [])


def test_a_changed_app_claims_no_record() -> None:
    app, _ = vllm(("max_num_seqs", "2"))
    assert HERE.app(VLLM).evidence
    assert app.evidence == ()


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("max_model_len", "many", "valid integer"),
        ("max_model_len", "0", "greater than or equal to 1"),
        ("gpu_memory_utilization", "1.5", "less than or equal to 0.99"),
        ("kv_cache_dtype", "int3", "fp8"),
        ("enforce_eager", "perhaps", "valid boolean"),
        ("speculation", "{", "JSON"),
    ],
)
def test_a_wrong_value_says_what_is_wrong(field: str, text: str, said: str) -> None:
    found = fault((field, text))
    assert found.path == f"{VLLM}.engine.{field}"
    assert said in found.problem
    assert text in found.value


def test_a_field_that_there_is_not_names_those_that_there_are() -> None:
    found = fault(("ctx_size", "4096"))
    assert found.path == f"{VLLM}.engine.ctx_size"
    assert "Vllm has no such field" in found.problem
    assert "max_model_len" in found.remedy
    near = fault(("max_modl_len", "4096"))
    assert "Did you mean max_model_len" in near.remedy
    inside = fault(("image.tagg", "x"))
    assert inside.path == f"{VLLM}.engine.image.tagg"
    assert "has no fields" in fault(("max_num_seqs.more", "x")).problem


def test_the_kind_of_an_engine_stays() -> None:
    assert fault(("kind", "llamacpp")).path == f"{VLLM}.engine.kind"


def test_all_wrong_changes_are_named_at_once() -> None:
    _, faults = vllm(("max_num_seqs", "x"), ("nonsense", "1"))
    assert len(faults) == 2


def test_rules_of_more_than_one_field_hold() -> None:
    assert fault(("enable_chunked_prefill", "false")).path.endswith("max_num_batched_tokens")
    app, (found,) = changed(
        HERE.app(LLAMACPP), [Change("cache_type_k", "turbo3"), Change("fork", "none")]
    )
    assert isinstance(app.engine, LlamaCpp)
    assert found.path == f"{LLAMACPP}.engine.cache_type_k"

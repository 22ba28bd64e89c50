"""Plans side by side, and questions that change an app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chartgen.errors import Faults
from chartgen.facts import ModelFacts
from chartgen.spec import Vllm
from chartgen.vram import Draft, Fit, Question, compare_facts, compare_text, fit, question_of
from tests.repository import LLAMACPP, PROJECT, VLLM


def unread(reference: str, file: str | None) -> ModelFacts:
    """No test of this module reads a model."""
    raise AssertionError(f"{reference}, {file} was read")


def answer(text: str) -> Fit:
    return fit(PROJECT, question_of(text), unread)


def test_vision_against_slots() -> None:
    fits = [answer(VLLM), answer(f"{VLLM}:images_per_prompt=0,max_num_seqs=3")]
    text = compare_text(fits)
    lines = {line[:20].strip(): line for line in text.splitlines()}
    assert text.splitlines()[0].startswith(f"A  {VLLM} on ")
    assert "images_per_prompt=0, max_num_seqs=3" in text.splitlines()[1]
    assert lines["weights"].endswith("+0.00 GiB")
    assert "B - A" in text
    difference = fits[1].plan.need.value - fits[0].plan.need.value
    assert difference < 0
    assert lines["need"].endswith(f"{difference / 2**30:+.2f} GiB")
    assert lines["verdict"].split()[1:] == [fit.plan.verdict.value for fit in fits]


def test_columns_are_aligned() -> None:
    text = compare_text([answer(VLLM), answer(LLAMACPP), answer(f"{VLLM}:max_model_len=1024")])
    table = text.split("\n\n")[1].splitlines()
    assert table[0].split() == ["A", "B", "C"]
    ends = {len(line) for line in table if not line.startswith("headroom")}
    assert len(ends) == 1


def test_a_table_ends_where_the_letters_do() -> None:
    one = answer(VLLM)
    assert compare_text([one] * 26).splitlines()[25].startswith("Z  ")
    with pytest.raises(Faults, match="27"):
        compare_text([one] * 27)


def test_the_facts_of_a_comparison_add_up() -> None:
    fits = [answer(VLLM), answer(LLAMACPP)]
    facts = json.loads(json.dumps(compare_facts(fits)))
    first, second = facts["plans"]
    (difference,) = facts["differences"]
    assert (first["app"], second["app"]) == (VLLM, LLAMACPP)
    assert difference["to"] == LLAMACPP
    assert sum(difference["terms"].values()) == difference["need_bytes"]
    assert difference["need_bytes"] == second["need_bytes"]["value"] - first["need_bytes"]["value"]


def test_a_question_is_read_from_its_text() -> None:
    asked = question_of("app:max-model-len=1024,gpu=rtx-5090,vision=off")
    assert (asked.subject, asked.gpu, asked.vision) == ("app", "rtx-5090", False)
    assert [(one.field, one.text) for one in asked.changes] == [("max_model_len", "1024")]
    assert asked.label == "app: max_model_len=1024, gpu=rtx-5090, vision=off"
    assert question_of("app") == Question("app")


@pytest.mark.parametrize(
    "text", ["app:max_num_seqs", "app:=3", "app:vision=maybe", "app:gpu=l4,gpu=t4"]
)
def test_a_question_that_is_none(text: str) -> None:
    with pytest.raises(Faults):
        question_of(text)


def test_a_changed_app_claims_no_record_and_is_matched_anew() -> None:
    same = answer(f"{VLLM}:max_num_seqs=4")
    assert same.plan.measured
    assert same.app.evidence == ()
    other = answer(f"{VLLM}:max_num_seqs=5")
    assert not other.plan.measured


def test_vision_off_and_on_again() -> None:
    off = answer(f"{VLLM}:vision=off")
    assert isinstance(off.app.engine, Vllm)
    assert off.app.engine.images_per_prompt == 0
    without = answer(f"{LLAMACPP}:vision=off")
    assert [model.role for model in without.app.models] == ["weights"]
    assert answer(f"{LLAMACPP}:vision=on").app.models == answer(LLAMACPP).app.models


@pytest.mark.parametrize("engine", ["vllm", "llamacpp"])
def test_a_pinned_model_needs_no_spec(engine: str) -> None:
    found = fit(PROJECT, Question(Draft("gemma-4-26b-a4b", engine)), unread)
    assert found.app.engine.kind == engine
    assert found.plan.need.value > 16e9
    assert found.plan.requests.tokens_each <= 262_144


def test_a_pinned_repository_is_not_read_again() -> None:
    draft = Draft("hf:cyankiwi/gemma-4-26B-A4B-it-AWQ-4bit", "vllm")
    found = fit(PROJECT, Question(draft), unread)
    assert found.app.models[0].repo == "cyankiwi/gemma-4-26B-A4B-it-AWQ-4bit"


def test_a_model_that_is_not_pinned_is_read(tmp_path: Path) -> None:
    asked: list[tuple[str, str | None]] = []
    model = answer(VLLM).facts.models[0]

    def read(reference: str, file: str | None) -> ModelFacts:
        asked.append((reference, file))
        copies = [
            one.model_copy(update={"repo": "someone/else"})
            for one in model.checkpoints
            if one.file is None
        ]
        return model.model_copy(update={"name": "else", "checkpoints": tuple(copies)})

    found = fit(PROJECT, Question(Draft("hf:someone/else@main", "vllm")), read)
    assert asked == [("hf:someone/else@main", None)]
    assert found.plan.app == "else"
    fit(PROJECT, Question(Draft(str(tmp_path), "vllm")), read)
    assert asked[1] == (str(tmp_path), None)


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (Draft("gemma-4-26b", "vllm"), "gemma-4-26b-a4b"),
        (Draft("gemma-4-26b-a4b", "vlm"), "vllm"),
        (Draft("gemma-4-26b-a4b", "llamacpp", "other.gguf"), "gemma-4-26B-A4B-it-UD-Q4_K_XL.gguf"),
        (Draft("hf:cyankiwi/gemma-4-26B-A4B-it-AWQ-4bit", "llamacpp"), "UD-Q4_K_XL.gguf"),
    ],
)
def test_a_draft_that_means_nothing_names_what_there_is(draft: Draft, said: str) -> None:
    with pytest.raises(Faults) as raised:
        fit(PROJECT, Question(draft), unread)
    (fault,) = raised.value.faults
    assert said in fault.remedy

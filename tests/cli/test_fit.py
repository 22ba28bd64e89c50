"""`chartgen fit` and `chartgen compare`, as people and programs meet them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.repository import LLAMACPP, PROJECT, VLLM, Repository

SHORT = ("--max-model-len", "4096", "--vision", "off")
LONG = ("--max-model-len", "262144", "--kv-cache-dtype", "bfloat16")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (SHORT, 0, "FITS"),
        (LONG, 4, "DOES NOT FIT"),
        (("--max-num-seqs", "5"), 5, "UNPROVEN"),
        ((), 0, "FITS: measured"),
    ],
)
def test_the_exit_code_tells_the_verdict_after_the_sum(
    repository: Repository, arguments: tuple[str, ...], code: int, words: str
) -> None:
    run = repository.run("fit", VLLM, *arguments)
    assert (run.returncode, run.stderr) == (code, "")
    assert f"  {words}" in run.stdout
    for part in ("KV cache", "need", "limit", "host RAM", "disk", "sources"):
        assert part in run.stdout
    assert not repository.catalog.exists()


def facts_of(run: subprocess.CompletedProcess[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(run.stdout)
    return found


def test_the_facts_for_programs(repository: Repository) -> None:
    run = repository.run("fit", VLLM, *LONG, "--json")
    assert (run.returncode, run.stderr) == (4, "")
    found = facts_of(run)
    assert (found["app"], found["verdict"], found["measured"]) == (VLLM, "does-not-fit", False)
    assert isinstance(found["limit_bytes"], int)
    need, terms, levers = found["need_bytes"], found["terms"], found["levers"]
    assert isinstance(need, dict)
    assert isinstance(terms, list)
    assert isinstance(levers, list)
    for end in ("value", "low", "high"):
        name = "bytes" if end == "value" else end
        assert need[end] == sum(term[name] for term in terms)
    assert all(term["name"] and term["formula"] and term["source"] for term in terms)
    assert levers[0]["field"] == "kv_cache_dtype"
    assert (levers[0]["from"], levers[0]["to"]) == ("bfloat16", "fp8")
    assert levers[0]["frees_bytes"] > 3e9


def test_the_biggest_lever_is_named(repository: Repository) -> None:
    run = repository.run("fit", VLLM, *LONG)
    assert "biggest lever: kv_cache_dtype bfloat16 -> fp8 frees 3.38 GiB" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "path", "said"),
    [
        (("--ctx-size", "4096"), "engine.ctx_size", "max_model_len"),
        (("--max-model-len", "many"), "engine.max_model_len", "integer"),
        (("--max-model-len", "1048576"), "engine.max_model_len", "262144"),
        (("--set", "image.tagg=x"), "engine.image.tagg", "tag"),
        (("--max-num-batched-tokens", "3"), "engine.max_num_batched_tokens", "Raise it to 4"),
        (("--set", "image.engine_version=new"), "engine.image.engine_version", "0.20.2"),
        (("--gpu", "rtx-9090"), "device", "olares-one"),
        (("--gpu", ""), "device", "olares-one"),
        (("--solve", "ctx_size"), "engine", "max_model_len"),
    ],
)
def test_a_wrong_option_is_a_fault_with_a_path(
    repository: Repository, arguments: tuple[str, ...], path: str, said: str
) -> None:
    run = repository.run("fit", VLLM, *arguments)
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith(f"chartgen: {VLLM}.{path}: ")
    assert said in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("arguments", "path", "seen"),
    [
        (("--max-num-seqs", "2", "--set", "max_num_seqs=1"), "max_num_seqs", "2, 1"),
        (("--vision", "off", "--set", "images_per_prompt=2"), "vision", "off"),
        (("--vision", "on", "--set", "images_per_prompt=0"), "vision", "on"),
        (("--plot", "nowhere/plan.svg"), "plot", "nowhere/plan.svg"),
    ],
)
def test_what_contradicts_itself_or_cannot_be_done_is_a_fault(
    repository: Repository, arguments: tuple[str, ...], path: str, seen: str
) -> None:
    run = repository.run("fit", VLLM, *arguments)
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith(f"chartgen: {path}: ")
    assert f"(seen: {seen})" in run.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (VLLM, "--model", "gemma-4-26b-a4b"),
        (VLLM, "--engine", "vllm"),
        ("--model", "gemma-4-26b-a4b"),
        (VLLM, "--solve", "everything"),
        (VLLM, "--vision", "maybe"),
    ],
)
def test_words_that_do_not_belong_together(
    repository: Repository, arguments: tuple[str, ...]
) -> None:
    run = repository.run("fit", *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert "Traceback" not in run.stderr


def test_an_unknown_app_and_an_unknown_model(repository: Repository) -> None:
    app = repository.run("fit", VLLM[:-1])
    assert app.returncode == 3
    assert f"Did you mean {VLLM}" in app.stderr
    model = repository.run("fit", "--model", "gemma-4-26b", "--engine", "vllm")
    assert model.returncode == 3
    assert "gemma-4-26b-a4b" in model.stderr


def test_another_spec_s_faults_are_not_this_one_s(repository: Repository) -> None:
    repository.write(LLAMACPP, "this is no Python")
    assert repository.run("fit", VLLM).returncode == 0


def test_a_model_without_a_spec(repository: Repository) -> None:
    run = repository.run(
        "fit", "--model", "gemma-4-26b-a4b", "--engine", "vllm", "--max-model-len", "2048",
        "--max-num-seqs", "2", "--vision", "off", "--json",
    )  # fmt: skip
    found = facts_of(run)
    assert (found["app"], found["verdict"]) == ("gemma-4-26b-a4b", "fits")
    assert run.returncode == 0


def test_what_is_solved_for_fits_and_one_step_more_does_not(repository: Repository) -> None:
    found = facts_of(repository.run("fit", VLLM, "--solve", "max_model_len", "--json"))["solved"]
    assert isinstance(found, dict)
    best, step = found["fits_up_to"], found["step"]
    verdicts = [
        facts_of(repository.run("fit", VLLM, "--max-model-len", str(tokens), "--json"))["predicted"]
        for tokens in (best, best + step)
    ]
    assert verdicts == ["fits", "unproven"]


def test_an_answer_names_what_moves_along(repository: Repository) -> None:
    """A further slot of llama.cpp brings its own context; set together they are the answer."""
    found = facts_of(repository.run("fit", LLAMACPP, "--solve", "parallel", "--json"))["solved"]
    assert isinstance(found, dict)
    best = found["fits_up_to"]
    assert found["fits_with"] == {"ctx_size": best * 131_072}

    def predicted(slots: int) -> object:
        changes = (f"parallel={slots}", f"ctx_size={slots * 131_072}")
        sets = (word for change in changes for word in ("--set", change))
        return facts_of(repository.run("fit", LLAMACPP, *sets, "--json"))["predicted"]

    assert [predicted(best), predicted(best + 1)] == ["fits", "unproven"]
    text = repository.run("fit", LLAMACPP, "--solve", "parallel").stdout
    assert f"fits up to {best} (with ctx_size={best * 131_072})" in text


def test_the_frontier_is_a_table_and_a_list(repository: Repository) -> None:
    text = repository.run("fit", LLAMACPP, "--solve", "both").stdout
    assert "frontier: the largest ctx_size for each parallel" in text
    assert "<- now" in text
    solved = facts_of(repository.run("fit", LLAMACPP, "--solve", "both", "--json"))["solved"]
    assert isinstance(solved, dict)
    assert solved["present"] == {"context": 131_072, "sequences": 1}
    assert [point["sequences"] for point in solved["points"]][:4] == [1, 2, 3, 4]


def test_a_picture_beside_the_text(repository: Repository) -> None:
    for ending in ("svg", "png"):
        run = repository.run("fit", VLLM, "--solve", "both", "--plot", f"plan.{ending}")
        assert (run.returncode, run.stderr) == (0, "")
        assert (repository.root / f"plan.{ending}").stat().st_size > 1000
    refused = repository.run("fit", VLLM, "--plot", "plan.gif")
    assert (refused.returncode, refused.stdout) == (3, "")


def test_plans_side_by_side(repository: Repository) -> None:
    run = repository.run("compare", VLLM, f"{VLLM}:vision=off", LLAMACPP)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"A  {VLLM} on ")
    found = facts_of(repository.run("compare", VLLM, LLAMACPP, "--json"))
    plans = found["plans"]
    assert isinstance(plans, list)
    assert [one["app"] for one in plans] == [VLLM, LLAMACPP]


def test_what_is_wrong_is_told_to_programs_too(repository: Repository) -> None:
    run = repository.run("fit", VLLM, "--max-num-seqs", "0", "--json")
    assert run.returncode == 3
    (error,) = json.loads(run.stdout)["errors"]
    assert error["path"] == f"{VLLM}.engine.max_num_seqs"


def test_a_reader_that_has_enough_hears_no_complaint(repository: Repository) -> None:
    """As `chartgen fit APP | head -1` does once head has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "chartgen", "fit", VLLM],
            cwd=repository.root,
            env={**os.environ, "PYTHONPATH": str(PROJECT / "generator")},
            stdout=writing,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    finally:
        os.close(writing)
    assert (run.returncode, run.stderr) == (1, "")


def test_a_field_may_be_raised_to_its_end(repository: Repository) -> None:
    """Nothing is said of what lies beyond the last value there is."""
    text = repository.run("fit", VLLM, "--solve", "max_model_len").stdout
    (line,) = [line for line in text.splitlines() if "unproven up to" in line]
    assert line == "  unproven up to 262144, which is the most there is"

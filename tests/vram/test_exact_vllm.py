"""vLLM's own planner beside the closed form, on answers that vLLM 0.33.0 gave.

`tests/vram/exact_vllm.py` says how they were recorded. No vLLM is needed here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from chartgen.engines.vllm.installed import VARIABLE
from tests.repository import VLLM, Repository
from tests.vram.exact_vllm import FILE, Recorded, ask, recorded, subjects

SUBJECTS = subjects()
ANSWERED = [name for name in SUBJECTS if name != "qwen3.5-9b"]
HALF = ("--max-model-len", "65536", "--set", "kv_cache_memory_bytes=3000000000")

STAND_IN = f"""#!{sys.executable}
import json, sys
held = json.load(open({str(FILE)!r}))
if sys.argv[-1] == "version":
    print(json.dumps(held["version"]))
else:
    known = {{json.dumps(one["case"]): one["answer"] for one in held["answers"]}}
    print("a line that somebody's plugin prints")
    print(json.dumps([known[json.dumps(case)] for case in json.load(sys.stdin)]))
"""
"""A program that is run like a Python with vLLM and repeats the recorded answers."""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "python-with-vllm"
    file.write_text(STAND_IN, "utf-8")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("name", ANSWERED)
def test_each_number_is_the_planner_s_own(name: str) -> None:
    found = ask(*SUBJECTS[name], recorded())
    assert found.version == "vLLM 0.33.0"
    assert [row.name for row in found.rows][:4] == [
        "groups of layers", "one block", "blocks of one request", "KV cache of one request",
    ]  # fmt: skip
    assert len(found.rows) == (4 if name == "refused" else 6)
    for row in found.rows:
        assert row.low == row.ours == row.high
        assert row.ours == pytest.approx(row.theirs, rel=1e-12), row.name


def test_a_refusal_is_told_in_both_sides_words() -> None:
    notes = ask(*SUBJECTS["refused"], recorded()).notes
    (theirs,) = [one for one in notes if one.startswith("the planner says: To serve at least one")]
    (ours,) = [one for one in notes if one.startswith("the sum says: ")]
    assert theirs.partition(": ")[2].startswith(ours.partition(": ")[2])


def test_a_server_that_does_not_start_has_no_numbers() -> None:
    found = ask(*SUBJECTS["qwen3.5-9b"], recorded())
    assert found.rows == ()
    assert sum("Failed to promote local KV cache specs" in note for note in found.notes) == 2


def test_another_version_than_the_image_s_is_named() -> None:
    (note,) = [one for one in ask(*SUBJECTS["half"], recorded()).notes if "the app's image" in one]
    assert "0.20.2rc1.dev67" in note
    assert "rules of 0.33.0" in note


def test_what_the_version_cannot_be_asked_is_said() -> None:
    app, facts = SUBJECTS["half"]
    kept = recorded()
    trouble: dict[str, object] = {"version": "0.33.0", "trouble": "TypeError: no such field"}
    broken = Recorded(kept.said, dict.fromkeys(kept.known, trouble))
    found = ask(app, facts, broken)
    assert found.rows == ()
    assert "the planner could not be asked: TypeError: no such field" in found.notes


def test_a_difference_is_a_row_with_both() -> None:
    app, facts = SUBJECTS["half"]
    kept = recorded()
    doubled = {
        case: {**answer, "needed_bytes": int(str(answer.get("needed_bytes", 0))) * 2}
        for case, answer in kept.known.items()
    }
    rows = {row.name: row for row in ask(app, facts, Recorded(kept.said, doubled)).rows}
    row = rows["KV cache of one request"]
    assert row.theirs == 2 * row.ours
    assert rows["blocks of one request"].theirs == rows["blocks of one request"].ours


def test_the_table_and_the_facts_of_the_command(repository: Repository, program: Path) -> None:
    asked = ("fit", VLLM, *HALF, "--exact-program", str(program))
    text = repository.run(*asked).stdout
    assert f"exact: vLLM 0.33.0, run as {program}\n" in text
    table = text.partition("exact: vLLM")[2].splitlines()[1:]
    assert table[0].split() == ["ours", "theirs", "ours", "-", "theirs"]
    assert table[3].split() == ["blocks", "of", "one", "request", "7,493", "blocks", "7,493",
                                "blocks", "none"]  # fmt: skip
    found = json.loads(repository.run(*asked, "--json").stdout)["exact"]
    assert (found["version"], found["program"]) == ("vLLM 0.33.0", str(program))
    rows = {row["name"]: row for row in found["rows"]}
    need = rows["KV cache of one request"]
    assert (need["unit"], need["ours"], need["theirs"], need["difference"]) == (
        "bytes", 7493 * 327_680, 7493 * 327_680, 0,
    )  # fmt: skip


def test_the_verdict_s_exit_code_stays(repository: Repository, program: Path) -> None:
    plain = repository.run("fit", VLLM, *HALF)
    exact = repository.run("fit", VLLM, *HALF, "--exact-program", str(program))
    assert exact.returncode == plain.returncode
    assert exact.stdout.startswith(plain.stdout)


@pytest.mark.parametrize(
    ("name", "said"),
    [("/nowhere/python", "No such file"), (sys.executable, "vllm"), ("/bin/true", "nothing")],
)
def test_a_program_without_a_planner_is_a_fault(
    repository: Repository, name: str, said: str
) -> None:
    run = repository.run("fit", VLLM, "--exact", "--exact-program", name)
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith("chartgen: exact: no planner answered: ")
    assert said in run.stderr
    assert VARIABLE in run.stderr
    assert "Traceback" not in run.stderr


def test_without_a_program_the_way_to_one_is_told(repository: Repository) -> None:
    run = repository.run("fit", VLLM, "--exact", env={VARIABLE: ""})
    assert (run.returncode, run.stdout) == (3, "")
    assert "this Python has no vLLM" in run.stderr
    assert VARIABLE in run.stderr


def test_the_environment_may_name_it(repository: Repository, program: Path) -> None:
    run = repository.run("fit", VLLM, *HALF, "--exact", env={VARIABLE: str(program)})
    assert f"run as {program}\n" in run.stdout


def test_other_engines_say_that_they_have_none(repository: Repository) -> None:
    run = repository.run("fit", "--model", "gemma-4-26b-a4b", "--engine", "sglang", "--exact")
    assert run.returncode == 3
    assert "no planning program" in run.stderr

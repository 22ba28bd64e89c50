"""Faults as the program shows them: one message, one exit code, nothing written."""

from __future__ import annotations

import json

import pytest

from tests.repository import Repository
from tests.spec.samples import LLAMACPP, VLLM

FAULTS = 3


def refusal(repository: Repository, *arguments: str) -> str:
    """What the program says when it refuses; that it does so decently is checked here."""
    run = repository.run("build", *arguments)
    assert (run.returncode, run.stdout) == (FAULTS, "")
    assert "Traceback" not in run.stderr
    assert not repository.catalog.exists()
    return run.stderr


def test_faults_of_specs_and_facts_and_market_show_together(repository: Repository) -> None:
    repository.set(VLLM, title='""')
    repository.set(LLAMACPP, ctx_size='"many"')
    repository.write("stops.py", "raise SystemExit\n")
    repository.set("market.py", public_url='"http://x.org"')
    repository.write("devices/other.toml", "name = [\n")
    said = refusal(repository)
    for place in (
        f"{VLLM}.title",
        f"{LLAMACPP}.engine.ctx_size",
        "charts_src/stops.py:1",
        "market.public_url",
        "charts_src/devices/other.toml",
    ):
        assert place in said


def test_a_fault_shows_path_value_and_remedy(repository: Repository) -> None:
    repository.set(VLLM, max_num_seqs="5000")
    said = refusal(repository)
    assert f"{VLLM}.engine.max_num_seqs" in said
    assert "(seen: 5000)" in said
    assert "Write 1 to 4096 sequences." in said


def test_an_unknown_app_is_a_fault(repository: Repository) -> None:
    assert f"Did you mean {VLLM}" in refusal(repository, f"{VLLM}x")


@pytest.mark.parametrize("quote", ["{contxt}", "{context"])
def test_a_wrong_quote_is_a_fault(repository: Repository, quote: str) -> None:
    repository.edit(VLLM, "{context} tokens of context", f"{quote} tokens of context")
    assert f"{VLLM}.description.en" in refusal(repository)


def test_a_folder_without_sources_is_a_fault(repository: Repository) -> None:
    (repository.root / "charts_src").rename(repository.root / "elsewhere")
    assert "charts_src" in refusal(repository)


def test_what_a_spec_prints_stays_out_of_the_answer(repository: Repository) -> None:
    repository.write(VLLM, f"print('noise')\n{repository.read(VLLM)}")
    run = repository.run("build", VLLM, "--json")
    assert run.returncode == 0, run.stderr
    assert [app["name"] for app in json.loads(run.stdout)["apps"]] == [VLLM]

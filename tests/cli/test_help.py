"""chartgen explains itself: help, version, schema, completion."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chartgen import __version__
from chartgen.cli.exits import CODES, exit_code
from chartgen.errors import ChartgenError, DoesNotFit, Several, Unproven
from tests.repository import LLAMACPP, PROJECT, SECONDS, VLLM, Repository, run_python

SCRIPT = f"#!{sys.executable}\nimport sys\nfrom chartgen.cli.entry import main\nsys.exit(main())\n"
"""As pip writes it."""


def program(cwd: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run chartgen under its own name, as a shell does."""
    script = cwd / "bin" / "chartgen"
    script.parent.mkdir(exist_ok=True)
    script.write_text(SCRIPT)
    script.chmod(0o755)
    return subprocess.run(
        [script, *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(PROJECT / "generator"), **env},
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_help_shows_examples_and_exit_codes(repository: Repository, arguments: list[str]) -> None:
    done = repository.run(*arguments)
    text = done.stdout + done.stderr
    assert done.returncode == (0 if arguments else 2)
    assert "Traceback" not in text
    assert "chartgen build --out " in text
    assert "chartgen build --json" in text
    assert "chartgen fit " in text
    assert "chartgen compare " in text
    assert "chartgen schema > " in text
    for code in (0, 1, 2, 130, *(code for _, code, _ in CODES)):
        assert re.search(rf"^ +{code}  \w", text, re.MULTILINE), code


def test_every_command_has_an_example(repository: Repository) -> None:
    for command in ("build", "fit", "compare", "schema"):
        done = repository.run(command, "--help")
        assert done.returncode == 0
        assert f"Example:  chartgen {command}" in done.stdout
        assert "--help" in done.stdout


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [code for _, code, _ in CODES]
    assert len(codes) == len(set(codes))
    kinds = [kind for kind, _, _ in CODES]
    assert kinds[-1] is ChartgenError
    lost = [one for one in ChartgenError.__subclasses__() if one not in (*kinds, Several)]
    assert lost == []


def test_several_errors_end_like_the_first() -> None:
    first, second = DoesNotFit(app="a", explanation="x"), Unproven(app="b", explanation="y")
    assert exit_code(Several([first, second])) == exit_code(first) == 4
    assert exit_code(Several([second, first])) == exit_code(second) == 5


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "build"]])
def test_the_version(tmp_path: Path, arguments: list[str]) -> None:
    done = run_python("-m", "chartgen", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"chartgen {__version__}\n")


def test_the_schema_is_json(tmp_path: Path) -> None:
    done = run_python("-m", "chartgen", "schema", cwd=tmp_path, env={"LC_ALL": "C"})
    assert done.returncode == 0
    assert json.loads(done.stdout)["properties"]["version"]["maxLength"] == 16


def test_bash_completes_commands_and_apps(repository: Repository) -> None:
    asked = {"_CHARTGEN_COMPLETE": "complete_bash"}
    words = program(repository.root, COMP_WORDS="chartgen ", COMP_CWORD="1", **asked)
    assert set(words.stdout.split()) >= {"build", "compare", "export", "fit", "schema", "serve"}
    apps = program(repository.root, COMP_WORDS="chartgen build ", COMP_CWORD="2", **asked)
    assert set(apps.stdout.split()) == {VLLM, LLAMACPP}
    vllm = program(repository.root, COMP_WORDS="chartgen build vl", COMP_CWORD="2", **asked)
    assert vllm.stdout.split() == [VLLM]
    assert "Traceback" not in words.stderr + apps.stderr + vllm.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_complete_apps(repository: Repository, shell: str) -> None:
    done = program(
        repository.root,
        _CHARTGEN_COMPLETE=f"complete_{shell}",
        _TYPER_COMPLETE_ARGS="chartgen build vl",
        _TYPER_COMPLETE_FISH_ACTION="get-args",
    )
    assert VLLM in done.stdout
    assert LLAMACPP not in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_installed(repository: Repository, shell: str) -> None:
    done = program(repository.root, _CHARTGEN_COMPLETE=f"source_{shell}")
    assert done.returncode == 0
    assert "_CHARTGEN_COMPLETE" in done.stdout
    assert "chartgen" in done.stdout


def test_completion_shows_itself_to_its_shell(repository: Repository) -> None:
    program(repository.root, "--version")
    done = subprocess.run(
        ["sh", "-c", "bin/chartgen --show-completion bash || bin/chartgen --show-completion; :"],
        cwd=repository.root,
        env={
            "PYTHONPATH": str(PROJECT / "generator"),
            "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert "_CHARTGEN_COMPLETE=complete_bash" in done.stdout


def test_completion_outside_a_repository_is_silent(tmp_path: Path) -> None:
    asked = {
        "_CHARTGEN_COMPLETE": "complete_bash",
        "COMP_WORDS": "chartgen build ",
        "COMP_CWORD": "2",
    }
    done = program(tmp_path, **asked)
    assert (done.stdout.strip(), done.stderr) == ("", "")

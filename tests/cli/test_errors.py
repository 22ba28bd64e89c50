"""What goes wrong: a clear message, the documented exit code, nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.release.steps import amend, files, leftovers
from tests.repository import LLAMACPP, PROJECT, SECONDS, VLLM, Repository, run_python

PLAIN_USER = """\
import ctypes, os, sys
if os.geteuid() == 0:
    libc = ctypes.CDLL(None)
    for ability in (1, 2):
        libc.prctl(24, ability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Gives up root's right to pass over a folder's permissions, then runs Python."""


def refused(done: subprocess.CompletedProcess[str], code: int) -> str:
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("chartgen: ")
    return done.stderr


def bf16(repository: Repository) -> None:
    engine = "but(app.engine, kv_cache_dtype='bfloat16', max_model_len=262144)"
    amend(repository, engine=engine, evidence="()")


def test_what_does_not_fit_ends_with_4(repository: Repository) -> None:
    bf16(repository)
    said = refused(repository.run("build", VLLM), 4)
    assert f"{VLLM}: does not fit." in said
    assert "DOES NOT FIT" in said
    assert "biggest lever: " in said
    assert "frees" in said


def test_what_nobody_measured_ends_with_5(repository: Repository) -> None:
    amend(repository, engine="but(app.engine, max_num_seqs=5)", evidence="()")
    said = refused(repository.run("build", VLLM), 5)
    assert "UNPROVEN" in said
    assert "biggest lever: " in said


def test_json_tells_errors_as_well(repository: Repository) -> None:
    bf16(repository)
    run = repository.run("build", "--json")
    assert run.returncode == 4
    assert "DOES NOT FIT" in run.stderr
    told = json.loads(run.stdout)
    assert told["exit_code"] == 4
    assert "DOES NOT FIT" in told["errors"][0]["message"]


def test_json_tells_a_fault_by_its_parts(repository: Repository) -> None:
    amend(repository, title="'x' * 40")
    (fault,) = json.loads(repository.run("build", VLLM, "--json").stdout)["errors"]
    assert (fault["path"], fault["value"]) == (f"{VLLM}.title", repr("x" * 40))
    assert "1 to 30 characters" in fault["remedy"]


Spoiling = Callable[[Repository], object]
SPOILED: dict[str, tuple[Spoiling, str]] = {
    "wrong type": (
        lambda it: amend(it, engine="but(app.engine, max_num_seqs='four')"),
        f"{VLLM}.engine.max_num_seqs: ",
    ),
    "wrong field": (
        lambda it: it.edit(VLLM, "max_num_seqs=", "max_num_seq="),
        "Did you mean max_num_seqs",
    ),
    "missing field": (
        lambda it: it.edit(VLLM, "    resources=house.VLLM_SERVER,\n", ""),
        "resources",
    ),
    "syntax": (lambda it: it.write(VLLM, "app = App(\n"), f"charts_src/{VLLM}.py:1: SyntaxError"),
    "exception": (
        lambda it: it.write(VLLM, "x = 1\nraise RuntimeError('no\\nway')\n"),
        f"charts_src/{VLLM}.py:2: RuntimeError: no",
    ),
    "exit": (lambda it: it.write(VLLM, "import sys\nsys.exit(0)\n"), f"charts_src/{VLLM}.py:2: "),
    "import": (
        lambda it: it.write(VLLM, "import nowhere_at_all\n"),
        "No module named 'nowhere_at_all'",
    ),
    "null bytes": (lambda it: it.path(VLLM).write_bytes(b"app = 1\0"), f"charts_src/{VLLM}.py"),
    "not utf-8": (lambda it: it.path(VLLM).write_bytes(b"x = '\xff'\n"), f"charts_src/{VLLM}.py"),
    "empty": (lambda it: it.write(VLLM, ""), "it defines no `app`"),
    "another thing": (lambda it: it.write(VLLM, "app = 7\n"), VLLM),
    "duplicate": (lambda it: it.write("copy", it.read(VLLM)), VLLM),
    "long name": (lambda it: it.add("a" * 31), "2 to 30 lower-case letters"),
    "version": (lambda it: amend(it, version='"1.0"'), f"{VLLM}.version: "),
    "long version": (
        lambda it: amend(it, version='"1.0.0-rc.20261120"'),
        "at most 16 characters",
    ),
    "market": (lambda it: it.edit("market.py", "https://", "http://"), "market.public_url: "),
    "no market": (lambda it: it.remove("market.py"), "charts_src/market.py: there is no such file"),
    "facts": (
        lambda it: it.write("models/gemma-4-26b-a4b.toml", "name = \n"),
        "models/gemma-4-26b-a4b.toml: this is not TOML",
    ),
    "icon": (lambda it: it.path("icons/gemma4-vllm.png").unlink(), f"{VLLM}.icon: "),
    "dangling link": (
        lambda it: it.path("gone").symlink_to("nowhere"),
        "charts_src/gone.py: there is no such file",
    ),
    "folder": (lambda it: it.path("folder").mkdir(), "charts_src/folder.py: it cannot be read"),
    "device": (
        lambda it: amend(it, device='"toaster"'),
        "olares-one",
    ),
}


@pytest.mark.parametrize("case", SPOILED)
def test_a_fault_ends_with_3(repository: Repository, case: str) -> None:
    spoil, expected = SPOILED[case]
    spoil(repository)
    assert expected in refused(repository.run("build"), 3)
    assert not repository.catalog.exists()
    assert leftovers(repository) == []


def test_all_faults_are_told_at_once(repository: Repository) -> None:
    amend(repository, engine="but(app.engine, max_num_seqs=0)", title='""')
    amend(repository, LLAMACPP, engine="but(app.engine, parallel=0)")
    repository.write("broken", "app = (\n")
    said = refused(repository.run("build"), 3)
    for path in (f"{VLLM}.engine.max_num_seqs", f"{VLLM}.title", f"{LLAMACPP}.engine.parallel"):
        assert f"{path}: " in said
    assert "charts_src/broken.py:1: " in said


@pytest.mark.parametrize(
    "name", [VLLM[:-1], f"{VLLM}x", VLLM.replace("gemma4", "gema4"), "vllmgemma", VLLM.upper()]
)
def test_an_unknown_app_is_told_with_its_near_match(repository: Repository, name: str) -> None:
    said = refused(repository.run("build", name), 3)
    assert f"{name}: no spec in charts_src/ declares this app" in said
    assert f"Did you mean {VLLM}" in said


def test_every_unknown_app_is_told(repository: Repository) -> None:
    said = refused(repository.run("build", "first", VLLM, "second"), 3)
    assert "first: no spec" in said
    assert "second: no spec" in said


def test_outside_a_repository_it_says_where_to_go(tmp_path: Path) -> None:
    done = run_python("-m", "chartgen", "build", cwd=tmp_path)
    assert "there is no charts_src/ here" in refused(done, 3)
    assert not list(tmp_path.iterdir())


def test_without_a_single_spec_it_says_so(repository: Repository) -> None:
    repository.remove(VLLM, LLAMACPP)
    done = repository.run("build")
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 3)


@pytest.mark.parametrize(
    "arguments", [["bild"], ["build", "--no"], ["build", "--out"], ["--josn"], ["build", "--helm"]]
)
def test_a_wrong_command_line_ends_with_2(repository: Repository, arguments: list[str]) -> None:
    done = repository.run(*arguments)
    assert done.returncode == 2
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("built", [False, True])
def test_an_unknown_helm_is_refused(repository: Repository, built: bool) -> None:
    if built:
        repository.run("build")
    done = repository.run("build", "--helm", "helmet")
    assert done.returncode in (2, 3)
    assert "helmet" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_helm_that_is_not_there_ends_with_9(repository: Repository) -> None:
    done = repository.run("build", "--helm", "program", env={"CHARTGEN_HELM": "/nowhere/helm"})
    assert "CHARTGEN_HELM" in refused(done, 9)
    assert not repository.catalog.exists()


def test_a_broken_catalog_ends_with_7(repository: Repository) -> None:
    repository.run("build")
    (repository.catalog / f"charts/{VLLM}-1.0.2.tgz").unlink()
    before = files(repository)
    assert f"{VLLM}-1.0.2.tgz" in refused(repository.run("build"), 7)
    assert files(repository) == before


@pytest.mark.parametrize("text", [b"{}\n", b"\xff\n", b"\n", b"[" * 100_000])
def test_a_broken_ledger_ends_with_7(repository: Repository, text: bytes) -> None:
    repository.run("build")
    (repository.catalog / "ledger.jsonl").write_bytes(text)
    assert "ledger.jsonl" in refused(repository.run("build"), 7)


@pytest.mark.parametrize("place", ["/dev/null/out", "charts_src/market.py", "charts_src"])
def test_an_impossible_out_is_refused(repository: Repository, place: str) -> None:
    done = repository.run("build", "--out", place)
    assert done.returncode in (1, 7)
    assert refused(done, done.returncode)
    assert repository.read("market.py")
    assert not repository.catalog.exists()


def as_plain_user(repository: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_python("-c", PLAIN_USER, "-m", "chartgen", *arguments, cwd=repository.root)


def test_a_folder_that_cannot_be_written_is_told(repository: Repository) -> None:
    repository.root.chmod(0o555)
    try:
        done = as_plain_user(repository, "build")
        assert "Permission denied" in refused(done, 1)
        assert str(repository.root) in done.stderr
    finally:
        repository.root.chmod(0o755)
    assert not repository.catalog.exists()
    assert as_plain_user(repository, "build").returncode == 0


def test_a_spec_that_cannot_be_read_is_a_fault(repository: Repository) -> None:
    repository.path(VLLM).chmod(0)
    amend(repository, LLAMACPP, engine="but(app.engine, parallel=0)")
    said = refused(as_plain_user(repository, "build"), 3)
    assert f"charts_src/{VLLM}.py: it cannot be read: Permission denied" in said
    assert f"{LLAMACPP}.engine.parallel: " in said


def test_a_closed_pipe_is_no_trouble(repository: Repository) -> None:
    command = f"'{sys.executable}' -m chartgen build --json | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=repository.root,
        env={"PYTHONPATH": str(PROJECT / "generator"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{\n", "")
    assert repository.catalog.exists()

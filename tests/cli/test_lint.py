"""`chartgen lint` and `chartgen explain`, as they are called."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from chartgen.lint.rules import RULES
from tests.lint.overlay import BASES, packed, replace
from tests.repository import PROJECT, SECONDS, run_python

Done = subprocess.CompletedProcess[str]

BASE = BASES / "v3" / "examplellm"


def chart(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """The base chart without what the house notes, under further edits."""
    root = folder / "examplellm"
    shutil.copytree(BASE, root)
    replace(root / "OlaresManifest.yaml", "    - en-US\n    - zh-CN\n", "    - en-US\n")
    texts = root / "i18n" / "en-US" / "OlaresManifest.yaml"
    texts.parent.mkdir(parents=True)
    texts.write_text("metadata:\n  title: Example LLM\n", "utf-8")
    for file, old, new in edits:
        replace(root / file, old, new)
    return root


REFUSED = ("OlaresManifest.yaml", "apiVersion: v3", "apiVersion: V3")
DOUBTFUL = ("templates/deployment.yaml", "      enableServiceLinks: false\n", "")


def lint(folder: Path, *arguments: str | Path) -> Done:
    return run_python("-m", "chartgen", "lint", *map(str, arguments), cwd=folder)


def facts(done: Done) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(done.stdout)["charts"]
    return found


def test_a_sound_chart_is_accepted_by_device_and_house(tmp_path: Path) -> None:
    done = lint(tmp_path, chart(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "device: accepted, house: accepted" in done.stdout


@pytest.mark.parametrize(
    ("edits", "arguments", "code", "words"),
    [
        ([REFUSED], [], 12, "found 1 error and 0 warnings."),
        ([DOUBTFUL], [], 14, "found 1 warning."),
        ([DOUBTFUL], ["--strict"], 12, "0 errors and 1 warning."),
        ([DOUBTFUL], ["--profile", "device"], 0, ""),
        ([], ["--helm", "none"], 13, "no verdict on 1 chart;"),
        ([REFUSED], ["--helm", "none"], 12, "1 error and"),
    ],
)
def test_the_exit_code_tells_the_worst(
    tmp_path: Path,
    edits: list[tuple[str, str, str]],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    done = lint(tmp_path, chart(tmp_path, *edits), *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_json_holds_every_chart_in_order(tmp_path: Path) -> None:
    one, other = chart(tmp_path / "a"), chart(tmp_path / "b", REFUSED)
    done = lint(tmp_path, "--json", "--profile", "device", one, "missing.tgz", other)
    found = facts(done)
    assert [row["path"] for row in found] == [str(one), "missing.tgz", str(other)]
    assert [row["verdict"] for row in found] == ["accept", "refuse", "refuse"]
    assert done.returncode == 12


def test_a_list_of_paths_is_read_from_a_file_or_from_input(tmp_path: Path) -> None:
    one = chart(tmp_path / "a")
    (tmp_path / "list.txt").write_text(f"\n{one}\n\n{BASE}\n")
    done = lint(tmp_path, "--json", "--from", "list.txt")
    assert [row["path"] for row in facts(done)] == [str(one), str(BASE)]
    with (tmp_path / "list.txt").open("rb") as listed:
        piped = subprocess.run(
            [sys.executable, "-m", "chartgen", "lint", "--from", "-", "--json"],
            stdin=listed,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
            env={**os.environ, "PYTHONPATH": str(PROJECT / "generator")},
        )
    assert piped.stdout == done.stdout


def test_an_empty_folder_is_told_what_it_lacks_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (found,) = facts(lint(tmp_path, "--json", "empty"))
    findings = found["findings"]
    assert isinstance(findings, list)
    assert {one["rule"] for one in findings} == {"L02", "S20"}


def test_a_file_that_cannot_be_written_does_not_cost_what_was_found(tmp_path: Path) -> None:
    done = lint(tmp_path, "--sarif", "missing/out.sarif", chart(tmp_path, REFUSED))
    assert "device: refused" in done.stdout
    assert "missing/out.sarif" in done.stderr
    assert done.returncode == 1


def test_sarif_goes_to_a_file_beside_the_text(tmp_path: Path) -> None:
    done = lint(tmp_path, "--sarif", "out.sarif", chart(tmp_path, REFUSED))
    assert "device: refused" in done.stdout
    told = json.loads((tmp_path / "out.sarif").read_text("utf-8"))
    assert told["runs"][0]["results"][0]["ruleId"] == "L08"


def test_sarif_goes_to_standard_output(tmp_path: Path) -> None:
    done = lint(tmp_path, "--sarif", "-", chart(tmp_path))
    assert json.loads(done.stdout)["version"] == "2.1.0"


@pytest.mark.parametrize(
    "arguments",
    [[], ["--json", "--sarif", "-", "x"], ["--profile", "nobody", "x"], ["--jobs", "0", "x"]],
)
def test_a_wrong_command_line_is_usage(tmp_path: Path, arguments: list[str]) -> None:
    done = lint(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Usage:" in done.stderr


def test_a_missing_list_is_an_error(tmp_path: Path) -> None:
    done = lint(tmp_path, "--from", "nowhere.txt")
    assert done.returncode == 1
    assert "nowhere.txt" in done.stderr


def test_a_hostile_package_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "x.tgz"
    file.write_bytes(packed(BASE)[:-9])
    done = lint(tmp_path, "x.tgz")
    assert done.returncode == 12
    assert "S02" in done.stdout


def test_a_template_that_wants_all_memory_is_not_judged(tmp_path: Path) -> None:
    bomb = chart(tmp_path / "bomb")
    (bomb / "templates" / "bomb.yaml").write_text('{{ repeat 4000000000 "x" }}\n')
    done = lint(tmp_path, "--json", "--profile", "device", bomb, chart(tmp_path / "sound"))
    assert [row["verdict"] for row in facts(done)] == ["unknown", "accept"]
    assert done.returncode == 13
    assert "goroutine" not in done.stderr


def test_several_charts_in_several_processes(tmp_path: Path) -> None:
    paths = [chart(tmp_path / str(number)) for number in range(3)]
    done = lint(tmp_path, "--jobs", "2", "--json", *paths)
    assert [row["verdict"] for row in facts(done)] == ["accept"] * 3


def test_our_own_packages_are_accepted_and_clean() -> None:
    done = run_python("-m", "chartgen", "lint", "catalog/charts", "--json", cwd=PROJECT)
    assert {row["verdict"] for row in facts(done)} == {"accept"}
    assert [row["findings"] for row in facts(done) if row["findings"]] == []
    assert done.returncode == 0


def explain(*arguments: str) -> Done:
    return run_python("-m", "chartgen", "explain", *arguments, cwd=PROJECT)


def test_explain_shows_a_page() -> None:
    done = explain("l34")
    assert done.returncode == 0
    assert done.stdout.startswith("# L34: ")
    assert "Before:" in done.stdout


def test_explain_lists_all_rules() -> None:
    lines = explain().stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(RULES)


def test_explain_suggests_what_is_near() -> None:
    done = explain("L340")
    assert done.returncode == 3
    assert "L34" in done.stderr


def test_explain_as_json() -> None:
    one: Mapping[str, object] = json.loads(explain("H05", "--json").stdout)
    assert (one["rule"], one["severity"], one["waivable"]) == ("H05", "warning", True)
    assert str(one["page"]).startswith("# H05")
    every = json.loads(explain("--json").stdout)
    assert [row["rule"] for row in every] == list(RULES)
    assert json.loads(explain("nothing", "--json").stdout)["exit_code"] == 3

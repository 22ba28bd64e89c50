"""The program explains itself: every command, every option, every exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.main import get_command

from chartgen.cli.app import app
from chartgen.cli.exits import CODES, codes_text, exit_code
from chartgen.errors import ChartgenError, Fault, Faults, HelmRefused, Several
from tests.repository import Repository


def program() -> TyperGroup:
    found = get_command(app)
    assert isinstance(found, TyperGroup)
    return found


GROUP = program()
COMMANDS = sorted(GROUP.commands)


def error_classes(root: type[ChartgenError] = ChartgenError) -> Iterator[type[ChartgenError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from error_classes(kind)


def test_the_classes_and_commands_are_found() -> None:
    assert len(set(error_classes())) >= 9
    assert {"build", "schema"} <= set(COMMANDS)


@pytest.mark.parametrize("kind", sorted(set(error_classes()), key=str))
def test_every_error_has_an_exit_code_of_its_own(kind: type[ChartgenError]) -> None:
    entries = [code for base, code, _ in CODES if issubclass(kind, base)]
    assert kind is Several or (len(entries) == 2 and entries[-1] == 1)


def test_codes_are_distinct_and_explained() -> None:
    codes = [code for _, code, _ in CODES]
    assert len(set(codes)) == len(codes)
    assert not {0, 2, 130} & set(codes)
    assert all(meaning for _, _, meaning in CODES)


def test_several_errors_exit_as_the_first() -> None:
    refused = HelmRefused(chart="x", reason="y")
    faults = Faults([Fault("path", "problem", "remedy")])
    assert exit_code(Several([refused, faults])) == exit_code(refused) == 10
    assert exit_code(Several([faults, refused])) == exit_code(faults) == 3


def test_help_shows_every_command_with_examples_and_every_exit_code(
    repository: Repository,
) -> None:
    run = repository.run("--help", env={"COLUMNS": "200"})
    assert (run.returncode, run.stderr) == (0, "")
    assert all(command in run.stdout for command in COMMANDS)
    assert "chartgen build --json" in run.stdout
    shown = re.sub(r"\s+", " ", run.stdout)
    for line in codes_text().splitlines():
        assert re.sub(r"\s+", " ", line).strip() in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(repository: Repository, name: str) -> None:
    run = repository.run(name, "--help")
    assert (run.returncode, run.stderr) == (0, "")
    assert f"Example:  chartgen {name}" in run.stdout


def test_every_parameter_is_explained() -> None:
    unexplained = [
        f"{command.name} {parameter.name}"
        for command in (GROUP, *GROUP.commands.values())
        for parameter in command.params
        if isinstance(parameter, TyperOption | TyperArgument) and not parameter.help
    ]
    assert unexplained == []
    assert all(command.help for command in GROUP.commands.values())


@pytest.mark.parametrize("arguments", [("biuld",), ("build", "--jsn"), ("--verison",)])
def test_a_wrong_command_line_is_refused_shortly(
    repository: Repository, arguments: tuple[str, ...]
) -> None:
    run = repository.run(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert "Traceback" not in run.stderr

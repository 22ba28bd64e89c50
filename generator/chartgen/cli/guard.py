"""From what goes wrong in a command to a message and an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

import typer

from chartgen.cli import INTERRUPTED, INTERRUPTED_WORDS
from chartgen.cli.exits import error_facts, exit_code
from chartgen.errors import ChartgenError

T = TypeVar("T")


def guard(command: Callable[[], T], *, as_json: bool = False) -> T:
    """Runs a command and returns its result; what goes wrong becomes a message and an
    exit code."""
    try:
        return command()
    except ChartgenError as error:
        if as_json:
            facts = {"errors": error_facts(error), "exit_code": exit_code(error)}
            typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        typer.echo(f"chartgen: {error}", err=True)
        raise typer.Exit(exit_code(error)) from error
    except BrokenPipeError:  # the reader has enough, as `head` does: typer ends without a word
        raise
    except OSError as error:
        typer.echo(f"chartgen: {error.filename or 'a file'}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as stop:  # typer would end with a word of its own
        typer.echo(INTERRUPTED_WORDS, err=True)
        raise typer.Exit(INTERRUPTED) from stop

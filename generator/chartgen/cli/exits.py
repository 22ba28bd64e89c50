"""One table from errors to exit codes."""

from __future__ import annotations

from chartgen.cli import INTERRUPTED
from chartgen.errors import (
    CatalogBroken,
    CatalogBusy,
    ChartDoubtful,
    ChartgenError,
    ChartRefused,
    ChartUnjudged,
    DoesNotFit,
    ExtraMissing,
    Faults,
    HelmMissing,
    HelmRefused,
    ReleasedSpecEdited,
    Several,
    Unproven,
)

USAGE = 2
FAULTS = 3
CODES: tuple[tuple[type[ChartgenError], int, str], ...] = (
    (Faults, FAULTS, "a spec, a facts file or a setting is wrong, or an app is unknown"),
    (DoesNotFit, 4, "the memory that an app needs is not there"),
    (Unproven, 5, "nobody can tell whether an app fits: it needs a recorded run"),
    (ReleasedSpecEdited, 6, "a spec was edited under a released version"),
    (CatalogBroken, 7, "the catalog on disk contradicts itself"),
    (CatalogBusy, 8, "another build holds the catalog"),
    (ExtraMissing, 11, "a command needs an extra that is not installed"),
    (HelmMissing, 9, "real Helm is needed and was not found"),
    (HelmRefused, 10, "real Helm refuses a chart"),
    (ChartRefused, 12, "the lint found errors"),
    (ChartUnjudged, 13, "the lint could not reach a verdict"),
    (ChartDoubtful, 14, "the lint found warnings and nothing worse"),
    (ChartgenError, 1, "any other trouble"),
)


def exit_code(error: ChartgenError) -> int:
    """The exit code of an error; of several, that of the first."""
    if isinstance(error, Several):
        return exit_code(error.errors[0])
    return code_of(type(error))


def code_of(error: type[ChartgenError]) -> int:
    """The exit code of a class of errors."""
    return next(code for kind, code, _ in CODES if issubclass(error, kind))


def error_facts(error: ChartgenError) -> list[dict[str, object]]:
    """What went wrong, for programs: a fault by its parts, anything else by its message."""
    if isinstance(error, Several):
        return [fact for one in error.errors for fact in error_facts(one)]
    if isinstance(error, Faults):
        return [
            {"path": one.path, "problem": one.problem, "value": one.value, "remedy": one.remedy}
            for one in error.faults
        ]
    return [{"kind": type(error).__name__, "message": str(error)}]


def codes_text() -> str:
    """The table as `--help` shows it."""
    rows = [(0, "all went well"), (USAGE, "the command line is wrong")]
    rows += [(code, meaning) for _, code, meaning in CODES]
    lines = (f"  {code:>3}  {meaning}" for code, meaning in sorted(rows))
    return "\n".join(["Exit codes:", *lines, f"  {INTERRUPTED}  interrupted"])

"""The answer to a question: as text, and as facts for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chartgen.vram.exact import exact_facts, exact_text
from chartgen.vram.facts import plan_facts
from chartgen.vram.fit import Fit
from chartgen.vram.solve import Along, Frontier, Point, Solution
from chartgen.vram.text import host_text, plan_text, sources_text


def fit_text(fit: Fit) -> str:
    """The sum, the host, the sources, what was solved for, and the engine's own numbers."""
    parts = [plan_text(fit.plan, fit.label), host_text(fit.plan), sources_text(fit.plan)]
    if fit.solved:
        parts.append(solved_text(fit.solved))
    if fit.exact:
        parts.append(exact_text(fit.exact))
    return "\n\n".join(parts)


def fit_facts(fit: Fit) -> dict[str, object]:
    """The plan under stable names, what was solved for, and the engine's own numbers."""
    return {
        "app": fit.plan.app,
        "label": fit.label,
        "verdict": fit.plan.verdict.value,
        **plan_facts(fit.plan),
        **({"solved": solved_facts(fit.solved)} if fit.solved else {}),
        **({"exact": exact_facts(fit.exact)} if fit.exact else {}),
    }


def solved_text(solved: Solution | Frontier) -> str:
    """A solution in a sentence, a frontier as a table."""
    if isinstance(solved, Frontier):
        return "\n".join(_table(solved))
    return _sentence(solved)


def solved_facts(solved: Solution | Frontier) -> dict[str, object]:
    """The same for programs; a value that there is not is null."""
    if isinstance(solved, Solution):
        return {
            "field": solved.field,
            "present": solved.present,
            "fits_up_to": solved.fits,
            "not_refused_up_to": solved.not_refused,
            "step": solved.step,
            "most": solved.most,
            "fits_with": dict(solved.along[0]),
            "not_refused_with": dict(solved.along[1]),
        }
    return {
        "context_field": solved.context_field,
        "sequences_field": solved.sequences_field,
        "present": {"context": solved.present[0], "sequences": solved.present[1]},
        "points": [_point(point) for point in solved.points],
    }


def _point(point: Point) -> dict[str, object]:
    return {
        "sequences": point.sequences,
        "fits_up_to": point.fits,
        "not_refused_up_to": point.not_refused,
        "all_full_up_to": point.all_full,
    }


def _sentence(solved: Solution) -> str:
    head = f"solved for {solved.field} (now {solved.present}, steps of {solved.step}), by formula:"
    if solved.not_refused is None:
        return f"{head}\n  not even the least value fits"
    fits = "nothing is proven to fit" if solved.fits is None else f"fits up to {solved.fits}"
    lines = [head, f"  {fits}{_with(solved.along[0])}{_end(solved, solved.fits)}"]
    if solved.fits != solved.not_refused:
        end = _end(solved, solved.not_refused) or "; beyond that it does not fit"
        lines.append(f"  unproven up to {solved.not_refused}{_with(solved.along[1])}{end}")
    return "\n".join(lines)


def _with(along: Along) -> str:
    """The fields that move along, as `--set` takes them."""
    named = ", ".join(f"{name}={value}" for name, value in along)
    return f" (with {named})" if named else ""


def _end(solved: Solution, value: int | None) -> str:
    """Whether a value is the last there is."""
    at_end = value is not None and value + solved.step > solved.most
    return ", which is the most there is" if at_end else ""


def _table(found: Frontier) -> Iterator[str]:
    heads = (
        found.sequences_field,
        "fits up to",
        "unproven up to",
        "all at full context up to",
    )
    asked = f"the largest {found.context_field} for each {found.sequences_field}"
    yield f"frontier: {asked}, by formula"
    yield "  " + "  ".join(heads)
    widths = [len(head) for head in heads]
    for point in found.points:
        cells = (point.sequences, point.fits, point.not_refused, point.all_full)
        mark = "  <- now" if point.sequences == found.present[1] else ""
        yield f"  {_row(cells, widths)}{mark}"


def _row(cells: Sequence[int | None], widths: Sequence[int]) -> str:
    return "  ".join(
        f"{'-' if cell is None else cell:>{width}}"
        for cell, width in zip(cells, widths, strict=True)
    )

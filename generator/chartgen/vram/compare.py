"""Plans side by side: each term, the sum, the verdict, and what runs at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_uppercase

from chartgen.errors import Fault, Faults
from chartgen.quantities import GIB, Bytes, Estimate
from chartgen.vram.answer import fit_facts
from chartgen.vram.fit import Fit
from chartgen.vram.plan import Plan
from chartgen.vram.text import proof_word

MOST = len(ascii_uppercase)
"""Plans that one table holds; each is called by a letter."""

NONE = "-"


def compare_text(fits: Sequence[Fit]) -> str:
    """A table with a column for each plan; two are also subtracted.

    Raises `Faults` for more plans than there are letters.
    """
    if len(fits) > MOST:
        remedy = "Compare fewer, or read --json."
        raise Faults([Fault("compare", f"a table holds {MOST} plans", remedy, str(len(fits)))])
    rows = [list(row) for row in _rows([fit.plan for fit in fits])]
    letters = ascii_uppercase[: len(fits)]
    heads = ["", *letters, *(["B - A"] if len(fits) == 2 else [])]
    widths = [max(len(row[i]) for row in (heads, *rows) if i < len(row)) for i in range(len(heads))]
    names = [
        f"{letter}  {fit.label} on {fit.plan.device.title}"
        for letter, fit in zip(letters, fits, strict=True)
    ]
    return "\n".join([*names, "", *(_aligned(row, widths) for row in (heads, *rows))])


def compare_facts(fits: Sequence[Fit]) -> dict[str, object]:
    """The facts of each plan, and the differences to the first."""
    first = fits[0].plan
    return {
        "plans": [fit_facts(fit) for fit in fits],
        "differences": [
            {
                "to": fit.label,
                "need_bytes": fit.plan.need.value - first.need.value,
                "terms": {
                    name: (_size(fit.plan, name) or 0) - (_size(first, name) or 0)
                    for name in term_names([first, fit.plan])
                },
            }
            for fit in fits[1:]
        ],
    }


def term_names(plans: Sequence[Plan]) -> list[str]:
    """The names of all terms in the order of the sums."""
    return list(dict.fromkeys(term.name for plan in plans for term in plan.terms))


def _rows(plans: Sequence[Plan]) -> Iterator[tuple[str, ...]]:
    for name in term_names(plans):
        yield (name, *_sizes([_size(plan, name) for plan in plans]))
    yield ("need", *_sizes([plan.need.value for plan in plans]))
    yield ("  between", *(_interval(plan.need) for plan in plans))
    yield ("limit", *_sizes([plan.limit.size for plan in plans]))
    yield ("verdict", *(plan.verdict.value for plan in plans))
    yield ("  proof", *(proof_word(plan) for plan in plans))
    yield ("tokens in a request", *(str(plan.requests.tokens_each) for plan in plans))
    yield ("full requests at once", *(f"{plan.requests.value:.1f}" for plan in plans))
    yield ("host RAM", *_sizes([plan.host.need.value for plan in plans]))
    yield ("disk", *_sizes([plan.disk.files.value for plan in plans]))


def _sizes(sizes: Sequence[int | None]) -> list[str]:
    """Sizes in GiB, and the difference of two."""
    cells = [NONE if size is None else f"{size / GIB:.2f} GiB" for size in sizes]
    if len(sizes) == 2:
        cells.append(f"{((sizes[1] or 0) - (sizes[0] or 0)) / GIB:+.2f} GiB")
    return cells


def _interval(size: Estimate) -> str:
    return f"{size.low / GIB:.2f} to {size.high / GIB:.2f}"


def _size(plan: Plan, name: str) -> Bytes | None:
    found = [term.estimate.value for term in plan.terms if term.name == name]
    return Bytes(sum(found)) if found else None


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=False)]
    return "  ".join([f"{row[0]:<{widths[0]}}", *cells]).rstrip()

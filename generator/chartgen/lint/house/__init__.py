"""What chartgen itself holds to be common sense of a chart, with waivers.

Each rule answers to something that devices, clients or markets did to real apps; its page
says what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from itertools import islice

from chartgen.lint.finding import Problem
from chartgen.lint.helm import Helm
from chartgen.lint.house.manifest import MANIFEST_RULES
from chartgen.lint.house.objects import OBJECT_RULES
from chartgen.lint.house.seen import Check, Seen, look
from chartgen.lint.house.texts import TEXT_RULES
from chartgen.lint.house.waive import apply_waivers
from chartgen.lint.source import ChartSource

__all__ = ["house"]

MAX_PROBLEMS = 100
"""Problems that one check reports of one chart."""


def house(
    source: ChartSource, helm: Helm | None, today: Callable[[], date] = date.today
) -> list[Problem]:
    """Every rule of the house that a chart breaks and does not waive.

    Without Helm the rules about rendered objects are left out, which a finding says.
    """
    seen, problems = look(source, helm)
    problems += _run(TEXT_RULES, seen)
    if seen.manifest is not None:
        problems += _run(MANIFEST_RULES, seen)
    if seen.rendered:
        problems += _run(OBJECT_RULES, seen)
    problems.sort(key=lambda problem: problem.rule)
    return apply_waivers(source, problems, today())


def _run(checks: Iterable[Check], seen: Seen) -> list[Problem]:
    return [problem for check in checks for problem in islice(check(seen), MAX_PROBLEMS)]

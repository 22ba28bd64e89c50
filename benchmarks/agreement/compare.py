"""Compares what the lint says with what was recorded, and counts by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.agreement.rows import Row
from chartgen.lint.finding import Profile, Severity
from chartgen.lint.report import ChartReport
from chartgen.lint.run import lint

ACCEPTED = "accepted"
"""Stands for a rule in the table where nothing is refused."""


@dataclass(frozen=True)
class Answer:
    """What was recorded of a chart, and what the lint says of it."""

    row: Row
    verdict: str
    rules: Sequence[str]

    @property
    def same_verdict(self) -> bool:
        """Whether the chart is taken by both or by neither."""
        return self.verdict == self.row.verdict

    @property
    def same_rule(self) -> bool:
        """Whether the first rule named is the same too."""
        return self.same_verdict and self.rules[:1] == list(self.row.rules[:1])

    @property
    def rule(self) -> str:
        """The recorded first rule."""
        return self.row.rules[0] if self.row.rules else ACCEPTED


@dataclass(frozen=True)
class Count:
    """Charts of one recorded rule: how many there are, and how many were judged the same."""

    rule: str
    charts: int
    verdicts: int
    rules: int


def ask(rows: Sequence[Row], jobs: int | None = None) -> tuple[list[Answer], str]:
    """What the lint says of all rows, and the Helm that it asked."""
    report = lint([row.path for row in rows], [Profile.DEVICE], jobs=jobs)
    answers = [answer(row, chart) for row, chart in zip(rows, report.charts, strict=True)]
    return answers, report.helm


def answer(row: Row, chart: ChartReport) -> Answer:
    """What the lint says of one row."""
    rules = [one.problem.rule for one in chart.findings if one.severity is Severity.ERROR]
    return Answer(row, chart.verdicts[Profile.DEVICE].value, rules)


def counts(answers: Sequence[Answer]) -> Iterator[Count]:
    """The counts of every recorded rule, and of all."""
    by_rule: dict[str, list[Answer]] = defaultdict(list)
    for one in answers:
        by_rule[one.rule].append(one)
    for rule, group in sorted(by_rule.items()):
        yield _count(rule, group)
    yield _count("all", answers)


def _count(rule: str, group: Sequence[Answer]) -> Count:
    verdicts = sum(one.same_verdict for one in group)
    return Count(rule, len(group), verdicts, sum(one.same_rule for one in group))


def table(answers: Sequence[Answer]) -> Iterator[str]:
    """The counts as a table, then every disagreement."""
    yield "| recorded rule | charts | same verdict | same first rule |"
    yield "|---|---|---|---|"
    for one in counts(answers):
        yield f"| {one.rule} | {one.charts} | {one.verdicts} | {one.rules} |"
    different = [one for one in answers if not one.same_rule]
    if different:
        yield ""
        yield "Different:"
    for apart in different:
        said = ", ".join(dict.fromkeys(apart.rules)) or "-"
        recorded = ", ".join(apart.row.rules) or "-"
        yield (
            f"  {apart.row.name} {apart.row.label}: recorded {apart.row.verdict} {recorded}, "
            f"said {apart.verdict} {said}"
        )

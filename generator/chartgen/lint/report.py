"""What a run of the lint says of each chart: the verdict of every profile asked, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chartgen.lint.finding import Finding, Problem, Profile, Severity, Verdict

_RANK = list(Severity).index


@dataclass(frozen=True, slots=True)
class ChartReport:
    """One chart: `path` as it was asked for, a verdict by profile, findings in order.

    The verdicts stand in the order in which the profiles were asked. `name` is the chart's
    folder, empty where the chart could not be read.
    """

    path: str
    verdicts: Mapping[Profile, Verdict]
    findings: tuple[Finding, ...] = ()
    name: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict of the profile that was asked first, which is the device's by default."""
        return next(iter(self.verdicts.values()), Verdict.UNKNOWN)

    def count(self, severity: Severity) -> int:
        """How many problems weigh as much as that where they weigh most.

        What two profiles say alike counts once.
        """
        worst: dict[Problem, Severity] = {}
        for finding in self.findings:
            heavier = min(worst.get(finding.problem, finding.severity), finding.severity, key=_RANK)
            worst[finding.problem] = heavier
        return sum(weight is severity for weight in worst.values())


@dataclass(frozen=True, slots=True)
class Report:
    """All charts of one run, in the order of the paths; `helm` is empty where there was none."""

    charts: tuple[ChartReport, ...]
    profiles: tuple[Profile, ...]
    helm: str = ""

    def count(self, severity: Severity) -> int:
        """How many problems of all charts weigh as much as that."""
        return sum(chart.count(severity) for chart in self.charts)

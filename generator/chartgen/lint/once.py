"""Helm for the time that one chart is judged: what was loaded stays loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from chartgen.lint.helm import Helm, HelmMessage, JsonValue, LoadedChart


class OnceHelm:
    """Another engine's answers, each chart loaded once; used as a context.

    Unlike the engine itself it does not look whether what was rendered is YAML: whoever asks
    reads it next.
    """

    def __init__(self, helm: Helm) -> None:
        self._helm = helm
        self._open = ExitStack()
        self._loaded: dict[Path, LoadedChart] = {}

    def __enter__(self) -> OnceHelm:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def description(self) -> str:
        """See `Helm.description`."""
        return self._helm.description

    def render(
        self, chart: Path, *, release: str, namespace: str, values: Mapping[str, JsonValue]
    ) -> dict[str, str]:
        """See `Helm.render`."""
        return self._chart(chart).render(release=release, namespace=namespace, values=values)

    @contextmanager
    def load(self, chart: Path) -> Iterator[LoadedChart]:
        """See `Helm.load`."""
        yield self._chart(chart)

    def lint(self, chart: Path, values: Mapping[str, JsonValue]) -> tuple[HelmMessage, ...]:
        """See `Helm.lint`."""
        return self._helm.lint(chart, values)

    def _chart(self, chart: Path) -> LoadedChart:
        if chart not in self._loaded:
            self._loaded[chart] = self._open.enter_context(self._helm.load(chart))
        return self._loaded[chart]

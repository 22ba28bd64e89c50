"""The rules on the rendered chart, in the order in which the gate asks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice

from chartgen.errors import HelmRefused
from chartgen.lint.finding import Problem
from chartgen.lint.helm import Helm
from chartgen.lint.manifest.probe import is_modern
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.rendered.chartfile import chart_problem, is_library
from chartgen.lint.rendered.envelopes import flat_envelope, mode_envelopes
from chartgen.lint.rendered.hosting import conversions, host_paths, namespaces, upload
from chartgen.lint.rendered.limits import limits
from chartgen.lint.rendered.names import several_installs
from chartgen.lint.rendered.newer import newer_function
from chartgen.lint.rendered.objects import REPLICATED, Rendered
from chartgen.lint.rendered.render import CannotRender, Renders, cannot_render, missing_subchart
from chartgen.lint.rendered.security import path_expressions, roles, root_images
from chartgen.lint.rendered.values import INSTALLER, NOBODY, Owner, render_values
from chartgen.lint.rendered.workloads import (
    app_workload,
    followed_replicas,
    overlay_workloads,
    uniform,
)
from chartgen.lint.scans import replica_templates, replica_values, written_counts
from chartgen.lint.source import ChartSource

_COUNTS = (0, 1)
"""The replicas with which the chart is rendered again: a stopped app, and a started one."""
MAX_PROBLEMS = 100
"""Problems that one group of rules reports of one chart."""
_NAMELESS = "test-release"
"""The release of an app without a name."""


def rendered_problems(source: ChartSource, manifest: Manifest, helm: Helm) -> list[Problem]:
    """What the rules on the rendered chart say, each thing once."""
    with ExitStack() as charts:
        scene = Scene(source, manifest, helm, charts)
        return list(dict.fromkeys(_problems(scene)))


@dataclass(slots=True)
class Scene:
    """A chart under the values of the gate."""

    source: ChartSource
    manifest: Manifest
    helm: Helm
    charts: ExitStack
    _loaded: dict[str, Renders] | None = None

    @property
    def is_v2(self) -> bool:
        """Whether the chart's subcharts are installed one by one, and not the chart itself."""
        return self.manifest.config.api_version.lower() == "v2"

    def render(
        self, *, mode: str = "", replicas: Mapping[str, int] | None = None
    ) -> list[Rendered]:
        """The objects of an install. Raises `CannotRender`."""
        owner = NOBODY if self.is_v2 else INSTALLER
        values = render_values(owner, self._entrances(), mode, replicas)
        return [
            one
            for release, chart in self._charts().items()
            for one in chart.objects(release, values)
        ]

    def render_as(self, release: str, owner: Owner, namespace: str) -> list[Rendered]:
        """The objects of an install under other names; v2 charts have none. Raises
        `CannotRender`."""
        values = render_values(owner, self._entrances())
        charts = [] if self.is_v2 else self._charts().values()
        return [one for chart in charts for one in chart.objects(release, values, namespace)]

    def _entrances(self) -> list[str]:
        return [entrance.name for entrance in self.manifest.config.entrances]

    def _charts(self) -> dict[str, Renders]:
        """What is installed, by release."""
        if self._loaded is None:
            config = self.manifest.config
            if self.is_v2:
                names = [sub.name for sub in config.spec.sub_charts]
                self._loaded = {name: self._load(name, name) for name in names}
            else:
                release = config.metadata.name or _NAMELESS
                self._loaded = {release: self._load(release, "")}
        return self._loaded

    def _load(self, release: str, folder: str) -> Renders:
        if folder and folder not in self.source.folders:
            raise CannotRender(missing_subchart(folder))
        start = f"{folder}/" if folder else ""
        files = {
            path.removeprefix(start): data
            for path, data in self.source.files.items()
            if path.startswith(start)
        }
        problem = chart_problem(release, files) or newer_function(files, start)
        if problem is not None:
            raise CannotRender(problem)
        try:
            loaded = self.charts.enter_context(self.helm.load(self.source.root / folder))
        except HelmRefused as error:
            raise cannot_render(error, files, start) from error
        return Renders(loaded, files, start, is_library(files))


def _problems(scene: Scene) -> Iterator[Problem]:
    try:
        objects = scene.render()
    except CannotRender as error:
        yield error.problem
        return
    for asked in (
        upload(objects, scene.manifest),
        app_workload(objects, scene.manifest),
        _workload_references(scene, objects),
        _guarded(several_installs(objects, scene.manifest, scene.render_as)),
        conversions(objects),
        host_paths(objects),
        namespaces(objects),
        _limits(scene, objects),
        roles(objects),
        root_images(objects),
        path_expressions(objects),
    ):
        yield from islice(asked, MAX_PROBLEMS)


def _workload_references(scene: Scene, objects: Sequence[Rendered]) -> Iterator[Problem]:
    """L35, L34 and L51; rendering with other counts waits until the templates look right."""
    if scene.manifest.config.workload_replicas is not None:
        written = [
            *replica_values(scene.source, scene.manifest),
            *replica_templates(scene.source, scene.manifest),
        ]
        yield from written or _guarded(_followed(scene))
    yield from overlay_workloads(objects, scene.manifest)


def _followed(scene: Scene) -> Iterator[Problem]:
    declared = scene.manifest.config.workload_replicas or {}
    usual = written_counts(scene.source)
    for count in _COUNTS:
        replicas = uniform(declared, count)
        # What values.yaml says anyway need not be rendered again.
        idle = not scene.is_v2 and replicas.items() <= usual.items()
        objects = scene.render(replicas=None if idle else replicas)
        # One that is no object of apps/v1 ends the gate's comparison.
        broken = [one for one in objects if one.kind in REPLICATED and one.fault is not None]
        yield from conversions(broken) if broken else followed_replicas(objects, count)


def _limits(scene: Scene, objects: list[Rendered]) -> Iterator[Problem]:
    if scene.is_v2:
        return
    if not is_modern(scene.manifest.config.config_version):
        yield from limits(objects, flat_envelope(scene.manifest))
        return
    for envelope in mode_envelopes(scene.manifest):
        try:
            rendered = scene.render(mode=envelope.mode)
        except CannotRender as error:
            yield error.problem
            continue
        yield from limits(rendered, envelope)


def _guarded(problems: Iterator[Problem]) -> Iterator[Problem]:
    """The problems, up to a render that fails."""
    try:
        yield from problems
    except CannotRender as error:
        yield error.problem

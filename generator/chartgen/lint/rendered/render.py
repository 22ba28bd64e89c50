"""Renders of one chart: loaded once, each made when it is first wanted, and never twice."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chartgen.errors import HelmRefused
from chartgen.lint.finding import Place, Problem
from chartgen.lint.helm import LoadedChart
from chartgen.lint.rendered.documents import NotManifest, split
from chartgen.lint.rendered.objects import Rendered, Template, read_object, template_path
from chartgen.lint.rendered.recount import recounted
from chartgen.lint.rendered.values import NAMESPACE, Values

_WHERE = re.compile(r"(?P<path>[^\s:(\"]+/templates/[^\s:\"]+):(?P<line>[0-9]{1,9})")


class CannotRender(Exception):
    """Helm cannot load or render the chart, or what it renders is no object."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


@dataclass(slots=True)
class Renders:
    """The renders of one chart folder.

    `files` are the chart's, by path below its folder, to find the lines of findings; `start`
    is what leads from the outer chart's folder to this one. A `library` renders to nothing.
    """

    chart: LoadedChart
    files: Mapping[str, bytes]
    start: str = ""
    library: bool = False
    _texts: dict[str, dict[str, str]] = field(default_factory=dict)
    _files: dict[tuple[str, str], list[Rendered]] = field(default_factory=dict)
    _known: dict[tuple[str, str], Rendered | None] = field(default_factory=dict)
    _first: dict[tuple[str, int], Rendered | None] = field(default_factory=dict)

    def objects(self, release: str, values: Values, namespace: str = NAMESPACE) -> list[Rendered]:
        """All objects of one render. Raises `CannotRender`."""
        if self.library:
            return []
        texts = self._rendered(release, namespace, values)
        return [one for path, text in texts.items() for one in self._read(path, text)]

    def _rendered(self, release: str, namespace: str, values: Values) -> Mapping[str, str]:
        key = json.dumps([release, namespace, values], sort_keys=True)
        if key not in self._texts:
            try:
                texts = self.chart.render(release=release, namespace=namespace, values=values)
            except HelmRefused as error:
                raise cannot_render(error, self.files, self.start) from error
            self._texts[key] = texts
        return self._texts[key]

    def _read(self, path: str, text: str) -> list[Rendered]:
        if (path, text) not in self._files:
            self._files[path, text] = self._split(path, text)
        return self._files[path, text]

    def _split(self, path: str, text: str) -> list[Rendered]:
        inner = template_path(path)
        template = Template(self.start + inner, self.files.get(inner, b""), text)
        try:
            parts = [self._object(template, place, *part) for place, part in enumerate(split(text))]
        except NotManifest as error:
            raise CannotRender(_no_object(template, error)) from error
        return [one for one in parts if one is not None]

    def _object(self, template: Template, place: int, part: str, above: int) -> Rendered | None:
        # Renders differ in few parts, and reading them is what takes time.
        key = template.path, part
        if key not in self._known:
            first = self._first.get((template.path, place))
            again = recounted(first, part) if first else None
            self._known[key] = again or read_object(template, part, above)
            self._first.setdefault((template.path, place), self._known[key])
        return self._known[key]


def cannot_render(error: HelmRefused, files: Mapping[str, bytes], start: str) -> CannotRender:
    """What a chart that Helm does not load or render raises; Helm's own words tell where."""
    place = Place()
    for found in _WHERE.finditer(error.reason):
        path = template_path(found["path"])
        if path in files:
            place = Place(start + path, int(found["line"]))
            break
    message = "Helm cannot render the chart with the values that the device checks it with."
    remedy = "Run `helm template` on it, and give each value that it uses a default in values.yaml."
    return CannotRender(Problem("L40", place, error.reason, message, remedy))


def missing_subchart(folder: str) -> Problem:
    """The problem of a v2 chart whose subchart is not there."""
    message = "The manifest lists a subchart that has no folder of its name in the chart."
    remedy = "Add the subchart's folder beside Chart.yaml, or leave it out of spec.subCharts."
    return Problem("L40", Place(), folder, message, remedy)


def _no_object(template: Template, error: NotManifest) -> Problem:
    value = "" if error.line is None else _line(template.rendered, error.line)
    remedy = "Run `helm template` and look at this file's output; every document needs a kind."
    return Problem("L40", template.place(error.line), value, error.message, remedy)


def _line(text: str, line: int) -> str:
    lines = text.splitlines()
    return lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""

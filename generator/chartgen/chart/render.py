"""Renders one app's chart: whole-file templates with delimiters of their own.

The skeleton looks like the chart that comes out of it. Its delimiters `[[ ]]` and
`[% %]` cannot collide with Go's braces, which stay in the chart for Helm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined

from chartgen.chart.quoting import block, helm_value, name, verbatim, yaml_value
from chartgen.chart.view import View
from chartgen.facts import Facts
from chartgen.spec import App, Market, Unknown
from chartgen.vram import Plan

MANIFESTS = (
    ".helmignore",
    "Chart.yaml",
    "OlaresManifest.yaml",
    "i18n/en-US/OlaresManifest.yaml",
    "i18n/zh-CN/OlaresManifest.yaml",
    "owners",
    "values.yaml",
)
TEMPLATES = (
    "templates/configmap.yaml",
    "templates/deployment.yaml",
    "templates/secret.yaml",
    "templates/service.yaml",
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A rendered chart: the text of each file by its path below the chart's folder."""

    name: str
    version: str
    files: Mapping[str, str]


def render(app: App, facts: Facts, plan: Plan, market: Market) -> Chart:
    """The chart of an app whose plan is made."""
    view = View(app, facts, plan, market)
    rendered = {
        path: _environment(in_helm=path in TEMPLATES).get_template(path).render(v=view)
        for path in (*MANIFESTS, *TEMPLATES)
    }
    return Chart(app.name, app.version, rendered)


def chart_warnings(app: App) -> list[str]:
    """What stands in the chart although it is not certain."""
    image = app.engine.image
    found = []
    if isinstance(image.digest, Unknown):
        why = f" ({image.mutable_because})" if image.mutable_because else ""
        found.append(f"engine.image: {image.reference} is not pinned by digest{why}")
    for index, model in enumerate(app.models):
        if isinstance(model.revision, Unknown):
            found.append(f"models.{index}: {model.repo} is not pinned: {model.revision.reason}")
        if model.uncertain:
            found.append(f"models.{index}: uncertain: {model.uncertain}")
    return [*found, *([f"license: {app.license.note}"] if app.license.note else [])]


@cache
def _environment(*, in_helm: bool) -> Environment:
    """One environment for files that Helm renders again, one for those it does not."""
    environment = Environment(
        loader=DictLoader(_skeleton()),
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 the finalizer quotes every value
        finalize=helm_value if in_helm else yaml_value,
    )
    environment.filters.update(block=block, name=name, verbatim=verbatim)
    return environment


@cache
def _skeleton() -> dict[str, str]:
    folder = files("chartgen.chart") / "skeleton"
    return {path: (folder / path).read_text("utf-8") for path in (*MANIFESTS, *TEMPLATES)}

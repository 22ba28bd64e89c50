"""Texts with the facts of their spec filled in."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.engines import engine_of
from chartgen.facts import Facts
from chartgen.spec import App, Text
from chartgen.vram import disk_of


def filled(app: App, facts: Facts, text: Text) -> Text:
    """The text as people read it: every quoted fact is the spec's own, or the facts'."""
    quoted = dict(quotes(app, facts))
    return Text(text.en.format_map(quoted), text.zh.format_map(quoted))


def quotes(app: App, facts: Facts) -> Mapping[str, str]:
    """The facts that the texts of an app may quote; what is unknown is not among them."""
    image, weights = app.engine.image, app.model("weights")
    return {
        **engine_of(app).quotes(app),
        "download": f"{disk_of(app, facts).files.value / 1e9:.0f} GB",
        "image": f"{image.repository.removeprefix('docker.io/')}:{image.tag}",
        "license": app.license.text,
        "model": ", ".join(filter(None, (weights.repo, weights.file))) if weights else "",
        "port": str(app.engine.port),
    }

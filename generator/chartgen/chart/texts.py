"""Texts with the facts of their spec filled in."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.engines import engine_of
from chartgen.spec import App, Text


def filled(app: App, text: Text) -> Text:
    """The text as people read it: every quoted fact is the spec's own."""
    facts = dict(quotes(app))
    return Text(text.en.format_map(facts), text.zh.format_map(facts))


def quotes(app: App) -> Mapping[str, str]:
    """The facts that the texts of an app may quote."""
    image, weights = app.engine.image, app.model("weights")
    version = image.engine_version
    return {
        **engine_of(app).quotes(app),
        "engine_version": version if isinstance(version, str) else image.tag,
        "model": ", ".join(filter(None, (weights.repo, weights.file))) if weights else "",
        "port": str(app.engine.port),
    }

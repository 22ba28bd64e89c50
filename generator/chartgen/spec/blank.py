"""An app that nobody wrote: what a model and an engine's defaults make of one.

Only the engine, the models and the device decide memory; all that a market needs
beside them is a placeholder, so such an app is planned and never rendered.
"""

from __future__ import annotations

from datetime import date

from chartgen.spec.app import App, Engine, License, Resources
from chartgen.spec.image import Image
from chartgen.spec.model import Model
from chartgen.spec.texts import Text, Unknown

NOBODY = "nobody"
NOWHERE = "https://example.org"
NO_TEXT = Text("planned, not written", "仅规划")

NO_IMAGE = Image(
    repository="docker.io/library/unnamed",
    tag="none",
    digest=Unknown("no spec names an image"),
    engine_version=Unknown("no spec names an image"),
)
"""An image whose engine version is unknown: the rules that need most hold."""


def blank_app(name: str, engine: Engine, models: tuple[Model, ...]) -> App:
    """An app named after its model, with placeholders for everything else."""
    return App(
        name=name,
        version="0.0.0",
        released=date(2026, 1, 1),
        changes=NO_TEXT,
        title=name[:30],
        entrance_title="planned",
        description=NO_TEXT,
        full_description=NO_TEXT,
        engine=engine,
        models=models,
        resources=Resources(cpu=("1", "1")),
        license=License(text=NOBODY, url=NOWHERE),
        developer=NOBODY,
        submitter=NOBODY,
        website=NOWHERE,
        source_code=NOWHERE,
        doc=NOWHERE,
        owners=(NOBODY,),
        icon="none.png",
    )

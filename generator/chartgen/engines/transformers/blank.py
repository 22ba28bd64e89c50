"""What transformers serve makes of a model when nobody says anything."""

from __future__ import annotations

from chartgen.engines.common import blank_model, sees
from chartgen.facts import Checkpoint, ModelFacts
from chartgen.spec import App, Transformers
from chartgen.spec.blank import NO_IMAGE, blank_app


def blank(model: ModelFacts, checkpoint: Checkpoint) -> App | None:
    """The app of a whole repository: one request at the model's whole context."""
    if checkpoint.file is not None:
        return None
    engine = Transformers(
        image=NO_IMAGE,
        context_length=model.context_length.value,
        images_per_prompt=1 if sees(model) else 0,
    )
    return blank_app(model.name, engine, (blank_model(checkpoint, "weights"),))

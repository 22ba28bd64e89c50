"""What SGLang makes of a model when nobody says anything."""

from __future__ import annotations

from chartgen.engines.common import blank_model, sees
from chartgen.facts import Checkpoint, ModelFacts
from chartgen.spec import App, Sglang
from chartgen.spec.blank import NO_IMAGE, blank_app

FRACTION = 0.7
"""`mem_fraction_static` of a 24 GB card where it is not given: 24463 MiB less its own
reserve of 512 MiB, 1.5 MiB for each of 4096 tokens and 2 MiB for each of 48 sequences
(sglang 0.5.23, srt/arg_groups/memory_hook.py), rounded down."""

REQUESTS = 48
"""Requests at once: the largest batch that is captured on a card under 35 GiB."""


def blank(model: ModelFacts, checkpoint: Checkpoint) -> App | None:
    """The app of a whole repository."""
    if checkpoint.file is not None:
        return None
    engine = Sglang(
        image=NO_IMAGE,
        served_model_name=model.name,
        context_length=model.context_length.value,
        mem_fraction_static=FRACTION,
        max_running_requests=REQUESTS,
        images_per_prompt=1 if sees(model) else 0,
    )
    return blank_app(model.name, engine, (blank_model(checkpoint, "weights"),))

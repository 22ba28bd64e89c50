"""What vLLM makes of a model when nobody says anything: its server's own defaults."""

from __future__ import annotations

from dataclasses import replace

from chartgen.engines.common import blank_model, known
from chartgen.errors import Fault, Faults
from chartgen.facts import Checkpoint, Facts, ModelFacts
from chartgen.spec import App, Vllm
from chartgen.spec.blank import NO_IMAGE, blank_app

UTILIZATION = 0.9
"""`gpu_memory_utilization` where it is not given (vLLM 0.19 to 0.33, read in its source,
November 2026)."""

SEQUENCES = 256
"""`max_num_seqs` of an API server on a card under 70 GiB (vLLM 0.19 to 0.33)."""

BATCH = 2048
"""`max_num_batched_tokens` of an API server on a card under 70 GiB (vLLM 0.19 to 0.33)."""


def blank(model: ModelFacts, checkpoint: Checkpoint) -> App | None:
    """The app of a whole repository; vLLM's server reads no single file."""
    if checkpoint.file is not None:
        return None
    engine = Vllm(
        image=NO_IMAGE,
        served_model_name=model.name,
        max_model_len=model.context_length.value,
        gpu_memory_utilization=UTILIZATION,
        max_num_seqs=SEQUENCES,
        max_num_batched_tokens=BATCH,
        images_per_prompt=1 if _sees(model) else 0,
    )
    return blank_app(model.name, engine, (blank_model(checkpoint, "weights"),))


def with_vision(app: App, engine: Vllm, facts: Facts, *, on: bool) -> App:
    """One image a prompt at least, or none at all."""
    found = known(app, facts, "weights")
    if on and found and not _sees(found[0]):
        problem = f"{found[0].title} has no vision tower in its facts"
        remedy = "Leave vision off, or add the tower to the model's facts."
        raise Faults([Fault(f"{app.name}.engine.images_per_prompt", problem, remedy, "on")])
    images = max(1, engine.images_per_prompt) if on else 0
    text_only = engine.language_model_only and not on
    changed = replace(engine, images_per_prompt=images, language_model_only=text_only)
    return replace(app, engine=changed)


def _sees(model: ModelFacts) -> bool:
    return model.vision is not None or model.image_tokens is not None

"""What vLLM makes of a model when nobody says anything: its server's own defaults."""

from __future__ import annotations

from chartgen.engines.common import blank_model, sees
from chartgen.engines.vllm.defaults import defaults
from chartgen.facts import Checkpoint, Device, ModelFacts
from chartgen.spec import App, Vllm
from chartgen.spec.blank import NO_IMAGE, blank_app


def blank(model: ModelFacts, checkpoint: Checkpoint, device: Device | None) -> App | None:
    """The app of a whole repository; vLLM's server reads no single file."""
    if checkpoint.file is not None:
        return None
    chosen = defaults(None, device)
    engine = Vllm(
        image=NO_IMAGE,
        served_model_name=model.name,
        max_model_len=model.context_length.value,
        gpu_memory_utilization=chosen.gpu_memory_utilization,
        max_num_seqs=chosen.max_num_seqs,
        max_num_batched_tokens=chosen.max_num_batched_tokens,
        images_per_prompt=1 if sees(model) else 0,
    )
    return blank_app(model.name, engine, (blank_model(checkpoint, "weights"),))

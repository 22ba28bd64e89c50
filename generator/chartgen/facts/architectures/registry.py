"""Which family reads which architecture: the one place that a new one is added to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chartgen.errors import Fault, Faults
from chartgen.facts.architectures import (
    deepseek,
    gated_delta,
    gemma,
    gpt_oss,
    llama,
    nemotron,
    qwen_moe,
)
from chartgen.facts.architectures.base import Dimensions
from chartgen.facts.headers.faults import shown
from chartgen.facts.headers.fields import Fields

__all__ = ["CONFIGS", "GGUF", "dimensions_of_config", "dimensions_of_gguf"]

Family = Callable[[Fields], Dimensions]

CONFIGS: Mapping[str, Family] = {
    "DeepseekV2ForCausalLM": deepseek.deepseek,
    "DeepseekV3ForCausalLM": deepseek.deepseek,
    "Gemma3ForCausalLM": gemma.gemma3,
    "Gemma3ForConditionalGeneration": gemma.gemma3,
    "Gemma4ForCausalLM": gemma.gemma4,
    "Gemma4ForConditionalGeneration": gemma.gemma4,
    "Gemma4UnifiedForConditionalGeneration": gemma.gemma4,
    "Glm4MoeLiteForCausalLM": deepseek.deepseek,
    "GptOssForCausalLM": gpt_oss.gpt_oss,
    "LlamaForCausalLM": llama.llama,
    "Ministral3ForCausalLM": llama.mistral,
    "Mistral3ForConditionalGeneration": llama.mistral3,
    "MistralForCausalLM": llama.mistral,
    "NemotronHForCausalLM": nemotron.nemotron_h,
    "Qwen2ForCausalLM": llama.qwen,
    "Qwen3ForCausalLM": llama.qwen,
    "Qwen3MoeForCausalLM": qwen_moe.qwen3_moe,
    "Qwen3NextForCausalLM": gated_delta.qwen35_moe,
    "Qwen3VLForConditionalGeneration": llama.qwen3_vl,
    "Qwen3VLMoeForConditionalGeneration": qwen_moe.qwen3_moe,
    "Qwen3_5ForCausalLM": gated_delta.qwen35,
    "Qwen3_5ForConditionalGeneration": gated_delta.qwen35,
    "Qwen3_5MoeForCausalLM": gated_delta.qwen35_moe,
    "Qwen3_5MoeForConditionalGeneration": gated_delta.qwen35_moe,
    "VoxtralForConditionalGeneration": llama.voxtral,
}
"""By the first of `architectures` in config.json."""

GGUF: Mapping[str, Family] = {
    "deepseek2": deepseek.gguf_deepseek2,
    "gemma3": gemma.gguf_gemma3,
    "gemma4": gemma.gguf_gemma4,
    "gpt-oss": gpt_oss.gguf_gpt_oss,
    "llama": llama.gguf_plain,
    "mistral3": llama.gguf_plain,
    "nemotron_h": nemotron.gguf_nemotron_h,
    "nemotron_h_moe": nemotron.gguf_nemotron_h,
    "qwen2": llama.gguf_plain,
    "qwen3": llama.gguf_plain,
    "qwen35": gated_delta.gguf_qwen35,
    "qwen35moe": gated_delta.gguf_qwen35,
    "qwen3moe": qwen_moe.gguf_qwen3_moe,
    "qwen3next": gated_delta.gguf_qwen35,
    "qwen3vl": llama.gguf_plain,
    "qwen3vlmoe": qwen_moe.gguf_qwen3_moe,
}
"""By `general.architecture`."""


def dimensions_of_config(root: Fields) -> Dimensions:
    """What a configuration says; raises `Faults` for an unknown or contradictory one."""
    named = root.texts("architectures")
    root.check()
    return _read(CONFIGS, named[0] if named else "", root)


def dimensions_of_gguf(architecture: str, fields: Fields) -> Dimensions:
    """What a GGUF file's metadata says; raises `Faults` as for a configuration."""
    return _read(GGUF, architecture, fields)


def _read(families: Mapping[str, Family], name: str, fields: Fields) -> Dimensions:
    family = families.get(name)
    if family is None:
        raise Faults([_unknown(name, fields.source, sorted(families))])
    found = family(fields)
    fields.check()
    return found


def _unknown(name: str, where: str, known: list[str]) -> Fault:
    remedy = (
        "Nothing is guessed: to add it, write how its layers keep their cache and state as one "
        "function in chartgen/facts/architectures, and name it in registry.py (docs/models.md). "
        f"Known are {', '.join(known)}."
    )
    return Fault(f"{where}: architecture", "this architecture is not known", remedy, shown(name))

"""Public models: their configurations and GGUF metadata give the facts that are known."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from chartgen.errors import Faults
from chartgen.facts.add import facts_of, read_files
from chartgen.facts.architectures.registry import CONFIGS, GGUF
from chartgen.facts.model import Attention, ModelFacts
from chartgen.facts.sources import MemorySource
from tests.facts.made import Value, blocks, gguf, plain, small_gguf
from tests.facts.samples import TRUTH, Known, config, gguf_file, metadata

WITH_GGUF = [name for name in TRUTH if Known(name).text("arch_gguf")]
UNUSED_WIDTH = "qwen3-coder-30b-a3b"
"""Its configuration says a dense width, and no layer has it: every layer is a mixture."""


def of_config(found: Mapping[str, object]) -> ModelFacts:
    source = MemorySource({"config.json": json.dumps(found).encode()})
    return facts_of(read_files(source, None), source)


def of_gguf(data: bytes) -> ModelFacts:
    source = MemorySource({"model.gguf": data})
    return facts_of(read_files(source, None), source)


def shape(found: Attention) -> tuple[str, int, int, int, int, int | None]:
    sizes = (found.kv_heads, found.key_elements, found.value_elements)
    return (found.kind, found.layers, *sizes, found.window)


def attention(known: Known) -> set[tuple[str, int, int, int, int, int | None]]:
    number = known.number
    if mla := known.part("mla"):
        latent = mla["kv_lora_rank"] + mla["qk_rope_head_dim"]
        return {("mla", number("n_full_layers"), 1, latent, 0, None)}
    heads = number("kv_heads_full")
    full = heads * number("head_dim_full")
    found: set[tuple[str, int, int, int, int, int | None]] = {
        ("full", number("n_full_layers"), heads, full, full, None)
    }
    if number("n_swa_layers"):
        heads = number("kv_heads_swa")
        size, window = heads * number("head_dim_swa"), number("sliding_window")
        found.add(("sliding", number("n_swa_layers"), heads, size, size, window))
    return found


def recurrent(known: Known) -> list[tuple[int, int, int, int]]:
    if net := known.part("gdn"):
        convolved = 2 * net["key_heads"] * net["key_dim"] + net["value_heads"] * net["value_dim"]
        state = net["value_heads"] * net["value_dim"] * net["key_dim"]
        return [(known.number("n_linear_layers"), net["conv_kernel"], convolved, state)]
    if mamba := known.part("mamba"):
        inner = mamba["heads"] * mamba["head_dim"]
        convolved = inner + 2 * mamba["n_groups"] * mamba["state"]
        return [(known.number("n_mamba_layers"), 4, convolved, inner * mamba["state"])]
    return []


def check(found: ModelFacts, known: Known) -> None:
    number = known.number
    assert found.hidden_size.value == number("hidden")
    assert found.vocab_size.value == number("vocab")
    assert found.context_length.value == number("native_ctx")
    assert found.intermediate_size.value == (
        0 if known.name == UNUSED_WIDTH else number("ffn_dense")
    )
    assert found.layers
    assert found.layers.value == number("n_layers")
    assert found.heads
    assert found.heads.value == number("n_heads")
    assert {shape(one) for one in found.attention} == attention(known)
    states = [
        (one.layers, one.conv_kernel, one.conv_dim, one.state_elements) for one in found.recurrent
    ]
    assert states == recurrent(known)
    assert found.tied is known.tied
    assert found.mtp_layers == number("mtp_layers")
    assert found.per_layer_embedding == number("ple_dim")
    experts = found.experts
    widths = (experts.count, experts.used, experts.intermediate_size) if experts else (0, 0, 0)
    assert widths == (number("n_experts"), number("top_k"), number("moe_ff"))


@pytest.mark.parametrize("name", TRUTH)
def test_a_configuration(name: str) -> None:
    found = of_config(config(name))
    check(found, Known(name))
    assert found.architecture == Known(name).text("arch_hf")
    assert "config.json of memory/model" in found.hidden_size.source


@pytest.mark.parametrize("name", WITH_GGUF)
def test_a_gguf_file(name: str) -> None:
    found = of_gguf(gguf_file(name))
    check(found, Known(name))
    assert found.parameters
    assert "model.gguf of memory/model" in found.parameters.source


def test_towers() -> None:
    qwen = of_config(config("qwen3.6-27b")).vision
    assert qwen
    assert (qwen.hidden_size, qwen.layers, qwen.heads, qwen.merge) == (1152, 27, 16, 2)
    pixtral = of_config(config("devstral-small-24b")).vision
    assert pixtral
    assert pixtral.max_tokens == 55 * 55
    siglip = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27}
    siglip |= {"num_attention_heads": 16, "patch_size": 14, "image_size": 896}
    gemma = of_config(config("gemma-3-12b") | {"vision_config": siglip}).vision
    assert gemma
    assert (gemma.merge, gemma.max_tokens) == (4, 256)
    tower = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27}
    tower |= {"num_attention_heads": 16, "patch_size": 16, "pooling_kernel_size": 3}
    seen = of_config(
        config("gemma-4-31b") | {"vision_config": tower, "vision_soft_tokens_per_image": 280}
    )
    assert seen.vision
    assert seen.vision.merge == 3
    assert seen.image_tokens
    assert seen.image_tokens.value == 280


def test_the_unified_gemma_has_no_tower() -> None:
    patches = {"model_type": "gemma4_unified_vision", "patch_size": 16, "mm_embed_dim": 3840}
    assert of_config(config("gemma-4-12b") | {"vision_config": patches}).vision is None


def test_what_a_public_gemma_3_leaves_out_is_told_as_a_default() -> None:
    text: dict[str, object] = {
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "num_hidden_layers": 34,
    }
    text |= {"sliding_window": 1024, "model_type": "gemma3_text"}
    found = of_config({"architectures": ["Gemma3ForConditionalGeneration"], "text_config": text})
    assert {shape(one)[:2] for one in found.attention} == {("sliding", 29), ("full", 5)}
    assert found.vocab_size.value == 262_208
    assert "the default of Gemma3TextConfig" in found.vocab_size.source
    assert "default" not in found.hidden_size.source
    assert "head_dim" in found.attention[0].source
    assert found.tied is True


def test_a_mistral_whose_window_is_said_slides() -> None:
    found = of_config(
        config("llama-3.1-8b") | {"architectures": ["MistralForCausalLM"], "sliding_window": 4096}
    )
    assert [(one.kind, one.window) for one in found.attention] == [("sliding", 4096)]


def test_a_qwen_may_slide_from_a_layer_on() -> None:
    sliding = {"use_sliding_window": True, "max_window_layers": 20, "sliding_window": 4096}
    found = of_config(config("qwen3-8b") | sliding)
    assert [(one.kind, one.layers) for one in found.attention] == [("full", 20), ("sliding", 16)]
    assert (
        len(of_config(config("qwen3-8b") | sliding | {"use_sliding_window": False}).attention) == 1
    )


def test_deepseek_v3_predicts_further_tokens() -> None:
    changes = {"architectures": ["DeepseekV3ForCausalLM"], "num_nextn_predict_layers": 1}
    found = of_config(config("glm-4.7-flash") | changes)
    assert found.mtp_layers == 1
    assert found.experts
    assert found.experts.shared_intermediate_size == 1536


def test_gemma_4_with_a_configuration_for_each_layer() -> None:
    known = config("gemma-4-31b")
    text = known["text_config"]
    assert isinstance(text, dict)
    own = {str(index): {"head_dim": 512, "num_key_value_heads": 4} for index in range(5, 60, 6)}
    text = {key: one for key, one in text.items() if "global" not in key} | {
        "per_layer_config": own
    }
    assert of_config(known | {"text_config": text}).attention == of_config(known).attention


def test_a_deepseek_file_of_before_the_latent_cache_keeps_every_head() -> None:
    values = metadata("glm-4.7-flash")
    own: dict[str, Value] = {
        key: found for key, found in values.items() if not key.endswith("_length_mla")
    }
    own |= {"deepseek2.attention.head_count_kv": 20, "deepseek2.attention.key_length": 256}
    (found,) = of_gguf(small_gguf(own, experts=True)).attention
    assert (found.kind, found.kv_heads, found.key_elements, found.value_elements) == (
        "full",
        20,
        5120,
        10240,
    )


@pytest.mark.parametrize("architecture", ["MambaForCausalLM", "", "../../etc", "x" * 150])
def test_an_unknown_architecture_is_refused_by_name(architecture: str) -> None:
    with pytest.raises(Faults, match="this architecture is not known") as refused:
        of_config({"architectures": [architecture]})
    told = str(refused.value)
    assert architecture[:80] in told
    assert "registry.py" in told
    assert all(name in told for name in CONFIGS)


def test_an_unknown_gguf_architecture_is_refused_by_name() -> None:
    values: dict[str, Value] = {"general.architecture": "rwkv7", "rwkv7.block_count": 2}
    with pytest.raises(Faults, match="rwkv7") as refused:
        of_gguf(small_gguf(values))
    assert all(name in str(refused.value) for name in GGUF)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hidden_size": None}, "hidden_size"),
        ({"hidden_size": -1}, "hidden_size"),
        ({"hidden_size": 4096.0}, "hidden_size"),
        ({"hidden_size": True}, "hidden_size"),
        ({"hidden_size": 1 << 60}, "hidden_size"),
        ({"num_hidden_layers": 1 << 30}, "num_hidden_layers"),
        ({"vocab_size": "large"}, "vocab_size"),
        ({"max_position_embeddings": []}, "max_position_embeddings"),
        ({"tie_word_embeddings": 1}, "tie_word_embeddings"),
        ({"head_dim": None, "hidden_size": 4095}, "num_attention_heads"),
        ({"architectures": "LlamaForCausalLM"}, "architectures"),
        ({"architectures": [["LlamaForCausalLM"]]}, "architectures"),
    ],
)
def test_what_is_missing_or_absurd_is_a_fault(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Faults) as refused:
        of_config(config("llama-3.1-8b") | changes)
    assert any(fault.path.endswith(f": {field}") for fault in refused.value.faults)


def test_all_faults_of_a_configuration_are_told_at_once() -> None:
    with pytest.raises(Faults) as refused:
        of_config(config("llama-3.1-8b") | {"hidden_size": None, "vocab_size": None})
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("gemma-4-e4b", {"num_kv_shared_layers": 42}, "num_kv_shared_layers"),
        ("gemma-4-e4b", {"layer_types": ["full_attention"]}, "layer_types"),
        ("qwen3.6-27b", {"layer_types": ["chunked_attention"] * 64}, "layer_types"),
        ("qwen3.6-27b", {"linear_key_head_dim": None}, "linear_key_head_dim"),
    ],
)
def test_a_text_part_that_contradicts_itself(
    name: str, changes: dict[str, object], field: str
) -> None:
    found = config(name)
    text = found["text_config"]
    assert isinstance(text, dict)
    with pytest.raises(Faults, match=field):
        of_config(found | {"text_config": text | changes})


def test_a_pattern_of_nemotron_that_contradicts_its_layers() -> None:
    with pytest.raises(Faults, match="num_hidden_layers"):
        of_config(config("nemotron-3-nano-4b") | {"num_hidden_layers": 40})
    with pytest.raises(Faults, match="not known"):
        of_config(config("nemotron-3-nano-4b") | {"hybrid_override_pattern": "MX" * 21})


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("block_count", 0),
        ("nextn_predict_layers", 99),
        ("attention.head_count_kv", [4, 4]),
        ("attention.head_count", "many"),
        ("context_length", -1.5),
    ],
)
def test_gguf_metadata_that_is_absurd(key: str, found: Value) -> None:
    values = metadata("qwen3-1.7b") | {f"qwen3.{key}": found}
    tensors = [plain("token_embd.weight", 8), *blocks(28, "attn_q.weight")]
    with pytest.raises(Faults, match=key.rpartition(".")[2]):
        of_gguf(gguf(values, tensors))

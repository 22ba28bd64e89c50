"""Configurations and GGUF metadata of known models, in the form in which they are public."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from chartgen.facts.architectures.registry import GGUF
from tests.facts.made import Value, gguf, plain, safetensors, small_gguf

TRUTH: Mapping[str, Mapping[str, object]] = json.loads(
    (Path(__file__).parent / "data" / "models.json").read_text("utf-8")
)
"""Dimensions of public models, collected from their configurations, November 2026."""

VISION = {"depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "num_heads": 16}
QWEN_VISION = VISION | {"patch_size": 16, "spatial_merge_size": 2, "out_hidden_size": 5120}
PIXTRAL = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "patch_size": 14,
    "image_size": 1540,
}


class Known:
    """What is true of one model, by the names of the collection."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found = TRUTH[name]

    def number(self, name: str, default: int = 0) -> int:
        found = self.found.get(name, default)
        assert isinstance(found, int)
        return found

    def text(self, name: str) -> str:
        found = self.found.get(name, "")
        assert isinstance(found, str)
        return found

    def part(self, name: str) -> dict[str, int]:
        found = self.found.get(name, {})
        assert isinstance(found, dict)
        return found

    @property
    def tied(self) -> bool:
        return bool(self.found.get("tied"))

    @property
    def kinds(self) -> list[str]:
        """The kind of each layer, from words like "(5 sliding + 1 full) x 10"."""
        words = self.text("layer_types")
        layers = self.number("n_layers")
        if "sliding" in words:
            period = int(words[1]) + 1
            return [
                "full" if index % period == period - 1 else "sliding" for index in range(layers)
            ]
        if "gated" in words:
            return ["full" if index % 4 == 3 else "linear" for index in range(layers)]
        return ["full"] * layers


def config(name: str) -> dict[str, object]:
    """config.json of a model."""
    known = Known(name)
    architecture = known.text("arch_hf")
    text = _text(known)
    named: dict[str, object] = {"architectures": [architecture]}
    if "Conditional" not in architecture:
        return named | text
    named |= {"text_config": text, "tie_word_embeddings": known.tied}
    if architecture.startswith("Qwen3_5"):
        named["vision_config"] = QWEN_VISION
    elif architecture.startswith("Mistral3"):
        named |= {"vision_config": PIXTRAL, "spatial_merge_size": 2}
    elif architecture.startswith("Voxtral"):
        named["audio_config"] = {"model_type": "voxtral_encoder", "hidden_size": 1280}
        named.pop("tie_word_embeddings")
    return named


def _text(known: Known) -> dict[str, object]:
    number = known.number
    found: dict[str, object] = {
        "hidden_size": number("hidden"),
        "intermediate_size": number("ffn_dense"),
        "num_hidden_layers": number("n_layers"),
        "num_attention_heads": number("n_heads"),
        "num_key_value_heads": number("kv_heads_full"),
        "head_dim": number("head_dim_full"),
        "max_position_embeddings": number("native_ctx"),
        "vocab_size": number("vocab"),
        "tie_word_embeddings": known.tied,
    }
    architecture = known.text("arch_hf")
    family = next(
        (make for start, make in _FAMILIES.items() if architecture.startswith(start)), None
    )
    return found | (family(known) if family else {})


def _gemma3(known: Known) -> dict[str, object]:
    return {"sliding_window": known.number("sliding_window"), "sliding_window_pattern": 6}


def _gemma4(known: Known) -> dict[str, object]:
    number = known.number
    shared = number("kv_shared_layers")
    found: dict[str, object] = {
        "head_dim": number("head_dim_swa"),
        "global_head_dim": number("head_dim_full"),
        "num_key_value_heads": number("kv_heads_swa"),
        "sliding_window": number("sliding_window"),
        "num_kv_shared_layers": shared,
        "layer_types": [f"{kind}_attention" for kind in known.kinds],
        "hidden_size_per_layer_input": number("ple_dim"),
        "use_double_wide_mlp": known.name.endswith("e2b"),
        "attention_k_eq_v": bool(known.found.get("kv_heads_full") != known.found["kv_heads_swa"]),
        "num_global_key_value_heads": number("kv_heads_full"),
        "enable_moe_block": "n_experts" in known.found,
    }
    if "n_experts" in known.found:
        found |= {"num_experts": number("n_experts"), "top_k_experts": number("top_k")}
        found["moe_intermediate_size"] = number("moe_ff")
    return found


def _mixture(known: Known) -> dict[str, object]:
    number = known.number
    return {
        "num_experts": number("n_experts"),
        "num_experts_per_tok": number("top_k"),
        "moe_intermediate_size": number("moe_ff"),
        "shared_expert_intermediate_size": number("shared_ff"),
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
    }


def _qwen35(known: Known) -> dict[str, object]:
    net = known.part("gdn")
    kinds = {"linear": "linear_attention", "full": "full_attention"}
    return {
        "layer_types": [kinds[kind] for kind in known.kinds],
        "full_attention_interval": 4,
        "linear_conv_kernel_dim": net["conv_kernel"],
        "linear_num_key_heads": net["key_heads"],
        "linear_num_value_heads": net["value_heads"],
        "linear_key_head_dim": net["key_dim"],
        "linear_value_head_dim": net["value_dim"],
        "mtp_num_hidden_layers": known.number("mtp_layers"),
    }


def _qwen35_moe(known: Known) -> dict[str, object]:
    return _qwen35(known) | _mixture(known)


def _nemotron(known: Known) -> dict[str, object]:
    mamba, number = known.part("mamba"), known.number
    found: dict[str, object] = {
        "hybrid_override_pattern": known.text("layer_types").split(" ")[0],
        "mamba_num_heads": mamba["heads"],
        "mamba_head_dim": mamba["head_dim"],
        "ssm_state_size": mamba["state"],
        "n_groups": mamba["n_groups"],
        "conv_kernel": mamba["conv_kernel"],
        "intermediate_size": number("ffn_dense", number("moe_ff")),
    }
    if "n_experts" in known.found:
        found |= {"n_routed_experts": number("n_experts"), "num_experts_per_tok": number("top_k")}
        found |= {"moe_intermediate_size": number("moe_ff"), "n_shared_experts": 1}
        found["moe_shared_expert_intermediate_size"] = number("shared_ff")
    return found


def _glm(known: Known) -> dict[str, object]:
    number = known.number
    return {
        **known.part("mla"),
        "num_key_value_heads": number("n_heads"),
        "n_routed_experts": number("n_experts"),
        "num_experts_per_tok": number("top_k"),
        "moe_intermediate_size": number("moe_ff"),
        "n_shared_experts": 1,
        "num_nextn_predict_layers": 0,
    }


def _gpt_oss(known: Known) -> dict[str, object]:
    number = known.number
    kinds = ["full" if index % 2 else "sliding" for index in range(number("n_layers"))]
    return {
        "intermediate_size": number("moe_ff"),
        "num_local_experts": number("n_experts"),
        "num_experts_per_tok": number("top_k"),
        "sliding_window": number("sliding_window"),
        "layer_types": [f"{kind}_attention" for kind in kinds],
    }


def _voxtral(_: Known) -> dict[str, object]:
    return {"model_type": "llama"}


_FAMILIES = {
    "Gemma3": _gemma3,
    "Gemma4": _gemma4,
    "Glm4": _glm,
    "GptOss": _gpt_oss,
    "Nemotron": _nemotron,
    "Qwen3Moe": _mixture,
    "Qwen3_5Moe": _qwen35_moe,
    "Qwen3_5": _qwen35,
    "Voxtral": _voxtral,
}


def metadata(name: str) -> dict[str, Value]:
    """The metadata of a model's GGUF file, as llama.cpp's converter writes it."""
    known = Known(name)
    kind, number = known.text("arch_gguf"), known.number
    own: dict[str, Value] = {
        "block_count": number("n_layers"),
        "context_length": number("native_ctx"),
        "embedding_length": number("hidden"),
        "feed_forward_length": number("ffn_dense"),
        "attention.head_count": number("n_heads"),
        "attention.head_count_kv": number("kv_heads_full"),
        "attention.key_length": number("head_dim_full"),
        "attention.value_length": number("head_dim_full"),
        "vocab_size": number("vocab"),
    }
    if "n_experts" in known.found:
        own |= {"expert_count": number("n_experts"), "expert_used_count": number("top_k")}
        own["expert_feed_forward_length"] = number("moe_ff")
        own["expert_shared_feed_forward_length"] = number("shared_ff")
    own |= _blocks(known, kind)
    own = {key: found for key, found in own.items() if found != 0}
    return {"general.architecture": kind} | {f"{kind}.{key}": found for key, found in own.items()}


def _blocks(known: Known, kind: str) -> dict[str, Value]:
    number, net = known.number, known.part("gdn")
    if kind in ("gemma3", "gpt-oss"):
        return {"attention.sliding_window": number("sliding_window")}
    if kind == "gemma4":
        return _gguf_gemma4(known)
    if net:
        return {
            "ssm.conv_kernel": net["conv_kernel"],
            "ssm.inner_size": net["ssm_inner"],
            "ssm.state_size": net["ssm_state"],
            "ssm.group_count": net["ssm_group"],
            "ssm.time_step_rank": net["value_heads"],
            "full_attention_interval": 4,
            "block_count": number("n_layers") + number("mtp_layers"),
            "nextn_predict_layers": number("mtp_layers"),
        }
    if kind == "deepseek2":
        mla = known.part("mla")
        return {
            "attention.head_count_kv": 1,
            "attention.key_length": mla["kv_lora_rank"] + mla["qk_rope_head_dim"],
            "attention.value_length": mla["kv_lora_rank"],
            "attention.key_length_mla": mla["qk_nope_head_dim"] + mla["qk_rope_head_dim"],
            "attention.value_length_mla": mla["v_head_dim"],
            "leading_dense_block_count": 1,
            "expert_shared_count": 1,
        }
    return _gguf_nemotron(known) if kind.startswith("nemotron") else {}


def _gguf_gemma4(known: Known) -> dict[str, Value]:
    number = known.number
    sliding = [kind == "sliding" for kind in known.kinds]
    heads = {True: number("kv_heads_swa"), False: number("kv_heads_full")}
    narrow = number("n_layers") - number("kv_shared_layers")
    width = number("ffn_dense")
    double = 2 if known.name.endswith("e2b") else 1
    widths = [width if index < narrow else double * width for index in range(len(sliding))]
    return {
        "attention.sliding_window": number("sliding_window"),
        "attention.sliding_window_pattern": sliding,
        "attention.head_count_kv": [heads[one] for one in sliding],
        "attention.key_length_swa": number("head_dim_swa"),
        "attention.value_length_swa": number("head_dim_swa"),
        "attention.shared_kv_layers": number("kv_shared_layers"),
        "embedding_length_per_layer_input": number("ple_dim"),
        "feed_forward_length": widths if double > 1 else width,
    }


def _gguf_nemotron(known: Known) -> dict[str, Value]:
    mamba, number = known.part("mamba"), known.number
    pattern = known.text("layer_types").split(" ")[0]
    width = number("ffn_dense", number("moe_ff"))
    return {
        "attention.head_count_kv": [
            number("kv_heads_full") if one == "*" else 0 for one in pattern
        ],
        "feed_forward_length": [width if one in "-E" else 0 for one in pattern],
        "ssm.conv_kernel": mamba["conv_kernel"],
        "ssm.inner_size": mamba["ssm_inner"],
        "ssm.state_size": mamba["state"],
        "ssm.group_count": mamba["n_groups"],
        "ssm.time_step_rank": mamba["heads"],
    }


def gguf_file(name: str) -> bytes:
    """A GGUF file of a model, with tiny tensors."""
    known = Known(name)
    return small_gguf(metadata(name), tied=known.tied, experts="n_experts" in known.found)


def seeds(reader: str) -> list[bytes]:
    """Sound inputs for a fuzzer of one reader."""
    names = sorted(TRUTH)
    if reader == "gguf":
        made = [gguf_file(name) for name in names if Known(name).text("arch_gguf") in GGUF]
        return [*made, gguf({"general.architecture": "clip"}, [plain("v.patch_embd.weight", 8)])]
    if reader == "config":
        return [json.dumps(config(name)).encode() for name in names if config(name)]
    if reader == "index":
        return [json.dumps({"metadata": {}, "weight_map": {"a": "model-1.safetensors"}}).encode()]
    return [safetensors({"a": ("BF16", (4, 2)), "b": ("F8_E4M3", (3,)), "c": ("F32", ())})]

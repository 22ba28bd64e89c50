"""Other ways to size a KV cache, asked about the same rows: the naive formula and hf-mem.

hf-mem (PyPI) reads headers from the hub; its arithmetic is called directly, with what the
model's public configuration or GGUF header would have said.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from benchmarks.accuracy.models import Model
from benchmarks.accuracy.patterns import count_layers

NAIVE_BYTES: Mapping[str, float] = {
    "f32": 4, "f16": 2, "bf16": 2, "auto": 2, "q8_0": 34 / 32, "q5_1": 24 / 32, "q5_0": 22 / 32,
    "q4_1": 20 / 32, "q4_0": 18 / 32, "iq4_nl": 18 / 32, "fp8": 1, "fp8_e4m3": 1, "fp8_e5m2": 1,
    "int8": 1,
}  # fmt: skip
"""Bytes of one element, for the naive formula."""

GGUF_TYPES = {"f32": "F32", "f16": "F16", "bf16": "BF16", "q8_0": "Q8_0", "q4_0": "Q4_0",
              "q4_1": "Q4_1", "q5_0": "Q5_0", "q5_1": "Q5_1", "iq4_nl": "IQ4_NL"}  # fmt: skip

Config = dict[str, int | list[str]]


@dataclass(frozen=True, slots=True)
class Cache:
    """A KV cache of `tokens`, by the names of its two types."""

    tokens: int
    type_k: str
    type_v: str


def peer_sizes(model: Model, held: Cache, gguf: bool) -> dict[str, float]:
    """Bytes of the whole KV cache by every tool that has an answer."""
    answers = {"naive": naive(model, held), "hf-mem": _hf_mem(model, held, gguf)}
    return {tool: size for tool, size in answers.items() if size is not None}


def naive(model: Model, held: Cache) -> float | None:
    """2 x layers x heads x head dimension x bytes x tokens, every layer a full one."""
    config = _config(model)
    keys, values = NAIVE_BYTES.get(held.type_k), NAIVE_BYTES.get(held.type_v)
    if config is None or keys is None or values is None:
        return None
    width = _whole(config, "num_key_value_heads") * _whole(config, "head_dim")
    return _whole(config, "num_hidden_layers") * width * (keys + values) * held.tokens


@cache
def hf_mem_version() -> str | None:
    """The installed version, None without one."""
    try:
        return str(importlib.import_module("hf_mem._version").__version__)
    except (ImportError, AttributeError):
        return None


def _hf_mem(model: Model, held: Cache, gguf: bool) -> float | None:
    config = _config(model)
    if config is None or held.type_k != held.type_v or hf_mem_version() is None:
        return None
    try:
        return _of_gguf(model, config, held) if gguf else _of_safetensors(config, held)
    except (KeyError, RuntimeError, ZeroDivisionError):
        return None


def _of_safetensors(config: Config, held: Cache) -> float | None:
    dtype = {"bf16": "BF16", "auto": "BF16", "f16": "F16"}.get(held.type_k)
    if held.type_k.startswith("fp8"):
        dtype = "F8_E4M3"
    return None if dtype is None else _safetensors_size()(config, dtype, held.tokens, 1)


def _of_gguf(model: Model, config: Config, held: Cache) -> float | None:
    """A header whose heads differ from layer to layer has a list, which hf-mem refuses."""
    dtype = GGUF_TYPES.get(held.type_k)
    heads = {kind.kv_heads for kind in model.facts.attention}
    mixed = any(kind.kind == "mamba2" for kind in model.facts.recurrent)
    if dtype is None or len(heads) > 1 or mixed:
        return None
    header: Config = {
        "block_count": config["num_hidden_layers"],
        "head_count_kv": next(iter(heads)),
        "head_count": config["num_attention_heads"],
        "embedding_length": config["hidden_size"],
        "context_length": held.tokens,
    }
    return _gguf_size()(header, dtype, 1)


@cache
def _safetensors_size() -> Callable[[Config, str, int, int], float]:
    module = importlib.import_module("hf_mem.safetensors.kv_cache")
    found: Callable[[Config, str, int, int], float] = module.compute_safetensors_kv_cache_size
    return found


@cache
def _gguf_size() -> Callable[[Config, str, int], float]:
    module = importlib.import_module("hf_mem.gguf.kv_cache")
    found: Callable[[Config, str, int], float] = module.compute_gguf_kv_cache_size
    return found


def _config(model: Model) -> Config | None:
    """What config.json says under the names that such tools read."""
    facts, layers = model.facts, model.entry.positive("n_layers")
    hidden, heads = facts.hidden_size.value, model.entry.positive("n_heads")
    if not (layers and hidden and heads and facts.attention):
        return None
    main = facts.attention[0]
    latent = main.kind == "mla"
    found = count_layers(model.entry)
    config: Config = {
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": heads if latent else main.kv_heads,
        "head_dim": hidden // heads if latent else main.head_dim,
    }
    if found.sliding or found.linear:
        full = min(layers, round(layers * found.full / (layers_of(model) or 1)))
        config["layer_types"] = ["full_attention"] * full + ["other"] * (layers - full)
    if main.window:
        config["sliding_window"] = main.window
    return config


def layers_of(model: Model) -> int:
    """Layers that keep a cache or a state of their own."""
    facts = model.facts
    return sum(kind.layers for kind in facts.attention) + sum(
        kind.layers for kind in facts.recurrent
    )


def _whole(config: Config, key: str) -> int:
    value = config[key]
    return value if isinstance(value, int) else 0

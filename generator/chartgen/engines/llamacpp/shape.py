"""The dimensions that llama.cpp's graphs are built from, for one model.

The facts say what a cache or a file needs. A graph needs a little more: which of
llama.cpp's architectures builds it, how its layers alternate, how a latent or a
recurrent layer is cut. What no fact states follows here from the family, each rule
with its reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import lcm

from chartgen.facts import Attention, ModelFacts, Recurrent

__all__ = ["Latent", "Mixture", "Shape", "State", "shape_of"]

ARCHITECTURES = {
    "DeepseekV2ForCausalLM": "deepseek2",
    "DeepseekV3ForCausalLM": "deepseek2",
    "Gemma3ForCausalLM": "gemma3",
    "Gemma3ForConditionalGeneration": "gemma3",
    "Gemma4ForCausalLM": "gemma4",
    "Gemma4ForConditionalGeneration": "gemma4",
    "Gemma4UnifiedForConditionalGeneration": "gemma4",
    "Glm4MoeLiteForCausalLM": "deepseek2",
    "GptOssForCausalLM": "gpt-oss",
    "LlamaForCausalLM": "llama",
    "Mistral3ForConditionalGeneration": "llama",
    "MistralForCausalLM": "llama",
    "NemotronHForCausalLM": "nemotron_h",
    "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3",
    "Qwen3MoeForCausalLM": "qwen3moe",
    "Qwen3NextForCausalLM": "qwen3next",
    "Qwen3_5ForCausalLM": "qwen35",
    "Qwen3_5ForConditionalGeneration": "qwen35",
    "Qwen3_5MoeForCausalLM": "qwen35moe",
    "Qwen3_5MoeForConditionalGeneration": "qwen35moe",
    "VoxtralForConditionalGeneration": "llama",
}
"""From the name in a public configuration to llama.cpp's own (its conversion scripts,
llama.cpp 0c1e57098, October 2026)."""

OWN_NAMES = frozenset(ARCHITECTURES.values()) | {"mistral3", "nemotron_h_moe"}

STATE = 128
"""State of every published gated delta net (Qwen3-Next, 3.5, 3.6) and of every
published Nemotron-H (public configurations, November 2026)."""

MIXERS = (
    "M-M-M-MM-M-M*-M-M*-M-M-M*-M-M-MM*-MMM-M-M-",
    "M-M-M*-M-M-M*-M-M-M*-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M-",
    "M-M-MM-M*-MM*-MMM*-M",
    "M-M-M*-M-M-M*-M-",
)
"""Orders of Nemotron-H's layers: of the 4B and of the 30B-A3B with experts for feed-forwards
(public configurations, November 2026), and two short ones with the same neighbours for
the study."""

HEAD_NORMS = frozenset(
    ("gemma3", "gemma4", "qwen3", "qwen35", "qwen35moe", "qwen3moe", "qwen3next")
)
"""Architectures whose queries and keys pass a norm of their own."""

GLM_VOCAB = 154_880
"""Vocabulary by which llama.cpp itself knows GLM-4.7-Flash (models/deepseek2.cpp)."""

ROPE = 64
"""Rotated part of the latent of every published DeepSeek and of GLM-4.7-Flash."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Routed experts: how many, how many a token uses, the width of each and of the shared one.

    `dense` leading layers have none.
    """

    count: int
    used: int
    width: int
    shared: int
    dense: int


@dataclass(frozen=True, slots=True)
class State:
    """A recurrent layer: `inner` = heads x head dim, `groups` of keys, `state` wide."""

    mamba: bool
    layers: int
    conv: int
    inner: int
    state: int
    groups: int
    heads: int

    @property
    def conv_dim(self) -> int:
        """Elements that pass the convolution."""
        return self.inner + 2 * self.groups * self.state


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention: the ranks and the cut of a head.

    `query` is the rank of the query's own latent, 0 where it has none; a head has `nope`
    elements that are not rotated and a value of `value`.
    """

    rank: int
    rope: int
    query: int
    nope: int
    value: int


@dataclass(frozen=True, slots=True)
class Shape:
    """One model as llama.cpp sees it; widths in elements.

    `period` layers repeat: the last of them attends to everything, the others have a
    window or a recurrent state. Layers beyond `owners` use the cache of earlier ones and
    have a feed-forward of `wide` elements. `known` says that the architecture is one
    whose graph was read.
    """

    arch: str
    known: bool
    embd: int
    ff: int
    wide: int
    vocab: int
    layers: int
    heads: int
    head: int
    kv_heads: int
    window: int
    swa_head: int
    swa_kv_heads: int
    attending: int
    period: int
    owners: int
    tied: bool
    mixture: Mixture | None
    state: State | None
    latent: Latent | None
    per_layer: int
    context: int

    def full(self, layer: int) -> bool:
        """Whether a layer attends to the whole context."""
        return layer % self.period == self.period - 1

    @property
    def mixers(self) -> str:
        """What each layer of Nemotron-H is: M a state, * attention, - a feed-forward.

        Where no published model has this many layers of each, they stand evenly.
        """
        states = self.state.layers if self.state else 0
        wanted = {"M": states, "-": self.layers - states - self.attending, "*": self.attending}
        for pattern in MIXERS:
            if all(pattern.count(kind) == count for kind, count in wanted.items()):
                return pattern
        order = "M-*"
        places = sorted(
            ((index + 0.5) / count, order.index(kind))
            for kind, count in wanted.items()
            for index in range(count)
        )
        return "".join(order[kind] for _, kind in places)

    @property
    def head_norms(self) -> bool:
        """Whether queries and keys pass a norm of their own."""
        return self.arch in HEAD_NORMS


def shape_of(model: ModelFacts) -> Shape:
    """The shape that a model's facts give; `known` is false for an architecture not read here."""
    arch = _architecture(model)
    full = _kind(model, "full", "mla") or _kind(model, "sliding")
    sliding = _kind(model, "sliding")
    owners = sum(kind.layers for kind in model.attention)
    state = _state(model)
    layers = model.layers.value if model.layers else owners + (state.layers if state else 0)
    attending = full.layers if full else 0
    return Shape(
        arch=arch or "llama",
        known=arch is not None,
        embd=model.hidden_size.value,
        ff=model.intermediate_size.value,
        wide=_wide(model, arch),
        vocab=model.vocab_size.value,
        layers=layers,
        heads=_heads(model, full),
        head=full.head_dim if full else 0,
        kv_heads=full.kv_heads if full else 0,
        window=sliding.window or 0 if sliding else 0,
        swa_head=sliding.head_dim if sliding else 0,
        swa_kv_heads=sliding.kv_heads if sliding else 0,
        attending=attending,
        period=_period(model, layers, owners, attending),
        owners=layers if state else owners,
        tied=bool(model.tied),
        mixture=_mixture(model, arch),
        state=state,
        latent=_latent(model, full),
        per_layer=model.per_layer_embedding,
        context=model.context_length.value,
    )


def _architecture(model: ModelFacts) -> str | None:
    words = re.findall(r"[\w-]+", model.architecture)
    names = (ARCHITECTURES.get(word, word if word in OWN_NAMES else None) for word in words)
    found = next(filter(None, names), None)
    return "nemotron_h_moe" if found == "nemotron_h" and model.experts else found


def _kind(model: ModelFacts, *kinds: str) -> Attention | None:
    return next((one for one in model.attention if one.kind in kinds), None)


def _heads(model: ModelFacts, full: Attention | None) -> int:
    """Heads of the query; without a fact, as many as fill the hidden size, the same number
    for each head of the keys."""
    if model.heads:
        return model.heads.value
    kinds = [kind for kind in model.attention if kind.kind != "mla"] or [full] if full else []
    if not kinds:
        return 1
    group = lcm(*(kind.kv_heads for kind in kinds))
    narrowest = min(kind.head_dim for kind in kinds)
    return -(-model.hidden_size.value // (narrowest * group)) * group


def _period(model: ModelFacts, layers: int, owners: int, attending: int) -> int:
    """Layers from one full attention to the next."""
    if not attending or (attending == owners and not model.recurrent):
        return 1
    return max(1, (layers if model.recurrent else owners) // attending)


def _wide(model: ModelFacts, arch: str | None) -> int:
    """Gemma 4 E2B alone doubles the feed-forward of the layers that share a cache (its public
    configuration, November 2026); it is the narrowest with embeddings for each layer."""
    doubles = arch == "gemma4" and model.per_layer_embedding and model.hidden_size.value < 2048
    return model.intermediate_size.value * (2 if doubles else 1)


def _mixture(model: ModelFacts, arch: str | None) -> Mixture | None:
    """DeepSeek and GLM start with dense layers: one, and three in V3 (61 layers)."""
    experts = model.experts
    if not experts:
        return None
    dense = 0
    if arch == "deepseek2":
        dense = 3 if model.layers and model.layers.value == 61 else 1
    shared = experts.shared_intermediate_size
    if arch == "deepseek2":
        # Every one of them has a shared expert; where no fact gives its width, one.
        shared = shared or experts.intermediate_size
    return Mixture(experts.count, experts.used, experts.intermediate_size, shared, dense)


def _state(model: ModelFacts) -> State | None:
    recurrent = next(iter(model.recurrent), None)
    if not recurrent:
        return None
    inner = recurrent.state_elements // STATE
    mamba = recurrent.kind == "mamba2"
    return State(
        mamba=mamba,
        layers=recurrent.layers,
        conv=recurrent.conv_kernel,
        inner=inner,
        state=STATE,
        groups=(recurrent.conv_dim - inner) // (2 * STATE),
        heads=_state_heads(recurrent, inner),
    )


def _state_heads(recurrent: Recurrent, inner: int) -> int:
    """A delta net's value heads are as wide as its state; Nemotron-H's have 64 or 80 elements."""
    if recurrent.kind == "gated-delta-net":
        return inner // STATE
    return inner // (80 if inner % 80 == 0 else 64)


def _latent(model: ModelFacts, kind: Attention | None) -> Latent | None:
    """DeepSeek cuts a head into 128 + 64 and 128, GLM-4.7-Flash into 192 + 64 and 256."""
    if kind is None or kind.kind != "mla":
        return None
    rank = kind.head_dim - ROPE
    if model.architecture == "Glm4MoeLiteForCausalLM" or model.vocab_size.value == GLM_VOCAB:
        return Latent(rank, ROPE, 768, 192, 256)
    lite = model.layers is not None and model.layers.value == 27
    return Latent(rank, ROPE, 0 if lite else 1536, 128, 128)

"""Models of a collection, as the planner's facts: `{"models": {name: dimensions}}`.

A key that is not known is passed over; one that is missing leaves its number at 0 with a
word of doubt, and only what needs it cannot be planned.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from benchmarks.accuracy.loose import Record
from benchmarks.accuracy.patterns import MOST_LAYERS, Layers, count_layers
from chartgen.facts import Attention, Compute, Experts, ModelFacts, Number, Recurrent, Vision

SOURCE = "the collection's table of models"
ENDINGS = re.compile(
    r"[-_. ](it|instruct|base|chat|gguf|fp8|nvfp4|mxfp4|awq|gptq|int4|int8|4bit|8bit|bf16|f16|hf"
    r"|thinking|text|qat|q[0-9][0-9a-z_]*|ud|mtp|[0-9]{4})$"
)
"""Words at the end of a name that change weights or training, never a dimension."""

IN_CONFIG = re.compile(r"([0-9]{3,9}) in (?:the )?HF", re.IGNORECASE)
"""A note on a context that differs: "262144 in HF config; 1M in GGUF"."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model: the entry as it stands, and what the planner makes of it."""

    name: str
    entry: Record
    facts: ModelFacts

    @property
    def vocab(self) -> int:
        """Tokens of the vocabulary, 0 where unknown."""
        return self.facts.vocab_size.value

    @property
    def configured_context(self) -> int:
        """The longest context by the model's own configuration, which vLLM reads; a GGUF
        may say more."""
        said = IN_CONFIG.search(self.entry.text("native_ctx_note") or "")
        return int(said[1]) if said else self.facts.context_length.value


@dataclass(frozen=True, slots=True)
class Models:
    """Models by name; `unusable` names those that give no facts, and why."""

    by_name: Mapping[str, Model]
    unusable: Mapping[str, str]

    def find(self, name: str) -> Model | None:
        """The model of this name, whichever way it is spelled; None where none fits."""
        for spelling in (_lower, _joined, _bare, _squashed):
            wanted = spelling(name)
            found = {id(model): model for model in self._spelled(spelling, wanted)}
            if len(found) == 1:
                return next(iter(found.values()))
        return None

    def _spelled(self, spelling: Callable[[str], str], wanted: str) -> Iterable[Model]:
        return (model for name, model in self.by_name.items() if spelling(name) == wanted)


def read_models(paths: Iterable[Path]) -> Models:
    """All models of these files; a later file replaces an earlier one's model.

    A file that cannot be read, or an entry without an attention layer, is named in
    `unusable`.
    """
    by_name: dict[str, Model] = {}
    unusable: dict[str, str] = {}
    for path in paths:
        for name, entry in _entries(path, unusable):
            try:
                model = Model(name, entry, facts_of(name, entry))
            except ValueError as error:
                unusable[name] = _reason(error)
                continue
            by_name |= dict.fromkeys((name, *_aliases(entry)), model)
    return Models(by_name, unusable)


def facts_of(name: str, entry: Record) -> ModelFacts:
    """The planner's facts; raises ValueError where a layer that keeps a cache has no dimensions."""
    layers = count_layers(entry)
    attention, recurrent = _attention(entry, layers), _recurrent(entry, layers)
    planned = sum(kind.layers for kind in attention) + sum(kind.layers for kind in recurrent)
    missing = layers.full + layers.sliding + layers.linear + layers.mamba - planned
    if planned > MOST_LAYERS:
        raise ValueError(f"{planned} layers")
    if missing or not planned:
        raise ValueError(f"no dimensions for {missing or 'any'} of the layers that keep a cache")
    return ModelFacts(
        name=re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip(".-") or "model",
        title=f"{name} as given",
        architecture=entry.text("arch_hf") or entry.text("arch_gguf") or "not given",
        context_length=_number(entry, "native_ctx"),
        hidden_size=_number(entry, "hidden"),
        intermediate_size=_number(entry, "ffn_dense"),
        vocab_size=_number(entry, "vocab"),
        attention=attention,
        recurrent=recurrent,
        layers=_optional(entry, "n_layers"),
        heads=_optional(entry, "n_heads"),
        parameters=_parameters(entry),
        tied=entry.flag("tied"),
        experts=_experts(entry),
        vision=_vision(entry.section("vision")),
        mtp_layers=max(0, entry.whole("mtp_layers") or 0),
        per_layer_embedding=max(0, entry.whole("ple_dim") or 0),
        compute=_compute(entry.section("llamacpp_compute")),
        sources={"dimensions": SOURCE},
    )


def _attention(entry: Record, layers: Layers) -> tuple[Attention, ...]:
    latent = entry.section("mla")
    if latent.positive("kv_lora_rank") and layers.full:
        width = (latent.whole("kv_lora_rank") or 0) + (latent.whole("qk_rope_head_dim") or 0)
        return (
            Attention(
                kind="mla",
                layers=layers.full,
                kv_heads=1,
                head_dim=width,
                value_dim=0,
                source=SOURCE,
            ),
        )
    kinds = (_sliding(entry, layers.sliding), _full(entry, layers.full))
    return tuple(kind for kind in kinds if kind is not None)


def _sliding(entry: Record, layers: int) -> Attention | None:
    heads = entry.positive("kv_heads_swa") or entry.positive("kv_heads_full")
    width = entry.positive("head_dim_swa") or entry.positive("head_dim_full")
    window = entry.positive("sliding_window")
    if not (layers and heads and width and window):
        return None
    return Attention(
        kind="sliding",
        layers=layers,
        kv_heads=heads,
        head_dim=width,
        window=window,
        source=SOURCE,
    )


def _full(entry: Record, layers: int) -> Attention | None:
    heads = entry.positive("kv_heads_full") or entry.positive("n_kv_heads")
    width = entry.positive("head_dim_full") or entry.positive("head_dim")
    if not (layers and heads and width):
        return None
    return Attention(
        kind="full",
        layers=layers,
        kv_heads=heads,
        head_dim=width,
        value_dim=entry.positive("value_dim_full"),
        source=SOURCE,
    )


def _recurrent(entry: Record, layers: Layers) -> tuple[Recurrent, ...]:
    kinds = (
        _delta(entry.section("gdn"), layers.linear),
        _mamba(entry.section("mamba"), layers.mamba),
    )
    return tuple(kind for kind in kinds if kind is not None)


def _delta(net: Record, layers: int) -> Recurrent | None:
    """Gated delta net: queries and keys of the key heads, values of the value heads."""
    keys = (net.whole("key_heads") or net.whole("ssm_group") or 0) * _key_dim(net)
    values = net.whole("ssm_inner") or (net.whole("value_heads") or 0) * (
        net.whole("value_dim") or 0
    )
    if not (layers and keys and values):
        return None
    return Recurrent(
        kind="gated-delta-net",
        layers=layers,
        conv_kernel=net.positive("conv_kernel") or 4,
        conv_dim=2 * keys + values,
        state_elements=values * _key_dim(net),
        source=SOURCE,
    )


def _key_dim(net: Record) -> int:
    return net.whole("key_dim") or net.whole("ssm_state") or 0


def _mamba(net: Record, layers: int) -> Recurrent | None:
    inner = net.whole("ssm_inner") or (net.whole("heads") or 0) * (net.whole("head_dim") or 0)
    state = net.whole("state") or net.whole("ssm_state") or 0
    if not (layers and inner and state):
        return None
    return Recurrent(
        kind="mamba2",
        layers=layers,
        conv_kernel=net.positive("conv_kernel") or 4,
        conv_dim=inner + 2 * (net.whole("n_groups") or 1) * state,
        state_elements=inner * state,
        source=SOURCE,
    )


def _experts(entry: Record) -> Experts | None:
    count, used, width = (entry.positive(key) for key in ("n_experts", "top_k", "moe_ff"))
    if not (count and used and width):
        return None
    return Experts(
        count=count,
        used=used,
        intermediate_size=width,
        shared_intermediate_size=max(0, entry.whole("shared_ff") or 0),
        source=SOURCE,
    )


def _vision(tower: Record) -> Vision | None:
    given = tower if tower.positive("hidden") else tower.section("transformers_default")
    sizes = [given.positive(key) for key in ("hidden", "ff", "layers", "heads", "patch")]
    hidden, wide, layers, heads, patch = sizes
    merge = given.positive("spatial_merge") or given.positive("pool") or 1
    if not (hidden and wide and layers and heads and patch):
        return None
    return Vision(
        hidden_size=hidden,
        intermediate_size=wide,
        layers=layers,
        heads=heads,
        patch_size=patch,
        merge=merge,
        max_tokens=_max_tokens(tower, patch * merge),
        source=SOURCE,
        uncertain=None if given is tower else "the defaults of the class, not this model's own",
    )


def _max_tokens(tower: Record, side: int) -> int | None:
    """Tokens of the largest image: the largest budget, or the pixels over a token's square."""
    budgets = [int(item) for item in tower.items("tokens_per_image") if isinstance(item, int)]
    pixels = tower.positive("image_max_pixels")
    if budgets:
        return max(budgets)
    return pixels // side**2 or None if pixels else None


def _compute(constants: Record) -> Compute | None:
    numbers = [constants.number(key) for key in ("old_L", "old_Lc", "old_A", "new_F")]
    linear, per_context, attention, new = numbers
    if linear is None or attention is None or new is None or min(linear, attention, new) < 0:
        return None
    return Compute(
        old_l=linear,
        old_lc=max(0.0, per_context or 0.0),
        old_a=attention,
        new_f=new,
        source=f"{SOURCE}, fitted to llama-fit-params",
    )


def _parameters(entry: Record) -> Number | None:
    billions = entry.number("params_b_text")
    if not billions or not 0 < billions < 1e5:
        return None
    return Number(value=round(billions * 1e9), source=SOURCE)


def _number(entry: Record, key: str) -> Number:
    found = _optional(entry, key)
    return found or Number(value=0, source=SOURCE, uncertain=f"{key} is not given")


def _optional(entry: Record, key: str) -> Number | None:
    value = entry.positive(key)
    if value is None:
        return None
    doubts = "; ".join(entry.words("uncertain"))[:1000]
    return Number(value=value, source=SOURCE, uncertain=doubts if len(doubts) > 2 else None)


def _entries(path: Path, unusable: dict[str, str]) -> Iterable[tuple[str, Record]]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        unusable[str(path)] = f"not a table of models: {error}"
        return ()
    whole = Record(document if isinstance(document, dict) else {})
    table = whole.section("models") if "models" in whole else whole
    found = [(name, table.section(name)) for name in table if not name.startswith("_")]
    return [(name, entry) for name, entry in found if entry.fields]


def _aliases(entry: Record) -> Iterable[str]:
    """Other names, without what stands behind them: "qwen3.8-27b (same dims in logs)"."""
    return [alias.split("(")[0].strip() for alias in entry.words("aliases")]


def _lower(name: str) -> str:
    """Without the words in brackets and the owner of the repository."""
    plain = name.partition("(")[0].rpartition("/")[2].strip().lower()
    return plain.replace("_", "-").replace(" ", "-")


def _joined(name: str) -> str:
    """Without the dashes beside a letter: gemma-4-26b-a4b and gemma4-26b-a4b are one."""
    return re.sub(r"(?<![0-9])[-.]|[-.](?![0-9])", "", _lower(name))


def _bare(name: str) -> str:
    """Without the words behind a name that change no dimension."""
    before, after = "", _lower(name)
    while before != after:
        before, after = after, ENDINGS.sub("", after)
    return _joined(after)


def _squashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _lower(name))


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        faults = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        return "; ".join(faults)[:500]
    return str(error)

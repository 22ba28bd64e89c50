"""The size of a model's weights on the GPU where nobody measured it.

Three sources, the best first: the tensors of the checkpoint by part, the size of its
files, and the model's parameters by scheme of quantisation. Each comes as an interval
that is held against what public logs print as "Model loading took".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chartgen.engines.base import Term
from chartgen.facts import Checkpoint, Layout, ModelFacts, Vision
from chartgen.quantities import GIB, Bytes, Estimate

BF16_SPREAD = 0.005
"""Parameters x 2 met eight public logs of 16-bit models within 0.4 % (vram formulas 4.5);
a tower that the parameters leave out is counted by its own dimensions."""

FILES = (0.965, 0.92, 1.035)
"""Loaded over the size of the checkpoint's files: value, low, high.

Five public logs: 0.963 and 0.937 (NVFP4), 0.954 (int4), 0.992 (FP8), and 1.031 for a
mixture whose kernels pad (Gemma 4 26B NVFP4, 15.30 GiB of files, 15.77 loaded). A
checkpoint may hold heads for speculation that are not loaded.
"""

DENSE = (1.0, 0.97, 1.09)
"""Loaded over parameters by scheme, for a dense model: value, low, high. Eleven logs: 0.976
(27B int4, AutoRound) to 1.081 (27B NVFP4 with eyes and a head for speculation)."""

MIXTURE = (1.0, 0.90, 1.09)
"""The same for a mixture, over experts by scheme and attention in 16 bit. Seven logs: 0.926
(everything quantised) to 1.07 (gpt-oss-20b, whose MXFP4 kernels pad)."""

UNKNOWN_TOWERS = (450_000_000, 0, 1_300_000_000)
"""Parameters of towers whose dimensions nobody confirms: value, low, high.

A public log of Gemma 4 26B-A4B loads 0.81 billion beyond its text, one of E4B, with a
tower for sound as well, 1.28; SigLIP so400m has 0.43.
"""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme of quantisation by the bits that a weight takes with its scales.

    `low` is the same with the largest group or the plainest scale that the name allows.
    """

    name: str
    bits: float
    low: float
    source: str


SIXTEEN = Scheme("16 bit", 16.0, 16.0, "two bytes a weight")

SCHEMES = (
    (r"nvfp4|fp4a?4|modelopt_fp4", Scheme("NVFP4", 4.5, 4.5, "4 bit, an 8-bit scale for 16")),
    (r"mxfp4", Scheme("MXFP4", 4.25, 4.25, "4 bit, an 8-bit scale for 32")),
    (r"mxfp8", Scheme("MXFP8", 8.25, 8.25, "8 bit, an 8-bit scale for 32")),
    (r"fp8|w8a8|f8", Scheme("FP8", 8.002, 8.0, "8 bit, a 32-bit scale for 128 x 128")),
    (r"g32\b|group.?32", Scheme("4 bit, g32", 4.625, 4.5, "16-bit scale and zero for 32")),
    (
        r"awq|gptq|w4a16|wna16|int4|autoround|auto.round|4.?bit",
        Scheme("4 bit, g128", 4.156, 4.125, "16-bit scale and 4-bit zero for 128"),
    ),
    (r"int8|w8a16|8.?bit", Scheme("8 bit, g128", 8.125, 8.0, "16-bit scale for 128")),
)
"""Schemes by what names them; the first that matches holds."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How large, by which formula, from which source."""

    estimate: Estimate
    formula: str
    source: str

    def term(self, name: str = "weights") -> Term:
        """The size as a summand."""
        return Term(name, self.estimate, self.formula, self.source)


def scheme_of(quantization: str) -> Scheme:
    """The scheme that a text names; 16 bit where it names none."""
    text = quantization.lower()
    return next((scheme for pattern, scheme in SCHEMES if re.search(pattern, text)), SIXTEEN)


def weights_estimate(
    model: ModelFacts, source: Checkpoint | str, *, vision: bool = True, mtp: bool = False
) -> Weights | None:
    """The weights of a checkpoint, or of a quantisation by its name.

    `vision` is False for a server without its tower, `mtp` True for one that loads the
    checkpoint's own head for speculation. None where neither files nor parameters are
    known.
    """
    if isinstance(source, str):
        return _by_parameters(model, scheme_of(source), vision=vision)
    if source.layout:
        return _by_tensors(source.layout, vision=vision, mtp=mtp)
    return _by_files(source) or _by_parameters(model, scheme_of(source.quantization), vision=vision)


def _by_tensors(layout: Layout, *, vision: bool, mtp: bool) -> Weights:
    """Every tensor is loaded as it is, but for parts that the server leaves out."""
    left_out = (0 if vision else layout.vision) + (0 if mtp else layout.mtp)
    size = layout.total - left_out
    low, high = size * (1 - BF16_SPREAD), size * FILES[2]
    return Weights(_estimate(size, low, high), "tensors that are loaded", layout.source)


def _by_files(checkpoint: Checkpoint) -> Weights | None:
    size = checkpoint.size or sum(
        file.size for file in checkpoint.files if file.path.endswith(".safetensors")
    )
    if not size:
        return None
    value, low, high = (size * part for part in FILES)
    formula = f"{size / GIB:.2f} GiB of files x {FILES[0]:g}"
    return Weights(_estimate(value, low, high), formula, f"{checkpoint.repo}: {FILES_SOURCE}")


FILES_SOURCE = "loaded over published size in five public logs (vram formulas 4.5)"


def _by_parameters(model: ModelFacts, scheme: Scheme, *, vision: bool) -> Weights | None:
    """Embeddings and head stay in 16 bit; so does the attention of a mixture."""
    if model.parameters is None:
        return None
    total = model.parameters.value
    embedding = model.vocab_size.value * model.hidden_size.value * (1 if model.tied else 2)
    plain = embedding + (attention_parameters(model) if model.experts else 0)
    plain = min(plain, total)
    value, low, high = (
        part * (2 * plain + (total - plain) * bits / 8) + 2 * tower
        for part, bits, tower in zip(
            _spread(model, scheme),
            (scheme.bits, scheme.low, scheme.bits),
            _towers(model) if vision else (0, 0, 0),
            strict=True,
        )
    )
    formula = f"{total / 1e9:.2f} billion parameters, {scheme.name}; embeddings in 16 bit"
    source = f"{model.parameters.source}; {scheme.source}"
    return Weights(_estimate(value, low, high), formula, source)


def _towers(model: ModelFacts) -> tuple[int, int, int]:
    """Parameters of the towers beside the language model: value, low, high."""
    tower = model.vision
    if tower is None and model.image_tokens is None:
        return (0, 0, 0)
    if tower is None or tower.uncertain:
        return UNKNOWN_TOWERS
    size = tower_parameters(tower)
    return size, size, size


def _spread(model: ModelFacts, scheme: Scheme) -> tuple[float, float, float]:
    if scheme is SIXTEEN:
        return (1.0, 1 - BF16_SPREAD, 1 + BF16_SPREAD)
    return MIXTURE if model.experts else DENSE


def attention_parameters(model: ModelFacts) -> int:
    """Weights of all attention and state layers' projections.

    Queries and outputs are `heads` x the key's width, keys and values as they are cached;
    a state layer projects its convolved inputs, a gate and its output.
    """
    hidden = model.hidden_size.value
    heads = model.heads.value if model.heads else 0
    total = 0
    for kind in model.attention:
        total += kind.layers * hidden * (2 * heads * kind.head_dim + kind.elements_per_token)
    for state in model.recurrent:
        total += state.layers * hidden * 2 * state.conv_dim
    return total


def tower_parameters(tower: Vision) -> int:
    """Weights of a vision tower: four projections and two of the feed-forward a layer."""
    layer = 4 * tower.hidden_size**2 + 2 * tower.hidden_size * tower.intermediate_size
    return tower.layers * layer


def _estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(
        Bytes(round(value)), Bytes(round(min(low, value))), Bytes(round(max(high, value)))
    )

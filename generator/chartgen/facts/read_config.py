"""A model from its config.json and its safetensors headers."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from chartgen.facts.architectures.base import Dimensions
from chartgen.facts.architectures.configs import text_of
from chartgen.facts.architectures.registry import dimensions_of_config
from chartgen.facts.base import Measure
from chartgen.facts.headers.faults import broken
from chartgen.facts.headers.fields import Fields
from chartgen.facts.headers.safetensors import (
    INDEX_NAME,
    LARGEST_INDEX,
    read_index,
    read_safetensors,
)
from chartgen.facts.headers.strict_json import parse_object
from chartgen.facts.headers.tensors import Tensor, check_total
from chartgen.facts.layout import config_layout
from chartgen.facts.model import Checkpoint, Layout, PublishedFile
from chartgen.facts.reading import Reading
from chartgen.facts.sources import Source, SourceFile, whole

__all__ = ["CONFIG_NAME", "FETCHED", "fetched", "read_config_model"]

CONFIG_NAME = "config.json"
LARGEST_CONFIG = 1 << 20
MOST_FILES = 1000

FETCHED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
"""What a device fetches of a whole repository: the same as WHOLE_REPOSITORY of a spec."""

QUANTIZED_LOW = 0.93
"""Bytes loaded for a byte of a quantised checkpoint at least: three public logs are 3.7 to
6.7 % below the files' size (vram formulas 4.5; multi-token prediction and vision were not
loaded, or tensors were tied)."""
QUANTIZED_MIDDLE = 0.944
"""The median of the same three logs, 5.6 % below."""
PLAIN_ERROR = 0.005
"""Loaded bytes against two for a parameter: within 0.4 % in six public logs (0, 4.5)."""

PLAIN = frozenset(("BF16", "F16", "F32", "F64"))
"""Types of tensors whose elements are parameters, one each."""

_MTP = re.compile(r"(?:^|\.)mtp\.layers\.(\d{1,4})\.")


def read_config_model(source: Source, part: str | None) -> Reading:
    """What a repository in Hugging Face's layout says; raises `Faults`.

    Without any safetensors file there is no checkpoint, and the rest stands.
    """
    where = f"{CONFIG_NAME} of {source.where}"
    data = whole(source, CONFIG_NAME, LARGEST_CONFIG)
    root = Fields(parse_object(data, where, LARGEST_CONFIG), where)
    found = dimensions_of_config(root)
    quantization = _quantization(root)
    root.check()
    tensors = _tensors(source)
    plain = quantization is None and all(tensor.kind in PLAIN for tensor in tensors)
    reading = Reading(
        dimensions=found,
        vision=found.vision,
        tied=found.tied_default if found.tied is None else found.tied,
        parameters=sum(tensor.elements for tensor in tensors) if plain and tensors else None,
        checkpoint=None,
        title=None,
        source=where,
    )
    if not tensors:
        return reading
    hears = found.vision is None and root.has("audio_config")
    headers = f"safetensors headers of {source.where}"
    layout = config_layout(tensors, found.layers.value, headers, hears=hears)
    _complete(layout, found, headers)
    return replace(
        reading,
        dimensions=replace(found, mtp_layers=found.mtp_layers or _mtp_layers(tensors)),
        tied=layout.output == 0 if found.tied is None else found.tied,
        checkpoint=_checkpoint(
            source,
            "draft" if part == "draft" else "weights",
            quantization or _precision(tensors),
            _on_gpu(layout, headers, plain=plain),
            layout,
        ),
    )


def _tensors(source: Source) -> list[Tensor]:
    """The tensors of all files that the index names, or of the only file there is."""
    index: Mapping[str, str] = {}
    if INDEX_NAME in source.files:
        data = whole(source, INDEX_NAME, LARGEST_INDEX)
        index = read_index(data, SourceFile(source, INDEX_NAME).name)
    paths = sorted(set(index.values())) or _only_file(source)
    if len(paths) > MOST_FILES:
        raise broken(source.where, "no model has so many files", len(paths))
    found: dict[str, Tensor] = {}
    size = 0
    for path in paths:
        header = read_safetensors(SourceFile(source, path))
        size += header.size
        check_total(len(found) + len(header.tensors), size, source.where)
        for tensor in header.tensors:
            if tensor.name in found:
                raise broken(source.where, "a tensor stands in two files", tensor.name)
            found[tensor.name] = tensor
    missing = next((name for name in index if name not in found), None)
    if missing is not None:
        raise broken(source.where, "the index names a tensor that no file holds", missing)
    return list(found.values())


def _only_file(source: Source) -> list[str]:
    files = [path for path in source.files if path.endswith(".safetensors") and "/" not in path]
    usual = [path for path in files if path == "model.safetensors"] or files
    if len(usual) > 1:
        problem = f"several safetensors files and no {INDEX_NAME}"
        raise broken(source.where, problem, ", ".join(sorted(usual)))
    return usual


def _complete(layout: Layout, found: Dimensions, where: str) -> None:
    """Raises `Faults` where the tensors contradict the configuration."""
    if layout.token_embedding == 0:
        raise broken(where, "there is no token embedding")
    if 0 in layout.blocks or not layout.blocks:
        raise broken(where, f"not all of the {found.layers.value} layers have tensors")
    if found.experts and not layout.experts:
        raise broken(where, "the configuration names experts, and there are none")
    if found.tied is False and layout.output == 0:
        raise broken(where, "the configuration unties the output head, and there is none")


def _mtp_layers(tensors: Iterable[Tensor]) -> int:
    """Layers of multi-token prediction that the files hold and the configuration omits."""
    return len({found[1] for tensor in tensors if (found := _MTP.search(tensor.name))})


def _on_gpu(layout: Layout, where: str, *, plain: bool) -> Measure:
    """What an engine for safetensors keeps (vram formulas 4.5), without multi-token
    prediction, which is loaded on demand alone."""
    size = layout.total - layout.mtp
    if plain:
        error = round(size * PLAIN_ERROR)
        source = f"{where}: two bytes a parameter within 0.5 % (vram formulas 4.5)"
        return Measure(value=size, low=size - error, high=size + error, source=source)
    return Measure(
        value=round(layout.total * QUANTIZED_MIDDLE),
        low=round(layout.total * QUANTIZED_LOW),
        high=layout.total,
        source=f"{where}: up to 7 % less than the tensors is loaded (vram formulas 4.5)",
        uncertain="three public logs alone tell how much less a quantised checkpoint takes",
    )


def _checkpoint(
    source: Source, part: str, quantization: str, on_gpu: Measure, layout: Layout
) -> Checkpoint:
    files = fetched(source.files.values())
    size = sum(file.size for file in files)
    told = f"sizes of the files of {source.where}"
    unknown = [] if source.revision else ["commit"]
    weights = [file for file in files if file.path.endswith(".safetensors")]
    unknown += [] if all(file.sha256 for file in weights) else ["SHA-256"]
    return Checkpoint.model_validate(
        {
            "repo": source.repo,
            "part": part,
            "quantization": quantization,
            "revision": source.revision,
            "files": files,
            "on_disk": Measure(value=size, low=size, high=size, source=told),
            "on_gpu": on_gpu,
            "layout": layout,
            "unknown": tuple(unknown),
        }
    )


def fetched(files: Iterable[PublishedFile]) -> tuple[PublishedFile, ...]:
    """Those of a repository's files that a device fetches, by their path."""
    found = (
        file for file in files if any(fnmatch.fnmatchcase(file.path, each) for each in FETCHED)
    )
    return tuple(sorted(found, key=lambda file: file.path))


def _quantization(root: Fields) -> str | None:
    """How the weights are packed, in the configuration's own words; None where they are not."""
    owner = next(
        (
            one
            for one in (root, text_of(root))
            if one.has("quantization_config") or one.has("compression_config")
        ),
        None,
    )
    if owner is None:
        return None
    said = owner.inside("quantization_config|compression_config")
    words = [said.text("quant_method"), *(said.text(name, "") for name in ("format", "quant_algo"))]
    bits = said.count("bits|w_bit", 0, least=0)
    return ", ".join([*filter(None, words), *([f"{bits} bit"] if bits else [])]) or None


def _precision(tensors: Iterable[Tensor]) -> str:
    """The type of most bytes."""
    sizes: dict[str, int] = {}
    for tensor in tensors:
        sizes[tensor.kind] = sizes.get(tensor.kind, 0) + tensor.size
    return max(sorted(sizes), key=lambda kind: sizes[kind])

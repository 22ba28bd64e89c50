"""A model from its GGUF files: dimensions, layout, and what the GPU keeps of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chartgen.facts.architectures.base import Dimensions
from chartgen.facts.architectures.registry import dimensions_of_gguf
from chartgen.facts.architectures.towers import clip_vision
from chartgen.facts.base import Measure
from chartgen.facts.headers.faults import broken
from chartgen.facts.headers.fields import Fields
from chartgen.facts.headers.ggml import FILE_TYPES
from chartgen.facts.headers.gguf import GgufHeader, read_gguf
from chartgen.facts.headers.strict_json import Json
from chartgen.facts.headers.tensors import Tensor, check_total
from chartgen.facts.layout import gguf_layout
from chartgen.facts.model import Checkpoint, Layout, PublishedFile, Vision
from chartgen.facts.reading import Reading
from chartgen.facts.sources import Source, SourceFile

__all__ = ["read_gguf_model"]

CLIP = "clip"
"""The architecture of a projector file."""

MOST_PARTS = 999
LONGEST_TITLE = 100
TENSOR_PADDING = 128 + 512 * 4
"""Bytes that a tensor takes at most beyond its own on a GPU: llama.cpp 0c1e57098 aligns
it to 128 bytes and fills quantised rows up to 512 elements (ggml-cuda.cu), 4 bytes each
at most."""

_PART = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf")
_QUANTIZATION = re.compile(
    r"(?:^|[-._/])((?:UD-|i1-)?(?:I?Q\d_\w+|TQ\d_\d|MXFP4\w*|NVFP4|BF16|F16|F32))(?=$|[-._])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Parts:
    """All parts of one GGUF model: the first one's metadata, everyone's tensors."""

    files: tuple[PublishedFile, ...]
    header: GgufHeader
    tensors: tuple[Tensor, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def read_gguf_model(source: Source, path: str, part: str | None) -> Reading:
    """What a GGUF file and its further parts say; raises `Faults`."""
    parts = _read_parts(source, path)
    where = f"header of {path} of {source.where}"
    architecture = parts.header.values.get("general.architecture")
    if not isinstance(architecture, str):
        raise broken(where, "it does not say its general.architecture")
    if architecture == CLIP:
        return _projector(source, parts, where)
    fields = Fields(_named(parts.header, architecture), where, f"{architecture}.")
    found = dimensions_of_gguf(architecture, fields)
    layout = gguf_layout(parts.tensors, found.layers.value, where)
    _consistent(layout, found, where)
    role = "draft" if part == "draft" else "weights"
    checkpoint = _checkpoint(source, parts, role, _on_gpu(parts, layout, where), layout)
    elements = sum(tensor.elements for tensor in parts.tensors)
    title = parts.header.values.get("general.name")
    return Reading(
        dimensions=found,
        vision=None,
        tied=layout.output == 0,
        parameters=elements,
        checkpoint=checkpoint,
        title=title if isinstance(title, str) and _is_title(title) else None,
        source=where,
    )


def _is_title(title: str) -> bool:
    return 3 <= len(title) <= LONGEST_TITLE and title.isprintable()


def _named(header: GgufHeader, architecture: str) -> dict[str, Json]:
    """The metadata, with the architecture and the vocabulary where a family looks for them."""
    vocabulary = f"{architecture}.vocab_size"
    tokens = header.lengths.get("tokenizer.ggml.tokens")
    own: dict[str, Json] = {f"{architecture}.architecture": architecture, vocabulary: tokens}
    return own | dict(header.values)


def _projector(source: Source, parts: _Parts, where: str) -> Reading:
    fields = Fields(parts.header.values, where, "clip.")
    vision: Vision | None = clip_vision(fields)
    fields.check()
    layout = gguf_layout(parts.tensors, 0, where)
    checkpoint = _checkpoint(source, parts, "mmproj", _on_gpu(parts, layout, where), layout)
    return Reading(
        dimensions=None,
        vision=vision,
        tied=None,
        parameters=None,
        checkpoint=checkpoint,
        title=None,
        source=where,
    )


def _read_parts(source: Source, path: str) -> _Parts:
    paths = _part_paths(source, path)
    headers: list[GgufHeader] = []
    for one in paths:
        headers.append(read_gguf(SourceFile(source, one)))
        count = sum(len(each.tensors) for each in headers)
        check_total(count, sum(each.data_start for each in headers), source.where)
    tensors = tuple(tensor for header in headers for tensor in header.tensors)
    where = SourceFile(source, path).name
    _check_parts(headers, len(tensors), where)
    if len({tensor.name for tensor in tensors}) < len(tensors):
        raise broken(where, "a tensor stands in two of its parts")
    if not tensors:
        raise broken(where, "it has no tensors: it is a vocabulary alone")
    return _Parts(tuple(source.files[one] for one in paths), headers[0], tensors)


def _part_paths(source: Source, path: str) -> list[str]:
    """All parts of a split model, the first one first; the path alone where it is whole."""
    split = _PART.fullmatch(path)
    if split is None:
        return [path]
    count = int(split[3])
    if not 0 < count <= MOST_PARTS:
        raise broken(SourceFile(source, path).name, "no model has so many parts", count)
    paths = [f"{split[1]}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1)]
    missing = [one for one in paths if one not in source.files]
    if missing:
        remedy = "Add all parts; each has its number in its name."
        raise broken(source.where, "a part of the model is missing", missing[0], remedy)
    return paths


def _check_parts(headers: Sequence[GgufHeader], tensors: int, where: str) -> None:
    said = headers[0].values.get("split.count", 1)
    if said not in (0, len(headers)) and not (said == 1 and len(headers) == 1):
        problem = f"its name says {len(headers)} parts and its header another number"
        remedy = "Name the first part as it was published, -00001-of-0000N.gguf."
        raise broken(where, problem, said, remedy)
    total = headers[0].values.get("split.tensors.count", tensors)
    if total != tensors:
        raise broken(where, f"its parts hold {tensors} tensors and not as many as said", total)


def _consistent(layout: Layout, found: Dimensions, where: str) -> None:
    if layout.token_embedding == 0:
        raise broken(where, "it holds no token embedding")
    if 0 in layout.blocks or not layout.blocks:
        raise broken(where, f"it does not hold all of its {found.layers.value} layers")
    if found.experts and not layout.experts:
        raise broken(where, "it names experts and holds none")


def _on_gpu(parts: _Parts, layout: Layout, where: str) -> Measure:
    """What a GPU keeps with all layers offloaded (vram formulas 3.6): everything but the
    token embedding of an untied model, and tables of embeddings for each layer."""
    host = layout.per_layer_embeddings + (layout.token_embedding if layout.output else 0)
    size = layout.total - host
    kept = "without what stays in host memory" if host else "all of them"
    return Measure(
        value=size,
        low=size,
        high=size + TENSOR_PADDING * len(parts.tensors),
        source=f"tensors in the {where}, {kept}; high adds padding (vram formulas 3.6)"[:1000],
    )


def _checkpoint(
    source: Source, parts: _Parts, part: str, on_gpu: Measure, layout: Layout
) -> Checkpoint:
    first = parts.files[0]
    single = len(parts.files) == 1
    unknown = [] if source.revision else ["commit"]
    unknown += [] if all(file.sha256 for file in parts.files) else ["SHA-256"]
    return Checkpoint.model_validate(
        {
            "repo": source.repo,
            "file": first.path,
            "part": part,
            "quantization": _quantization(first.path, parts.header),
            "revision": source.revision,
            "sha256": first.sha256 if single else None,
            "size": first.size if single else None,
            "files": () if single else parts.files,
            "on_disk": _exactly(parts.size, f"sizes of the files of {source.where}"),
            "on_gpu": on_gpu,
            "layout": layout,
            "unknown": tuple(unknown),
        }
    )


def _exactly(size: int, source: str) -> Measure:
    return Measure(value=size, low=size, high=size, source=source)


def _quantization(path: str, header: GgufHeader) -> str:
    """What the publisher's file name says, else what the header says."""
    found = _QUANTIZATION.findall(path.removesuffix(".gguf"))
    if found:
        return str(found[-1])
    number = header.values.get("general.file_type")
    named = FILE_TYPES.get(number) if isinstance(number, int) else None
    return named or "not said"

"""A tensor as a header describes it, whatever the format."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from chartgen.facts.headers.faults import broken

__all__ = ["Tensor", "check_extents", "check_total", "elements_of"]

LARGEST_ELEMENTS = 1 << 48
"""Elements of one tensor: more than all parameters of any model."""

MOST_TENSORS = 1 << 19
"""Tensors of a whole model: the largest mixtures with four for each expert have half of it."""
LARGEST_HEADERS = 1 << 28
"""Bytes of the headers of all files of a model."""


class Tensor(NamedTuple):
    """A tensor: `kind` is the format's own name of its type, `begin` its first byte in
    the data part, `size` its bytes, `elements` the product of its dimensions."""

    name: str
    kind: str
    elements: int
    begin: int
    size: int


def elements_of(dimensions: Iterable[int], name: str, where: str) -> int:
    """The product of dimensions; raises `Faults` where it is beyond any model."""
    product = 1
    for dimension in dimensions:
        product *= dimension
        if product > LARGEST_ELEMENTS:
            raise broken(where, f"the tensor {name} has more elements than any model", product)
    return product


def check_extents(tensors: Iterable[Tensor], available: int, where: str) -> None:
    """Raises `Faults` where a tensor lies outside the data part or upon another."""
    end, before = 0, ""
    for tensor in sorted(tensors, key=lambda one: (one.begin, one.size)):
        if tensor.begin < end:
            raise broken(where, f"the tensors {before} and {tensor.name} overlap", tensor.begin)
        end, before = tensor.begin + tensor.size, tensor.name
        if end > available:
            problem = f"the tensor {tensor.name} ends past the end of the file"
            raise broken(where, problem, f"{end} of {available} bytes")


def check_total(tensors: int, size: int, where: str) -> None:
    """Raises `Faults` where the files of a model together are beyond any; `size` is of all
    headers so far, in bytes."""
    if tensors > MOST_TENSORS:
        raise broken(where, "its files hold more tensors than any model has", tensors)
    if size > LARGEST_HEADERS:
        raise broken(where, f"its headers are longer than {LARGEST_HEADERS} bytes together", size)

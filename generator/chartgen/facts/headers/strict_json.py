"""JSON from strangers: bounded, without duplicate keys, NaN or bottomless nesting."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import NoReturn, TypeAlias

from chartgen.facts.headers.faults import broken, shown

__all__ = ["Json", "JsonObject", "parse_json", "parse_object"]

Json: TypeAlias = "bool | int | float | str | list[Json] | JsonObject | None"
JsonObject: TypeAlias = "dict[str, Json]"

LARGEST_DEPTH = 32
"""Objects and lists inside one another; configurations have about five."""

LARGEST_VALUES = 3_000_000
"""Values in one document: about ten for each tensor of the largest mixtures. Each takes
up to 70 bytes, so that this bounds memory to some hundreds of MiB."""


def parse_object(data: bytes, where: str, largest: int) -> JsonObject:
    """The object that `data` holds; raises `Faults` for anything else."""
    found = parse_json(data, where, largest)
    if not isinstance(found, dict):
        raise broken(where, "it holds no JSON object", type(found).__name__)
    return found


def parse_json(data: bytes, where: str, largest: int) -> Json:
    """What `data` holds, at most `largest` bytes of it; raises `Faults` for what is no JSON."""
    if len(data) > largest:
        raise broken(where, f"it is longer than {largest} bytes", len(data))
    values = data.count(b",") + data.count(b"[") + data.count(b"{")
    if values > LARGEST_VALUES:
        raise broken(where, f"it holds more than {LARGEST_VALUES} values", values)
    try:
        found: Json = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant
        )
    except RecursionError:
        raise broken(where, f"it nests deeper than {LARGEST_DEPTH} levels") from None
    except ValueError as error:
        raise broken(where, f"it is not valid JSON: {shown(str(error))}") from None
    _check_depth(found, where)
    return found


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = sorted(name for name, _ in pairs)
        twice = next(one for one, two in pairwise(names) if one == two)
        raise ValueError(f"the key {shown(twice)} stands twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _check_depth(found: Json, where: str) -> None:
    level: list[Json] = [found]
    for _ in range(LARGEST_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise broken(where, f"it nests deeper than {LARGEST_DEPTH} levels")


def _inside(value: Json) -> list[Json]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in inner if isinstance(item, dict | list)]

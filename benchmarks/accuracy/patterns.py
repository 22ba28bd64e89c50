"""How many layers of each kind own a KV cache, from counts or from the words for a pattern."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from benchmarks.accuracy.loose import Record

KINDS = {
    "sliding": "sliding",
    "swa": "sliding",
    "local": "sliding",
    "chunked": "sliding",
    "full": "full",
    "global": "full",
    "mla": "full",
    "attention": "full",
    "linear": "linear",
    "gated": "linear",
    "gdn": "linear",
    "delta": "linear",
    "mamba": "mamba",
    "ssm": "mamba",
}
"""Words in the name of a layer, the first that is found decides."""

MOST_LAYERS = 10_000
"""No model has more; a pattern is read no further."""

LONGEST = 500
"""Letters of a pattern that are read."""

REPEAT = re.compile(r"\((?P<inside>[^()]*)\)\s*[x*]\s*(?P<times>[0-9]{1,3})|(?P<alone>[^()+]+)")
PART = re.compile(r"\s*(?P<count>[0-9]{1,3})\s+(?P<name>[A-Za-z][A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers that keep something for a request, by kind."""

    full: int
    sliding: int
    linear: int
    mamba: int


def count_layers(entry: Record) -> Layers:
    """The layers of `entry`: its own counts, and for those missing its pattern.

    Counts of layers that share another layer's cache (`kv_shared_layers`, always the
    last ones) are not among them.
    """
    listed = _pattern(entry)
    shared = entry.whole("kv_shared_layers") or 0
    owners = Counter(listed[: len(listed) - shared] if shared else listed)
    stated = {
        "full": entry.whole("n_full_layers"),
        "sliding": entry.whole("n_swa_layers"),
        "linear": entry.whole("n_linear_layers"),
        "mamba": entry.whole("n_mamba_layers"),
    }
    if shared and listed and _whole_model(stated, entry):
        stated = dict.fromkeys(stated)
    chosen = {kind: _count(stated[kind], owners[kind]) for kind in stated}
    if not any(chosen.values()):
        chosen["full"] = max(0, (entry.whole("n_layers") or 0) - shared)
    return Layers(chosen["full"], chosen["sliding"], chosen["linear"], chosen["mamba"])


def _count(stated: int | None, listed: int) -> int:
    return max(0, listed if stated is None else stated)


def _whole_model(stated: dict[str, int | None], entry: Record) -> bool:
    """Whether the counts are of all layers, also of those that share."""
    return sum(count or 0 for count in stated.values()) == entry.whole("n_layers")


def _pattern(entry: Record) -> list[str]:
    """The kind of every layer in order; empty where the words do not say it."""
    items = entry.items("layer_types")
    if len(items) > 1:
        return [_kind(str(item)) for item in items]
    text = (entry.text("layer_types") or "")[:LONGEST]
    layers = entry.whole("n_layers") or 0
    if text.lower().startswith("all ") and layers <= MOST_LAYERS:
        return [_kind(text)] * layers
    kinds = (kind for match in REPEAT.finditer(text) for kind in _repeated(match))
    found = list(islice(kinds, MOST_LAYERS + 1))
    return found if len(found) == layers else []


def _repeated(match: re.Match[str]) -> Iterable[str]:
    inside = match["inside"] or match["alone"]
    once = [
        _kind(part["name"]) for part in PART.finditer(inside) for _ in range(int(part["count"]))
    ]
    return once * int(match["times"] or 1)


def _kind(name: str) -> str:
    lower = name.lower()
    return next((kind for word, kind in KINDS.items() if word in lower), "other")

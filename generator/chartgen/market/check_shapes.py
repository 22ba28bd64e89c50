"""The types that a device's client takes, as Go decodes them (Olares market contract 1.3 to 1.8).

The info is decoded into typed Go structs: `null` and absent are fine, any other wrong
type refuses the whole answer; keys match whatever their case. An integer is 1, never 1.0.
Details are read field by field from a map, and a field of a wrong type is dropped.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, cast

MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
"""RFC 3339 with a zone, as Go's time reads it: no leap second, no comma."""


DEEPEST = 100
"""Levels of an answer that are read; Go reads 10,000, and a market's answers have 8."""


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


class NotJson(ValueError):
    """A body that Go's decoder refuses."""


class Object(dict[str, object]):
    """A JSON object; `twice` are the keys that stand there more than once, the last counts."""

    twice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that is not what the client takes: its path, itself, and what is wanted."""

    path: str
    value: object
    wanted: str


Shape: TypeAlias = Callable[[object, str], Iterator[Wrong]]


def read_json(body: bytes) -> object:
    """A body as Go's encoding/json reads it; raises `NotJson`.

    What is no UTF-8 becomes U+FFFD; a byte order mark, a number out of range, NaN and
    anything after the value are refused.
    """
    try:
        found: object = json.loads(
            body.decode("utf-8", "replace"),
            object_pairs_hook=_object,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
    except RecursionError as error:
        raise NotJson("it is nested too deeply") from error
    except ValueError as error:
        raise NotJson(str(error)) from error
    _check_depth(found)
    return _mended(found) if _HALF.search(body) else found


def _mended(value: object) -> object:
    """A value whose halves of surrogate pairs are U+FFFD, as Go reads them."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, Object):
        made = Object((str(_mended(key)), _mended(one)) for key, one in value.items())
        made.twice = value.twice
        return made
    return value


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise NotJson("it is nested too deeply")


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object(pairs: list[tuple[str, object]]) -> Object:
    made = Object(pairs)
    if len(made) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        made.twice = tuple(sorted(key for key, count in counts.items() if count > 1))
    return made


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is out of range")
    return number


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def seen(value: object) -> str:
    """A value as it stood there, shortened."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def nuls(value: object, path: str) -> Iterator[str]:
    """Where a value holds a NUL, in a text or in a key; the database refuses it."""
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            if "\0" in key:
                yield f"{path}.{key!r}"
            yield from nuls(item, f"{path}.{key}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from nuls(item, f"{path}[{place}]")


def objects(value: object) -> dict[str, dict[str, object]]:
    """The entries of an object that are objects themselves; nothing for anything else."""
    held = value if isinstance(value, dict) else {}
    return {key: item for key, item in held.items() if isinstance(item, dict)}


def texts(value: object) -> list[str]:
    """The strings of a list; nothing for anything else."""
    held = value if isinstance(value, list) else []
    return [item for item in held if isinstance(item, str)]


def _of(kind: type, wanted: str) -> Shape:
    def check(value: object, path: str) -> Iterator[Wrong]:
        if value is not None and not isinstance(value, kind):
            yield Wrong(path, value, wanted)

    return check


text = _of(str, "a string")
flag = _of(bool, "true or false")
thing = _of(dict, "an object")
listing = _of(list, "an array")


def whole(value: object, path: str) -> Iterator[Wrong]:
    """Go's int: digits alone, within 64 bits."""
    fits = type(value) is int and -(1 << 63) <= value < 1 << 63
    if value is not None and not fits:
        yield Wrong(path, value, "a whole number, written like 1 and not 1.0")


def number(value: object, path: str) -> Iterator[Wrong]:
    """Any JSON number."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        yield Wrong(path, value, "a number")


def anything(_value: object, _path: str) -> Iterator[Wrong]:
    """Read by nobody."""
    return iter(())


def moment(value: object, path: str) -> Iterator[Wrong]:
    """Go's time: RFC 3339 with a zone."""
    if value is not None and not (isinstance(value, str) and is_moment(value)):
        yield Wrong(path, value, "a time with a zone, like 2026-01-01T00:00:00Z")


def is_moment(text: str) -> bool:
    """Whether a text is RFC 3339 with a zone, and a day that exists."""
    found = MOMENT.fullmatch(text)
    if not found:
        return False
    year, month, day = (int(part) for part in found.groups()[:3])
    try:
        date(year or 4, month, day)  # Go has a year 0, which leaps
    except ValueError:
        return False
    return True


def each(shape: Shape) -> Shape:
    """An array of equal things."""

    def check(value: object, path: str) -> Iterator[Wrong]:
        yield from listing(value, path)
        for place, item in enumerate(value if isinstance(value, list) else ()):
            yield from shape(item, f"{path}[{place}]")

    return check


def by_key(shape: Shape) -> Shape:
    """An object of equal things."""

    def check(value: object, path: str) -> Iterator[Wrong]:
        yield from thing(value, path)
        for key, item in (value if isinstance(value, dict) else {}).items():
            yield from shape(item, f"{path}.{key}")

    return check


def struct(**fields: Shape) -> Shape:
    """An object with typed fields, found whatever their case; others are ignored."""
    folded = {name.lower(): shape for name, shape in fields.items()}

    def check(value: object, path: str) -> Iterator[Wrong]:
        yield from thing(value, path)
        for key, item in (value if isinstance(value, dict) else {}).items():
            shape = fields.get(key) or folded.get(key.lower(), anything)
            yield from shape(item, f"{path}.{key}".lstrip("."))

    return check


def words(value: object, path: str) -> Iterator[Wrong]:
    """An array of strings; anything else in it becomes an empty string."""
    yield from listing(value, path)
    for place, item in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(item, str):
            yield Wrong(f"{path}[{place}]", item, "a string")


def things(value: object, path: str) -> Iterator[Wrong]:
    """An array of objects; anything else in it becomes null."""
    yield from listing(value, path)
    for place, item in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(item, dict):
            yield Wrong(f"{path}[{place}]", item, "an object")


def text_or_map(value: object, path: str) -> Iterator[Wrong]:
    """A string, or strings by language."""
    if isinstance(value, dict):
        yield from by_key(text)(value, path)
    elif value is not None and not isinstance(value, str):
        yield Wrong(path, value, "a string, or strings by language")


HASH = struct(hash=text, version=text, last_updated=text)
_TEXTS = by_key(text)
_CARD = struct(
    **dict.fromkeys(
        (
            *("group", "title", "des", "iconimg", "detailimg", "richtext"),
            *("mobileDetailImg", "mobileRichtext", "backgroundColor", "apps"),
        ),
        text,
    ),
    isdelete=flag,
)
_RECOMMEND = struct(
    **dict.fromkeys(("name", "description", "content", "updated_at", "createdAt"), text),
    data=struct(title=thing, description=thing),
    source=whole,
)
_LIST = struct(
    **dict.fromkeys(("name", "type", "description", "content"), text), title=_TEXTS, source=whole
)
_DATA = struct(
    apps=thing,
    recommends=by_key(_RECOMMEND),
    pages=by_key(struct(category=text, content=text, source=whole)),
    topics=by_key(struct(_id=text, name=text, data=by_key(_CARD), source=whole)),
    topic_lists=by_key(_LIST),
    tops=each(struct(appId=text, rank=whole)),
    latest=each(text),
    tags=by_key(struct(_id=text, name=text, icon=text, title=_TEXTS, sort=whole, source=whole)),
)
INFO = struct(version=text, hash=text, last_updated=moment, stats=thing, data=_DATA)

_TEXT_FIELDS = (
    *("id", "name", "cfgType", "chartName", "icon", "appID", "versionName", "apiVersion"),
    *("title", "description", "requiredMemory", "limitedMemory", "requiredDisk", "limitedDisk"),
    *("requiredCPU", "limitedCPU", "requiredGPU", "limitedGPU", "promoteVideo", "subCategory"),
    *("developer", "target", "submitter", "doc", "website", "featuredImage", "sourceCode"),
    *("modelSize", "namespace", "lastCommitHash", "updated_at"),
)
_LIST_FIELDS = ("categories", "locale", "supportArch", "promoteImage", "screenshots", "tags")
_OBJECT_FIELDS = ("supportClient", "permission", "middleware", "options", "i18n", "tailscale")
_PAST = struct(
    **dict.fromkeys(("appName", "version", "versionName", "upgradeDescription"), text),
    mergedAt=moment,
)


def _items(shape: Shape) -> Shape:
    def check(value: object, path: str) -> Iterator[Wrong]:
        yield from things(value, path)
        for place, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict):
                yield from shape(item, f"{path}[{place}]")

    return check


DETAIL: Mapping[str, Shape] = {
    **dict.fromkeys(_TEXT_FIELDS, text),
    **dict.fromkeys(_LIST_FIELDS, words),
    **dict.fromkeys(_OBJECT_FIELDS, thing),
    **dict.fromkeys(("entrances", "ports", "envs", "license", "legal"), things),
    "fullDescription": text_or_map,
    "upgradeDescription": text_or_map,
    "onlyAdmin": flag,
    "rating": number,
    "price": thing,
    "subCharts": _items(struct(name=text, shared=flag)),
    "versionHistory": _items(_PAST),
}
"""The only forms in which the client keeps a field of a detail; others it drops.

`version` and `appLabels` are not here: they decide about the whole app.
"""


def filled(value: object, path: str) -> Iterator[Wrong]:
    """A string that must be there."""
    if not isinstance(value, str) or not value:
        yield Wrong(path, value, "a string that is not empty")


_V2_ITEM = struct(
    **dict.fromkeys(("app_id", "name", "version"), filled),
    **dict.fromkeys(
        ("title", "icon", "featured_image", "cfg_type", "olares_version_constraint"), text
    ),
    **dict.fromkeys(("categories", "categories_v2", "tags", "app_labels"), each(text)),
    last_modify_time=whole,
    updated_at=whole,
)
V2_CATALOG = struct(
    **dict.fromkeys(("schema_version", "source_id", "apps_filter_digest"), filled),
    taxonomy_last_modify_time=whole,
    apps_last_modify_time=whole,
)
V2_TAXONOMY = struct(
    last_modify_time=whole,
    source=struct(
        source_id=filled, short_label=text, display_name=_TEXTS, icon=text, is_official=flag
    ),
    languages=each(struct(code=filled, display_name=text, sort=whole, enabled=flag)),
    categories=each(
        struct(id=filled, builtin=flag, sort=whole, icon=text, title=_TEXTS, description=_TEXTS)
    ),
    nav=each(text),
    pages=each(struct(category_id=text, items=each(struct(id=text, type=text)))),
    **dict.fromkeys(("tags", "topic_lists", "topics", "recommends"), listing),
)
V2_PAGE = struct(
    items=each(_V2_ITEM),
    removed=each(text),
    has_more=flag,
    **dict.fromkeys(("max_last_modify_time", "total", "page", "page_size"), whole),
)


def member(value: object, key: str) -> object:
    """The member of an object; None where this is none, or has no such member."""
    return cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None

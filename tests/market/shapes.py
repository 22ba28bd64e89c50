"""The types that a device's client accepts, from the market contract 1.3 to 1.5 and 1.8.

The client decodes into typed Go structs: `null` and absent are fine, any other wrong type
refuses the whole answer. Integers are Go's `int`: 1, never 1.0.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

Json: TypeAlias = Mapping[str, object]
Shape: TypeAlias = Callable[[object, str], None]
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Refused(Exception):
    """The client gives the whole source, or the whole answer, up."""


def read_json(body: bytes) -> Json:
    """An answer as Go reads it: UTF-8 without a mark, one object, no infinite number."""
    try:
        document = json.loads(
            body.decode("utf-8", "replace"), parse_float=_finite, parse_constant=_no_constant
        )
    except ValueError as error:
        raise Refused(f"no JSON: {error}") from error
    if not isinstance(document, dict):
        raise Refused("no object")
    return document


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is out of range")
    return number


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _of(kind: type, said: str) -> Shape:
    def check(value: object, where: str) -> None:
        if value is not None and type(value) is not kind:
            raise Refused(f"{where}: {value!r} is no {said}")

    return check


text = _of(str, "string")
whole = _of(int, "int")
flag = _of(bool, "bool")
thing = _of(dict, "object")


def anything(_value: object, _where: str) -> None:
    """Read by nobody."""


def moment(value: object, where: str) -> None:
    """RFC 3339 with a zone."""
    if value is not None and not (isinstance(value, str) and RFC3339.fullmatch(value)):
        raise Refused(f"{where}: {value!r} is no time with a zone")


def filled(value: object, where: str) -> None:
    """A string that must be there."""
    if not isinstance(value, str) or not value:
        raise Refused(f"{where}: {value!r} is no filled string")


def each(shape: Shape) -> Shape:
    """An array."""

    def check(value: object, where: str) -> None:
        _of(list, "array")(value, where)
        for place, item in enumerate(cast("list[object]", value or [])):
            shape(item, f"{where}[{place}]")

    return check


def by_key(shape: Shape) -> Shape:
    """An object of equal things."""

    def check(value: object, where: str) -> None:
        thing(value, where)
        for key, item in cast("dict[str, object]", value or {}).items():
            shape(item, f"{where}.{key}")

    return check


def struct(**fields: Shape) -> Shape:
    """An object with typed fields; others are ignored."""

    def check(value: object, where: str) -> None:
        thing(value, where)
        held = cast("dict[str, object]", value or {})
        for name, shape in fields.items():
            shape(held.get(name), f"{where}.{name}")

    return check


HASH = struct(hash=text, version=text, last_updated=text)
_TEXTS = by_key(text)
_TOPIC = struct(
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
    name=text,
    description=text,
    content=text,
    data=struct(title=thing, description=thing),
    source=whole,
    updated_at=text,
    createdAt=text,
)
_DATA = struct(
    apps=by_key(anything),
    recommends=by_key(_RECOMMEND),
    pages=by_key(struct(category=text, content=text, source=whole)),
    topics=by_key(struct(_id=text, name=text, data=by_key(_TOPIC), source=whole)),
    topic_lists=by_key(
        struct(name=text, type=text, description=text, content=text, title=_TEXTS, source=whole)
    ),
    tops=each(struct(appId=text, appid=text, rank=whole)),
    latest=each(text),
    tags=by_key(struct(_id=text, name=text, icon=text, title=_TEXTS, sort=whole, source=whole)),
)
INFO = struct(version=filled, hash=filled, last_updated=moment, stats=thing, data=_DATA)

_V2_ITEM = struct(
    app_id=filled,
    name=filled,
    title=text,
    version=filled,
    icon=text,
    featured_image=text,
    cfg_type=text,
    categories=each(text),
    categories_v2=each(text),
    tags=each(text),
    app_labels=each(text),
    olares_version_constraint=text,
    last_modify_time=whole,
    updated_at=whole,
)
V2_CATALOG = struct(
    schema_version=filled,
    source_id=filled,
    taxonomy_last_modify_time=whole,
    apps_last_modify_time=whole,
    apps_filter_digest=filled,
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
    tags=each(anything),
    topic_lists=each(anything),
    topics=each(anything),
    recommends=each(anything),
)
V2_PAGE = struct(
    items=each(_V2_ITEM),
    removed=each(text),
    has_more=flag,
    max_last_modify_time=whole,
    total=whole,
    page=whole,
    page_size=whole,
)

_WORDS = each(text)
_TEXT_OR_MAP: Shape = lambda value, where: (  # noqa: E731
    None if isinstance(value, str) else by_key(text)(value, where)
)
DETAIL: Mapping[str, Shape] = {
    **dict.fromkeys(
        (
            *("id", "name", "cfgType", "chartName", "icon", "appID", "version", "versionName"),
            *("apiVersion", "title", "description", "requiredMemory", "limitedMemory"),
            *("requiredDisk", "limitedDisk", "requiredCPU", "limitedCPU", "requiredGPU"),
            *("limitedGPU", "promoteVideo", "subCategory", "developer", "target", "submitter"),
            *("doc", "website", "featuredImage", "sourceCode", "modelSize", "namespace"),
            *("lastCommitHash", "updated_at"),
        ),
        text,
    ),
    **dict.fromkeys(
        ("categories", "appLabels", "locale", "supportArch", "promoteImage", "screenshots"), _WORDS
    ),
    "tags": _WORDS,
    "fullDescription": _TEXT_OR_MAP,
    "upgradeDescription": _TEXT_OR_MAP,
    "onlyAdmin": flag,
    **dict.fromkeys(
        ("supportClient", "permission", "middleware", "options", "i18n", "tailscale"), thing
    ),
    **dict.fromkeys(("entrances", "ports", "envs", "license", "legal"), each(thing)),
    "subCharts": each(struct(name=text, shared=flag)),
    "versionHistory": each(
        struct(
            appName=text, version=text, versionName=text, upgradeDescription=text, mergedAt=moment
        )
    ),
}
"""The only forms in which the client keeps a field of a detail; others it drops."""

"""What stands around the apps in the info: pages, lists, topics, tags.

The client matches all of them by the names of apps, but lists of topics by topic ids
(Olares market contract 1.4 and 1.6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chartgen.lint.finding import Problem
from chartgen.market.check_answers import INFO, problem
from chartgen.market.check_shapes import (
    NotJson,
    Object,
    member,
    objects,
    read_json,
    texts,
)

DEFAULT_TOPICS = ("Hottest", "Newest")
LANGUAGES = ("en-US", "zh-CN")
"""Languages of the sidebar, which has no fallback."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An app, a topic or a list that a part of the layout names."""

    path: str
    name: str


def mentions(data: Mapping[str, object]) -> list[Mention]:
    """The apps that lists, topics and recommendations name."""
    found = [
        Mention(f"data.tops[{place}].appId", str(told))
        for place, top in enumerate(_items(data.get("tops")))
        if (told := member(top, "appId") or member(top, "appid"))
    ]
    latest = _items(data.get("latest"))
    found += [
        Mention(f"data.latest[{place}]", name)
        for place, name in enumerate(latest)
        if isinstance(name, str)
    ]
    for key, entry in objects(data.get("recommends")).items():
        found += _split(f"data.recommends.{key}.content", entry.get("content"))
    for key, topic in objects(data.get("topics")).items():
        for language, card in objects(topic.get("data")).items():
            found += _split(f"data.topics.{key}.data.{language}.apps", card.get("apps"))
    return found


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _split(path: str, value: object) -> list[Mention]:
    names = value.split(",") if isinstance(value, str) else []
    return [Mention(path, name.strip()) for name in names if name.strip()]


def check_layout(data: Mapping[str, object], names: Mapping[str, str]) -> Iterator[Problem]:
    """What the layout loses; `names` are the apps' names by id."""
    known = set(names.values())
    yield from (
        found
        for mention in mentions(data)
        if mention.name not in known
        for found in _unknown_app(mention, names)
    )
    yield from _topic_lists(data, known)
    for key, page in objects(data.get("pages")).items():
        yield from _page(f"data.pages.{key}.content", page.get("content"), data)
    for key, tag in objects(data.get("tags")).items():
        yield from _tag(f"data.tags.{key}", tag)


def _unknown_app(mention: Mention, names: Mapping[str, str]) -> Iterator[Problem]:
    if mention.name in names:
        message = f"{mention.path} holds an id; a client looks for names here, and shows nothing."
        remedy = f"Write {names[mention.name]}."
        yield problem("C21", INFO, message, remedy, mention.name)
    else:
        message = f"{mention.path} names an app that is not listed."
        remedy = "List the app, or take its name out."
        yield problem("C22", INFO, message, remedy, mention.name)


def _topic_lists(data: Mapping[str, object], apps: Iterable[str]) -> Iterator[Problem]:
    topics = objects(data.get("topics"))
    ids = {str(topic.get("_id")) for topic in topics.values()}
    for key, entry in objects(data.get("topic_lists")).items():
        if entry.get("type") == "Category":
            continue
        for told in _split(f"data.topic_lists.{key}.content", entry.get("content")):
            if told.name in ids:
                continue
            if told.name in apps:
                message = f"{told.path} names an app; a client looks for topic ids here."
                yield problem("C21", INFO, message, "Write the `_id` of a topic.", told.name)
            else:
                message = f"{told.path} names a topic that is not there."
                yield problem("C22", INFO, message, "Add the topic, or take it out.", told.name)


def _page(path: str, content: object, data: Mapping[str, object]) -> Iterator[Problem]:
    if not isinstance(content, str):
        return
    effect = "The market's view then breaks as it refreshes."
    try:
        items = read_json(content.encode("utf-8", "replace"))
    except NotJson as error:
        remedy = "Write an array as JSON into the string."
        yield problem("C20", INFO, f"{path} is no JSON: {error}. {effect}", remedy, content)
        return
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        message = f"{path} holds no array of objects. {effect}"
        yield problem("C20", INFO, message, "Write objects with `type` and `id`.", content)
        return
    for place, item in enumerate(items):
        yield from _part(f"{path}[{place}]", item, data)


def _part(path: str, item: Object, data: Mapping[str, object]) -> Iterator[Problem]:
    there: Mapping[str, Sequence[object]] = {
        "Recommends": _names(data.get("recommends")),
        "Topic": _names(data.get("topic_lists")),
        "Default Topic": DEFAULT_TOPICS,
    }
    kind, name = item.get("type"), item.get("id")
    known = there.get(str(kind))
    if known is None:
        remedy = f"Use one of: {', '.join(there)}."
        yield problem("C22", INFO, f"{path}.type is none that a client shows.", remedy, kind)
    elif name not in known:
        message = f"{path}.id names nothing that is there."
        remedy = f"Use one of: {', '.join(map(str, known)) or 'nothing is there yet'}."
        yield problem("C22", INFO, message, remedy, name)


def _names(entries: object) -> list[str]:
    """The names of recommendations or lists; a key stands for a name that is missing."""
    return [str(entry.get("name") or key) for key, entry in objects(entries).items()]


def _tag(path: str, tag: Mapping[str, object]) -> Iterator[Problem]:
    title = tag.get("title")
    held = title if isinstance(title, dict) else {}
    for language in LANGUAGES:
        if not held.get(language):
            message = f"{path}.title has no {language}; the sidebar shows an empty line then."
            yield problem("C23", INFO, message, f"Give it a title in {language}.")


def check_categories(
    data: Mapping[str, object], rows: Mapping[str, Mapping[str, object]]
) -> Iterator[Problem]:
    """Apps that stand in no section of the sidebar."""
    tags = {str(tag.get("name")) for tag in objects(data.get("tags")).values()}
    for key, row in rows.items():
        own = texts(row.get("categories"))
        if not set(own) & tags:
            message = f"apps.{key}.categories: none is a tag's name, so no section shows the app."
            remedy = f"Use one of: {', '.join(sorted(tags - {'All'})) or 'no tag is there'}."
            yield problem("C23", INFO, message, remedy, row.get("categories"))

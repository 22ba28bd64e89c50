"""Rules of the house about the files as they are written, before they are rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from chartgen.lint.finding import Place, Problem
from chartgen.lint.house.seen import Check, Seen, at, text
from chartgen.lint.house.values import SYSTEM_ROOTS

_TEMPLATE = re.compile(r"templates/.*\.(?:ya?ml|tpl|txt)")
_ACTION = re.compile(r"\{\{-?([^{}]*+)\}\}")
_COMMENT_START = re.compile(r"\{\{-?\s*+/\*")
_COMMENT_END = re.compile(r"\s*+-?\}\}")
_VALUE = re.compile(r"\.Values\.([A-Za-z_]\w*)((?:\.\w+)*)")
_GUARD = re.compile(
    r"\b(?:default|coalesce|hasKey|dig|ternary)\b|^\s*+(?:else\s++)?(?:if|with|range)\b"
)
_IMAGE = re.compile(r"^[ \t]*(?:-[ \t]+)?image:[ \t]+(\S[^\r\n]*)", re.MULTILINE)
_QUOTED = re.compile(r"([\"']).*\1\s*(?:#.*)?|\{\{[^{}]*\|\s*s?quote\s*-?\}\}\s*|[|>&{].*")
_TOKENS = re.compile(
    rb"\b(?:hf_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,}|AKIA[0-9A-Z]{16}"
    rb"|sk-[A-Za-z0-9_-]{32,})|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
)
MAX_ACTIONS = 20_000
"""Template actions that are looked at, of one file."""
MAX_LINE = 500
"""Characters of a line that are looked at."""

Spot: TypeAlias = tuple[str, str, "re.Match[str]"]
"""A template's path, its text, and where in it."""


def templates(seen: Seen) -> Mapping[str, str]:
    """The templates of the chart itself, without their comments, by path."""
    return {
        path: _without_comments(data.decode("utf-8", "replace"))
        for path, data in seen.source.files.items()
        if _TEMPLATE.fullmatch(path)
    }


def _without_comments(content: str) -> str:
    """Comments give way to as many line ends; by hand, for a pattern could take for ever."""
    kept, at_now = [], 0
    while (start := _COMMENT_START.search(content, at_now)) is not None:
        end = content.find("*/", start.end())
        closed = _COMMENT_END.match(content, end + 2) if end >= 0 else None
        if closed is None:
            break
        comment = content[start.start() : closed.end()]
        kept += [content[at_now : start.start()], "\n" * comment.count("\n")]
        at_now = closed.end()
    return "".join([*kept, content[at_now:]])


def _quotes(seen: Seen) -> Iterator[Problem]:
    for path, content in templates(seen).items():
        for found in _IMAGE.finditer(content):
            written = found.group(1)[:MAX_LINE].strip()
            if not _QUOTED.fullmatch(written):
                message = "The market reads images from the text and wants each in quotes."
                remedy = 'Write image: "name:tag".'
                yield Problem("H02", _line(path, content, found), written[:200], message, remedy)


def _values(seen: Seen) -> Iterator[Problem]:
    known = SYSTEM_ROOTS | _keys(seen)
    optional: set[str] = set()
    used: dict[str, Spot] = {}
    for path, content in templates(seen).items():
        for action in _actions(content):
            guarded = _GUARD.search(action.group(1))
            for name in _VALUE.finditer(action.group(1)):
                if guarded:
                    optional.add(name.group(1))
                used.setdefault(name.group(1), (path, content, action))
    for root in sorted(used.keys() - known - optional):
        message = "Neither values.yaml nor the device provides this, so it renders as nothing."
        remedy = f"Add `{root}` to values.yaml with a default."
        yield Problem("H03", _line(*used[root]), f".Values.{root}", message, remedy)


def _undeclared(seen: Seen) -> Iterator[Problem]:
    declared, used, whole = _declared(seen), _used_envs(seen), _whole_envs(seen)
    given = _keys(seen, "olaresEnv") | {name for name, spot in used.items() if _is_guarded(spot)}
    for name in sorted(used.keys() - declared - given):
        message = "No entry of envs declares this, so it renders as `<no value>`."
        remedy = "Declare it under envs, and give it a default in values.yaml."
        yield Problem("H14", _line(*used[name]), f".Values.olaresEnv.{name}", message, remedy)
    if whole or seen.manifest is None:
        return
    for name in sorted(declared - used.keys() - {""}):
        message = "The user is asked for this, but no template uses it."
        remedy = f"Pass it to a container from .Values.olaresEnv.{name}, or drop it."
        yield Problem("H15", seen.find("OlaresManifest.yaml", name), name, message, remedy)


def _declared(seen: Seen) -> set[str]:
    return {text(env, "envName") for env in seen.tree("envs").items()}


def _used_envs(seen: Seen) -> dict[str, Spot]:
    used: dict[str, Spot] = {}
    for path, content in templates(seen).items():
        for action in _actions(content):
            for name in _VALUE.finditer(action.group(1)):
                if name.group(1) == "olaresEnv" and name.group(2):
                    used.setdefault(name.group(2).split(".")[1], (path, content, action))
    return used


def _is_guarded(spot: Spot) -> bool:
    """Whether the action does without the value."""
    return bool(_GUARD.search(spot[2].group(1)))


def _whole_envs(seen: Seen) -> bool:
    return any(
        re.search(r"\.olaresEnv\b(?!\.)|\"olaresEnv\"", content)
        for content in templates(seen).values()
    )


def _keys(seen: Seen, *path: str) -> set[str]:
    value = at(seen.values, *path).value
    return set(value) if isinstance(value, Mapping) else set()


def _actions(content: str) -> Iterator[re.Match[str]]:
    for count, action in enumerate(_ACTION.finditer(content)):
        if count >= MAX_ACTIONS:
            return
        yield action


def _secrets(seen: Seen) -> Iterator[Problem]:
    for path, data in seen.source.files.items():
        if found := _TOKENS.search(data):
            message = "This looks like an access token or a private key, for all to read."
            remedy = "Revoke it, and take it from envs with type: password."
            line = data.count(b"\n", 0, found.start()) + 1
            value = found.group()[:6].decode("ascii") + "..."
            yield Problem("H25", Place(path, line), value, message, remedy)


def _line(path: str, content: str, found: re.Match[str]) -> Place:
    return Place(path, content.count("\n", 0, found.start(1)) + 1)


TEXT_RULES: tuple[Check, ...] = (_quotes, _values, _undeclared, _secrets)

"""Facts as TOML: a whole new file, or one more table in a file that stays as it is."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeAlias

from chartgen.errors import Fault, Faults
from chartgen.facts.base import Fact
from chartgen.facts.model import Checkpoint, ModelFacts

__all__ = ["facts_text", "replace_file", "with_checkpoint", "with_flag", "with_table"]

Toml: TypeAlias = "bool | int | float | str | Sequence[Toml] | Mapping[str, Toml]"
WIDTH = 100
INLINE = "files"
"""The list of tables that is written one a line."""

_CHECKPOINT = re.compile(r"\s*\[\[\s*checkpoints\s*\]\]")
_OTHER_TABLE = re.compile(r"\s*\[(?!\[?\s*checkpoints\s*\.)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"' + r"|'[^']*'")


def facts_text(model: ModelFacts) -> str:
    """A whole facts file; the same facts give the same bytes."""
    return "\n".join(_table("", _plain(model))).strip("\n") + "\n"


def with_checkpoint(text: str, model: ModelFacts, checkpoint: Checkpoint) -> str:
    """The text of a model's file with one more checkpoint, or with one in its old one's place.

    All else stays as it was, comments too. Raises `Faults` where the file is written in
    a form that cannot be kept.
    """
    block = "\n".join(_table("checkpoints", _plain(checkpoint), listed=True)).strip("\n")
    keys = [(one.repo, one.file) for one in model.checkpoints]
    key = (checkpoint.repo, checkpoint.file)
    if key not in keys:
        written = f"{text.rstrip()}\n\n{block}\n"
        return _proved(written, model, (*model.checkpoints, checkpoint))
    index = keys.index(key)
    after = (*model.checkpoints[:index], checkpoint, *model.checkpoints[index + 1 :])
    return _proved(_replaced(text, index, len(keys), block, model.name), model, after)


def with_table(text: str, name: str, fact: Fact) -> str:
    """The text of a model's file with one more table at its end."""
    block = "\n".join(_table(name, _plain(fact))).strip("\n")
    return f"{text.rstrip()}\n\n{block}\n"


def with_flag(text: str, name: str, value: bool) -> str:
    """The text of a model's file with one more flag before its first table."""
    line = f"{name} = {_value(value)}\n"
    found = re.search(r"^architecture\s*=.*\n", text, re.MULTILINE)
    return text[: found.end()] + line + text[found.end() :] if found else line + text


def replace_file(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("wb", dir=path.parent, suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
            part.chmod(0o644)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _plain(fact: Fact) -> dict[str, Toml]:
    found: dict[str, Toml] = fact.model_dump(exclude_none=True, exclude_defaults=True)
    return found


def _proved(text: str, model: ModelFacts, checkpoints: tuple[Checkpoint, ...]) -> str:
    """The text, once it is sure that it says what it should and nothing else."""
    wanted = model.model_copy(update={"checkpoints": checkpoints})
    try:
        said = ModelFacts.model_validate(tomllib.loads(text))
    except ValueError:
        said = None
    if said != wanted:
        raise _cannot_keep(model.name, "its checkpoints are not written as [[checkpoints]] tables")
    return text


def _replaced(text: str, index: int, count: int, block: str, name: str) -> str:
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if _CHECKPOINT.match(line)]
    if len(starts) != count:
        raise _cannot_keep(name, "its checkpoints are not written as [[checkpoints]] tables")
    start = starts[index]
    ends = (at for at in range(start + 1, len(lines)) if _OTHER_TABLE.match(lines[at]))
    end = next(ends, len(lines))
    while lines[end - 1].strip() == "" or lines[end - 1].lstrip().startswith("#"):
        end -= 1  # what stands before the next table belongs to that one
    if any("#" in _STRING.sub("", line) for line in lines[start:end]):
        raise _cannot_keep(name, "the comments inside the old checkpoint would be lost")
    return "\n".join([*lines[:start], block, *lines[end:]]) + "\n"


def _cannot_keep(name: str, problem: str) -> Faults:
    remedy = "Delete the old checkpoint by hand, comments and all, and add it again."
    return Faults([Fault(f"the facts of {name}", problem, remedy)])


def _table(name: str, values: Mapping[str, Toml], *, listed: bool = False) -> Iterator[str]:
    """The lines of a table: its own values first, then the tables inside."""
    if name:
        yield from ("", f"[[{name}]]" if listed else f"[{name}]")
    inner = {key: value for key, value in values.items() if _is_table(key, value)}
    for key, value in values.items():
        if key not in inner:
            yield f"{_key(key)} = {_value(value, len(key) + 3)}"
    for key, value in inner.items():
        path = f"{name}.{_key(key)}" if name else _key(key)
        if isinstance(value, Mapping):
            yield from _table(path, value)
        elif isinstance(value, Sequence):
            for item in value:
                yield from _table(path, item if isinstance(item, Mapping) else {}, listed=True)


def _is_table(key: str, value: Toml) -> bool:
    if isinstance(value, Mapping):
        return True
    if key == INLINE or isinstance(value, str) or not isinstance(value, Sequence):
        return False
    return any(isinstance(item, Mapping) for item in value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _value(value: Toml, indent: int = 0) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:_}"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {pairs} }}"
    return _list([_value(item) for item in value], indent)


def _list(items: list[str], indent: int) -> str:
    """A list in one line where it fits, else in lines of what fits."""
    short = f"[{', '.join(items)}]"
    if indent + len(short) <= WIDTH:
        return short
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) + 6 > WIDTH:
            lines.append(line)
            line = ""
        line += f" {item},"
    return "[\n" + "".join(f"  {one.strip()}\n" for one in [*lines, line]) + "]"


def _text(value: str) -> str:
    """A basic string: TOML escapes as JSON does, and DEL as well."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

"""`chartgen model`: facts of models from their own files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chartgen.cli.guard import guard
from chartgen.cli.places import repository

if TYPE_CHECKING:
    from chartgen.facts.model import ModelFacts
    from chartgen.facts.pin import Pinned, Wish

model = typer.Typer(
    help="Pin the facts of models.\n\nExample:  chartgen model add hf:google/gemma-4-E4B-it",
    no_args_is_help=True,
)


@model.callback()
def main() -> None:
    """Keeps `add` a command of its own while it is the only one."""


class Part(StrEnum):
    """What a checkpoint is used as."""

    WEIGHTS = "weights"
    DRAFT = "draft"


@model.command()
def add(
    reference: Annotated[
        str, typer.Argument(help="hf:OWNER/NAME[@REVISION], or a folder or GGUF file here.")
    ],
    file: Annotated[
        str | None, typer.Option("--file", help="A GGUF file of the repository or folder.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The model's name in charts_src/models/.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Its name for people.")] = None,
    part: Annotated[
        Part | None,
        typer.Option("--part", help="What the file is used as; weights, or as it is pinned."),
    ] = None,
    repo: Annotated[
        str | None, typer.Option("--repo", help="OWNER/NAME that a local copy is of.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Pin a model's facts from its config.json, safetensors or GGUF headers.

    Weights are never downloaded. HF_ENDPOINT names another hub, HF_TOKEN opens gated
    repositories. The same revision a second time changes nothing.

    Example:  chartgen model add hf:OWNER/NAME-GGUF --file NAME-Q4_K_M.gguf --name gemma-4-e4b
    """
    from chartgen.facts.pin import Wish

    used = part.value if part else None
    wish = Wish(reference=reference, file=file, name=name, title=title, part=used, repo=repo)
    guard(lambda: _add(wish, as_json=as_json), as_json=as_json)


def _add(wish: Wish, *, as_json: bool) -> None:
    from chartgen.facts.pin import add_model

    pinned = add_model(repository(Path.cwd()), wish)
    typer.echo(_json(pinned) if as_json else "\n".join(_lines(pinned)))


def _json(pinned: Pinned) -> str:
    import json

    facts = {
        "status": pinned.status,
        "path": _shown(pinned.path),
        "model": pinned.model.model_dump(mode="json", exclude_none=True),
    }
    return json.dumps(facts, ensure_ascii=False, indent=2)


def _lines(pinned: Pinned) -> list[str]:
    lines = [f"{pinned.model.title}, {pinned.model.architecture}", *_layers(pinned.model)]
    one = pinned.checkpoint
    if one:
        what = f"{one.repo}, {one.file}" if one.file else one.repo
        lines.append(f"  {one.part}: {what}, {one.quantization}")
        lines.append(f"  on disk {_gib(one.on_disk.value)}, on the GPU {_gib(one.on_gpu.value)}")
        lines += [f"  unknown: {', '.join(one.unknown)}"] if one.unknown else []
    else:
        lines.append("  no weights here: the dimensions alone are known")
    return [*lines, f"{pinned.status}: {_shown(pinned.path)}"]


def _layers(model: ModelFacts) -> list[str]:
    found = [
        f"  {one.layers} {one.kind} layers, {one.kv_heads} x {one.head_dim}"
        + (f", window {one.window}" if one.window else "")
        for one in model.attention
    ]
    found += [
        f"  {one.layers} {one.kind} layers, {one.state_elements} elements of state"
        for one in model.recurrent
    ]
    return found


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.2f} GiB"


def _shown(path: Path) -> str:
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else str(path)

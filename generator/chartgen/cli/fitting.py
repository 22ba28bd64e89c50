"""`chartgen fit` and `chartgen compare`: does it fit, and what would."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chartgen.cli.exits import code_of
from chartgen.cli.guard import guard
from chartgen.cli.places import app_names, repository
from chartgen.errors import DoesNotFit, Unproven

if TYPE_CHECKING:
    from chartgen.facts import ModelFacts
    from chartgen.vram.fit import Fit, Question


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


class Axis(StrEnum):
    """What can be solved for; each engine knows two of the fields, and both together."""

    MAX_MODEL_LEN = "max_model_len"
    MAX_NUM_SEQS = "max_num_seqs"
    CTX_SIZE = "ctx_size"
    PARALLEL = "parallel"
    CONTEXT_LENGTH = "context_length"
    MAX_RUNNING_REQUESTS = "max_running_requests"
    BOTH = "both"


JsonOption = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]
PlotOption = Annotated[
    Path | None,
    typer.Option("--plot", help="Draw the sum (.svg or .png).", metavar="FILE", dir_okay=False),
]
GpuOption = Annotated[
    str | None,
    typer.Option("--gpu", help="A device profile of charts_src/devices/.", metavar="PROFILE"),
]


def fit(  # noqa: PLR0913, PLR0917 a command has a parameter for each option
    app: Annotated[
        str | None,
        typer.Argument(help="The app; none with --model.", autocompletion=app_names),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A model without a spec: hf:REPO[@REV], pinned facts, or a path."),
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="The engine of --model, with its own defaults.")
    ] = None,
    file: Annotated[
        str | None, typer.Option(help="The file of --model, where there are several.")
    ] = None,
    gpu: GpuOption = None,
    max_model_len: Annotated[str | None, typer.Option(help="Tokens of one request.")] = None,
    max_num_seqs: Annotated[str | None, typer.Option(help="Sequences at once.")] = None,
    max_num_batched_tokens: Annotated[str | None, typer.Option(help="Tokens of a batch.")] = None,
    kv_cache_dtype: Annotated[str | None, typer.Option(help="Type of the KV cache.")] = None,
    gpu_memory_utilization: Annotated[
        str | None, typer.Option(help="Fraction of the card.")
    ] = None,
    ctx_size: Annotated[str | None, typer.Option(help="Tokens of all slots.")] = None,
    parallel: Annotated[str | None, typer.Option(help="Slots.")] = None,
    n_ubatch: Annotated[str | None, typer.Option(help="Tokens of a micro-batch.")] = None,
    cache_type_k: Annotated[str | None, typer.Option(help="Type of the K cache.")] = None,
    cache_type_v: Annotated[str | None, typer.Option(help="Type of the V cache.")] = None,
    vision: Annotated[Switch | None, typer.Option(help="With images or without.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any field of the engine, repeatable.", metavar="FIELD=VALUE"),
    ] = None,
    solve: Annotated[
        Axis | None, typer.Option(help="The largest value that fits, or the frontier of both.")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Ask the engine's own planning program as well.")
    ] = False,
    exact_program: Annotated[
        Path | None,
        typer.Option(help="That program; it is looked for without.", metavar="PATH"),
    ] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether an app fits its GPU: the sum, the verdict, the biggest lever.

    The exit code tells the verdict: 0 fits, 4 does not fit, 5 unproven. Options for
    fields change the app for this question only; each engine knows its own.

    Example:  chartgen fit vllmgemma426ba4bvisionone --gpu olares-one --max-model-len 65536
    """
    _refuse_odd(app, model, engine, file)
    named = {
        "max_model_len": max_model_len,
        "max_num_seqs": max_num_seqs,
        "max_num_batched_tokens": max_num_batched_tokens,
        "kv_cache_dtype": kv_cache_dtype,
        "gpu_memory_utilization": gpu_memory_utilization,
        "ctx_size": ctx_size,
        "parallel": parallel,
        "n_ubatch": n_ubatch,
        "cache_type_k": cache_type_k,
        "cache_type_v": cache_type_v,
    }

    def answer() -> Fit:
        words = app, model, engine, file
        question = _question(words, named, settings or [], gpu, vision)
        asked = _fit(question, solve.value if solve else None)
        if exact or exact_program:
            asked = _exact(asked, exact_program)
        _show(asked, plot, as_json=as_json)
        return asked

    found = guard(answer, as_json=as_json)
    raise typer.Exit(_code(found))


def compare(
    apps: Annotated[
        list[str],
        typer.Argument(
            help="Apps, each as APP or APP:field=value,field=value; gpu and vision are fields too.",
            autocompletion=app_names,
        ),
    ],
    gpu: GpuOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold plans side by side: vision or three slots, this engine or that.

    Example:  chartgen compare vllmgemma426ba4bvisionone vllmgemma426ba4bvisionone:vision=off
    """
    guard(lambda: _compare(apps, gpu, plot, as_json=as_json), as_json=as_json)


def _fit(question: Question, field: str | None) -> Fit:
    from chartgen.vram.fit import fit as answer

    return answer(repository(Path.cwd()), question, _read_model, field)


def _exact(found: Fit, program: Path | None) -> Fit:
    from chartgen.vram.fit import exact

    return exact(found, program)


def _show(found: Fit, plot: Path | None, *, as_json: bool) -> None:
    from chartgen.vram.answer import fit_facts, fit_text

    _draw([found], plot)
    typer.echo(_json(fit_facts(found)) if as_json else fit_text(found))


def _compare(apps: Sequence[str], gpu: str | None, plot: Path | None, *, as_json: bool) -> None:
    from dataclasses import replace

    from chartgen.vram.compare import compare_facts, compare_text
    from chartgen.vram.fit import fit as answer
    from chartgen.vram.fit import question_of

    root = repository(Path.cwd())
    asked = [question_of(text) for text in apps]
    if gpu:
        asked = [replace(question, gpu=gpu) for question in asked]
    found = [answer(root, question, _read_model) for question in asked]
    _draw(found, plot)
    typer.echo(_json(compare_facts(found)) if as_json else compare_text(found))


def _refuse_odd(app: str | None, model: str | None, engine: str | None, file: str | None) -> None:
    """Refuses words that do not belong together, as a wrong command line."""
    if (app is None) == (model is None):
        raise typer.BadParameter("name an app, or a model with --model and --engine.")
    if app is not None and (engine or file):
        raise typer.BadParameter("--engine and --file belong to --model.")
    if model is not None and engine is None:
        raise typer.BadParameter("--model needs --engine.")


def _question(
    words: tuple[str | None, str | None, str | None, str | None],
    named: Mapping[str, str | None],
    settings: Sequence[str],
    gpu: str | None,
    vision: Switch | None,
) -> Question:
    from chartgen.spec.change import Change
    from chartgen.vram.fit import Draft, Question, change_of

    app, model, engine, file = words
    changes = [Change(field, text) for field, text in named.items() if text is not None]
    changes += [change_of(text) for text in settings]
    subject = app if app is not None else Draft(model or "", engine or "", file)
    switch = None if vision is None else vision is Switch.ON
    return Question(subject, tuple(changes), gpu, switch)


def _read_model(reference: str, file: str | None) -> ModelFacts:
    from chartgen.facts.add import read_model

    return read_model(reference, file)


def _draw(fits: Sequence[Fit], file: Path | None) -> None:
    if file:
        from chartgen.vram.plot import save_plot

        save_plot(fits, file)


def _json(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, ensure_ascii=False, indent=2)


def _code(found: Fit) -> int:
    """The exit code of a verdict: that of the error which a build would raise."""
    errors = {"does-not-fit": DoesNotFit, "unproven": Unproven}
    kind = errors.get(found.plan.verdict.value)
    return code_of(kind) if kind else 0

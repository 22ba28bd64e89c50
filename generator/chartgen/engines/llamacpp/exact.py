"""What llama.cpp's own sizing program says of an app, beside the sum.

`llama-fit-params` reads the header of a file and reserves the graphs without memory. The
header is made from the pinned facts, with every matrix in q8_0: caches, states and
buffers do not depend on how weights are packed. Weights are compared at that packing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chartgen.engines.base import Exact, ExactRow, Term
from chartgen.engines.common import weights
from chartgen.engines.llamacpp.headers import header
from chartgen.engines.llamacpp.memory import memory
from chartgen.engines.llamacpp.own_program import Planner, Said
from chartgen.engines.llamacpp.reserve import replayed
from chartgen.engines.llamacpp.settings import Settings, settings_of
from chartgen.engines.llamacpp.shape import Shape, shape_of
from chartgen.engines.llamacpp.sparse import Header
from chartgen.engines.llamacpp.weights import placement
from chartgen.errors import Fault, Faults
from chartgen.facts import Checkpoint, Device, Facts, ModelFacts
from chartgen.facts.model import Layout
from chartgen.quantities import MIB, Estimate
from chartgen.spec import App, LlamaCpp

__all__ = ["exact"]

DEVICE = re.compile(
    r"^(\S{1,64}) ([0-9]{1,9}(?:\.[0-9]{1,6})?) ([0-9.]{1,16}) ([0-9.]{1,16}) *$", re.M
)
"""One line for each device: its weights, its context and its compute buffer, in MiB."""

SIZE = r"size = {1,12}([0-9]{1,9}\.[0-9]{2}) MiB"
CACHE = re.compile(r"llama_kv_cache: " + SIZE)
STATES = re.compile(r"llama_memory_recurrent: " + SIZE)
COMPUTE = re.compile(
    r"(?:sched_reserve|llama_context|graph_reserve): {1,12}(\S{1,64}) compute buffer " + SIZE
)
OUTPUTS = re.compile(r"n_outputs_max {1,12}= ([0-9]{1,9})\b")
VERSION = re.compile(r"^version: (.{1,100})$", re.M)

LAYER = re.compile(r"blk\.([0-9]{1,4})\.")
EXPERTS = "_exps."


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the program prints, in MiB; `outputs` is None where it reserves logits for
    every token of a micro-batch, as the old era does."""

    weights: float
    context: float
    compute: float
    host_weights: float
    host_context: float
    host_compute: float
    cache: float
    states: float
    outputs: int | None


def exact(app: App, engine: LlamaCpp, facts: Facts, device: Device, planner: Planner) -> Exact:
    """Ask the program, and set its numbers beside the sum's.

    Raises `Faults` for an architecture whose header is not known here, and where the
    program refuses the model or a flag.
    """
    settings = settings_of(app, engine)
    model, checkpoint = weights(app, facts)
    shape = _known(shape_of(model), model)
    knows_sharing = "--kv-unified" in planner.says(("--help",)).text
    made = header(shape)
    said = planner.says(tuple(_flags(engine, settings, knows_sharing=knows_sharing)), made)
    sizes = _read(said, planner.name)
    ours = memory(_bare(app), engine, facts, device)
    at_q8 = placement(model, _packed(checkpoint, made, shape), settings)
    return Exact(
        program=planner.name,
        version=_version(planner.says(("--version",)).text),
        rows=(
            *_weight_rows(at_q8.gpu, at_q8.embeddings, sizes, settings, said),
            *_rows(
                ours.terms,
                ours.host,
                sizes,
                settings,
                remote=said.remote,
                replay=replayed(model, settings),
            ),
        ),
        notes=tuple(_notes(app, engine, settings, sizes, said, knows_sharing=knows_sharing)),
    )


def _bare(app: App) -> App:
    """The app without its projector, of which the program knows nothing."""
    return replace(app, models=tuple(model for model in app.models if model.role != "mmproj"))


def _known(shape: Shape, model: ModelFacts) -> Shape:
    if not shape.known:
        problem = "no header can be made for this architecture"
        remedy = "Ask without --exact; the sum and its intervals stand."
        raise Faults([Fault("exact", problem, remedy, model.architecture)])
    return shape


def _flags(engine: LlamaCpp, settings: Settings, *, knows_sharing: bool) -> Iterator[str]:
    """The app's own flags, as far as the program has them."""
    yield from ("--fit-print", "on", "--verbose")
    yield from ("--ctx-size", str(settings.n_ctx), "--parallel", str(settings.n_parallel))
    yield from ("--batch-size", str(settings.n_batch), "--ubatch-size", str(settings.n_ubatch))
    yield from ("--cache-type-k", settings.type_k, "--cache-type-v", settings.type_v)
    yield from ("--flash-attn", engine.flash_attn)
    yield from ("--n-gpu-layers", str(settings.n_gpu_layers))
    for flag, wanted in (
        ("--kv-unified", settings.kv_unified and knows_sharing),
        ("--swa-full", settings.swa_full),
        ("--no-kv-offload", not settings.kv_offload),
        ("--cpu-moe", engine.cpu_moe),
    ):
        if wanted:
            yield flag
    if engine.n_cpu_moe:
        yield from ("--n-cpu-moe", str(engine.n_cpu_moe))


def _read(said: Said, name: str) -> Sizes:
    """The devices' lines, and from its log what they do not tell apart."""
    lines = {line[1]: tuple(float(line[i]) for i in (2, 3, 4)) for line in _lines(said)}
    host = lines.pop("Host", None)
    if said.code or host is None or (said.remote and not lines):
        remedy = "Ask without --exact, or name a program that knows the model and its flags."
        raise Faults([Fault("exact", f"the program answered: {_complaint(said)}", remedy, name)])
    device = next(iter(lines.values()), (0.0, 0.0, 0.0))
    finer = {found[1].startswith("CPU"): float(found[2]) for found in COMPUTE.finditer(said.text)}
    outputs = OUTPUTS.search(said.text)
    cache, states = _sum(CACHE, said.text), _sum(STATES, said.text)
    return Sizes(
        weights=device[0],
        context=device[1],
        compute=_finer(device[2], finer.get(False)),
        host_weights=host[0],
        host_context=host[1],
        host_compute=_finer(host[2], finer.get(True)),
        cache=_finer(cache, device[1] - states),
        states=states,
        outputs=int(outputs[1]) if outputs else None,
    )


def _lines(said: Said) -> Iterable[re.Match[str]]:
    return DEVICE.finditer(said.text)


def _finer(size: float, other: float | None) -> float:
    """Of two prints of one size the one with more digits: released programs print whole
    MiB, their logs two digits, the program that is built here six."""
    if other is None or abs(size - other) >= 1:
        return size
    return size if _digits(size) > _digits(other) else other


def _digits(size: float) -> int:
    return len(f"{size:.6f}".rstrip("0").partition(".")[2])


def _sum(pattern: re.Pattern[str], text: str) -> float:
    return sum(float(found[1]) for found in pattern.finditer(text))


def _complaint(said: Said) -> str:
    """The line that says why, or the last one."""
    lines = [line.strip() for line in said.text.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "ASSERT" in line]
    return (telling or lines or [f"nothing, and left with code {said.code}"])[-1][:300]


def _version(text: str) -> str:
    found = VERSION.search(text)
    return found[1].strip() if found else "unknown"


def _rows(
    terms: Sequence[Term],
    host: Sequence[Term],
    sizes: Sizes,
    settings: Settings,
    *,
    remote: bool,
    replay: Estimate | None,
) -> Iterator[ExactRow]:
    """Caches, states and buffers. The host's buffer is apart only beside a device."""
    if settings.all_on_gpu:
        yield from _row("KV cache", terms, sizes.cache)
        yield from _row("recurrent states", terms, sizes.states)
    else:
        names = ("KV cache", "recurrent states")
        yield from _row(names[0], terms, sizes.context, *names)
    if remote:
        yield from _row("compute", terms, sizes.compute)
        if settings.all_on_gpu and replay:
            yield _compared("compute, replayed", replay, sizes.compute)
        yield from _row("host compute", host, sizes.host_compute)
    else:
        yield from _row("compute", terms, sizes.compute or sizes.host_compute)


def _row(name: str, terms: Sequence[Term], theirs: float, *also: str) -> Iterator[ExactRow]:
    found = [term.estimate for term in terms if term.name in (also or (name,))]
    if found:
        yield _compared(name, sum(found[1:], found[0]), theirs)


def _compared(name: str, ours: Estimate, theirs: float) -> ExactRow:
    return ExactRow(name, "bytes", ours.value, ours.low, ours.high, round(theirs * MIB))


def _weight_rows(
    gpu: Estimate, embeddings: Estimate, sizes: Sizes, settings: Settings, said: Said
) -> Iterator[ExactRow]:
    """Where the weights lie, at the packing of the header; without a device all on the host."""
    if said.remote:
        yield _compared("weights in q8_0", gpu, sizes.weights)
        if settings.all_on_gpu:
            yield _compared("embeddings in q8_0", embeddings, sizes.host_weights)


def _packed(checkpoint: Checkpoint, made: Header, shape: Shape) -> Checkpoint:
    """The checkpoint as if its file were the one of this header."""
    whole, experts = [0] * shape.layers, [0] * shape.layers
    outside: dict[str, int] = {}
    for tensor in made.tensors:
        layer = LAYER.match(tensor.name)
        if layer is None:
            outside[tensor.name] = tensor.size
            continue
        whole[int(layer[1])] += tensor.size
        experts[int(layer[1])] += tensor.size if EXPERTS in tensor.name else 0
    named = [outside.pop(f"{name}.weight", 0) for name in _OUTSIDE]
    layout = Layout(
        token_embedding=named[0],
        per_layer_embeddings=named[1],
        output=named[2],
        blocks=tuple(whole),
        experts=tuple(experts),
        other=sum(outside.values()),
        source="the header that was made for the program",
    )
    return checkpoint.model_copy(update={"layout": layout})


_OUTSIDE = ("token_embd", "per_layer_token_embd", "output")


def _notes(
    app: App,
    engine: LlamaCpp,
    settings: Settings,
    sizes: Sizes,
    said: Said,
    *,
    knows_sharing: bool,
) -> Iterator[str]:
    """What the program could not be told, and what it counts otherwise."""
    yield from _untold(app, engine, settings)
    if not said.remote:
        yield "no RPC server lies beside the program: its buffers are those of the host alone"
    if settings.kv_unified and not knows_sharing:
        yield "the program has no --kv-unified: it was asked for slots with separate contexts"
    if not settings.all_on_gpu:
        yield "experts, layers or caches stay with the host: the program divides its graph"
    yield from _other_build(settings, sizes)


def _untold(app: App, engine: LlamaCpp, settings: Settings) -> Iterator[str]:
    """Parts of the server that the program does not size."""
    if engine.fork is not None:
        yield f"the app runs a fork ({engine.fork}); the program may differ from it"
    if settings.drafting is not None:
        yield "speculation was left out: the program sizes one context, without states to go back"
    if app.model("mmproj") is not None:
        yield "the projector was left out: the program sizes the language model alone"
    if engine.extra_args:
        yield "the flags in extra_args were left out"


def _other_build(settings: Settings, sizes: Sizes) -> Iterator[str]:
    """Where the program counts as builds of another era, or as another program, do."""
    era = "old" if sizes.outputs is None else "new"
    if settings.era not in (None, era):
        yield f"the program is of the {era} era, the app's build of the {settings.era} one"
    if sizes.outputs is not None and sizes.outputs != settings.outputs:
        yield (
            f"the program reserves logits for {sizes.outputs} outputs, "
            f"the server for {settings.outputs}"
        )

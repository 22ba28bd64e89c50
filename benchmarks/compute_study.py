"""How llama.cpp's graphs take room: recorded from its own allocator, and checked.

    python -m benchmarks.compute_study record --old PROGRAM --new PROGRAM
    python -m benchmarks.compute_study check --old PROGRAM --new PROGRAM [--models FILE...]

Both take `llama-fit-params` of a May 2026 and of an October 2026 build, the second from
`make fit-params`, the first made alike (llama-cpp-python 0.3.23). `record` asks them about
synthetic models, of which no two widths are alike, and writes `graphs.txt`: what is given
room and what loses it, in order, each size by the name of what it is made of. `check` asks
about other widths and prints how far the replay, and the straight lines that a plan
charges, are from what the programs reserve; with `--out` the rows become a table.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.accuracy.models import read_models
from chartgen.engines.llamacpp.compute import GRAPHS, Question, form, sizes_of
from chartgen.engines.llamacpp.headers import header
from chartgen.engines.llamacpp.own_program import Installed
from chartgen.engines.llamacpp.reserve import buffers, replayed
from chartgen.engines.llamacpp.settings import Era, Settings, padded
from chartgen.engines.llamacpp.shape import MIXERS, Latent, Mixture, Shape, State, shape_of
from chartgen.quantities import MIB

TRACE = re.compile(r"^([AFR]) (\S+)(?: [0-9]+ ([0-9]+) ([0-9]+))?", re.M)
"""An allocator was reset, gave room (place, size) or took it back."""

SIZES = re.compile(r"^RPC0 (\S+) (\S+) (\S+)", re.M)
MODELS = Path(__file__).parent / "accuracy" / "data" / "models.json"
UBATCH, CELLS, SLOTS = 480, 23_040, 3
SHORTEST = 12
"""Steps of a part that is worth looking for."""

PLAIN = Shape(
    arch="llama",
    known=True,
    embd=1312,
    ff=3424,
    wide=3424,
    vocab=50_080,
    layers=6,
    heads=21,
    head=128,
    kv_heads=7,
    window=0,
    swa_head=0,
    swa_kv_heads=0,
    attending=6,
    period=1,
    owners=6,
    tied=False,
    mixture=None,
    state=None,
    latent=None,
    per_layer=0,
    context=262_144,
)
EXPERTS = Mixture(count=22, used=6, width=544, shared=0, dense=0)
SHARING = replace(EXPERTS, shared=608)


def shapes() -> Iterator[tuple[Shape, int]]:
    """One synthetic model for each form of a graph, and the layers after which it repeats;
    0 where it is recorded as a whole."""
    for arch in ("llama", "qwen3"):
        yield replace(PLAIN, arch=arch), 1
    yield replace(PLAIN, arch="qwen2", embd=2688), 1
    yield replace(PLAIN, arch="qwen3moe", mixture=EXPERTS), 1
    window = replace(PLAIN, window=1024, swa_head=128, swa_kv_heads=7)
    pairs = replace(window, arch="gpt-oss", head=64, swa_head=64, window=256)
    yield replace(pairs, attending=3, period=2, mixture=EXPERTS), 1
    sixes = replace(window, arch="gemma3", tied=True, attending=3, period=6)
    yield replace(sixes, layers=18, owners=18), 1
    wide = replace(sixes, arch="gemma4", heads=28, head=512, kv_heads=2, swa_head=256)
    wide = replace(wide, layers=24, owners=24, attending=4)
    yield wide, 6
    yield replace(wide, mixture=EXPERTS), 6
    small = replace(wide, heads=6, swa_kv_heads=3, window=768, per_layer=192, wide=5152)
    yield replace(small, layers=42, owners=24), 0
    yield replace(small, layers=35, owners=15, period=5, attending=3), 0
    yield from _hybrids()
    yield from _latents()


def _hybrids() -> Iterator[tuple[Shape, int]]:
    net = State(mamba=False, layers=12, conv=4, inner=26 * 128, state=128, groups=13, heads=26)
    fours = replace(PLAIN, layers=16, owners=16, head=256, attending=4, period=4, state=net)
    yield replace(fours, arch="qwen35"), 4
    yield replace(fours, arch="qwen35moe", mixture=SHARING), 4
    yield replace(fours, arch="qwen3next", mixture=SHARING), 4
    for arch, mixers, mixture in (
        ("nemotron_h", MIXERS[0], None),
        ("nemotron_h_moe", MIXERS[1], SHARING),
    ):
        states = mixers.count("M")
        mamba = State(True, states, conv=4, inner=26 * 64, state=128, groups=8, heads=26)
        yield (
            replace(
                PLAIN,
                arch=arch,
                layers=len(mixers),
                owners=len(mixers),
                attending=mixers.count("*"),
                heads=14,
                kv_heads=2,
                state=mamba,
                mixture=mixture,
            ),
            0,
        )


def _latents() -> Iterator[tuple[Shape, int]]:
    latent = Latent(rank=448, rope=64, query=736, nope=96, value=224)
    mixture = replace(EXPERTS, shared=1088, dense=1)
    full = replace(PLAIN, arch="deepseek2", head=512, kv_heads=1, latent=latent, mixture=mixture)
    yield replace(full, layers=7, owners=7, attending=7), 1
    bare = replace(full, latent=replace(latent, query=0))
    yield replace(bare, layers=27, owners=27, attending=27), 1


def kinds(shape: Shape) -> Iterator[tuple[str, bool, bool]]:
    """The graphs of a model: their name, whether heads are turned, whether attention is flash
    attention. A latent is never turned, and without flash attention not recorded."""
    yield "plain", False, True
    if not shape.latent:
        yield "turned", True, True
        yield "scores", False, False


@dataclass(frozen=True, slots=True)
class Graph:
    """One recorded graph, its steps in parts that stand there so many times in a row."""

    era: Era
    kind: str
    layers: int
    period: int
    parts: tuple[tuple[int, tuple[str, ...]], ...]

    def text(self, forms: list[str]) -> str:
        """The block of `graphs.txt`; the part that grows with the layers has a plus."""
        saved = [(times - 1) * len(steps) for times, steps in self.parts]
        grows = saved.index(max(saved)) if self.period and max(saved) else None
        head = f"{','.join(forms)} {self.era} {self.kind} {self.layers} {self.period or 1}"
        lines = (
            f"{'+' if index == grows else ''}{times} {' '.join(steps)}"
            for index, (times, steps) in enumerate(self.parts)
        )
        return "\n".join([head, *lines]) + "\n"


def record(programs: Mapping[Era, Installed]) -> str:
    """All graphs; forms whose graphs are alike share one."""
    os.environ["GGML_TRACE_ALLOC"] = "1"
    found: dict[Graph, list[str]] = {}
    for shape, period in shapes():
        for era, program in programs.items():
            for kind, turned, flash in kinds(shape):
                steps = _steps(program, shape, _question(shape, era, turned=turned, flash=flash))
                parts = tuple(parts_of(tuple(steps)))
                graph = Graph(era, kind, shape.layers, period, parts)
                found.setdefault(graph, []).append(form(shape))
    return "\n".join(graph.text(forms) for graph, forms in found.items())


def _question(shape: Shape, era: Era, *, turned: bool, flash: bool) -> Question:
    sliding = padded(shape.window + UBATCH) if shape.window else None
    return Question(era, turned, flash, UBATCH, SLOTS, SLOTS, sliding)


def _steps(program: Installed, shape: Shape, asked: Question) -> Iterator[str]:
    """The steps of the largest graph that the program reserves on its device."""
    kind = "q8_0" if asked.turned else "f16"
    said = program.says(
        (
            *("--fit-print", "on", "--ctx-size", str(CELLS * SLOTS), "--parallel", str(SLOTS)),
            *("--ubatch-size", str(UBATCH), "--cache-type-k", kind, "--cache-type-v", kind),
            *("--flash-attn", "on" if asked.flash else "off", "--n-gpu-layers", "999"),
        ),
        header(shape),
    )
    names = _names(shape, asked)
    live: list[list[int]] = []
    events = max(_graphs(said.text), key=_peak, default=[])
    if not events:
        raise LookupError(f"no trace of {form(shape)}: {said.text[-400:]}")
    for what, place, size in events:
        if what == "A":
            live.append([place, size])
            yield _named(size, names)
        elif [place, size] in live:
            age = live[::-1].index([place, size]) + 1
            del live[-age]
            yield f"-{age}"
        else:
            (cut,) = (block for block in live if block[0] < place < sum(block))
            cut[1] = place - cut[0]
            yield f"-{len(live) - live.index(cut)}={_named(cut[1], names)}"


Event = tuple[str, int, int]


def _graphs(text: str) -> list[list[Event]]:
    """The events of each graph, from one reset of an allocator to its next."""
    found: list[list[Event]] = []
    current: dict[str, list[Event]] = {}
    for line in TRACE.finditer(text):
        if line[1] == "R":
            current[line[2]] = []
            found.append(current[line[2]])
        elif line[2] in current:
            current[line[2]].append((line[1], int(line[3]), int(line[4])))
    return found


def _peak(events: list[Event]) -> int:
    return max((place + size for _, place, size in events), default=0)


def _names(shape: Shape, asked: Question) -> dict[int, str]:
    """Names by size; of two names for one size the first."""
    names: dict[int, str] = {}
    for name, (fixed, slope) in sizes_of(shape, asked):
        names.setdefault(fixed + slope * CELLS, name)
    return names


def _named(size: int, names: Mapping[int, str]) -> str:
    """The largest size that fits into a block, which is up to 31 bytes larger."""
    if not size:
        return "nil"
    fitting = [known for known in names if 0 <= size - known < 32]
    if not fitting:
        raise LookupError(f"no width explains {size} bytes, {size / UBATCH / 4:g} floats a token")
    return names[max(fitting)]


def parts_of(steps: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The steps as parts that repeat, the one that saves most first, then what is left."""
    best, saved = None, 0
    for length in range(SHORTEST, len(steps) // 2 + 1):
        for start, times in _runs(steps, length):
            if (times - 1) * length > saved:
                best, saved = (start, length, times), (times - 1) * length
    if best is None:
        if steps:
            yield 1, steps
        return
    start, length, times = best
    yield from parts_of(steps[:start])
    yield times, steps[start : start + length]
    yield from parts_of(steps[start + length * times :])


def _runs(steps: tuple[str, ...], length: int) -> Iterator[tuple[int, int]]:
    """Where steps repeat after `length`, and how many times they then stand there."""
    start = 0
    while start < len(steps) - length:
        end = start
        while end < len(steps) - length and steps[end] == steps[end + length]:
            end += 1
        times = (end - start) // length + 1
        if times > 1:
            yield start, times
        start = max(end, start + 1)


@dataclass(frozen=True, slots=True)
class Row:
    """One size as a program reserves it, as it is replayed, and as a plan charges it."""

    model: str
    family: str
    era: Era
    context: int
    ubatch: int
    slots: int
    unified: bool
    kind: str
    reserved: int
    replayed: int
    charged: int
    host: int
    host_planned: int


def check(programs: Mapping[Era, Installed], models: list[Path]) -> Iterator[Row]:
    """Rows for every model whose architecture is known, on a grid of settings."""
    os.environ.pop("GGML_TRACE_ALLOC", None)
    known = read_models(models).by_name.values()
    for model in {id(one): one for one in known}.values():
        shape = shape_of(model.facts)
        if not shape.known:
            continue
        for era, program in programs.items():
            for settings in grid(era):
                sizes = _asked(program, shape, settings)
                found = buffers(model.facts, settings)
                one = replayed(model.facts, settings)
                yield Row(
                    model.name,
                    shape.arch,
                    era,
                    settings.n_ctx,
                    settings.n_ubatch,
                    settings.n_parallel,
                    settings.kv_unified,
                    settings.type_k,
                    sizes[0],
                    one.value if one else 0,
                    found.charged.value,
                    sizes[1],
                    found.host.value,
                )


def grid(era: Era) -> Iterator[Settings]:
    """Contexts, micro-batches, cache types and slots, as far apart as servers have them."""
    plain = Settings(n_ctx=32_768, n_batch=1 << 20, type_k="q8_0", type_v="q8_0", era=era)
    for context in (4096, 8192, 16_384, 24_576, 32_768, 65_536, 98_304, 131_072, 262_144):
        yield replace(plain, n_ctx=context)
        yield replace(plain, n_ctx=context, type_k="f16", type_v="f16")
    for ubatch in (128, 256, 1024, 2048):
        yield replace(plain, n_ubatch=ubatch)
        yield replace(plain, n_ubatch=ubatch, n_ctx=131_072)
    for slots in (2, 3, 4):
        for unified in (False, True):
            yield replace(plain, n_ctx=65_536, n_parallel=slots, kv_unified=unified)


def _asked(program: Installed, shape: Shape, settings: Settings) -> tuple[int, int]:
    """The compute buffers of the device and of the host."""
    said = program.says(
        (
            *("--fit-print", "on", "--ctx-size", str(settings.n_ctx)),
            *("--parallel", str(settings.n_parallel), "--batch-size", "4096"),
            *("--ubatch-size", str(settings.n_ubatch)),
            *("--cache-type-k", settings.type_k, "--cache-type-v", settings.type_v),
            *("--flash-attn", "on", "--n-gpu-layers", "999"),
            *(["--kv-unified"] if settings.kv_unified else []),
        ),
        header(shape),
    )
    device, host = SIZES.search(said.text), re.search(r"^Host \S+ \S+ (\S+)", said.text, re.M)
    if device is None or host is None:
        raise LookupError(said.text[-400:])
    return round(float(device[3]) * MIB), round(float(host[1]) * MIB)


def _summary(rows: list[Row]) -> Iterator[str]:
    """Errors of the replay and of the lines, by era and by family."""
    for era in ("old", "new"):
        for family in sorted({row.family for row in rows}):
            of = [row for row in rows if (row.era, row.family) == (era, family)]
            lines = sorted(100 * (row.charged / row.reserved - 1) for row in of)
            replays = sorted(abs(100 * (row.replayed / row.reserved - 1)) for row in of)
            host = max(abs(100 * (row.host_planned / row.host - 1)) for row in of)
            yield (
                f"{era} {family:15} {len(of):4} rows  replay: at most {replays[-1]:.3f} %  "
                f"lines: {lines[0]:+.1f} to {lines[-1]:+.1f} %, median {lines[len(of) // 2]:+.2f}  "
                f"host: at most {host:.3f} %"
            )


def main() -> None:
    """Record or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("record", "check"))
    parser.add_argument("--old", type=Path, required=True)
    parser.add_argument("--new", type=Path, required=True)
    parser.add_argument("--models", type=Path, nargs="+", default=[MODELS])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    programs: dict[Era, Installed] = {"old": Installed(given.old), "new": Installed(given.new)}
    if given.what == "record":
        (given.out or GRAPHS).write_text(record(programs), encoding="utf-8")
        return
    rows = list(check(programs, given.models))
    print("\n".join(_summary(rows)))
    if given.out:
        with given.out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(Row.__slots__)
            writer.writerows([getattr(row, name) for name in Row.__slots__] for row in rows)


if __name__ == "__main__":
    main()

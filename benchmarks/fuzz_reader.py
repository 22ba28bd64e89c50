"""One reader under the fuzzer, in a process of its own: `python -m benchmarks.fuzz_headers`."""

from __future__ import annotations

import json
import resource
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["chartgen"]):
    from chartgen.errors import Faults
    from chartgen.facts.headers.safetensors import read_index, read_safetensors
    from chartgen.facts.read_config import read_config_model
    from chartgen.facts.read_gguf import read_gguf_model
    from chartgen.facts.sources import MemorySource, SourceFile

from tests.facts import samples

LONGEST = 1 << 14
"""Bytes of an input at most."""
TELL = 1000
"""Inputs between two writings of the figures."""


@dataclass
class Figures:
    """What a reader did so far; times in seconds, memory in KiB."""

    reader: str
    inputs: int = 0
    accepted: int = 0
    slowest: float = 0.0
    slowest_bytes: int = 0
    seconds: float = 0.0
    peak_kib: int = 0
    crashes: dict[str, str] = field(default_factory=dict)


def _gguf(data: bytes) -> None:
    read_gguf_model(MemorySource({"m.gguf": data}), "m.gguf", None)


def _safetensors(data: bytes) -> None:
    read_safetensors(SourceFile(MemorySource({"m.safetensors": data}), "m.safetensors"))


def _index(data: bytes) -> None:
    read_index(data, "index")


def _config(data: bytes) -> None:
    read_config_model(MemorySource({"config.json": data}), None)


READERS: Mapping[str, Callable[[bytes], None]] = {
    "gguf": _gguf,
    "safetensors": _safetensors,
    "index": _index,
    "config": _config,
}


def fuzz(reader: str, inputs: int, out: Path) -> None:
    """Runs one reader until it had its inputs; the process ends with it."""
    corpus = out / "corpus" / reader
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in samples.seeds(reader):
        (corpus / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    read, figures, begin = READERS[reader], Figures(reader), time.monotonic()

    def one(data: bytes) -> None:
        _time(read, data, figures, out)
        if figures.inputs % TELL == 0 or figures.inputs >= inputs:
            _tell(figures, begin, out)

    options = [f"-runs={inputs}", f"-max_len={LONGEST}", "-rss_limit_mb=2048", "-timeout=20"]
    atheris.Setup([sys.argv[0], *options, "-verbosity=0", str(corpus)], one)
    atheris.Fuzz()


def _time(read: Callable[[bytes], None], data: bytes, figures: Figures, out: Path) -> None:
    start = time.perf_counter()
    try:
        read(data)
        figures.accepted += 1
    except Faults:
        pass
    except Exception:  # noqa: BLE001 - this is what a fuzzer looks for
        _keep(figures, data, out)
    took = time.perf_counter() - start
    if took > figures.slowest:
        figures.slowest, figures.slowest_bytes = took, len(data)
        (out / f"slowest-{figures.reader}").write_bytes(data)
    figures.inputs += 1


def _keep(figures: Figures, data: bytes, out: Path) -> None:
    told = traceback.format_exc()
    places = [line for line in told.splitlines() if line.lstrip().startswith("File ")]
    name = sha256("\n".join(places).encode()).hexdigest()[:12]
    if name not in figures.crashes:
        figures.crashes[name] = told[-2000:]
        (out / "crashes").mkdir(exist_ok=True)
        (out / "crashes" / f"{figures.reader}-{name}").write_bytes(data)


def _tell(figures: Figures, begin: float, out: Path) -> None:
    figures.seconds = time.monotonic() - begin
    figures.peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (out / f"{figures.reader}.json").write_text(json.dumps(asdict(figures), indent=2))


if __name__ == "__main__":
    fuzz(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))

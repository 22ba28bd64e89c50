"""Questions to vLLM's own planner with the answers that it gave, and a planner made of them.

`python -m tests.vram.exact_vllm PYTHON` asks an installed vLLM again and writes the file;
that Python needs vllm and torch, and no GPU.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.accuracy.models import read_models
from benchmarks.accuracy.overhead import DATA as TABLES
from chartgen.engines import engine_named
from chartgen.engines.base import Exact
from chartgen.engines.vllm import vllm
from chartgen.engines.vllm.exact import exact
from chartgen.engines.vllm.installed import Installed
from chartgen.facts import Checkpoint, Facts, Measure
from chartgen.quantities import GIB
from chartgen.spec import App
from chartgen.spec.change import Change, changed
from tests.repository import PROJECT, VLLM, Repository

FILE = Path(__file__).parent / "data" / "exact-vllm.json"
HERE = Repository(PROJECT)

FLAGSHIP = {
    "refused": "kv_cache_memory_bytes=3000000000",
    "half": "max_model_len=65536,kv_cache_memory_bytes=3000000000",
    "no groups": "disable_hybrid_kv_cache_manager=true,kv_cache_memory_bytes=16000000000",
    "turboquant": "kv_cache_dtype=turboquant_k8v4,kv_cache_memory_bytes=5000000000",
}
"""The app of the project under changed fields."""

OTHERS = {
    "qwen3.6-27b": "kv_cache_dtype=fp8,max_num_seqs=16",
    "nemotron-3-nano-30b-a3b": "max_num_seqs=8",
    "glm-4.7-flash": "max_model_len=65536",
    "gpt-oss-20b": "",
    "gemma-3-12b": "max_model_len=32768,kv_cache_dtype=fp8",
    "qwen3.5-9b": "disable_hybrid_kv_cache_manager=true,max_model_len=8192",
}
"""Models of other kinds under an engine's defaults and changed fields: states, latents,
windows. Each is given the same bytes for its cache, so that no question depends on the
formulas of the overhead."""


@dataclass
class Recorded:
    """Answers by question; a question that was never asked is an error."""

    said: str
    known: dict[str, dict[str, object]] = field(default_factory=dict)
    name: str = "recorded"

    def version(self) -> str:
        """The version that answered."""
        return self.said

    def answers(self, cases: Sequence[dict[str, object]]) -> Sequence[dict[str, object]]:
        """What was answered to these very questions."""
        return [self.known[json.dumps(case)] for case in cases]


@dataclass
class Recorder:
    """An installed vLLM whose answers are kept."""

    asked: Installed
    known: dict[str, dict[str, object]] = field(default_factory=dict)
    name: str = "recorder"

    def version(self) -> str:
        """The installed version."""
        return self.asked.version()

    def answers(self, cases: Sequence[dict[str, object]]) -> Sequence[dict[str, object]]:
        """The installed planner's answers."""
        found = self.asked.answers(cases)
        self.known |= {json.dumps(case): one for case, one in zip(cases, found, strict=True)}
        return found


def recorded() -> Recorded:
    """The planner in memory."""
    held = json.loads(FILE.read_text("utf-8"))
    known = {json.dumps(one["case"]): one["answer"] for one in held["answers"]}
    return Recorded(held["version"], known)


def subjects() -> dict[str, tuple[App, Facts]]:
    """All apps that were asked about, by name."""
    facts = HERE.facts()
    own = {name: (with_fields(HERE.app(VLLM), text), facts) for name, text in FLAGSHIP.items()}
    return own | {name: unwritten(name, text, facts) for name, text in OTHERS.items()}


def with_fields(app: App, text: str) -> App:
    """The app with `field=value,field=value`."""
    parts = [part.partition("=") for part in filter(None, text.split(","))]
    found, faults = changed(app, [Change(name, value) for name, _, value in parts])
    assert not faults
    return found


def unwritten(name: str, text: str, facts: Facts) -> tuple[App, Facts]:
    """A model of the study's table as an app on the project's device; its weights are made
    small, since they are not what is asked about."""
    known = read_models([TABLES / "models.json"]).find(name)
    assert known
    size = Measure(value=8 * GIB, low=8 * GIB, high=8 * GIB, source="chosen for a test")
    checkpoint = Checkpoint(
        repo=f"example/{name}",
        part="weights",
        quantization="none named",
        on_disk=size,
        on_gpu=size,
    )
    model = known.facts.model_copy(update={"checkpoints": (checkpoint,)})
    app = engine_named("vllm").blank(model, checkpoint)
    assert app
    app = with_fields(app, ",".join(filter(None, (text, "kv_cache_memory_bytes=12000000000"))))
    return app, replace(facts, models=(model,), runs=())


def ask(app: App, facts: Facts, planner: Recorded | Recorder) -> Exact:
    """What the planner says of one app."""
    return exact(app, vllm(app), facts, facts.devices[app.device], planner)


def main() -> None:
    """Ask an installed vLLM all questions and write its answers."""
    recorder = Recorder(Installed(Path(sys.argv[1])))
    for app, facts in subjects().values():
        ask(app, facts, recorder)
    answers = [{"case": json.loads(one), "answer": said} for one, said in recorder.known.items()]
    held = {"version": recorder.version(), "answers": answers}
    FILE.write_text(json.dumps(held, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

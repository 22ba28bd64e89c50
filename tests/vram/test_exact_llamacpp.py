"""What llama.cpp's own sizing program says, from answers that it gave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chartgen.engines import Exact, ExactRow
from chartgen.engines.llamacpp import LlamaCppEngine
from chartgen.engines.llamacpp.exact import exact
from chartgen.engines.llamacpp.headers import header
from chartgen.engines.llamacpp.own_program import Installed, Recorded, Said, installed
from chartgen.engines.llamacpp.shape import shape_of
from chartgen.errors import Faults
from chartgen.facts import Facts
from chartgen.quantities import MIB
from chartgen.spec import App, EnvVar, LlamaCpp, LlamaSpeculation
from tests.vram.deployments import llamacpp
from tests.vram.published import knowing, published, serving, with_file

DATA = Path(__file__).parent / "data"
MAY, OCTOBER = "2026-05", "2026-10"
VERSIONS = {
    MAY: "version: 1 (7d442ab)\nbuilt with GNU 12.2.0 for Linux x86_64\n",
    OCTOBER: "version: 0.5.0-dev (build 1, commit 0c1e570)\n",
}
HELP = "-kvu,  --kv-unified, -no-kvu, --no-kv-unified\n"


def recorded(model: str, build: str, *, remote: bool = True, help_text: str = HELP) -> Recorded:
    """What the program of one build said of one model, without the lines that nobody reads."""
    text = (DATA / f"fit-params-{model}-{build}.txt").read_text(encoding="utf-8")
    return Recorded(
        {
            "--help": Said(help_text),
            "--version": Said(VERSIONS[build]),
            "--fit-print": Said(text, remote=remote),
        }
    )


def asked(app: App, facts: Facts, planner: Recorded | Installed) -> Exact:
    assert isinstance(app.engine, LlamaCpp)
    return exact(app, app.engine, facts, facts.devices[app.device], planner)


def row(found: Exact, name: str) -> ExactRow:
    (one,) = (row for row in found.rows if row.name == name)
    return one


def differs(one: ExactRow) -> float:
    """In MiB."""
    return abs(one.ours - one.theirs) / MIB


@pytest.fixture(scope="module")
def hybrid(llama: App, facts: Facts) -> tuple[App, Facts]:
    """A model with recurrent layers, on the default slots of a server of October."""
    model = with_file(published("qwen3.5-4b"), 5 << 30)
    app = serving(llama, lambda engine: replace(engine, fork=None), model)
    app = llamacpp(
        app,
        lambda engine: replace(
            engine,
            image=replace(engine.image, engine_version="b10809"),
            ctx_size=65_536,
            parallel=None,
            cache_type_k="q8_0",
            cache_type_v="q8_0",
        ),
    )
    return app, knowing(facts, model)


@pytest.mark.parametrize("build", [MAY, OCTOBER])
def test_the_app_beside_a_program_of_either_era(llama: App, facts: Facts, build: str) -> None:
    found = asked(llama, facts, recorded("gemma", build))
    for name in ("weights in q8_0", "embeddings in q8_0", "KV cache"):
        assert differs(row(found, name)) < 0.001
    for name in ("compute", "compute, replayed", "host compute"):
        one = row(found, name)
        assert one.low <= one.theirs <= one.high
    assert found.version in VERSIONS[build]
    assert {one.unit for one in found.rows} == {"bytes"}


def test_every_row_of_a_hybrid_of_a_known_build(hybrid: tuple[App, Facts]) -> None:
    found = asked(*hybrid, recorded("qwen3.5-4b", OCTOBER))
    assert differs(row(found, "recurrent states")) < 0.005
    assert differs(row(found, "KV cache")) < 0.005
    assert differs(row(found, "compute, replayed")) < 0.01
    assert differs(row(found, "host compute")) < 0.1
    assert found.notes == ()


def test_a_program_of_another_era_is_told_apart(hybrid: tuple[App, Facts]) -> None:
    found = asked(*hybrid, recorded("qwen3.5-4b", MAY))
    assert "the program is of the old era, the app's build of the new one" in found.notes
    one = row(found, "compute, replayed")
    assert one.theirs / MIB == pytest.approx(490, abs=0.01)
    assert one.theirs > one.high


def test_the_flags_are_the_app_s_own(hybrid: tuple[App, Facts]) -> None:
    app, facts = hybrid
    planner = recorded("qwen3.5-4b", OCTOBER)
    asked(llamacpp(app, lambda engine: replace(engine, n_ubatch=1024)), facts, planner)
    flags = " ".join(next(flags for flags in planner.asked if "--fit-print" in flags))
    for words in (
        "--ctx-size 65536",
        "--parallel 4",
        "--kv-unified",
        "--ubatch-size 1024",
        "--cache-type-k q8_0",
        "--n-gpu-layers 99",
    ):
        assert words in flags


def test_what_the_program_cannot_be_told_is_said(hybrid: tuple[App, Facts]) -> None:
    app, facts = hybrid
    drafting = llamacpp(
        app,
        lambda engine: replace(
            engine,
            speculation=LlamaSpeculation(spec_type="draft-mtp", n_max=2),
            extra_args=("--no-warmup",),
            n_cpu_moe=2,
            env=(EnvVar("A", "b"),),
        ),
    )
    planner = recorded("qwen3.5-4b", OCTOBER, remote=False, help_text="-np, --parallel N\n")
    notes = " ".join(asked(drafting, facts, planner).notes)
    for words in (
        "no --kv-unified",
        "speculation was left out",
        "extra_args",
        "no RPC server",
        "divides its graph",
        "4 outputs, the server for 12",
    ):
        assert words in notes
    assert "--kv-unified" not in next(flags for flags in planner.asked if "--fit-print" in flags)


def test_the_projector_and_the_fork_are_left_out(llama: App, facts: Facts) -> None:
    notes = " ".join(asked(llama, facts, recorded("gemma", OCTOBER)).notes)
    assert "projector was left out" in notes
    assert "fork (atomic)" in notes


def test_a_refusal_is_a_fault_in_the_program_s_words(llama: App, facts: Facts) -> None:
    words = 'error while handling argument "--cache-type-k": Unsupported cache type: turbo3'
    refusing = Recorded({"--help": Said(HELP), "--fit-print": Said(f"{words}\n\nusage:\n", 1)})
    with pytest.raises(Faults, match="Unsupported cache type: turbo3"):
        asked(llama, facts, refusing)


def test_an_architecture_without_a_header_is_refused_by_name(llama: App, facts: Facts) -> None:
    strange = published("llama-3.1-8b").model_copy(update={"architecture": "Mamba1ForCausalLM"})
    model = with_file(strange, 5 << 30)
    app = serving(llama, lambda engine: engine, model)
    with pytest.raises(Faults, match="Mamba1ForCausalLM"):
        asked(app, knowing(facts, model), Recorded({}))


def test_a_program_that_is_not_there(llama: App, facts: Facts, tmp_path: Path) -> None:
    device = facts.devices[llama.device]
    with pytest.raises(Faults, match="make fit-params"):
        LlamaCppEngine().exact(llama, facts, device, tmp_path / "llama-fit-params")


def script(folder: Path, name: str, text: str) -> Path:
    """A program for the shell."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_header_is_a_file_of_holes_that_goes_away(tmp_path: Path) -> None:
    made = header(shape_of(published("llama-3.1-8b")))
    say = 'while [ "$1" != --model ]; do shift; done; echo "$2"; stat -c "%s %b" "$2"; exit 3'
    said = installed(script(tmp_path, "llama-fit-params", say)).says(("--verbose",), made)
    path, *sizes = said.text.split()
    length, blocks = map(int, sizes)
    assert (said.code, said.remote) == (3, False)
    assert length > 8e9
    assert blocks * 512 < MIB
    assert not Path(path).exists()


def test_a_server_that_ends_at_once_leaves_the_host(tmp_path: Path) -> None:
    script(tmp_path, "ggml-rpc-server", "exit 1")
    program = script(tmp_path, "llama-fit-params", 'echo "$@"')
    said = installed(program).says((), header(shape_of(published("qwen3-8b"))))
    assert (said.remote, "--rpc" in said.text) == (False, False)


def test_a_log_of_its_own_pace_does_not_break_the_answer(tmp_path: Path) -> None:
    say = "printf 'half a line ' >&2; echo 'Host 1.0 2.0 3.0'; echo 'and its end' >&2"
    said = installed(script(tmp_path, "llama-fit-params", say)).says(())
    assert "Host 1.0 2.0 3.0" in said.text.splitlines()
    assert "half a line and its end" in said.text


def test_a_file_that_is_no_program_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "llama-fit-params"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    with pytest.raises(Faults, match="does not start"):
        installed(path).says(("--version",))

"""A log becomes a record: of the right deployment, once, and never against the spec."""

from __future__ import annotations

import json
import os
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from chartgen.errors import Fault, Faults
from chartgen.facts import Facts, Run
from chartgen.release.calibrate import read_ends
from chartgen.spec import App, LlamaCpp, LlamaSpeculation, Unknown, Vllm
from chartgen.spec.llamacpp import CacheType
from chartgen.vram import plan
from chartgen.vram.calibrate import About, calibrate
from tests.repository import LLAMACPP, Repository
from tests.vram.deployments import LlamaChange, llamacpp, version, vllm
from tests.vram.logs import FOLDER, MIB, TINY, TODAY, raw, tiny

ABOUT = About(measured_by="the tests", today=TODAY)
OOM = "llamacpp-2025-10-rocm-oom.log"
EVIDENCE = "evidence/gemma-4-26b-a4b.toml"


@pytest.fixture
def app(repository: Repository) -> App:
    """The app that the log `TINY` is of."""
    return tiny(repository)


@pytest.fixture
def here(repository: Repository, app: App) -> Facts:
    """The facts of the repository that has the app."""
    assert app.model("weights")
    return repository.facts()


def introduced(app: App, *names: str) -> bytes:
    """Logs after the line in which a server introduces itself, with the app's own values."""
    weights, engine = app.model("weights"), app.engine
    assert weights
    assert isinstance(engine, Vllm)
    line = raw("vllm-0.8-config.log").splitlines()[0].decode()
    for old, new in (
        ("Qwen/Qwen3-14B", weights.repo),
        ("v0.8.5.post1", f"v{engine.image.engine_version}"),
        ("max_seq_len=4096", f"max_seq_len={engine.max_model_len}"),
        ("kv_cache_dtype=auto", f"kv_cache_dtype={engine.kv_cache_dtype}"),
    ):
        line = line.replace(old, new)
    return line.encode() + b"\n" + raw(*names)


def faults(app: App, facts: Facts, *names: str) -> tuple[Fault, ...]:
    """Why logs give no record of an app."""
    with pytest.raises(Faults) as refused:
        calibrate(app, facts, raw(*names), ABOUT)
    return refused.value.faults


def test_a_log_that_served_becomes_a_record_of_the_deployment(app: App, here: Facts) -> None:
    found = calibrate(app, here, raw(TINY), ABOUT)
    run = found.run
    assert (run.outcome, run.engine_version, run.measured_by) == ("served", "b9101", "the tests")
    assert "all slots are idle" in run.said
    assert found.speaks_for
    assert found.model == "gemma-4-26b-a4b"
    assert {one.quantity: one.value for one in run.readings}["kv_cache"] == 4.5 * MIB
    assert plan(app, replace(here, runs=(run,))).measured


def test_measured_stands_beside_predicted(app: App, here: Facts) -> None:
    rows = {row.name: row for row in calibrate(app, here, raw(TINY), ABOUT).rows}
    weights = rows["weights"]
    assert weights.measured is not None
    assert weights.predicted is not None
    assert weights.measured.value == pytest.approx(9.32 * MIB, abs=1)
    assert weights.inside is False  # the facts are of 16 GB, the log of four small layers
    assert rows["CUDA context"].measured is None
    assert rows["card total"].predicted is None


def test_what_the_spec_alone_gives_is_named(app: App, here: Facts) -> None:
    found = calibrate(app, here, raw(TINY), ABOUT)
    assert found.assumed == ()
    assert found.run.uncertain == "the log does not name the engine's version; the day of the run"
    file = "Qwen3.6-27B-Q4_K_M.gguf"
    log = raw("llamacpp-2026-07-quiet.log")
    quiet = calibrate(quiet_app(app, file), with_file(here, file), log, ABOUT)
    assert "engine.cache_type_k/v" in quiet.assumed
    assert quiet.run.uncertain is not None
    assert "engine.cache_type_k/v" in quiet.run.uncertain
    assert "-lv 4" in quiet.run.uncertain


def quiet_app(app: App, file: str) -> App:
    """The app that the log without buffers is of, as far as it tells."""
    speculation = LlamaSpeculation(spec_type="draft-mtp", n_max=3)
    changed = llamacpp(app, lambda one: replace(one, ctx_size=65536, speculation=speculation))
    (weights,) = changed.models
    return replace(changed, models=(replace(weights, file=file),))


def kind(name: CacheType) -> LlamaChange:
    return lambda engine: replace(engine, cache_type_k=name, cache_type_v=name)


DIFFERENT: dict[str, LlamaChange] = {
    "engine.ctx_size": lambda engine: replace(engine, ctx_size=16384),
    "engine.parallel": lambda engine: replace(engine, parallel=2),
    "engine.n_ubatch": lambda engine: replace(engine, n_ubatch=1024),
    "engine.cache_type_k/v": kind("q8_0"),
    "engine.flash_attn": lambda engine: replace(engine, flash_attn="off"),
}


@pytest.mark.parametrize("field", DIFFERENT)
def test_a_difference_is_refused_by_its_name(field: str, app: App, here: Facts) -> None:
    changed = llamacpp(app, DIFFERENT[field])
    found = faults(changed, here, TINY)
    assert f"{app.name}.{field}" in [fault.path for fault in found]
    assert all(fault.value.startswith("log ") for fault in found)


def test_all_differences_are_named_at_once(llama: App, facts: Facts) -> None:
    paths = {fault.path for fault in faults(llama, facts, "llamacpp-2026-10-drafter.log")}
    name = llama.name
    fields = ("ctx_size", "parallel", "n_ubatch", "cache_type_k/v", "speculation")
    wanted = {f"{name}.engine.{field}" for field in fields}
    assert wanted | {f"{name}.models.weights"} <= paths


def test_another_commit_is_refused(app: App, here: Facts) -> None:
    (weights,) = app.models
    file = "gemma-3-4b-it-Q4_K_M.gguf"
    pinned = replace(app, models=(replace(weights, file=file, revision="1" * 40),))
    found = faults(pinned, with_file(here, file), "llamacpp-2026-clip.log", TINY)
    (fault,) = (one for one in found if one.path == f"{app.name}.models.weights.revision")
    assert fault.value == "log d0976223747697cb51e056d85c532013931fe52e"


def with_file(facts: Facts, file: str) -> Facts:
    """The facts with the small model under another name, and with a layer for MTP."""
    models = tuple(
        model.model_copy(
            update={
                "checkpoints": tuple(
                    one.model_copy(update={"file": file}) if one.file == "tiny.gguf" else one
                    for one in model.checkpoints
                ),
                "mtp_layers": 1,
            }
        )
        for model in facts.models
    )
    return replace(facts, models=models)


def test_another_version_is_refused(flagship: App, facts: Facts) -> None:
    found = faults(flagship, facts, "vllm-0.24.log", "vllm-0.9-served.log")
    (fault,) = (one for one in found if one.path.endswith("engine_version"))
    assert fault.value == "log 0.24.0, spec 0.20.2rc1.dev67"


def test_a_log_without_an_end_gives_no_record(flagship: App, facts: Facts) -> None:
    with pytest.raises(Faults) as refused:
        calibrate(flagship, facts, introduced(flagship, "vllm-hybrid.log"), ABOUT)
    (fault,) = refused.value.faults
    assert "neither a server that is ready" in fault.problem


def test_nor_does_one_that_does_not_name_its_model(flagship: App, facts: Facts) -> None:
    (fault,) = faults(flagship, facts, "vllm-0.9-served.log")
    assert "does not name the model" in fault.problem


def test_the_version_of_the_log_stands_where_the_spec_has_none(app: App, here: Facts) -> None:
    build = raw("llamacpp-2025-02-start.log").splitlines()[2]
    log = raw(TINY).replace(b"\n", b"\n" + build + b"\n", 1)
    found = calibrate(llamacpp(app, forgetful), here, log, ABOUT)
    assert found.run.engine_version == "b4701"
    assert not found.speaks_for
    assert 'engine_version="b4701"' in found.notes[-1]
    known = llamacpp(app, lambda engine: numbered(engine, "b4701"))
    assert plan(known, replace(here, runs=(found.run,))).measured


def forgetful(engine: LlamaCpp) -> LlamaCpp:
    return replace(engine, image=replace(engine.image, engine_version=Unknown("a fork")))


def numbered(engine: LlamaCpp, text: str) -> LlamaCpp:
    return replace(engine, image=replace(engine.image, engine_version=text))


def test_a_version_that_nobody_knows_gives_no_record(app: App, here: Facts) -> None:
    (fault,) = faults(llamacpp(app, forgetful), here, TINY)
    assert fault.path == f"{app.name}.engine.image.engine_version"


def test_a_log_out_of_memory_becomes_a_failed_run_that_refuses(app: App, here: Facts) -> None:
    file = "Apertus-70B-Instruct-2509-IQ4_XS.gguf"
    (weights,) = app.models
    other, facts = replace(app, models=(replace(weights, file=file),)), with_file(here, file)
    found = calibrate(other, facts, raw(OOM), ABOUT)
    assert found.run.outcome == "failed"
    assert "cudaMalloc failed: out of memory" in found.run.said
    refused = plan(other, replace(facts, runs=(found.run,)))
    assert (refused.verdict, refused.failed) == ("does-not-fit", True)


def test_a_refusal_of_the_other_engine_too(flagship: App, facts: Facts) -> None:
    app = vllm(flagship, lambda engine: replace(engine, max_model_len=262_144))
    found = calibrate(app, facts, introduced(app, "vllm-refused.log"), ABOUT)
    assert (found.run.outcome, found.run.context) == ("failed", 262_144)
    needed = next(row for row in found.rows if row.name == "KV cache")
    assert needed.measured is not None
    assert needed.measured.value == 36 << 30
    assert plan(app, replace(facts, runs=(found.run,))).failed


def test_a_server_that_served_gives_its_graphs(flagship: App, facts: Facts) -> None:
    found = calibrate(flagship, facts, introduced(flagship, "vllm-0.9-served.log"), ABOUT)
    assert (found.run.outcome, found.run.date) == ("served", date(2026, 5, 14))
    assert found.missing == ("weights", "activation", "non_torch", "available_kv", "card_total")
    requests = next(row for row in found.rows if row.name == "full requests at once")
    assert requests.measured is not None
    assert requests.measured.value == 8.63


def test_a_build_s_own_part_of_a_version_does_not_matter(flagship: App, facts: Facts) -> None:
    app = vllm(flagship, version("0.24.0"))
    built = vllm(flagship, version("0.24.0+g1a2b3c4"))
    log = introduced(built, "vllm-0.9-served.log")
    assert calibrate(app, facts, log, ABOUT).run.engine_version == "0.24.0"


def test_the_same_log_of_another_deployment_is_another_record(flagship: App, facts: Facts) -> None:
    log = introduced(flagship, "vllm-0.9-served.log")
    other = vllm(flagship, lambda engine: replace(engine, max_num_seqs=8))
    ids = {calibrate(app, facts, log, ABOUT).run.id for app in (flagship, other)}
    assert len(ids) == 2
    tomorrow = replace(ABOUT, today=date(2026, 11, 22))
    assert calibrate(flagship, facts, log, tomorrow).run.id in ids


def test_an_unknown_profile_is_a_fault(app: App, here: Facts) -> None:
    with pytest.raises(Faults, match="no such device profile"):
        calibrate(app, here, raw(TINY), replace(ABOUT, gpu="nowhere"))


@pytest.mark.parametrize(
    ("about", "path"),
    [
        (replace(ABOUT, measured_by=""), "measured_by"),
        (replace(ABOUT, measured_by="me"), "measured_by"),
        (replace(ABOUT, measured_by="x" * 1001), "measured_by"),
        (replace(ABOUT, day=date(2026, 11, 22)), "date"),
    ],
)
def test_a_record_says_who_and_when(app: App, here: Facts, about: About, path: str) -> None:
    with pytest.raises(Faults) as refused:
        calibrate(app, here, raw(TINY), about)
    assert [fault.path for fault in refused.value.faults] == [path]


@pytest.mark.parametrize("repeats", [1, 200_000, 2_000_000])
def test_a_pipe_is_read_as_a_file_is(tmp_path: Path, repeats: int) -> None:
    """As `chartgen calibrate APP <(docker logs SERVER)` gives it."""
    written, pipe = tmp_path / "server.log", tmp_path / "pipe"
    written.write_bytes(b"".join(b"line %d\n" % line for line in range(repeats)))
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        piped = pool.submit(read_ends, pipe)
        pipe.write_bytes(written.read_bytes())
        assert piped.result() == read_ends(written)


def test_the_command_writes_a_record_once(repository: Repository) -> None:
    tiny(repository)
    before = repository.read(EVIDENCE)
    log = str(FOLDER / TINY)
    first = repository.run("calibrate", LLAMACPP, log, "--measured-by", "the tests")
    assert (first.returncode, first.stderr) == (0, "")
    assert "added" in first.stdout
    after = repository.read(EVIDENCE)
    assert after.startswith(before)
    assert len(tomllib.loads(after)["runs"]) == len(tomllib.loads(before)["runs"]) + 1
    again = repository.run("calibrate", LLAMACPP, log, "--measured-by", "the tests")
    assert "unchanged" in again.stdout
    assert repository.read(EVIDENCE) == after
    fit = repository.run("fit", LLAMACPP, "--json")
    assert json.loads(fit.stdout)["measured"] is True


def test_the_same_log_with_more_knowledge_updates_its_record(repository: Repository) -> None:
    tiny(repository)
    log = str(FOLDER / TINY)
    repository.run("calibrate", LLAMACPP, log)
    named = repository.run("calibrate", LLAMACPP, log, "--date", "2026-10-01")
    assert "updated" in named.stdout
    text = repository.read(EVIDENCE)
    assert text.count("date = 2026-10-01") == 1
    repository.edit(EVIDENCE, "date = 2026-10-01", "date = 2026-10-01  # by the calendar")
    refused = repository.run("calibrate", LLAMACPP, log, "--date", "2026-10-02")
    assert refused.returncode == 3
    assert "edited by hand" in refused.stderr
    assert "# by the calendar" in repository.read(EVIDENCE)


def test_a_dry_run_prints_the_record_and_writes_nothing(repository: Repository) -> None:
    tiny(repository)
    before = repository.read(EVIDENCE)
    done = repository.run("calibrate", LLAMACPP, str(FOLDER / TINY), "--dry-run", "--json")
    facts = json.loads(done.stdout)
    assert (facts["record"]["outcome"], facts["written"]) == ("served", None)
    assert Run.model_validate_json(json.dumps(facts["record"])).readings
    assert repository.read(EVIDENCE) == before


def test_a_refused_log_writes_nothing(repository: Repository, tmp_path: Path) -> None:
    before = repository.read(EVIDENCE)
    done = repository.run("calibrate", LLAMACPP, str(FOLDER / TINY), "--json")
    assert done.returncode == 3
    paths = [fault["path"] for fault in json.loads(done.stdout)["errors"]]
    assert f"{LLAMACPP}.engine.ctx_size" in paths
    empty = tmp_path / "empty.log"
    empty.write_bytes(b"\n")
    assert repository.run("calibrate", LLAMACPP, str(empty)).returncode == 3
    assert repository.read(EVIDENCE) == before


def test_a_file_that_says_its_runs_in_another_form_is_kept(repository: Repository) -> None:
    """A file whose runs are no tables cannot take one more without losing its form."""
    tiny(repository)
    repository.write(EVIDENCE, "# none yet\nruns = []\n")
    done = repository.run("calibrate", LLAMACPP, str(FOLDER / TINY))
    assert done.returncode == 3
    assert "[[runs]]" in done.stderr
    assert repository.read(EVIDENCE) == "# none yet\nruns = []\n"
    repository.remove(EVIDENCE)
    assert "added" in repository.run("calibrate", LLAMACPP, str(FOLDER / TINY)).stdout
    assert repository.read(EVIDENCE).startswith("[[runs]]\n")

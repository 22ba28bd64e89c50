"""What an author hears about a spec that is wrong: where, what was seen, what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from chartgen.errors import Fault, UnknownApp
from chartgen.spec import App, Suspended, Text
from chartgen.spec.check import check
from chartgen.spec.rules import FACTS, app_faults
from tests.repository import Repository
from tests.spec.samples import LLAMACPP, VLLM


def faults(repository: Repository, *names: str) -> dict[str, Fault]:
    """The faults of a load by their dotted paths."""
    found = repository.load(*names).faults
    assert len({fault.path for fault in found}) == len(found)
    return {fault.path: fault for fault in found}


def only_fault(repository: Repository, name: str = VLLM) -> Fault:
    (fault,) = faults(repository, name).values()
    return fault


def test_the_project_s_own_specs_are_without_faults(project: Repository) -> None:
    loaded = project.load()
    assert len(loaded.apps) >= 2
    assert loaded.faults == ()


@pytest.mark.parametrize(
    ("old", "new", "path", "near"),
    [
        ("    version=", "    verison=", f"{VLLM}.verison", "version"),
        ("max_model_len=", "max_model_length=", f"{VLLM}.engine.max_model_length", "max_model_len"),
        ("engine_version=", "enginge_version=", f"{VLLM}.engine.image.enginge_version", "engine_v"),
        ("revision=", "revison=", f"{VLLM}.models.revison", "revision"),
    ],
)
def test_a_wrong_field_names_its_place_and_the_near_match(
    repository: Repository, old: str, new: str, path: str, near: str
) -> None:
    repository.edit(VLLM, old, new)
    fault = only_fault(repository)
    assert fault.path == path
    assert "no such field" in fault.problem
    assert near in fault.remedy


@pytest.mark.parametrize(
    ("call", "path", "near"),
    [
        ("license=License(txt='MIT', url='https://x.org')", "license.txt", "text"),
        ("resources=Resources(cpus=('1', '2'), memory=('1Gi', '2Gi'))", "resources.cpus", "cpu"),
        ("changes=Text(eng='a', zh='b')", ".eng", "en"),
    ],
)
def test_a_wrong_field_of_a_small_part_is_named_as_well(
    repository: Repository, call: str, path: str, near: str
) -> None:
    repository.write("small.py", f"from chartgen.spec import *\napp = App({call})\n")
    fault = only_fault(repository, "small")
    assert fault.path.startswith("small.")
    assert fault.path.lower().endswith(path)
    assert f"Did you mean {near}?" in fault.remedy


def test_a_missing_field_is_named(repository: Repository) -> None:
    repository.edit(VLLM, '    developer="Google DeepMind",\n', "")
    fault = only_fault(repository)
    assert fault.path == f"{VLLM}.developer"
    assert "developer" in fault.problem
    assert fault.remedy


def test_a_spec_without_an_app_says_how_a_spec_ends(repository: Repository) -> None:
    repository.write("empty.py", "answer = 42\n")
    fault = only_fault(repository, "empty")
    assert fault.path == "charts_src/empty.py"
    assert "app = App(...)" in fault.remedy


def test_an_app_that_is_no_app_is_refused(repository: Repository) -> None:
    repository.write("number.py", "app = 42\n")
    fault = only_fault(repository, "number")
    assert (fault.path, fault.value) == ("number", "42")


@pytest.mark.parametrize(
    ("field", "value", "path", "seen"),
    [
        ("max_num_seqs", '"4"', "engine.max_num_seqs", "'4'"),
        ("max_num_seqs", "4.0", "engine.max_num_seqs", "4.0"),
        ("images_per_prompt", "True", "engine.images_per_prompt", "True"),
        ("gpu_memory_utilization", "1.5", "engine.gpu_memory_utilization", "1.5"),
        ("gpu_memory_utilization", '"0.9"', "engine.gpu_memory_utilization", "'0.9'"),
        ("kv_cache_dtype", '"fp16"', "engine.kv_cache_dtype", "'fp16'"),
        ("version", "1.0", "version", "1.0"),
        ("title", "None", "title", "None"),
        ("released", '"2026-11-21"', "released", "'2026-11-21'"),
        ("released", "20261121", "released", "20261121"),
        ("website", '"ftp://example.org"', "website", "'ftp://example.org'"),
        ("owners", "()", "owners", "()"),
        ("owners", '["one"]', "owners", "['one']"),
        ("icon", '"../gemma.png"', "icon", "'../gemma.png'"),
        ("evidence", '("", )', "evidence.0", "''"),
    ],
)
def test_a_wrong_value_shows_path_value_and_remedy(
    repository: Repository, field: str, value: str, path: str, seen: str
) -> None:
    repository.set(VLLM, **{field: value})
    fault = only_fault(repository)
    assert (fault.path, fault.value) == (f"{VLLM}.{path}", seen)
    assert fault.problem
    assert fault.remedy


def test_a_time_of_day_is_no_date_of_a_release(repository: Repository) -> None:
    app = replace(repository.app(VLLM), released=datetime(2026, 11, 21, 12, 30))
    _, found = check(App, app, "app")
    assert [fault.path for fault in found] == ["app.released"]


def test_a_described_field_says_what_to_write(repository: Repository) -> None:
    repository.set(VLLM, max_num_seqs="0")
    assert only_fault(repository).remedy == "Write 1 to 4096 sequences."


def test_a_long_wrong_value_is_shown_short_and_on_one_line(repository: Repository) -> None:
    repository.set(VLLM, title='"long\\n" * 500')
    value = only_fault(repository).value
    assert len(value) < 200
    assert "\n" not in value


@pytest.mark.parametrize("length", [2, 30])
def test_names_up_to_thirty_characters_are_taken(repository: Repository, length: int) -> None:
    repository.add("a" * length, like=VLLM)
    assert repository.app("a" * length).name == "a" * length


@pytest.mark.parametrize("name", ["a" * 31, "a", "1abc", "Gemma", "gem_ma"])
def test_a_name_that_the_market_refuses_is_refused(repository: Repository, name: str) -> None:
    repository.add(name, like=VLLM)
    found = faults(repository, name)
    assert list(found) == [f"{name}.name"]
    assert "30" in found[f"{name}.name"].remedy


def test_a_name_that_the_device_reserves_is_refused(repository: Repository) -> None:
    repository.add("market2", like=VLLM)
    repository.add("dashboard", like=VLLM)
    assert faults(repository, "market2") == {}
    assert "reserves" in only_fault(repository, "dashboard").problem


@pytest.mark.parametrize(
    "version", ["1.0", "v1.0.0", "1.0.0.0", "01.0.0", "one", "1.0.0-", " 1.0.0"]
)
def test_a_version_that_is_not_semantic_is_refused(repository: Repository, version: str) -> None:
    repository.set(VLLM, version=f'"{version}"')
    fault = only_fault(repository)
    assert (fault.path, fault.value.strip("'")) == (f"{VLLM}.version", version)
    assert "1.0.3" in fault.remedy


def test_a_version_has_at_most_sixteen_characters(repository: Repository) -> None:
    repository.set(VLLM, version='"1.0.0-rc.12345678"')
    fault = only_fault(repository)
    assert (fault.path, fault.value) == (f"{VLLM}.version", "'1.0.0-rc.12345678'")
    assert "16" in fault.remedy
    repository.set(VLLM, version='"1.0.0-rc.1234567"')
    assert repository.app(VLLM).version == "1.0.0-rc.1234567"


def test_all_faults_of_one_spec_show_together(repository: Repository) -> None:
    repository.set(VLLM, version='"1.0"', max_num_seqs="0", website='"nowhere"', icon='"x.gif"')
    wrong = {"version", "engine.max_num_seqs", "website", "icon"}
    assert set(faults(repository)) == {f"{VLLM}.{field}" for field in wrong}


def test_all_faults_of_all_specs_show_together(repository: Repository) -> None:
    repository.set(VLLM, title='""', max_num_seqs="0")
    repository.set(LLAMACPP, ctx_size="-1")
    repository.write("broken.py", "app = (\n")
    repository.write("stops.py", "raise SystemExit(7)\n")
    assert set(faults(repository)) == {
        f"{VLLM}.title",
        f"{VLLM}.engine.max_num_seqs",
        f"{LLAMACPP}.engine.ctx_size",
        "charts_src/broken.py:1",
        "charts_src/stops.py:1",
    }


def test_two_specs_of_one_name_are_refused(repository: Repository) -> None:
    repository.write("second.py", repository.read(VLLM))
    found = faults(repository)
    assert "Rename" in found[VLLM].remedy
    assert "2 spec files" in found[VLLM].problem
    assert found["second.name"].value == VLLM


def test_an_unknown_app_comes_with_its_near_matches(repository: Repository) -> None:
    with pytest.raises(UnknownApp, match=f"Did you mean {VLLM}") as unknown:
        repository.load("samplevlm")
    assert unknown.value.faults[0].path == "samplevlm"


def test_an_unknown_app_without_a_near_match_says_what_there_is(repository: Repository) -> None:
    with pytest.raises(UnknownApp) as unknown:
        repository.load("zzz")
    assert "Did you mean" not in str(unknown.value)
    assert unknown.value.faults[0].remedy


def test_all_unknown_apps_are_named(repository: Repository) -> None:
    with pytest.raises(UnknownApp) as unknown:
        repository.load("samplevlm", VLLM, "samplellama")
    assert "samplevlm:" in str(unknown.value)
    assert "samplellama:" in str(unknown.value)


def test_a_market_file_is_no_app(repository: Repository) -> None:
    with pytest.raises(UnknownApp):
        repository.load("market")


@pytest.mark.parametrize("fact", sorted(FACTS))
def test_a_text_may_quote_each_fact(repository: Repository, fact: str) -> None:
    app = replace(repository.app(VLLM), changes=Text(f"{{{fact}}}", f"{{{{{fact}}}}}"))
    assert app_faults(app, app.name) == []


@pytest.mark.parametrize(
    "quote",
    ["{contxt}", "{}", "{0}", "{context!r}", "{context:>9}", "{context.real}", "{", "a } b"],
)
def test_a_text_that_quotes_anything_else_is_refused(repository: Repository, quote: str) -> None:
    app = replace(repository.app(VLLM), description=Text("plain", f"a {quote} b"))
    (fault,) = app_faults(app, app.name)
    assert fault.path == f"{VLLM}.description.zh"
    assert "context" in fault.remedy


def test_the_texts_of_a_suspension_are_read_too(repository: Repository) -> None:
    app = repository.app(VLLM)
    because = Text("see {successor}", "见")
    wrong = replace(app, suspended=Suspended(since=app.released, because=because))
    assert [fault.path for fault in app_faults(wrong, VLLM)] == [f"{VLLM}.suspended.because.en"]

"""`chartgen model add`: facts files are written once, kept as they are, and added to."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.errors import Faults
from chartgen.facts import Facts, load_facts
from chartgen.facts.add import read_model
from chartgen.facts.base import Number
from chartgen.facts.model import Checkpoint, ModelFacts
from chartgen.facts.pin import Pinned, Wish, add_model
from chartgen.facts.write import facts_text
from tests.facts.made import Value, gguf, plain, small_gguf
from tests.facts.samples import TRUTH, config, gguf_file
from tests.facts.server import COMMIT, REPO, LoopbackHub
from tests.repository import Repository

FILES = {
    "model-Q4_K_M.gguf": gguf_file("qwen3-1.7b"),
    "model-Q8_0.gguf": gguf_file("qwen3-1.7b") + b"\0" * 32,
    "mmproj-F16.gguf": gguf({"general.architecture": "clip"}, [plain("v.patch_embd.weight", 8)]),
}
NAME = "qwen3-1.7b"


@pytest.fixture(scope="module")
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub(FILES) as found:
        yield found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "charts_src" / "models").mkdir(parents=True)
    return tmp_path


def add(root: Path, hub: LoopbackHub, file: str = "model-Q4_K_M.gguf", name: str = NAME) -> Pinned:
    wish = Wish(reference=f"hf:{REPO}", file=file, name=name)
    return add_model(root, wish, hub.environ)


def saved(root: Path) -> Facts:
    return load_facts(root)


def test_a_new_model_is_written_and_loads_as_it_was_read(root: Path, hub: LoopbackHub) -> None:
    pinned = add(root, hub)
    assert pinned.status == "written"
    assert saved(root).models == (pinned.model,)
    assert pinned.path == root / "charts_src" / "models" / f"{NAME}.toml"
    assert [path.name for path in pinned.path.parent.iterdir()] == [pinned.path.name]
    text = pinned.path.read_text("utf-8")
    assert f'revision = "{COMMIT}"' in text
    assert max(map(len, text.splitlines())) < 300


def test_the_same_revision_changes_nothing(root: Path, hub: LoopbackHub) -> None:
    first = add(root, hub)
    before = (first.path.read_bytes(), first.path.stat().st_mtime_ns)
    assert add(root, hub).status == "unchanged"
    assert (first.path.read_bytes(), first.path.stat().st_mtime_ns) == before


def test_a_further_file_is_added_and_comments_stay(root: Path, hub: LoopbackHub) -> None:
    path = add(root, hub).path
    commented = f"# By hand.\n{path.read_text('utf-8')}# At the end.\n"
    path.write_text(commented, "utf-8")
    wish = Wish(reference=f"hf:{REPO}", file="model-Q8_0.gguf")
    pinned = add_model(root, wish, hub.environ)
    assert pinned.status == "added"
    assert path.read_text("utf-8").startswith(commented)
    (found,) = saved(root).models
    assert [one.quantization for one in found.checkpoints] == ["Q4_K_M", "Q8_0"]


def test_a_projector_joins_the_model_of_its_repository(root: Path, hub: LoopbackHub) -> None:
    with pytest.raises(Faults, match="belongs to no known model"):
        add_model(root, Wish(reference=f"hf:{REPO}", file="mmproj-F16.gguf"), hub.environ)
    add(root, hub)
    wish = Wish(reference=f"hf:{REPO}", file="mmproj-F16.gguf")
    assert add_model(root, wish, hub.environ).status == "added"
    assert [one.part for one in saved(root).models[0].checkpoints] == ["weights", "mmproj"]
    assert add_model(root, wish, hub.environ).status == "unchanged"


def test_a_drafter_is_a_model_of_its_own(root: Path, hub: LoopbackHub) -> None:
    wish = Wish(reference=f"hf:{REPO}", file="model-Q8_0.gguf", name="drafter", part="draft")
    assert add_model(root, wish, hub.environ).model.checkpoints[0].part == "draft"
    again = Wish(reference=f"hf:{REPO}", file="model-Q8_0.gguf")
    assert add_model(root, again, hub.environ).status == "unchanged"


def test_a_changed_file_takes_the_old_one_s_place(root: Path, hub: LoopbackHub) -> None:
    add(root, hub)
    path = add(root, hub, "model-Q8_0.gguf").path
    with LoopbackHub(FILES | {"model-Q4_K_M.gguf": FILES["model-Q8_0.gguf"]}) as later:
        pinned = add(root, later)
    assert pinned.status == "updated"
    (found,) = saved(root).models
    assert [one.size for one in found.checkpoints] == [len(FILES["model-Q8_0.gguf"])] * 2
    path.write_text(path.read_text("utf-8").replace("size =", "# Why.\nsize =", 1), "utf-8")
    with pytest.raises(Faults, match="comments inside the old checkpoint would be lost"):
        add(root, hub)


def test_facts_that_a_file_lacks_are_added(root: Path, hub: LoopbackHub) -> None:
    path = add(root, hub).path
    whole = path.read_text("utf-8")
    path.write_text(whole.replace("tied = true\n", "").replace("[heads]", "[layers.x]"), "utf-8")
    with pytest.raises(Faults, match=r"layers\.x"):
        add(root, hub)
    short = whole.replace("tied = true\n", "")
    heads = short[short.index("[heads]") :].partition("\n\n")[0]
    path.write_text(short.replace(heads, ""), "utf-8")
    assert add(root, hub).status == "updated"
    (found,) = saved(root).models
    assert found.tied is True
    assert found.heads == Number(value=16, source=found.hidden_size.source)


def test_files_of_another_model_are_refused(root: Path, hub: LoopbackHub) -> None:
    add(root, hub)
    with LoopbackHub({"other-Q8_0.gguf": gguf_file("qwen3-4b")}) as other:
        with pytest.raises(Faults) as refused:
            add(root, other, "other-Q8_0.gguf")
        assert {fault.path.rpartition(": ")[2] for fault in refused.value.faults} == {
            "hidden_size",
            "layers",
            "heads",
            "attention",
        }
        assert add(root, other, "other-Q8_0.gguf", "qwen3-4b").status == "written"
    with pytest.raises(Faults, match="has this checkpoint already"):
        add(root, hub, name="another")


@pytest.mark.parametrize("name", ["../x", "Upper", "", "-x"])
def test_a_name_that_is_none(root: Path, hub: LoopbackHub, name: str) -> None:
    with pytest.raises(Faults, match="no name of a model"):
        add(root, hub, name=name)
    assert list((root / "charts_src" / "models").iterdir()) == []


def test_nothing_is_written_where_anything_is_wrong(root: Path) -> None:
    values: dict[str, Value] = {"general.architecture": "rwkv7", "rwkv7.block_count": 1}
    with LoopbackHub({"x.gguf": small_gguf(values)}) as hub, pytest.raises(Faults):
        add(root, hub, "x.gguf")
    assert list((root / "charts_src" / "models").iterdir()) == []


def test_a_wrong_field_is_named_once(tmp_path: Path) -> None:
    """However often it is needed."""
    wrong = {**config("qwen3-8b"), "num_hidden_layers": 0}
    (tmp_path / "config.json").write_text(json.dumps(wrong))
    with pytest.raises(Faults) as raised:
        read_model(str(tmp_path))
    assert [fault.value for fault in raised.value.faults] == ["0"]


@pytest.mark.parametrize("name", TRUTH)
def test_every_known_model_survives_its_file(root: Path, name: str) -> None:
    folder = root / "files"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config(name)), "utf-8")
    wish = Wish(reference=str(folder), name=name, repo="owner/name", title="A title")
    pinned = add_model(root, wish, {})
    assert saved(root).models == (pinned.model,)
    assert add_model(root, wish, {}).status == "unchanged"


WORDS = st.text(st.characters(codec="utf-8"), min_size=3, max_size=30)
SIZES = st.integers(0, 1 << 62)


@given(WORDS, WORDS, st.lists(SIZES, max_size=70), SIZES)
def test_any_facts_survive_their_text(title: str, doubt: str, sizes: list[int], size: int) -> None:
    measure = {"value": size, "low": 0, "high": size, "source": doubt}
    layout = {"token_embedding": size, "blocks": sizes, "source": doubt}
    files = [{"path": doubt, "size": size}] * 2
    one: Mapping[str, object] = {
        "repo": "a/b",
        "part": "weights",
        "quantization": title,
        "files": files,
        "on_disk": measure,
        "on_gpu": measure,
        "layout": layout,
        "unknown": [title],
    }
    number = Number(value=size, source=title)
    model = ModelFacts(
        name="x",
        title=title,
        architecture=doubt,
        context_length=number,
        hidden_size=number,
        intermediate_size=number,
        vocab_size=number,
        checkpoints=(Checkpoint.model_validate(one),),
        sources={title: doubt},
    )
    text = facts_text(model)
    assert ModelFacts.model_validate(tomllib.loads(text)) == model
    assert text == facts_text(model)


def test_the_command(repository: Repository, hub: LoopbackHub) -> None:
    arguments = ("model", "add", f"hf:{REPO}", "--file", "model-Q4_K_M.gguf", "--name", NAME)
    first = repository.run(*arguments, env=hub.environ)
    assert (first.returncode, first.stderr) == (0, "")
    assert f"written: charts_src/models/{NAME}.toml" in first.stdout
    assert "28 full layers, 8 x 128" in first.stdout
    again = repository.run(*arguments, "--json", env=hub.environ)
    facts = json.loads(again.stdout)
    assert facts["status"] == "unchanged"
    assert facts["model"]["checkpoints"][0]["revision"] == COMMIT


def test_the_command_refuses_with_a_code(repository: Repository) -> None:
    run = repository.run("model", "add", "nowhere", "--json")
    assert run.returncode == 3
    assert json.loads(run.stdout)["errors"][0]["path"] == "nowhere"

"""How a spec file is run: what it may do, and what it leaves behind."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
from datetime import date
from pathlib import Path

import pytest

from chartgen.errors import Fault, Faults
from chartgen.spec import Text
from chartgen.spec.load import load_market
from tests.repository import Repository
from tests.spec.samples import VLLM

SUSPENDED = """None,
    suspended=Suspended(
        since=date(2026, 11, 22),
        because=Text("it is replaced", "已被替换"),
        successor="another",
    )"""


def only_fault(repository: Repository, name: str) -> Fault:
    (fault,) = repository.load(name).faults
    return fault


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("from chartgen.spec import App\n\napp = App(\n", 3, "SyntaxError"),
        ("x = 1\nx = x / 0\n", 2, "ZeroDivisionError"),
        ("x = 1\n\n\nx.y\n", 4, "AttributeError"),
        ("import nowhere_to_be_found\n", 1, "nowhere_to_be_found"),
        ("from chartgen.spec import Ap\n", 1, "ImportError"),
        ("from charts_src.families import qwen9\n", 1, "qwen9"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit"),
        ("def f():\n    raise KeyError('deep')\n\nf()\n", 2, "deep"),
        ("def f():\n    return f()\n\nf()\n", 2, "RecursionError"),
        ("x = '\x00'\n", 0, ""),
    ],
)
def test_broken_python_is_a_fault_with_its_line(
    repository: Repository, text: str, line: int, said: str
) -> None:
    repository.write("broken.py", text)
    fault = only_fault(repository, "broken")
    place = "charts_src/broken.py"
    assert fault.path == f"{place}:{line}" if line else fault.path.startswith(place)
    assert said in fault.problem
    assert "\n" not in str(fault)
    assert fault.remedy


@pytest.mark.parametrize("text", ["x = 1\ny = = 2\n", "x = 1\n1 / 0\n"])
def test_a_broken_family_is_named_with_its_own_line(repository: Repository, text: str) -> None:
    repository.write("families/own.py", text)
    head = "from charts_src.families import own\n"
    repository.write(VLLM, head + repository.read(VLLM))
    fault = only_fault(repository, VLLM)
    assert "families/own.py" in str(fault)
    assert f"{VLLM}.py:2" not in str(fault)


def test_a_spec_that_cannot_be_read_is_a_fault(repository: Repository) -> None:
    repository.path("folder").mkdir()
    repository.path("dangling").symlink_to(repository.root / "nowhere")
    repository.path("latin").write_bytes("x = 'é'\n".encode("latin-1"))
    found = {fault.path: fault for fault in repository.load().faults}
    assert "cannot be read" in found["charts_src/folder.py"].problem
    assert "no such file" in found["charts_src/dangling.py"].problem
    assert any(path.startswith("charts_src/latin.py") for path in found)
    assert len(found) == 3


def test_the_other_apps_still_load(repository: Repository) -> None:
    repository.write("broken.py", "(")
    loaded = repository.load()
    assert len(loaded.apps) == 2
    assert len(loaded.faults) == 1


def test_a_suspension_is_part_of_a_spec(repository: Repository) -> None:
    repository.edit(VLLM, "import App,", "import App, Suspended,")
    repository.set(VLLM, version='"1.0.2"', icon='"gemma4-vllm.png", suspended=NEVER')
    repository.edit(VLLM, "NEVER", SUSPENDED.removeprefix("None,\n    suspended="))
    suspended = repository.app(VLLM).suspended
    assert suspended
    assert (suspended.since, suspended.successor) == (date(2026, 11, 22), "another")
    assert suspended.because == Text("it is replaced", "已被替换")


def test_families_are_importable_each_way(repository: Repository) -> None:
    repository.write("families/deep/__init__.py", "NAME = 'deep'\n")
    repository.write("families/deep/part.py", "from charts_src.families.deep import NAME\n")
    repository.write("families/own.py", "NAME = 'own'\n")
    repository.set(VLLM, developer="NAME", submitter="charts_src.families.own.NAME")
    head = "import charts_src.families.own\nfrom charts_src.families.deep.part import NAME\n"
    repository.write(VLLM, head + repository.read(VLLM))
    app = repository.app(VLLM)
    assert (app.developer, app.submitter) == ("deep", "own")


def use_family(repository: Repository, developer: str) -> None:
    """Let the vLLM sample take its developer from a family."""
    repository.write("families/own.py", f"DEVELOPER = '{developer}'\n")
    repository.set(VLLM, developer="own.DEVELOPER")
    head = "from charts_src.families import own\n"
    repository.write(VLLM, head + repository.read(VLLM))


def frozen_edit(file: Path, old: str, new: str) -> None:
    """An edit that byte code, which knows size and seconds only, would not notice."""
    assert len(old) == len(new)
    before = file.stat()
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_edits_within_one_second_are_seen(repository: Repository) -> None:
    use_family(repository, "first")
    assert compileall.compile_dir(repository.root / "charts_src", quiet=1)
    assert repository.app(VLLM).developer == "first"
    frozen_edit(repository.path("families/own.py"), "first", "other")
    frozen_edit(repository.path(VLLM), '"1.0.2"', '"1.0.9"')
    app = repository.app(VLLM)
    assert (app.developer, app.version) == ("other", "1.0.9")


def test_loading_writes_no_byte_code(repository: Repository) -> None:
    repository.load()
    load_market(repository.root)
    assert list(repository.root.rglob("*.pyc")) == []


@pytest.mark.parametrize("broken", [False, True])
def test_nothing_of_a_repository_stays_behind(repository: Repository, broken: bool) -> None:
    if broken:
        repository.write("broken.py", "from charts_src.families import house\n1 / 0\n")
    finders, paths = list(sys.meta_path), list(sys.path)
    repository.load()
    assert [name for name in sys.modules if name.split(".")[0] == "charts_src"] == []
    assert (sys.meta_path, sys.path) == (finders, paths)


def test_two_repositories_do_not_mix(repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    shutil.copytree(repository.root, other.root)
    use_family(repository, "one")
    use_family(other, "two")
    found = [each.app(VLLM).developer for each in (repository, other, repository)]
    assert found == ["one", "two", "one"]


def test_private_files_are_no_apps(repository: Repository) -> None:
    repository.write("_draft.py", "1 / 0\n")
    repository.write("__init__.py", "")
    assert repository.load().faults == ()


def test_the_market_loads_and_its_faults_show_together(repository: Repository) -> None:
    assert load_market(repository.root).source_id == "chartgen-example"
    repository.set("market.py", source_id='"with_underscore"', public_url='"http://x.org/"')
    with pytest.raises(Faults) as refused:
        load_market(repository.root)
    assert {fault.path for fault in refused.value.faults} == {
        "market.source_id",
        "market.public_url",
    }


def test_a_category_is_declared_once(repository: Repository) -> None:
    category = 'Category(name="AI", slug="ai", title=Text("AI", "AI"), icon="x")'
    repository.edit("market.py", "    categories=(\n", f"    categories=(\n        {category},\n")
    with pytest.raises(Faults, match=r"market\.categories.*AI"):
        load_market(repository.root)


def test_a_repository_without_a_market_says_so(repository: Repository) -> None:
    repository.remove("market.py")
    with pytest.raises(Faults, match=r"charts_src/market\.py"):
        load_market(repository.root)

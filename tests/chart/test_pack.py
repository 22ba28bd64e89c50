"""The same chart is the same bytes: on any checkout, clock, locale and zlib."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.chart import Chart, pack, unpack
from chartgen.lint.helm import Helm
from tests.chart.reading import Installed, unfolded
from tests.repository import PROJECT, Repository, run_python

SEGMENT = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"),
    min_size=1,
    max_size=8,
).filter(lambda text: text not in (".", ".."))
PATHS = st.lists(SEGMENT, min_size=1, max_size=3).map("/".join)
CONTENT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300)
CHARTS = st.dictionaries(PATHS, CONTENT, min_size=1, max_size=6).map(
    lambda files: Chart("any", "1.0.0", files)
)

DIGEST = """\
import os, sys
if "zlib-ng" in sys.argv:
    from zlib_ng import zlib_ng
    sys.modules["zlib"] = zlib_ng
if "umask" in sys.argv:
    os.umask(0o077)
from pathlib import Path
from chartgen.chart import pack, render
from chartgen.facts import load_facts
from chartgen.spec.load import load_apps, load_market
from chartgen.vram import plan
root = Path(sys.argv[1])
facts, market = load_facts(root), load_market(root)
for app in load_apps(root).apps:
    print(app.name, pack(render(app, facts, plan(app, facts), market)).sha256)
"""


@settings(deadline=None)
@given(CHARTS)
def test_any_chart_survives_and_packs_again_to_the_same_bytes(chart: Chart) -> None:
    package = pack(chart)
    files = unpack(package.data, package.filename)
    assert files == chart.files
    backwards = dict(reversed(list(files.items())))
    assert pack(Chart(chart.name, chart.version, backwards)).data == package.data
    assert hashlib.sha256(package.data).hexdigest() == package.sha256


@given(st.integers(0, 4), st.integers(-1, 1))
@settings(deadline=None, max_examples=15)
def test_sizes_around_a_stored_block_survive(blocks: int, step: int) -> None:
    files = {"big": "x" * max(0, blocks * 0xFFFF + step - 1536)}
    package = pack(Chart("any", "1.0.0", files))
    assert gzip.decompress(package.data)[:9] == b"any/big\0\0"
    assert unpack(package.data, package.filename) == files


def test_any_other_content_is_another_package(it: Installed) -> None:
    digests = {
        pack(Chart(it.app.name, it.app.version, {**it.chart.files, "owners": text})).sha256
        for text in ("a", "b", "")
    }
    assert len(digests | {pack(it.chart).sha256}) == 4


def test_python_reads_it(it: Installed) -> None:
    data = pack(it.chart).data
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        members = archive.getmembers()
        texts = {one.name: read(archive, one) for one in members}
    assert texts == {f"{it.app.name}/{path}": text for path, text in it.chart.files.items()}
    kept = {(one.mode, one.uid, one.gid, one.uname, one.gname, one.mtime) for one in members}
    assert kept == {(0o644, 0, 0, "", "", 0)}
    assert all(one.isreg() for one in members)


def read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    content = archive.extractfile(member)
    assert content is not None
    return content.read().decode()


def test_tar_reads_it(it: Installed, tmp_path: Path) -> None:
    package = pack(it.chart)
    file = tmp_path / package.filename
    file.write_bytes(package.data)
    subprocess.run(["gzip", "--test", file], check=True)
    subprocess.run(["tar", "-xzf", file, "-C", tmp_path], check=True)
    folder = tmp_path / it.app.name
    there = {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert there == it.chart.files


def test_helm_reads_it(it: Installed, helm: Helm, tmp_path: Path) -> None:
    package = pack(it.chart)
    file = tmp_path / package.filename
    file.write_bytes(package.data)
    folder = unfolded(it.chart, tmp_path)
    rendered = helm.render(file, release="any", namespace="any", values={})
    assert rendered == helm.render(folder, release="any", namespace="any", values={})
    assert helm.lint(file, {}) == helm.lint(folder, {})


@pytest.fixture(scope="module")
def digests() -> str:
    """What this machine's plain settings give."""
    return digests_of(PROJECT, {})


def digests_of(root: Path, env: Mapping[str, str], *switches: str, cwd: Path = PROJECT) -> str:
    done = run_python("-c", DIGEST, str(root), *switches, cwd=cwd, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 2
    return done.stdout


@pytest.mark.parametrize(
    "env",
    [
        {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "2", "PYTHONUTF8": "0"},
        {"LC_ALL": "tr_TR.UTF-8", "HOME": "/nowhere", "USER": "someone", "PYTHONHASHSEED": "3"},
        {"PYTHONOPTIMIZE": "2", "SOURCE_DATE_EPOCH": "1", "COLUMNS": "20"},
    ],
)
def test_the_digest_depends_on_no_setting(digests: str, env: Mapping[str, str]) -> None:
    assert digests_of(PROJECT, env) == digests


@pytest.mark.parametrize("switch", ["zlib-ng", "umask"])
def test_the_digest_depends_on_neither_zlib_nor_umask(digests: str, switch: str) -> None:
    assert digests_of(PROJECT, {}, switch) == digests


def test_the_digest_depends_on_no_checkout(digests: str, tmp_path: Path) -> None:
    copy = Repository.copied(tmp_path / "elsewhere" / "ä b")
    for file in copy.root.rglob("*.py"):
        file.chmod(0o600)
    assert digests_of(copy.root, {}, cwd=tmp_path) == digests


def test_this_process_gives_the_same_digest(digests: str, it: Installed) -> None:
    assert f"{it.app.name} {pack(it.chart).sha256}\n" in digests

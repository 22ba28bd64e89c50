"""Hostile folders and packages: a finding each, in bounded time and memory."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.lint.contents import MAX_BYTES, MAX_FILES
from chartgen.lint.source import Opened, charts_in, find_manifest, open_chart
from chartgen.lint.tape import Kind, Tape, TapeError, TapeTooLarge, inflate
from tests.lint.overlay import BASES, packed

BASE = BASES / "v3" / "examplellm"
MIB = 1 << 20


def opened(path: Path) -> Opened:
    with open_chart(path) as found:
        return found


def rules(path: Path) -> list[str]:
    return [problem.rule for problem in opened(path).problems]


def package(folder: Path, *entries: tarfile.TarInfo, data: bytes = b"x") -> Path:
    file = folder / "examplellm-1.0.0.tgz"
    file.write_bytes(packed(BASE, [(entry, data if entry.isreg() else b"") for entry in entries]))
    return file


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields: str) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def test_a_folder_and_its_package_read_alike(tmp_path: Path) -> None:
    with open_chart(BASE) as folder, open_chart(package(tmp_path)) as packaged:
        assert folder.chart is not None
        assert packaged.chart is not None
        assert folder.chart.root == BASE
        assert folder.chart.files == packaged.chart.files
        assert folder.chart.folders == packaged.chart.folders == {"templates"}
        assert packaged.chart.name == "examplellm"
        assert (packaged.chart.root / "Chart.yaml").read_bytes() == folder.chart.files["Chart.yaml"]
        assert not (*folder.problems, *packaged.problems)


def test_the_unpacked_folder_is_always_removed(tmp_path: Path) -> None:
    roots: list[Path] = []

    def work() -> None:
        with open_chart(package(tmp_path)) as found:
            assert found.chart is not None
            roots.append(found.chart.root)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    assert not roots[0].exists()


def test_a_folder_keeps_the_name_of_its_link(tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(BASE)
    found = opened(tmp_path / "linked").chart
    assert found is not None
    assert found.name == "linked"


def test_a_link_is_left_out_and_not_followed(tmp_path: Path) -> None:
    chart = tmp_path / "mychart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: mychart\n")
    (chart / "secret").symlink_to("/etc/hostname")
    (chart / "loop").symlink_to(chart, target_is_directory=True)
    os.mkfifo(chart / "pipe")
    with open_chart(chart) as found:
        assert found.chart is not None
        assert set(found.chart.files) == {"Chart.yaml"}
        assert sorted(file.name for file in found.chart.root.iterdir()) == ["Chart.yaml"]
    assert [problem.rule for problem in found.problems] == ["S06", "S06", "S06"]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/cron.d/x",
        "../x",
        "examplellm/../../x",
        "examplellm/a/./b",
        "examplellm//x",
        "examplellm/a\\b",
        "C:/x",
        "examplellm/\x1b[2J",
        "examplellm/" + "n" * 256,
        "examplellm/a\u2028b",
    ],
)
def test_an_unsafe_path_is_refused(tmp_path: Path, name: str) -> None:
    found = opened(package(tmp_path, entry(name)))
    assert found.chart is None
    assert [problem.rule for problem in found.problems] == ["S05"]
    assert "\x1b" not in found.problems[0].value


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.tgz"
    raw = gzip.decompress(packed(BASE)).replace(b"values.yaml\0", b"val\xffes.yaml\0")
    header = raw.index(b"val\xffes.yaml") - len(b"examplellm/")
    block = bytearray(raw[header : header + 512])
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    file.write_bytes(gzip.compress(raw[:header] + block + raw[header + 512 :]))
    assert rules(file) == ["S05"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, b"Z"]
)
def test_links_and_devices_are_left_out(tmp_path: Path, kind: bytes) -> None:
    found = opened(package(tmp_path, entry("examplellm/odd", kind, linkname="/etc/passwd")))
    assert found.chart is not None
    assert "odd" not in found.chart.files
    assert [problem.rule for problem in found.problems] == ["S06"]


def test_a_sparse_file_is_left_out(tmp_path: Path) -> None:
    made = entry("examplellm/holes")
    made.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.realsize": str(1 << 60)}
    assert rules(package(tmp_path, made)) == ["S06"]


@pytest.mark.parametrize("name", ["examplellm/values.yaml", "examplellm/templates"])
def test_a_path_that_is_there_twice_is_refused(tmp_path: Path, name: str) -> None:
    assert rules(package(tmp_path, entry(name))) == ["S07"]


@pytest.mark.parametrize("name", ["Chart.yaml", "other/Chart.yaml"])
def test_a_package_is_one_folder(tmp_path: Path, name: str) -> None:
    assert rules(package(tmp_path, entry(name))) == ["S08"]


@pytest.mark.parametrize("size", [0, 1, 10, 100, 700])
def test_a_truncated_package_is_refused(tmp_path: Path, size: int) -> None:
    file = package(tmp_path)
    file.write_bytes(file.read_bytes()[:size])
    assert rules(file) == ["S02"]


def test_a_truncated_archive_in_whole_gzip_is_refused(tmp_path: Path) -> None:
    file = package(tmp_path)
    raw = gzip.decompress(file.read_bytes())
    for size in (100, 700, 2048 + 100):
        file.write_bytes(gzip.compress(raw[:size]))
        assert rules(file) == ["S02"]


@pytest.mark.parametrize("inside", [True, False])
def test_what_follows_the_end_is_told(tmp_path: Path, inside: bool) -> None:
    file = package(tmp_path)
    data = file.read_bytes()
    more = gzip.compress(gzip.decompress(data) + b"more") if inside else data + b"more"
    file.write_bytes(more)
    assert rules(file) == ["S09"]
    assert opened(file).chart is not None


def test_a_zip_bomb_takes_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "bomb.tgz"
    with gzip.open(file, "wb") as stream:
        for _ in range(100):
            stream.write(bytes(10 * MIB))
    tracemalloc.start()
    assert rules(file) == ["S03"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MAX_BYTES


def test_a_bomb_in_charts_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(100 * MIB))
    file = package(tmp_path, entry("examplellm/charts/bomb-1.0.0.tgz"), data=bomb)
    assert rules(file) == ["S12"]


def test_packages_do_not_nest_for_ever(tmp_path: Path) -> None:
    inner = packed(BASE)
    for _ in range(3):
        inner = packed(BASE, [(entry("examplellm/charts/inner-1.0.0.tgz"), inner)])
    file = tmp_path / "nested.tgz"
    file.write_bytes(inner)
    assert rules(file) == ["S12"]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    chart = tmp_path / "mychart"
    chart.mkdir()
    with (chart / "model.bin").open("wb") as file:
        file.truncate(1 << 40)
    assert rules(chart) == ["S03"]
    assert rules(chart / "model.bin") == ["S03"]


def test_many_files_are_not_all_read(tmp_path: Path) -> None:
    chart = tmp_path / "mychart"
    chart.mkdir()
    for number in range(MAX_FILES + 1):
        (chart / str(number)).touch()
    found = opened(chart)
    assert found.chart is None
    assert [problem.rule for problem in found.problems] == ["S04"]


def test_folders_without_end_are_refused(tmp_path: Path) -> None:
    deep = "/".join(["examplellm", *["d"] * 30, "x"])
    assert rules(package(tmp_path, entry(deep))) == ["S04"]


def test_many_links_are_not_all_listed(tmp_path: Path) -> None:
    links = [entry(f"examplellm/l{n}", tarfile.SYMTYPE, linkname="x") for n in range(500)]
    found = opened(package(tmp_path, *links))
    assert len(found.problems) == 21
    assert found.problems[-1].value == "500 times"


@pytest.mark.parametrize(
    "text",
    [
        '{"$ref": "http://127.0.0.1/x"}',
        '{"a": [{"\\u0024ref": "../../etc/passwd"}]}',
        '{"$schema": "https://example.org/schema"}',
        '{"a":' * 3000 + '{"$ref": 1}' + "}" * 3000,
    ],
)
def test_a_schema_stays_inside_itself(tmp_path: Path, text: str) -> None:
    made = entry("examplellm/values.schema.json")
    assert rules(package(tmp_path, made, data=text.encode())) == ["S13"]


def test_text_that_is_no_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    file = package(tmp_path, entry("examplellm/templates/odd.yaml"), data=b"a: 1\nb: \xff\n")
    (problem,) = opened(file).problems
    assert (problem.rule, problem.place.line, problem.value) == ("S10", 2, "byte 0xff")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["OlaresManifest.yaml", "sub/OlaresManifest.yaml"], "OlaresManifest.yaml"),
        (["olaresmanifest.YAML", "sub/OlaresManifest.yaml"], "olaresmanifest.YAML"),
        (["a/b/OlaresManifest.yaml", "c/OLARESMANIFEST.yaml"], "c/OLARESMANIFEST.yaml"),
        (["Chart.yaml"], None),
    ],
)
def test_a_market_finds_the_manifest(files: list[str], told: str | None) -> None:
    assert find_manifest(dict.fromkeys(files, b"")) == told


@pytest.mark.parametrize("path", ["/dev/zero", "nothing/there", "x.tgz\0"])
def test_what_cannot_be_read_is_a_finding(path: str) -> None:
    assert rules(Path(path)) == ["S01"]


def test_a_folder_of_charts_stands_for_them(tmp_path: Path) -> None:
    one = package(tmp_path)
    assert charts_in(tmp_path) == [one]
    assert charts_in(BASE.parent) == [BASE]
    assert charts_in(BASE) == [BASE]
    assert charts_in(tmp_path / "nothing") == [tmp_path / "nothing"]


WHOLE = gzip.decompress(packed(BASE))


def headers() -> Iterator[int]:
    """Where the headers of the base chart's archive begin."""
    with tarfile.open(fileobj=io.BytesIO(WHOLE)) as archive:
        yield from [member.offset for member in archive]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(headers())), st.integers(0, 511), st.binary(min_size=1, max_size=12))
def test_a_damaged_header_raises_nothing_else(at: int, inside: int, damage: bytes) -> None:
    place = at + inside
    data = WHOLE[:place] + damage + WHOLE[place + len(damage) :]
    try:
        entries = list(Tape(data))
    except TapeError:
        return
    assert all(len(one.data) <= len(data) for one in entries)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_inflate_or_say_why_not(data: bytes) -> None:
    try:
        inflate(data, 1000)
    except (TapeError, TapeTooLarge):
        return
    assert data.startswith(b"\x1f\x8b")


@pytest.mark.parametrize(
    "style", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=str
)
@pytest.mark.parametrize("length", [10, 99, 100, 101, 200, 300])
def test_every_tar_format_is_read(style: int, length: int) -> None:
    name = "/".join(["examplellm", "d" * 50, "n" * max(1, length - 62)])
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=style) as archive:
        made = tarfile.TarInfo(name)
        made.size = 3
        try:
            archive.addfile(made, io.BytesIO(b"abc"))
        except ValueError:
            assert style == tarfile.USTAR_FORMAT
            return
    (found,) = Tape(raw.getvalue())
    assert (found.name.decode(), found.kind, found.data) == (name, Kind.FILE, b"abc")

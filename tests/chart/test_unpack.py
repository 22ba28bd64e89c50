"""An archive is hostile until it is read: whatever it holds, the answer is short and clear."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.chart import Chart, pack, unpack
from chartgen.errors import CatalogBroken
from tests.repository import PROJECT, run_python

GOOD = pack(Chart("any", "1.0.0", {"Chart.yaml": "name: any\n", "templates/a.yaml": "a: 1\n"})).data
Member = tuple[str, bytes, bytes]
"""A member's name, its type and its content."""


def archive(members: Sequence[Member], link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, kind, content in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size = kind, link, len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def packed(*members: Member, link: str = "") -> bytes:
    return gzip.compress(archive(members, link))


def plain(name: str, content: bytes = b"x") -> Member:
    return name, tarfile.REGTYPE, content


def refusal(data: bytes) -> str:
    started = time.monotonic()
    with pytest.raises(CatalogBroken) as refused:
        unpack(data, "any-1.0.0.tgz")
    assert time.monotonic() - started < 5
    assert str(refused.value).startswith("any-1.0.0.tgz: ")
    assert "Restore it from git" in str(refused.value)
    return str(refused.value)


def test_a_good_package_is_read() -> None:
    assert set(unpack(GOOD, "any-1.0.0.tgz")) == {"Chart.yaml", "templates/a.yaml"}


@pytest.mark.parametrize("kept", [0, 1, 9, 10, 14, 15, 600, len(GOOD) - 9, len(GOOD) - 1])
def test_a_cut_package_is_refused(kept: int) -> None:
    assert refusal(GOOD[:kept])


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE]
)
def test_anything_but_a_plain_file_is_refused(kind: bytes) -> None:
    assert "not a plain file" in refusal(packed(("any/odd", kind, b""), link="/etc/passwd"))


def test_a_link_to_a_file_of_the_archive_is_refused_too() -> None:
    data = packed(plain("any/a"), ("any/b", tarfile.LNKTYPE, b""), link="any/a")
    assert "not a plain file" in refusal(data)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../up", "any/../../up", "any/a/../b", "..", "bare", "any", "./bare"]
)
def test_a_path_outside_the_folder_is_refused(name: str) -> None:
    assert "outside the chart's folder" in refusal(packed(plain(name)))


def test_a_second_root_folder_is_refused() -> None:
    assert refusal(packed(plain("any/a"), plain("other/b")))


def test_one_file_twice_is_refused() -> None:
    assert refusal(packed(plain("any/a", b"1"), plain("any/a", b"2")))


def test_too_many_files_are_refused() -> None:
    assert "more than" in refusal(packed(*(plain(f"any/{index}") for index in range(2001))))


@pytest.mark.parametrize("member", [plain("any/zeros", bytes(40 << 20))], ids=["zeros"])
def test_a_bomb_is_refused(member: Member) -> None:
    data = packed(member)
    assert len(data) < 100_000
    assert "unpacks to more than" in refusal(data)


@pytest.mark.parametrize(
    "tail",
    [b"x", bytes(512), gzip.compress(b"more"), gzip.compress(bytes(64 << 20)), GOOD],
    ids=["byte", "zeros", "member", "bomb", "package"],
)
def test_anything_after_the_archive_is_refused(tail: bytes) -> None:
    assert refusal(GOOD + tail)


@pytest.mark.parametrize(
    "data",
    [b"plain text", archive([plain("any/a")]), gzip.compress(b""), gzip.compress(b"no tar" * 999)],
    ids=["text", "tar", "empty", "gzip"],
)
def test_no_package_at_all_is_refused(data: bytes) -> None:
    assert refusal(data)


def test_a_file_that_is_no_text_is_refused() -> None:
    assert "not a readable chart package" in refusal(packed(plain("any/a", b"\xff\xfe\x00")))


def test_a_wrong_checksum_is_refused() -> None:
    broken = bytearray(GOOD)
    broken[-6] ^= 1
    assert refusal(bytes(broken))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 2559), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_damaged_archive_is_read_or_refused(damage: list[tuple[int, int]]) -> None:
    content = bytearray(gzip.decompress(GOOD))
    for place, flip in damage:
        content[place] ^= flip
    assert answered(gzip.compress(bytes(content), 1))


def answered(data: bytes) -> bool:
    """Whether a package is read, or refused by its name."""
    try:
        unpack(data, "any-1.0.0.tgz")
    except CatalogBroken as error:
        return str(error).startswith("any-1.0.0.tgz: ")
    return True


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    assert refusal(data)


SPARSE = """\
import gzip, io, resource, sys, tarfile
from chartgen.chart import unpack
from chartgen.errors import CatalogBroken
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
entry = tarfile.TarInfo("any/sparse")
entry.type = tarfile.GNUTYPE_SPARSE
header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
header[386:398] = b"%011o\\0" % 0
header[398:410] = b"%011o\\0" % 0
header[483:495] = b"%011o\\0" % (7 << 30)
header[148:156] = b"        "
header[148:156] = b"%06o\\0 " % sum(header)
try:
    unpack(gzip.compress(bytes(header) + bytes(1024)), "any-1.0.0.tgz")
except CatalogBroken as error:
    print("refused:", error)
"""


def test_a_sparse_file_does_not_fill_the_memory() -> None:
    done = run_python("-c", SPARSE, cwd=PROJECT)
    assert done.stdout.startswith("refused:"), done.stderr

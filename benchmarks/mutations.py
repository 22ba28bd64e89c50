"""Charts and packages that nobody would write: mutations of sound ones, by a seed."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

Files = dict[str, bytes]
"""The files of a chart by path below its folder."""

_TEXTS = (
    *("{{", "}}", "{{-", "{{/*", "*/}}", "{{ . }}", "{{ end }}", "{{ .Values }}", "{{ $ }}"),
    *('{{ include "x" . }}', '{{ define "x" }}{{ include "x" . }}{{ end }}', "{{ fail 1 }}"),
    *('{{ required "x" nil }}', "{{ range until 5000 }}x{{ end }}", "{{ toYaml .Values }}"),
    *("&a ", "*a", "<<: *a", "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n", "!!binary x"),
    *("!!float x", "!!python/object x", "? ", "- ", ": ", "| ", ">-\n", "'", '"', "\t"),
    *("~", "null", "yes", "no", "1e999", "-0", "0x1F", "0o17", "017", "1_000", ".inf", ".nan"),
    *("2026-11-21", "1:30", "9" * 40, "1" + "0" * 400, "Gi", "-5Gi", "1.5.5", "1e-400Gi"),
    *(">=1.12.6-0", "^^1", "||", "1.x.*", "<0.0.0-0", "OLARES_USER", "[", "]", "{", "}"),
    *("\n", "\r\n", "\r", "\u2028", "\ufeff", "\u0000", "\u0085", "標", "\U0001f600"),
    *("http://[::1", "https://%zz/", "https://user:pass@/", "//x", "a" * 70, "A_b"),
    *("(?P<x>", "[[:word:]]", "\\p{Greek}", "(?=x)", "(a+)+$", "apiVersion: v2\n"),
)
TOKENS = (
    *(text.encode() for text in _TEXTS),
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
)
"""Pieces that parsers of YAML, templates, versions, quantities and addresses trip over."""

BOMBS = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{y}: &{y} [{', '.join([f'*{x}'] * 8)}]\n" for x, y in pairwise("abcdefgh")
)
"""Aliases that would explode to two million nodes."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A sound chart: its folder's name and its files."""

    name: str
    files: Mapping[str, bytes]


def mutated_chart(seeds: Sequence[Seed], random: Random) -> tuple[str, Files]:
    """A chart with some of its files changed: folder and files."""
    seed = random.choice(seeds)
    files = dict(seed.files)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        random.choice(_CHART_CHANGES)(files, seeds, random)
    name = seed.name if random.random() < 0.97 else _odd_name(random)
    return name, files


def mutated_package(seeds: Sequence[Seed], random: Random) -> bytes:
    """The bytes of a package: damaged as gzip, as tar, or in its entries."""
    seed = random.choice(seeds)
    raw = _tar(seed.name, seed.files, random)
    if random.random() < 0.6:
        raw = _damaged_tar(raw, random)
    data = gzip.compress(raw, 1, mtime=0)
    return _damaged(data, random) if random.random() < 0.5 else data


def _text_of(files: Files, random: Random) -> str:
    """A file to change, the manifest and the templates more often than others."""
    likely = [path for path in files if path.endswith((".yaml", ".tpl", ".txt"))]
    return random.choice(likely or list(files) or ["OlaresManifest.yaml"])


def _insert_token(files: Files, _seeds: Sequence[Seed], random: Random) -> None:
    path = _text_of(files, random)
    data = files.get(path, b"")
    at = random.randint(0, len(data))
    files[path] = data[:at] + random.choice(TOKENS) + data[at:]


def _replace_value(files: Files, _seeds: Sequence[Seed], random: Random) -> None:
    path = _text_of(files, random)
    lines = files.get(path, b"").split(b"\n")
    at = random.randrange(len(lines))
    key, colon, _ = lines[at].partition(b": ")
    lines[at] = key + (colon or b": ") + random.choice(TOKENS)
    files[path] = b"\n".join(lines)


def _shuffle_lines(files: Files, _seeds: Sequence[Seed], random: Random) -> None:
    path = _text_of(files, random)
    lines = files.get(path, b"").split(b"\n")
    at, end = sorted(random.choices(range(len(lines) + 1), k=2))
    part = lines[at:end]
    action = random.randrange(4)
    if action == 0:
        lines[at:end] = []
    elif action == 1:
        lines[at:at] = part * random.choice((1, 2, 50))
    elif action == 2:
        lines[at:end] = [b"  " + line for line in part]
    else:
        lines[at:end] = [line[2:] for line in part]
    files[path] = b"\n".join(lines)


def _damage(files: Files, _seeds: Sequence[Seed], random: Random) -> None:
    path = _text_of(files, random)
    files[path] = _damaged(files.get(path, b""), random)


def _splice(files: Files, seeds: Sequence[Seed], random: Random) -> None:
    other = random.choice(seeds).files
    path = random.choice(list(other))
    files[path if random.random() < 0.7 else _text_of(files, random)] = other[path]


def _drop(files: Files, _seeds: Sequence[Seed], random: Random) -> None:
    files.pop(random.choice(list(files) or [""]), None)


def _explode(files: Files, _seeds: Sequence[Seed], random: Random) -> None:
    path = _text_of(files, random)
    bomb = random.choice(
        (
            BOMBS.encode(),
            b"[" * 5000,
            b"{a: " * 2000,
            b"- " * 3000,
            b"---\n" * 20_000,
            b"---\na: 1\n" * 3000,
            b"? " * 2000,
            b"k: v\n" * 20_000,
            b"x" * 200_000,
            b"a: &a\n  <<: *a\n",
            b"{{ if 1 }}" * 2000,
        )
    )
    files[path] = bomb if random.random() < 0.5 else files.get(path, b"") + b"\n" + bomb


def _odd_file(files: Files, _seeds: Sequence[Seed], random: Random) -> None:
    name = random.choice(
        (
            *("values.schema.json", "templates/x.json", "templates/NOTES.txt", "crds/x.yaml"),
            *("charts/sub/Chart.yaml", "charts/sub/templates/x.yaml", "requirements.yaml"),
            *(
                ".helmignore",
                ".chartgen-lint.toml",
                "Chart.lock",
                "templates/_x.tpl",
                "charts/x.tgz",
            ),
        )
    )
    files[name] = random.choice((*TOKENS, b'{"type": "object"}', b"[[waive]]\n", b"*\n", b""))


_CHART_CHANGES: tuple[Callable[[Files, Sequence[Seed], Random], None], ...] = (
    *(_insert_token, _insert_token, _insert_token, _replace_value, _replace_value),
    *(_shuffle_lines, _shuffle_lines, _damage, _splice, _drop, _explode, _odd_file),
)


def _damaged(data: bytes, random: Random) -> bytes:
    kept = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        at = random.randint(0, len(kept))
        action = random.randrange(5)
        if action == 0 and at < len(kept):
            kept[at] ^= 1 << random.randrange(8)
        elif action == 1:
            kept[at:at] = random.randbytes(random.choice((1, 4, 100)))
        elif action == 2:
            del kept[at : at + random.choice((1, 4, 100))]
        elif action == 3:
            kept[at:at] = kept[: random.randint(0, 600)]
        elif random.random() < 0.3:
            del kept[at:]
    return bytes(kept)


def _damaged_tar(raw: bytes, random: Random) -> bytes:
    """Damage that keeps checksums right as often as not, so that more than they is tried."""
    kept = bytearray(raw)
    blocks = len(kept) // 512
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.randrange(max(1, blocks)) * 512
        field, length = random.choice(
            ((0, 100), (124, 12), (156, 1), (157, 100), (257, 8), (345, 155))
        )
        piece = random.choice(
            (random.randbytes(length), b"\0" * length, b"7" * length, b"../" * 60)
        )
        kept[at + field : at + field + length] = piece[:length].ljust(length, b"\0")
        if random.random() < 0.8:
            kept[at + 148 : at + 156] = b" " * 8
            kept[at + 148 : at + 156] = b"%06o\0 " % (sum(kept[at : at + 512]) & 0o777777)
    return bytes(kept) + (b"" if random.random() < 0.9 else random.randbytes(700))


def _tar(name: str, files: Mapping[str, bytes], random: Random) -> bytes:
    raw = io.BytesIO()
    style = random.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=raw, mode="w", format=style) as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(f"{name}/{path}")
            _mutate_entry(entry, random)
            entry.size = len(data) if entry.isreg() else 0
            try:
                archive.addfile(entry, io.BytesIO(data))
            except (ValueError, UnicodeError):
                continue
    return raw.getvalue()


def _mutate_entry(entry: tarfile.TarInfo, random: Random) -> None:
    chance = random.random()
    if chance < 0.02:
        entry.name = _odd_name(random)
    elif chance < 0.03:
        entry.type = random.choice(b"123456gxLKSZ").to_bytes(1, "big")
        entry.linkname = random.choice(("/etc/passwd", "../x", "", "x" * 300))
    elif chance < 0.04:
        entry.pax_headers = {
            random.choice(("path", "size", "GNU.sparse.map", "x")): _odd_name(random)
        }


def _odd_name(random: Random) -> str:
    return random.choice(
        (
            *("../../x", "/x", "x", "", ".", "a//b", "a/./b", "C:/x", "a\\b", "x" * 300, "é" * 90),
            *(
                "examplellm/Chart.yaml",
                "EXAMPLE/x",
                "a\nb",
                "\x1b[2J",
                "d/" * 120 + "x",
                "123",
                "-1",
            ),
        )
    )

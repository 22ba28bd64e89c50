"""Every package and every icon of a market source (Olares market contract 1.9 and 2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chartgen.lint.contents import MANIFEST, Contents, find_manifest
from chartgen.lint.finding import Place, Problem
from chartgen.lint.go.nodes import Node
from chartgen.lint.go.yaml import GoYamlError, load
from chartgen.lint.reading import read_package
from chartgen.market.check_answers import problem
from chartgen.market.check_asking import Market, Reply
from chartgen.market.check_details import Row

ICON_SIDE = 256
"""Pixels that the official store asks for (beclab/Olares, docs of promote-apps, 2026)."""

ICON_BYTES = 512 * 1024
PNG = b"\x89PNG\r\n\x1a\n"

REFETCHED = "A device fetches it again for ever, and never lists the app."
CHART = "Chart.yaml"
PREFIXES = ("api/v1", "api/v2")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A package that was fetched whole; `told` are the name and icon in its manifest."""

    name: str
    version: str
    data: bytes
    icon: str = ""

    @property
    def filename(self) -> str:
        """Under which name a device asks for it."""
        return f"{self.name}-{self.version}.tgz"


@dataclass(frozen=True, slots=True)
class Package:
    """What became of one app's package; `asked` is False where it cannot be asked for."""

    fetched: Fetched | None = None
    problems: tuple[Problem, ...] = ()
    asked: bool = True


def check_package(market: Market, row: Row, *, newer: bool) -> Package:
    """Fetches the package of an app and reads it; `newer` where v2 clients are served too."""
    name, version = row.get("name"), row.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or not version.strip():
        return Package()
    fetched = Fetched(name, version.strip(), b"")
    where = _address(PREFIXES[0], fetched)
    reply = market.ask(f"/{where}", _query(fetched))
    if reply is None:
        return Package(asked=False)
    refused = tuple(_refused(reply, where, fetched.filename))
    if refused:
        return Package(problems=refused)
    found = _read(where, Fetched(name, fetched.version, reply.body))
    twin = market.ask(f"/{_address(PREFIXES[1], fetched)}", _query(fetched)) if newer else None
    return Package(found.fetched, (*found.problems, *_same(where, reply, twin)))


def _address(prefix: str, fetched: Fetched) -> str:
    return f"{prefix}/applications/{fetched.name}/chart"


def _query(fetched: Fetched) -> Mapping[str, str]:
    return {"fileName": fetched.filename, "version": fetched.version}


def _refused(reply: Reply, where: str, filename: str) -> Iterator[Problem]:
    if reply.trouble or reply.status != 200:
        why = reply.trouble or f"status {reply.status}"
        message = f"{filename} cannot be fetched: {why}. {REFETCHED}"
        yield problem("C30", where, message, "Serve it here with status 200.", filename)


def _same(where: str, first: Reply, twin: Reply | None) -> Iterator[Problem]:
    served = twin is not None and twin.status == 200 and not twin.trouble
    if twin is not None and served and twin.body != first.body:
        message = "The address below api/v2 serves other bytes than the one below api/v1."
        yield problem("C33", where, message, "Serve one package at both.")


def _read(where: str, fetched: Fetched) -> Package:
    contents = Contents()
    read_package(fetched.data, contents)
    if contents.refused:
        return Package(problems=(_unreadable(where, fetched, contents.problems()[0]),))
    problems: list[Problem] = []
    if contents.name != fetched.name:
        message = f"The folder in {fetched.filename} is {contents.name}, not {fetched.name}."
        remedy = "Name the folder as the app."
        problems.append(problem("C31", where, message, remedy, contents.name))
    path = find_manifest(contents.files)
    if path is None:
        message = f"There is no {MANIFEST} in {fetched.filename}. The app is never listed."
        problems.append(problem("C31", where, message, "Package the whole chart."))
        return Package(problems=tuple(problems))
    told = _plain(contents.files[path])
    about = told.get("metadata") if told else None
    problems += _compare(where, fetched, MANIFEST, about)
    problems += _compare(where, fetched, CHART, _plain(contents.files.get(CHART, b"")))
    icon = about.get("icon") if about else None
    address = str(icon.value) if icon else ""
    whole = Fetched(fetched.name, fetched.version, fetched.data, address)
    return Package(whole, tuple(problems))


def _unreadable(where: str, fetched: Fetched, why: Problem) -> Problem:
    message = f"{fetched.filename} is no package: {why.message} {REFETCHED}"
    return Problem("C31", Place(where), why.value, message, why.remedy)


def _plain(text: bytes) -> Node | None:
    """A file's values, or None: a manifest may be a template, and the chart's own lint
    judges what cannot be read."""
    try:
        return load(text)
    except GoYamlError:
        return None


def _compare(where: str, fetched: Fetched, file: str, told: Node | None) -> Iterator[Problem]:
    for name, wanted in (("name", fetched.name), ("version", fetched.version)):
        node = told.get(name) if told else None
        own = None if node is None else node.value
        if own is not None and str(own) != wanted:
            message = (
                f"{name} is {own} in the package's {file} and {wanted} in the catalogue. "
                "A device renders it again for ever."
            )
            yield problem("C32", where, message, "Tell one and the same everywhere.", str(own))


@dataclass(frozen=True, slots=True)
class Picture:
    """What became of an icon; `asked` is False where it cannot be asked for."""

    problems: tuple[Problem, ...] = ()
    asked: bool = True


def check_icon(market: Market, url: str, path: str) -> Picture:
    """Fetches an icon; `path` names the app in messages."""
    if not url.startswith(("http://", "https://")):
        message = f"{path}: the icon is no http or https address."
        return Picture((problem("C35", path, message, "Write the whole address.", url),))
    reply = market.picture(url)
    if reply is None:
        return Picture(asked=False)
    return Picture(tuple(_picture(reply, url, path)))


def _picture(reply: Reply, url: str, path: str) -> Iterator[Problem]:
    if reply.trouble or reply.status != 200:
        message = f"{path}: there is no icon: {reply.trouble or f'status {reply.status}'}."
        yield problem("C35", path, message, "Serve a PNG or WEBP there.", url)
        return
    size = picture_size(reply.body)
    if size is None:
        message = f"{path}: what is served as the icon is neither PNG nor WEBP."
        yield problem("C36", path, message, f"Serve a PNG of {ICON_SIDE} pixels a side.", url)
        return
    if size != (ICON_SIDE, ICON_SIDE) or len(reply.body) > ICON_BYTES:
        message = f"{path}: the icon has {size[0]}x{size[1]} pixels, {len(reply.body)} bytes."
        remedy = f"Use {ICON_SIDE}x{ICON_SIDE} pixels and at most {ICON_BYTES} bytes."
        yield problem("C36", path, message, remedy, url)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or WEBP from its header; None for anything else."""
    if data.startswith(PNG) and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp_size(data)
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """The three forms of WEBP: lossy, lossless, extended (RFC 9649)."""
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        wide, high = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return wide, high
    return None

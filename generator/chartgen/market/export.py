"""The market as files: the same answers for any web server or object store.

Files cannot look at a query, so an export is for one Olares version, and the one
POST of the protocol is passed on to a running `chartgen serve`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chartgen.catalog.exchange import exchange
from chartgen.errors import CatalogBroken
from chartgen.market.answer import CORS, Request, answer
from chartgen.market.nginx import nginx_conf
from chartgen.market.site import Site
from chartgen.market.v2 import MAX_PAGE_SIZE

MARK = ".chartgen-export.json"
"""Lies in every export; a folder without it is never overwritten."""

POST_ADDRESS = "/api/v1/applications/info"


@dataclass(frozen=True, slots=True)
class Exported:
    """An export: where it is, for which Olares, how many files and bytes."""

    folder: str
    olares: str
    apps: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    address: str
    body: bytes
    content_type: str
    cache: str


def export_static(site: Site, folder: Path, olares: str, upstream: str) -> Exported:
    """Writes every GET answer of the site to `folder`, as a whole.

    `olares` is the version that is answered to, `upstream` the address of a running
    `chartgen serve` for the one POST. Raises `CatalogBroken` for a folder that holds
    something else.
    """
    _check_folder(folder)
    files = list(_answers(site, olares))
    extra = {
        MARK: json.dumps({"olares": olares, "hash": site.hash}, indent=1),
        "_headers": _headers(files),
        "vercel.json": _vercel(files),
        "nginx.conf": nginx_conf({file.address: file.path for file in files}, upstream, CORS),
    }
    _write(folder, files, extra)
    size = sum(len(file.body) for file in files)
    return Exported(str(folder), olares, len(site.offer(olares).apps), len(files), size)


def _answers(site: Site, olares: str) -> Iterator[_File]:
    """Every address that a client asks by GET, with its file."""
    query = {"version": olares}
    names = [item.release.name for item in site.offer(olares).apps.values()]
    for prefix in ("/api/v1", "/api/v2"):
        for leaf in ("hash", "info"):
            yield _file(site, f"{prefix}/appstore/{leaf}", query, f"{leaf}.json")
        for name in names:
            yield _file(site, f"{prefix}/applications/{name}/chart", {}, "chart.tgz")
    for leaf in ("catalog", "taxonomy"):
        yield _file(site, f"/api/v2/{leaf}", query, f"{leaf}.json")
    everything = {**query, "size": str(MAX_PAGE_SIZE)}
    for leaf in ("applications", "browse/applications"):
        yield _file(site, f"/api/v2/{leaf}", everything, f"{leaf.rpartition('/')[2]}.json")
    for name in names:
        yield _file(site, f"/icons/{name}.png", {}, f"{name}.png")
    yield _file(site, "/healthz", {}, "healthz.json")
    yield _file(site, "/", {}, "index.html")


def _file(site: Site, address: str, query: Mapping[str, str], name: str) -> _File:
    made = answer(site, Request("GET", address, query))
    if made.status != 200:
        problem = f"{address} answers {made.status}"
        raise CatalogBroken(path=str(site.root), problem=problem, remedy="Build it again.")
    path = f"{address.rpartition('/')[0]}/{name}".lstrip("/")
    return _File(path, address, made.body, made.content_type, made.cache)


def _check_folder(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        problem = "the folder is not empty and holds no export"
        raise CatalogBroken(path=str(folder), problem=problem, remedy="Name an empty folder.")


def _headers(files: list[_File]) -> str:
    """The form that Netlify, Cloudflare Pages and others read."""
    common = [f"  {name}: {value}" for name, value in CORS.items()]
    lines = ["/*", *common]
    for file in files:
        lines += [file.address, f"  Content-Type: {file.content_type}"]
        lines += [f"  Cache-Control: {file.cache}"]
    return "\n".join([*lines, ""])


def _vercel(files: list[_File]) -> str:
    """The form that Vercel reads: headers, and each address led to its file."""
    common = [{"key": name, "value": value} for name, value in CORS.items()]
    headers: list[dict[str, object]] = [{"source": "/(.*)", "headers": common}]
    headers += [
        {
            "source": file.address,
            "headers": [
                {"key": "Content-Type", "value": file.content_type},
                {"key": "Cache-Control", "value": file.cache},
            ],
        }
        for file in files
    ]
    rewrites = [
        {"source": file.address, "destination": f"/{file.path}"}
        for file in files
        if file.address != f"/{file.path}"
    ]
    return json.dumps({"headers": headers, "rewrites": rewrites}, indent=1) + "\n"


def _write(folder: Path, files: list[_File], extra: Mapping[str, str]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        staging.chmod(0o755)
        for file in files:
            path = staging / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.body)
        for name, text in extra.items():
            (staging / name).write_text(text, "utf-8")
        exchange(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)

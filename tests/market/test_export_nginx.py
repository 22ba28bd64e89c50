"""Real nginx with an export answers what a real `chartgen serve` answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chartgen.catalog.index import app_id
from chartgen.market import load_site
from chartgen.market.export import export_static
from tests.market.exported import Reply, Server, free_port, nginx, serving
from tests.repository import LLAMACPP, VLLM, Repository

OLARES = "1.12.7"
OLD, NEW = "1.0.0", "9.0.0"
PREFIXES = ("/api/v1", "/api/v2")
SAME = (
    "content-type",
    "cache-control",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "x-content-type-options",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Both servers of one catalog."""

    files: Server
    live: Server
    catalog: Path

    def agree(self, path: str) -> Reply:
        """nginx's answer, after it was found to be the live server's."""
        ours, wanted = self.files.ask(path), self.live.ask(path)
        assert (ours.status, ours.content) == (wanted.status, wanted.content), path
        found = {name: ours.header(name) for name in SAME}
        assert found == {name: wanted.header(name) for name in SAME}, path
        return ours


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("nginx")
    repository = Repository.copied(folder / "market")
    for version in (OLD, NEW):
        repository.set(VLLM, version=repr(version))
        repository.edit(VLLM, "changes=Text(\n", f'changes=Text(\n        "{version}: "\n')
        repository.build()
    upstream = free_port()
    with serving(repository.catalog, upstream) as live:
        out = folder / "out"
        export_static(load_site(repository.catalog), out, OLARES, f"http://127.0.0.1:{upstream}")
        with nginx(out, folder / "run", free_port()) as files:
            yield Pair(files, live, repository.catalog)


def chart(prefix: str, name: str, query: str = "") -> str:
    return f"{prefix}/applications/{name}/chart{query}"


ANSWERS = [
    *(
        f"{prefix}/appstore/{leaf}?version={OLARES}"
        for prefix in PREFIXES
        for leaf in ("hash", "info")
    ),
    f"/api/v2/catalog?source_id=x&version={OLARES}",
    f"/api/v2/taxonomy?version={OLARES}",
    f"/api/v2/applications?page=1&version={OLARES}",
    f"/api/v2/browse/applications?version={OLARES}",
    f"/api/v1/appstore/hash/?version={OLARES}",
    "/healthz",
    *(f"/icons/{name}.png" for name in (VLLM, LLAMACPP)),
    *(chart(prefix, name) for prefix in PREFIXES for name in (VLLM, LLAMACPP)),
]
"""Every address of the protocol that is asked by GET."""


@pytest.mark.parametrize("path", ANSWERS)
def test_every_get_is_answered_alike(pair: Pair, path: str) -> None:
    assert pair.agree(path).status == 200


@pytest.mark.parametrize("path", ANSWERS)
def test_head_is_get_without_its_body(pair: Pair, path: str) -> None:
    whole, head = pair.files.ask(path), pair.files.ask(path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == str(len(whole.body))
    for name in (*SAME, "etag"):
        assert head.header(name) == whole.header(name)


@pytest.mark.parametrize("path", ANSWERS)
def test_what_a_client_has_is_not_sent_again(pair: Pair, path: str) -> None:
    whole = pair.files.ask(path)
    again = pair.files.ask(path, headers={"If-None-Match": whole.header("etag")})
    assert (again.status, again.body) == (304, b"")
    assert again.header("etag") == whole.header("etag") != ""
    assert again.header("cache-control") == whole.header("cache-control")
    assert again.header("access-control-allow-origin") == "*"
    assert pair.files.ask(path, headers={"If-None-Match": '"other"'}).status == 200


@pytest.mark.parametrize("path", [path for path in ANSWERS if "/appstore/info" in path])
def test_texts_are_sent_compressed_to_who_takes_it(pair: Pair, path: str) -> None:
    packed = pair.files.ask(path, headers={"Accept-Encoding": "gzip"})
    assert packed.header("content-encoding") == "gzip"
    assert packed.header("vary") == "Accept-Encoding"
    assert packed.content == pair.files.ask(path).body
    assert len(packed.body) < len(packed.content)
    assert packed.header("content-type") == "application/json"


def test_the_page_is_html(pair: Pair) -> None:
    page = pair.files.ask("/")
    assert (page.status, page.header("content-type")) == (200, "text/html; charset=utf-8")
    assert f"/icons/{VLLM}.png".encode() in page.body


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("version", [OLD, NEW])
def test_each_version_has_its_own_bytes(pair: Pair, prefix: str, version: str) -> None:
    package = f"{VLLM}-{version}.tgz"
    for query in (f"?fileName={package}&version={version}", f"?fileName={package}"):
        found = pair.agree(chart(prefix, VLLM, query))
        assert found.body == (pair.catalog / "charts" / package).read_bytes()
        assert found.header("cache-control") == "public, max-age=31536000, immutable"
        assert found.header("content-type") == "application/gzip"


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_version_alone_names_its_package(pair: Pair, version: str) -> None:
    found = pair.agree(chart("/api/v1", VLLM, f"?version={version}"))
    assert found.body == (pair.catalog / "charts" / f"{VLLM}-{version}.tgz").read_bytes()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_without_a_file_name_it_is_the_newest(pair: Pair, prefix: str) -> None:
    newest = (pair.catalog / "charts" / f"{VLLM}-{NEW}.tgz").read_bytes()
    for query in ("", "?", "?fileName=", "?fileName=&version="):
        found = pair.agree(chart(prefix, VLLM, query))
        assert found.body == newest
        assert found.header("cache-control") == "public, max-age=0, must-revalidate"


HOSTILE = [
    *(
        chart("/api/v1", VLLM, f"?fileName={name}")
        for name in (
            f"{VLLM}-0.0.1.tgz",
            f"{LLAMACPP}-{OLD}.tgz",
            f"{VLLM}-{NEW}.tgz.gz",
            f"{VLLM}-{NEW}.tgz%00",
            f"{VLLM}-../../{VLLM}-{NEW}.tgz",
            f"../charts/{VLLM}-{NEW}.tgz",
            "../../nginx.conf",
            "..%2f..%2fnginx.conf",
            "%2e%2e/nginx.conf",
            "/etc/passwd",
            "index.html",
            "$uri",
            "*",
        )
    ),
    chart("/api/v1", VLLM, f"?fileName={VLLM}-{NEW}.tgz&version={OLD}"),
    chart("/api/v1", VLLM, "?version=7.7.7"),
    chart("/api/v1", VLLM, "?version=../../nginx"),
    chart("/api/v1", "nobody"),
    chart("/api/v1", "nobody", f"?fileName={VLLM}-{NEW}.tgz"),
    chart("/api/v3", VLLM),
    "/api/v1/applications",
    "/api/v1/applications/",
    f"/api/v1/applications/{VLLM}",
    "/api/v1/catalog",
    "/api/v2/applications.json",
    "/api/v2/catalog.gz",
    "/api/v2/catalog%0a",
    "/api/v1/appstore/",
    "/icons/nobody.png",
    "/icons/",
    f"/icons/{VLLM}.svg",
    f"/charts/{VLLM}-{NEW}.tgz",
    "/charts/",
    "/nginx.conf",
    "/nginx-server.conf",
    "/_headers",
    "/_redirects",
    "/vercel.json",
    "/404.json",
    "/index.html",
    "/.chartgen-export.json",
    "/icons/..%2fnginx.conf",
    "/favicon.ico",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_there_is_nothing_at_any_other_address(pair: Pair, path: str) -> None:
    ours, wanted = pair.files.ask(path), pair.live.ask(path)
    assert (ours.status, wanted.status) == (404, 404)
    assert ours.header("cache-control") == wanted.header("cache-control") == "no-store"
    assert ours.header("content-type") == wanted.header("content-type") == "application/json"
    assert ours.header("access-control-allow-origin") == "*"
    assert "error" in json.loads(ours.content)


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/icons/../../../etc/passwd",
        "/icons/../nginx.conf",
        "/api/v1/../../_headers",
        "/%00",
        "/icons/%",
        "//etc/passwd",
        "/" + "a" * 9000,
    ],
)
def test_tricks_with_paths_find_nothing(pair: Pair, path: str) -> None:
    found = pair.files.ask(path)
    assert found.status in (400, 404, 414)
    assert b"root:" not in found.body


def post(server: Server, prefix: str, body: bytes) -> Reply:
    headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
    return server.ask(f"{prefix}/applications/info", "POST", headers, body)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_post_is_answered_by_the_live_server(pair: Pair, prefix: str) -> None:
    asked = {"app_ids": [app_id(VLLM), "nobody"], "version": OLARES}
    body = json.dumps(asked).encode()
    ours, wanted = post(pair.files, prefix, body), post(pair.live, prefix, body)
    assert (ours.status, ours.content) == (wanted.status, wanted.content)
    assert [ours.header(name) for name in SAME] == [wanted.header(name) for name in SAME]
    told = json.loads(ours.content)
    assert list(told["apps"]) == [app_id(VLLM)]
    assert told["not_found"] == ["nobody"]


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[]", 400), (b"x" * 70_000, 413)])
def test_a_body_that_is_none_is_refused(pair: Pair, body: bytes, status: int) -> None:
    assert post(pair.files, "/api/v1", body).status == status
    assert post(pair.live, "/api/v1", body).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(pair: Pair, method: str) -> None:
    for path in ("/api/v1/appstore/hash", chart("/api/v1", VLLM), f"/icons/{VLLM}.png"):
        ours = pair.files.ask(path, method, body=b"")
        assert ours.status == pair.live.ask(path, method, body=b"").status == 405


def test_a_browser_may_ask_before_it_posts(pair: Pair) -> None:
    for path in ("/api/v1/applications/info", "/api/v1/appstore/info"):
        ours, wanted = pair.files.ask(path, "OPTIONS"), pair.live.ask(path, "OPTIONS")
        assert (ours.status, ours.body) == (wanted.status, wanted.body) == (204, b"")
        for name in SAME[2:6]:
            assert ours.header(name) == wanted.header(name) != ""


def test_files_are_served_while_the_live_server_is_away(pair: Pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_static(load_site(pair.catalog), out, OLARES, f"http://127.0.0.1:{free_port()}")
    with nginx(out, tmp_path / "run", free_port()) as server:
        assert server.ask("/api/v1/appstore/hash").status == 200
        failed = post(server, "/api/v1", b"{}")
    assert failed.status == 502
    assert failed.header("cache-control") == "no-store"


def test_a_new_export_is_served_without_a_restart(pair: Pair, tmp_path: Path) -> None:
    """An upstream below a path, and an export that takes the place of another."""
    catalog = shutil.copytree(pair.catalog, tmp_path / "catalog")
    out, upstream = tmp_path / "out", "http://127.0.0.1:9/below/this"
    export_static(load_site(catalog), out, "1.11.0", upstream)
    with nginx(out, tmp_path / "run", free_port()) as server:
        etag = server.ask("/api/v1/appstore/hash").header("etag")
        assert server.ask(chart("/api/v1", VLLM)).status == 404
        export_static(load_site(catalog), out, OLARES, upstream)
        changed = server.ask("/api/v1/appstore/hash", headers={"If-None-Match": etag})
        assert changed.status == 200
        assert server.ask(chart("/api/v1", VLLM)).status == 200

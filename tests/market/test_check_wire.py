"""The check asks over HTTP as the real client does, and gives a bad server little time."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chartgen.errors import Faults
from chartgen.facts.http import Http
from chartgen.lint.finding import Verdict
from chartgen.lint.report import ChartReport
from chartgen.market.check import check_catalog
from chartgen.market.site import Site
from tests.market.changed import DETAILS, HASH, INFO, Source
from tests.market.server import Served

HASTY = Http(timeout=1.0, longest=2.0)


class Proxy(ThreadingHTTPServer):
    """Answers as a market does, but for addresses that a test has other plans with."""

    daemon_threads = True

    def __init__(
        self, source: Source, moved: Mapping[str, int], spoiled: Mapping[str, str]
    ) -> None:
        self.source, self.moved, self.spoiled = source, moved, spoiled
        self.seen: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Says nothing."""


class Drip(Quiet):
    """Never comes to an end."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" " * 100)
                time.sleep(0.05)
        except OSError:
            return

    def do_POST(self) -> None:
        self.do_GET()


class Handler(Quiet):
    server: Proxy

    def do_GET(self) -> None:
        self.answer(None)

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body: bytes | None) -> None:
        path, _, _ = self.path.partition("?")
        self.server.seen.append(f"{self.command} {path}")
        if path in self.server.moved:
            self.send_response(self.server.moved[path])
            self.send_header("Location", f"/moved{path}")
            self.end_headers()
            return
        path = path.removeprefix("/moved")
        reply = self.server.source.ask(path, {}, body)
        assert reply is not None
        coding = self.server.spoiled.get(path, "")
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type or "")
        self.send_header("Content-Encoding", coding or "identity")
        self.end_headers()
        self.wfile.write(gzip.compress(reply.body) if coding == "gzip" else reply.body)


@contextmanager
def proxied(
    site: Site, moved: Mapping[str, int] | None = None, spoiled: Mapping[str, str] | None = None
) -> Iterator[Proxy]:
    server = Proxy(Source(site), moved or {}, spoiled or {})
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def rules(report: ChartReport) -> set[str]:
    """The rules that were broken, but for the icons, which no test market has."""
    return {one.problem.rule for one in report.findings} - {"C35", "C36"}


@pytest.mark.parametrize("path", ["", "/"])
def test_a_served_market_is_clean(served: Served, path: str) -> None:
    report = check_catalog(served.base + path, HASTY).charts[0]
    assert rules(report) == set()
    assert report.verdict is Verdict.ACCEPT


@pytest.mark.parametrize("code", [301, 302, 303])
def test_a_post_loses_its_body(code: int, site: Site) -> None:
    with proxied(site, {DETAILS: code}) as server:
        report = check_catalog(server.base, HASTY).charts[0]
    assert f"GET /moved{DETAILS}" in server.seen
    assert "C02" in rules(report)
    assert report.verdict is Verdict.REFUSE


@pytest.mark.parametrize("code", [307, 308])
def test_a_post_that_keeps_its_body_is_fine(code: int, site: Site) -> None:
    with proxied(site, {DETAILS: code, HASH: 301, INFO: code}) as server:
        report = check_catalog(server.base, HASTY).charts[0]
    assert f"POST /moved{DETAILS}" in server.seen
    assert rules(report) == set()


def test_gzip_is_read_and_deflate_is_not(site: Site) -> None:
    with proxied(site, spoiled={INFO: "gzip"}) as server:
        assert rules(check_catalog(server.base, HASTY).charts[0]) == set()
    with proxied(site, spoiled={INFO: "deflate"}) as server:
        assert "C02" in rules(check_catalog(server.base, HASTY).charts[0])


def test_a_loop_of_redirects_ends(site: Site) -> None:
    around = {f"{'/moved' * depth}{HASH}": 302 for depth in range(20)}
    with proxied(site, around) as server:
        assert "C02" in rules(check_catalog(server.base, HASTY).charts[0])


def test_a_server_that_drips_is_left() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Drip)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    begun = time.monotonic()
    http = Http(timeout=0.5, longest=0.3)
    report = check_catalog(f"http://127.0.0.1:{server.server_address[1]}", http).charts[0]
    server.shutdown()
    server.server_close()
    assert time.monotonic() - begun < 10
    assert report.verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    "address", ["http://192.0.2.1", "http://127.0.0.1:9/?x=1", "http://127.0.0.1:9/market//"]
)
def test_an_address_that_cannot_be_added(address: str) -> None:
    report = check_catalog(address, Http(timeout=0.2, longest=0.2)).charts[0]
    assert "C01" in rules(report)


@pytest.mark.parametrize("where", ["ftp://market.example.org", "https://", "no/such/folder"])
def test_a_place_that_is_none(where: str) -> None:
    with pytest.raises(Faults):
        check_catalog(where)


def test_no_file_outside_a_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "hash.json").write_text("{}", "utf-8")
    inner = tmp_path / "market"
    inner.mkdir()
    (inner / "info.json").symlink_to(tmp_path / "hash.json")
    found = check_catalog(str(inner)).charts[0].findings
    assert {one.problem.rule for one in found} >= {"C02"}

"""The server over real sockets: compression, connections, and clients that break the rules."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from chartgen.market.answer import MAX_BODY
from chartgen.market.server import MAX_URL
from chartgen.market.site import Site
from tests.market.client import Device, Reply
from tests.market.server import Served
from tests.market.wire import HASH, dialled, reply, request, rest, seconds_until_cut

INFO = "/api/v1/appstore/info?version=1.12.7"
CHART = "/api/v1/applications/alpha/chart?fileName=alpha-1.0.0.tgz&version=1.0.0"
DETAILS = "/api/v1/applications/info"
PNG = "/icons/alpha.png"
BODY = b'{"app_ids":[]}'


def ask(served: Served, path: str, *headers: str, method: str = "GET") -> Reply:
    with dialled(served.port) as line:
        line.sendall(request(path, *headers, method=method))
        return reply(line, method)


def raw(served: Served, sent: bytes) -> bytes:
    with dialled(served.port) as line:
        line.sendall(sent)
        return rest(line)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.mark.parametrize("path", [INFO, "/", "/api/v2/taxonomy?version=1.12.7"])
def test_gzip_is_for_those_who_take_it(served: Served, path: str) -> None:
    plain, packed = ask(served, path), ask(served, path, "Accept-Encoding: br, gzip;q=0.5")
    refused = ask(served, path, "Accept-Encoding: gzip;q=0, *;q=0")
    assert packed.body == plain.body == refused.body
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.body)
    for other in (plain, refused):
        assert "content-encoding" not in other.headers
        assert int(other.headers["content-length"]) == len(plain.body)
    assert {one.headers["vary"] for one in (plain, packed, refused)} == {"Accept-Encoding"}


def test_gzip_is_the_same_bytes_each_time(served: Served) -> None:
    sent = request(INFO, "Accept-Encoding: gzip", "Connection: close")
    bodies = {raw(served, sent).partition(b"\r\n\r\n")[2] for _ in range(3)}
    assert len(bodies) == 1
    assert zlib.decompress(bodies.pop(), 31) == ask(served, INFO).body


@pytest.mark.parametrize("path", [CHART, PNG, HASH])
def test_what_is_packed_or_small_is_sent_as_it_is(served: Served, path: str) -> None:
    told = ask(served, path, "Accept-Encoding: gzip")
    assert told.status == 200
    assert "content-encoding" not in told.headers


def test_a_package_comes_as_its_file(served: Served, site: Site) -> None:
    told = ask(served, CHART)
    assert told.body == (site.root / "charts/alpha-1.0.0.tgz").read_bytes()
    assert gzip.decompress(told.body)
    assert told.headers["content-type"] == "application/gzip"
    assert "immutable" in told.headers["cache-control"]


@pytest.mark.parametrize("path", [HASH, INFO, CHART, PNG, "/", "/healthz", "/nowhere"])
def test_head_tells_of_get_without_a_body(served: Served, path: str) -> None:
    with dialled(served.port) as line:
        line.sendall(request(path, "Connection: close", method="HEAD"))
        head, _, body = rest(line).partition(b"\r\n\r\n")
    assert body == b""
    told = ask(served, path)
    assert status(head) == told.status
    assert f"content-length: {told.headers['content-length']}".encode() in head.lower()


def test_a_mark_saves_the_body(served: Served) -> None:
    for headers in ((), ("Accept-Encoding: gzip",)):
        mark = ask(served, INFO, *headers).headers["etag"]
        told = ask(served, INFO, f"If-None-Match: {mark}", *headers)
        assert (told.status, told.body, told.headers["etag"]) == (304, b"", mark)


def test_a_connection_is_kept(served: Served) -> None:
    with dialled(served.port) as line:
        for path in (HASH, INFO, CHART, "/nowhere", HASH) * 3:
            line.sendall(request(path))
            assert reply(line).status == (404 if path == "/nowhere" else 200)


def test_pipelined_requests_are_answered_in_turn(served: Served) -> None:
    body = f"Content-Length: {len(BODY)}"
    sent = request(HASH) + request(DETAILS, body, method="POST") + BODY
    sent += request("/nowhere") + request(PNG, "Connection: close")
    told = raw(served, sent)
    wanted = [b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 404", b"HTTP/1.1 200"]
    places = [told.find(one, 0) for one in wanted]
    assert told.count(b"HTTP/1.1 ") == 4
    assert [told.split(b"HTTP/1.1 ")[n][:3] for n in range(1, 5)] == [w[-3:] for w in wanted]
    assert min(places) == 0
    assert b'"not_found":[]' in told


def test_a_connection_that_was_pipelined_on_stays(served: Served) -> None:
    """Each request may take its time; those that came before do not count."""
    with dialled(served.port) as line:
        line.sendall(request(HASH) * 3)
        end, counted = time.monotonic() + 2.5, 0
        line.settimeout(0.2)
        while time.monotonic() < end:
            line.sendall(request(HASH))
            time.sleep(0.15)
            found = line.recv(1 << 16)
            assert found, "the server cut a connection on which requests came in time"
            counted += found.count(b"HTTP/1.1 200")
    assert counted >= 5


def test_a_body_in_chunks_is_a_body(served: Served) -> None:
    with dialled(served.port) as line:
        line.sendall(request(DETAILS, "Transfer-Encoding: chunked", method="POST"))
        line.sendall(b"7\r\n" + BODY[:7] + b"\r\n7\r\n" + BODY[7:] + b"\r\n0\r\n\r\n")
        assert reply(line).status == 200


@pytest.mark.parametrize(
    ("sent", "status_wanted"),
    [
        (request("/" + "a" * (MAX_URL + 1)), {414}),
        (request("/?" + "a" * (MAX_URL + 1)), {414}),
        (request("/healthz?" + "&".join(f"a{n}=1" for n in range(40))), {400}),
        (request("/api/v1/../../etc/passwd"), {404}),
        (request("/icons/%2e%2e%2f%2e%2e%2fetc%2fpasswd.png"), {404}),
        (request("/icons/alpha.png%00"), {404}),
        (request("/api/v1/appstore/hash%0A"), {404}),
        (request("/%ff%fe"), {404}),
        (request("//localhost/api/v1/appstore/hash"), {404}),
        (b"nonsense\r\n\r\n", {400}),
        (b"\0" * 64 + b"\r\n\r\n", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
        (request("/healthz", "Upgrade: websocket", "Connection: Upgrade"), {200, 400, 426}),
    ],
)
def test_odd_requests_get_an_answer(served: Served, sent: bytes, status_wanted: set[int]) -> None:
    with dialled(served.port) as line:
        line.sendall(sent)
        assert reply(line).status in status_wanted


def test_an_endless_head_is_refused_before_it_fills_the_memory(served: Served) -> None:
    line_of_header = b"X-Flood: " + b"a" * 1000 + b"\r\n"
    sent = 0
    with dialled(served.port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        try:
            while sent < 8 << 20:
                line.sendall(line_of_header * 32)
                sent += len(line_of_header) * 32
        except OSError:
            pass
    assert sent < 8 << 20
    assert ask(served, HASH).status == 200


def test_an_endless_address_is_refused_before_it_fills_the_memory(served: Served) -> None:
    sent = 0
    with dialled(served.port) as line:
        try:
            line.sendall(b"GET /")
            while sent < 8 << 20:
                line.sendall(b"a" * 65536)
                sent += 65536
        except OSError:
            pass
    assert sent < 8 << 20
    assert ask(served, HASH).status == 200


def test_a_long_body_is_refused(served: Served) -> None:
    body = b"x" * (MAX_BODY + 10_000)
    with dialled(served.port) as line:
        line.sendall(request(DETAILS, f"Content-Length: {len(body)}", method="POST") + body)
        assert reply(line).status == 413


def test_an_endless_body_is_not_read(served: Served) -> None:
    sent = 0
    with dialled(served.port) as line:
        line.settimeout(3)
        try:
            line.sendall(request(DETAILS, f"Content-Length: {1 << 34}", method="POST"))
            while sent < 64 << 20:
                line.sendall(b"x" * 65536)
                sent += 65536
        except OSError:
            pass
    assert sent < 64 << 20


def test_a_slow_head_is_cut(served: Served) -> None:
    with dialled(served.port) as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        assert 0.5 < seconds_until_cut(line, b"X-A: b\r\n") < 4


def test_a_silent_connection_is_cut(served: Served) -> None:
    with dialled(served.port) as line:
        assert 0.5 < seconds_until_cut(line) < 4


def test_a_slow_body_is_told_and_cut(served: Served) -> None:
    with dialled(served.port) as line:
        line.sendall(request(DETAILS, "Content-Length: 1000", method="POST") + b"{")
        assert reply(line).status == 408
        assert seconds_until_cut(line, b" ") < 4


def test_a_half_closed_connection_still_gets_its_answer(served: Served) -> None:
    with dialled(served.port) as line:
        line.sendall(request(HASH))
        line.shutdown(socket.SHUT_WR)
        assert reply(line).status == 200


def reset(served: Served, sent: bytes) -> None:
    with dialled(served.port) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.sendall(sent)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        request(INFO),
        request(INFO) * 20,
        request(DETAILS, "Content-Length: 50", method="POST") + b"{",
    ],
)
def test_connections_that_are_reset_cost_nothing(served: Served, sent: bytes) -> None:
    for _ in range(20):
        reset(served, sent)
    assert ask(served, HASH).status == 200
    assert "Traceback" not in served.log
    assert "Exception" not in served.log


def test_three_hundred_connections_at_once(served: Served) -> None:
    lines = [socket.create_connection(("127.0.0.1", served.port), 15) for _ in range(300)]
    try:
        for line in lines:
            line.sendall(request(HASH))
        told = [reply(line) for line in lines]
    finally:
        for line in lines:
            line.close()
    assert {one.status for one in told} == {200}
    assert len({one.body for one in told}) == 1


def test_many_clients_at_once_get_right_answers(served: Served, site: Site) -> None:
    def sync(_: int) -> Sequence[str]:
        device = Device(served.base)
        device.sync_v1()
        device.sync_v2()
        return device.offered

    with ThreadPoolExecutor(8) as pool:
        told = set(map(tuple, pool.map(sync, range(16))))
    assert told == {tuple(sorted(site.offer("1.12.7").apps))}


def test_many_different_questions_are_all_answered(served: Served) -> None:
    with dialled(served.port) as line:
        wanted = ask(served, HASH).body
        for number in range(300):
            line.sendall(request(f"{HASH}&x={number}"))
            assert reply(line).body == wanted


def test_health_over_the_wire(served: Served, site: Site) -> None:
    told = json.loads(ask(served, "/healthz").body)
    assert told == {"apps": 3, "hash": site.hash, "status": "ok"}

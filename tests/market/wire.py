"""Raw bytes to and from a server, for what no well-behaved client sends."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse

from tests.market.client import Reply, reply_of

SECONDS = 15.0
HASH = "/api/v1/appstore/hash?version=1.12.7"


@contextmanager
def dialled(port: int) -> Iterator[socket.socket]:
    """A connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as line:
        yield line


def request(path: str = HASH, *headers: str, method: str = "GET") -> bytes:
    """A request's head."""
    lines = (f"{method} {path} HTTP/1.1", "Host: x", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


def reply(line: socket.socket, method: str = "GET") -> Reply:
    """The next answer on a connection; bytes behind it may be lost."""
    response = HTTPResponse(line, method=method)
    response.begin()
    return reply_of(response)


def rest(line: socket.socket) -> bytes:
    """Everything until the server closes; a reset is an end too."""
    found = b""
    try:
        while more := line.recv(1 << 16):
            found += more
    except (ConnectionResetError, BrokenPipeError):
        pass
    return found


def seconds_until_cut(line: socket.socket, drip: bytes = b"", every: float = 0.1) -> float:
    """How long the server puts up with a connection on which drops of bytes arrive."""
    start = time.monotonic()
    line.settimeout(every)
    while time.monotonic() - start < SECONDS:
        try:
            line.sendall(drip)
            if not line.recv(1 << 16):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - start

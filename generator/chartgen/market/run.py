"""Runs the market server: limits, TLS, a graceful stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chartgen.errors import Fault, Faults
from chartgen.market.server import Market, asgi

REQUEST_SECONDS = 20.0
"""Seconds that a request's head may take to arrive; whoever is slower is cut off."""

STOP_SECONDS = 10
"""Seconds that requests in flight get when the server is stopped."""

MAX_HEAD = 32 * 1024
"""Bytes of a request's head."""

TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)

OPEN_CONNECTIONS = 1000
"""Connections at once; more are told 503, so that none can eat all memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where a market listens, and under which path; `cert` and `key` are PEM files."""

    host: str = "127.0.0.1"
    port: int = 8080
    base_path: str = ""
    cert: Path | None = None
    key: Path | None = None

    @property
    def url(self) -> str:
        """The address that it listens on."""
        scheme = "https" if self.cert else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}{self.base_path}"


class _Punctual(HttpToolsProtocol):
    """Cuts connections whose request is late or whose head is too long; uvicorn itself
    waits for ever and reads on."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head, self._in_head, self._parts = 0, True, 0
        self._late = self.loop.call_later(REQUEST_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        parts = self._parts
        super().data_received(data)
        if self._parts == parts and self._in_head:
            self._head += len(data)
        if self._head > MAX_HEAD:
            self.transport.write(TOO_LONG)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._late.cancel()
        self._head, self._in_head, self._parts = 0, False, self._parts + 1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head, self._in_head, self._parts = 0, True, self._parts + 1
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._late.cancel()
        self._late = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._late.cancel()
        super().connection_lost(exc)


class _Server(uvicorn.Server):
    """Ends well when it is told to end; uvicorn raises the signal once more."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        ends = (signal.SIGINT, signal.SIGTERM)
        before = {end: signal.signal(end, self.handle_exit) for end in ends}
        try:
            yield
        finally:
            for end, handler in before.items():
                signal.signal(end, handler)


def prepare(market: Market, options: Options) -> Callable[[], None]:
    """Binds the address and reads the certificate; what comes back serves until stopped.

    Raises `Faults` for an address or a certificate that cannot be used.
    """
    faults = _tls_faults(options)
    if faults:
        raise Faults(faults)
    config = uvicorn.Config(
        asgi(market, options.base_path),
        http=_Punctual,
        ws="none",
        loop="auto",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=OPEN_CONNECTIONS,
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=str(options.cert) if options.cert else None,
        ssl_keyfile=str(options.key) if options.key else None,
    )
    bound = _bind(options)
    return lambda: _Server(config).run(sockets=[bound])


def _tls_faults(options: Options) -> list[Fault]:
    if options.key and not options.cert:
        return [Fault("--key", "a key without a certificate", "Name the certificate: --cert.")]
    if not options.cert:
        return []
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(file) for file in (options.cert, options.key) if file)
        remedy = "Name a certificate with its chain and its key, both PEM."
        return [Fault("--cert", f"these cannot be used: {error}", remedy, files)]
    return []


def _bind(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        return socket.create_server((options.host, options.port), family=family, backlog=1024)
    except OSError as error:
        place = f"{options.host}:{options.port}"
        remedy = "Choose another --port or --host, or stop what listens there."
        raise Faults([Fault("--port", f"{error.strerror}", remedy, place)]) from error

"""Runs the market server: limits, TLS, a graceful stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chartgen.market.server import Market, asgi

REQUEST_SECONDS = 20.0
"""Seconds that a request's head may take to arrive; whoever is slower is cut off."""

STOP_SECONDS = 10
"""Seconds that requests in flight get when the server is stopped."""

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
    """Cuts connections on which no whole request arrives; uvicorn itself waits for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._late = self.loop.call_later(REQUEST_SECONDS, transport.abort)

    def on_headers_complete(self) -> None:
        self._late.cancel()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._late = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._late.cancel()
        super().connection_lost(exc)


def run(market: Market, options: Options) -> None:
    """Serves until it is stopped; requests in flight are finished."""
    config = uvicorn.Config(
        asgi(market, options.base_path),
        host=options.host,
        port=options.port,
        http=_Punctual,
        loop="auto",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=OPEN_CONNECTIONS,
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=str(options.cert) if options.cert else None,
        ssl_keyfile=str(options.key) if options.key else None,
    )
    uvicorn.Server(config).run()

"""A Hugging Face hub on loopback that behaves, and misbehaves, as it is told."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote, urlsplit

REPO = "owner/name"


def git_id(content: bytes) -> str:
    """Return the id git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def commit_id(files: Mapping[str, bytes]) -> str:
    """Return a commit id that differs when the files do."""
    tree = sorted((name, git_id(content)) for name, content in files.items())
    return hashlib.sha1(json.dumps(tree).encode()).hexdigest()


def sibling(name: str, content: bytes) -> dict[str, object]:
    """Return one entry of the listing; weights are kept in LFS, all else in git."""
    entry: dict[str, object] = {
        "rfilename": name,
        "size": len(content),
        "blobId": git_id(content),
    }
    if name.endswith((".gguf", ".safetensors")):
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
    return entry


@dataclass
class Request:
    """One request as it came."""

    server: str
    path: str
    headers: dict[str, str]


@dataclass
class Refusal:
    """An answer that is sent a number of times instead of the right one."""

    status: int
    times: int = 1
    at: str = "/"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeHub:
    """A hub and its CDN; every field may be changed while it runs."""

    files: dict[str, bytes]
    requests: list[Request] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    cdn_refusals: list[Refusal] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    lies: list[bytes] = field(default_factory=list)
    lengths: list[int | None] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    listing: bytes | None = None
    use_cdn: bool = False
    redirect: str = ""
    ignore_range: bool = False
    refuse_range: bool = False
    stall_after: int | None = None
    token: str = ""
    sent: int = 0

    def __enter__(self) -> Self:
        self.history = {commit_id(self.files): self.files}
        self.released = threading.Event()
        self.stalled = threading.Event()
        self.lock = threading.Lock()
        self._servers = [_Server(self, "hub"), _Server(self, "cdn")]
        return self

    def __exit__(self, *_: object) -> None:
        self.switch_off()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def cdn(self) -> str:
        return f"http://127.0.0.1:{self._servers[1].server_port}"

    @property
    def commit(self) -> str:
        return commit_id(self.files)

    def move(self, files: dict[str, bytes]) -> str:
        """Put a new commit on the branch and return it; the old one stays to be asked for."""
        self.files = files
        self.history[self.commit] = files
        return self.commit

    def switch_off(self) -> None:
        """Answer nobody any more."""
        self.released.set()
        while self._servers:
            self._servers.pop().stop()

    def downloads(self) -> list[Request]:
        return [request for request in self.requests if "/resolve/" in request.path]

    def listings(self) -> list[Request]:
        return [request for request in self.requests if request.path.startswith("/api/")]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: FakeHub, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub, self.name = hub, name
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients are killed on purpose."""

    def stop(self) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        hub, path = self.server.hub, unquote(urlsplit(self.path).path)
        with hub.lock:
            hub.requests.append(Request(self.server.name, path, dict(self.headers.items())))
            refusal = self._refusal(path)
        if refusal is not None:
            self._send(refusal.status, b"", refusal.headers)
        elif hub.token and self.server.name == "hub" and self._token() != hub.token:
            self._send(401, b"", {})
        elif path.startswith("/api/models/"):
            self._list(path)
        else:
            self._resolve(path)

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _refusal(self, path: str) -> Refusal | None:
        hub = self.server.hub
        for refusal in hub.refusals if self.server.name == "hub" else hub.cdn_refusals:
            if refusal.times and refusal.at in path:
                refusal.times -= 1
                return refusal
        return None

    def _list(self, path: str) -> None:
        hub, revision = self.server.hub, path.rpartition("/revision/")[2]
        commit = hub.commit if revision == "main" else revision
        if f"/{REPO}/" not in path or commit not in hub.history:
            return self._send(404, b"", {})
        files = hub.history[commit].items()
        body = json.dumps({"sha": commit, "siblings": [sibling(*file) for file in files]})
        return self._send(200, body.encode() if hub.listing is None else hub.listing, {})

    def _resolve(self, path: str) -> None:
        hub = self.server.hub
        repo, _, rest = path.removeprefix("/").partition("/resolve/")
        commit, _, name = rest.partition("/")
        if repo != REPO or name not in hub.history.get(commit, {}):
            return self._send(404, b"", {})
        if self.server.name == "hub" and (hub.use_cdn or hub.redirect):
            return self._send(302, b"", {"Location": hub.redirect or hub.cdn + self.path})
        content = hub.lies.pop(0) if hub.lies else hub.history[commit][name]
        return self._content(content)

    def _content(self, content: bytes) -> None:
        hub, asked = self.server.hub, self.headers.get("Range")
        if asked is None or hub.ignore_range:
            length = hub.lengths.pop(0) if hub.lengths else len(content)
            return self._send(200, content, {}, length)
        if hub.refuse_range:
            return self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        span = hub.ranges.pop(0) if hub.ranges else span
        return self._send(206, content[start:], {"Content-Range": span})

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str], length: int | None = -1
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length == -1 else length))
        self.end_headers()
        self._write(body)

    def _write(self, body: bytes) -> None:
        hub = self.server.hub
        counted = "/resolve/" in self.path and body
        end = hub.cuts.pop(0) if counted and hub.cuts else len(body)
        if counted and hub.stall_after is not None:
            self.wfile.write(body[: hub.stall_after])
            hub.stalled.set()
            hub.released.wait(20)
            return
        self.wfile.write(body[:end])
        if counted:
            hub.sent += end

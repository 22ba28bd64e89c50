"""A hub on loopback: revisions, pages of files, ranges; it misbehaves as it is told."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote, urlsplit

REPO = "owner/name"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class LoopbackHub:
    """The files of `REPO` at `COMMIT`, on a server of its own.

    `ranges` is False for a server that answers with whole files, `elsewhere` an address
    that files are redirected to, `refuse` statuses that are answered first, `page` the
    number of files on one page of the listing. `asked` are all requests.
    """

    files: Mapping[str, bytes]
    ranges: bool = True
    elsewhere: str = ""
    refuse: list[int] = field(default_factory=list)
    page: int = 1000
    next_host: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent: int = 0

    def __enter__(self) -> Self:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def environ(self) -> dict[str, str]:
        return {"HF_ENDPOINT": self.address, "HF_TOKEN": "hf_secret"}

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append((request.path, dict(request.headers)))
        path = unquote(urlsplit(request.path).path)
        if self.refuse:
            self.send(request, self.refuse.pop(0), b"")
        elif path.startswith(f"/api/models/{REPO}/revision/"):
            known = path.rpartition("/")[2] in ("main", "v1.0", COMMIT)
            self.send(request, 200 if known else 404, json.dumps({"sha": COMMIT}).encode())
        elif path == f"/api/models/{REPO}/tree/{COMMIT}":
            self.tree(request)
        elif "/resolve/" in path or path.startswith("/cdn/"):
            self.file(request, path)
        else:
            self.send(request, 404, b"")

    def tree(self, request: BaseHTTPRequestHandler) -> None:
        start = int((re.findall(r"cursor=(\d+)", request.path) or ["0"])[0])
        entries: list[dict[str, object]] = [{"type": "directory", "path": "folder", "size": 0}]
        for path, content in sorted(self.files.items())[start : start + self.page]:
            one: dict[str, object] = {"type": "file", "path": path, "size": len(content)}
            if path.endswith((".gguf", ".safetensors")):
                one["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
            entries.append(one)
        further = {}
        if start + self.page < len(self.files):
            target = f"{self.next_host or self.address}{urlsplit(request.path).path}"
            further = {"Link": f'<{target}?recursive=true&cursor={start + self.page}>; rel="next"'}
        self.send(request, 200, json.dumps(entries).encode(), further)

    def file(self, request: BaseHTTPRequestHandler, path: str) -> None:
        if self.elsewhere:
            self.send(request, 302, b"", {"Location": f"{self.elsewhere}/cdn/{path}"})
            return
        found = next((name for name in self.files if path.endswith(f"/{name}")), None)
        if found is None:
            self.send(request, 404, b"")
            return
        content = self.files[found]
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        if asked is None or not self.ranges:
            self.send(request, 200, content)
            return
        begin, end = int(asked[1]), int(asked[2]) + 1
        told = {"Content-Range": f"bytes {begin}-{end - 1}/{len(content)}"}
        self.send(request, 206, content[begin:end], told)

    def send(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        content: bytes,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        request.send_response(status)
        for name, told in (headers or {}).items():
            request.send_header(name, told)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        try:
            for at in range(0, len(content), 65536):
                request.wfile.write(content[at : at + 65536])
                self.sent += 65536
        except OSError:
            request.close_connection = True

"""Real servers side by side: nginx with an export, and `chartgen serve`, its upstream."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.repository import PROJECT

SECONDS = 30
"""How long a server may take to start, and an answer to come."""

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {export}/nginx.conf;
    server {{
        listen 127.0.0.1:{port};
        root {export};
        include {export}/nginx-server.conf;
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; header names are in lower case, repeated ones in order."""

    status: int
    body: bytes
    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for field, value in self.fields if field == name]

    def header(self, name: str) -> str:
        """A header that may stand there once at most."""
        found = self.all(name)
        assert len(found) <= 1, f"{name} stands there {len(found)} times: {found}"
        return found[0] if found else ""

    @property
    def content(self) -> bytes:
        """The body as it was before compression."""
        packed = self.header("content-encoding") == "gzip"
        return gzip.decompress(self.body) if packed else self.body


@dataclass(frozen=True, slots=True)
class Server:
    """A server on this machine."""

    port: int

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """One request, its path sent as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            length = {} if body is None else {"Content-Length": str(len(body))}
            for name, value in {**(headers or {}), **length}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            fields = tuple((name.lower(), value) for name, value in answer.getheaders())
            return Reply(answer.status, answer.read(), fields)
        finally:
            connection.close()

    def json(self, path: str) -> Mapping[str, object]:
        """An answer that is an object."""
        found = json.loads(self.ask(path).content)
        assert isinstance(found, dict)
        return found


@contextmanager
def serving(catalog: Path, port: int) -> Iterator[Server]:
    """A real `chartgen serve` of a catalog."""
    command = (sys.executable, "-m", "chartgen", "serve")
    options = ("--port", str(port), "--catalog", str(catalog))
    with _running((*command, *options), port) as server:
        yield server


@contextmanager
def nginx(export: Path, folder: Path, port: int) -> Iterator[Server]:
    """A real nginx that includes the snippets of an export."""
    folder.mkdir(exist_ok=True)
    config = folder / "main.conf"
    config.write_text(NGINX.format(export=export, folder=folder, port=port), "utf-8")
    log = str(folder / "error.log")
    command = (nginx_program(), "-p", str(folder), "-e", log, "-c", str(config))
    with _running(command, port) as server:
        yield server


def nginx_program() -> str:
    """The nginx of this machine; the tests need one."""
    found = shutil.which("nginx", path=os.pathsep.join((os.environ["PATH"], "/usr/sbin")))
    assert found, "nginx is not installed (Debian, Ubuntu: the nginx package)"
    return found


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[Server]:
    env = {**os.environ, "PYTHONPATH": str(PROJECT / "generator")}
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    try:
        _wait(process, port)
        yield Server(port)
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode in (0, -15), f"{command[0]} ended with {process.returncode}: {said}"


def _wait(process: subprocess.Popen[str], port: int) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    process.kill()
    said, _ = process.communicate()
    raise AssertionError(f"the server did not start: {said}")

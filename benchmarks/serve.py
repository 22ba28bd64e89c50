"""`chartgen serve` beside nginx with the static export: speed, memory, start-up."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogs import make_catalog
from benchmarks.process import CHARTGEN, seconds
from chartgen.catalog.index import app_id

CONNECTIONS = 16
LOAD_SECONDS = 5
STARTS = 3
PATIENCE = 60.0
NOT_A_FILE = "details"
"""nginx cannot answer the POST itself; it would measure its upstream."""

NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    include {export}/nginx.conf;
    server {{
        listen 127.0.0.1:{port};
        root {export};
        include {export}/nginx-server.conf;
    }}
}}
"""

LUA = """\
local apps = {apps}
local ids = {{ {ids} }}
local headers = {{ ["Accept-Encoding"] = "gzip", ["Content-Type"] = "application/json" }}
local count = 0
local asked = {{}}

function asked.hash() return wrk.format("GET", "/api/v1/appstore/hash?version=1.12.7", headers) end
function asked.info() return wrk.format("GET", "/api/v1/appstore/info?version=1.12.7", headers) end

function asked.details()
    local ten = {{}}
    for place = 1, 10 do ten[place] = '"' .. ids[(count + place) % #ids + 1] .. '"' end
    count = count + 10
    local body = '{{"app_ids":[' .. table.concat(ten, ",") .. '],"version":"1.12.7"}}'
    return wrk.format("POST", "/api/v1/applications/info", headers, body)
end

function asked.chart()
    count = count + 1
    local name = string.format("bench%05d", count * 7919 % apps)
    local query = "?fileName=" .. name .. "-{version}.tgz&version={version}"
    return wrk.format("GET", "/api/v1/applications/" .. name .. "/chart" .. query, headers)
end

function init(arguments) request = asked[arguments[1]] end

function done(summary, latency)
    local wrong = summary.errors
    local failed = wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout
    local told = '{{"rate": %.1f, "p50": %.1f, "p99": %.1f, "failed": %d}}\\n'
    local rate = summary.requests / summary.duration * 1e6
    io.write(told:format(rate, latency:percentile(50), latency:percentile(99), failed))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: requests a second, and times in microseconds."""

    rate: float
    p50: float
    p99: float
    failed: int


def report(sizes: Sequence[int]) -> None:
    """Prints the tables."""
    print("\n| apps | answer | serve | p50 | p99 | nginx | p50 | p99 | nginx / serve |")
    print("|---|---|---|---|---|---|---|---|---|")
    states = []
    for apps in sizes:
        with tempfile.TemporaryDirectory() as folder:
            # nginx's worker is another user where it is started by root.
            Path(folder).chmod(0o755)
            states.append(_measure(Path(folder), apps))
    print("\n| apps | start of serve to its first answer | resident: fresh | under load | nginx |")
    print("|---|---|---|---|---|")
    print("\n".join(states))


def _measure(folder: Path, apps: int) -> str:
    """Prints the rows of one size; returns its row of the second table."""
    catalog, export = make_catalog(folder / "catalog", apps), folder / "out"
    seconds((*CHARTGEN, "export", "static", str(export), "--catalog", str(catalog)), folder)
    script = _script(folder, catalog, apps)
    starts = sorted(_start_seconds(catalog) for _ in range(STARTS))
    with _serve(catalog) as (live, live_port), _nginx(folder, export) as (files, files_port):
        _first_answer(live_port)
        _first_answer(files_port)
        fresh = _resident(live.pid)
        for what in ("hash", "info", "details", "chart"):
            _row(apps, what, script, live_port, files_port)
        loaded, beside = _resident(live.pid), _resident(files.pid)
    return (
        f"| {apps} | {starts[STARTS // 2]:.2f} s | {fresh:.0f} MiB | {loaded:.0f} MiB "
        f"| {beside:.0f} MiB |"
    )


def _row(apps: int, what: str, script: Path, live: int, files: int) -> None:
    ours = _load(script, what, live)
    row = f"| {apps} | {what} | {ours.rate:,.0f}/s | {_times(ours)} "
    if what == NOT_A_FILE:
        print(f"{row}| | | | |")
        return
    theirs = _load(script, what, files)
    print(f"{row}| {theirs.rate:,.0f}/s | {_times(theirs)} | {theirs.rate / ours.rate:.2f} |")


def _times(load: Load) -> str:
    return f"{load.p50 / 1e3:.2f} ms | {load.p99 / 1e3:.2f} ms"


def _load(script: Path, what: str, port: int) -> Load:
    options = ("-t1", f"-c{CONNECTIONS}", f"-d{LOAD_SECONDS}s", "-s", str(script))
    command = (_program("wrk"), *options, f"http://127.0.0.1:{port}", "--", what)
    said = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    load = Load(**json.loads(said.splitlines()[-1]))
    if load.failed:
        raise SystemExit(f"{what}: {load.failed} requests failed")
    return load


def _script(folder: Path, catalog: Path, apps: int) -> Path:
    package = next((catalog / "charts").iterdir()).name
    version = package.removesuffix(".tgz").partition("-")[2]
    ids = ",".join(f'"{app_id(f"bench{number:05d}")}"' for number in range(apps))
    file = folder / "load.lua"
    file.write_text(LUA.format(apps=apps, ids=ids, version=version), "utf-8")
    return file


def _start_seconds(catalog: Path) -> float:
    start = time.perf_counter()
    with _serve(catalog) as (_, port):
        _first_answer(port)
        return time.perf_counter() - start


@contextmanager
def _serve(catalog: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = _free_port()
    options = ("serve", "--port", str(port), "--catalog", str(catalog))
    with _running((*CHARTGEN, *options)) as process:
        yield process, port


@contextmanager
def _nginx(folder: Path, export: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port, config = _free_port(), folder / "main.conf"
    config.write_text(NGINX.format(folder=folder, export=export, port=port), "utf-8")
    log = str(folder / "error.log")
    command = (_program("nginx"), "-p", str(folder), "-e", log, "-c", str(config))
    with _running(command) as process:
        yield process, port


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _first_answer(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
                answer.read()
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise SystemExit("a server gave no answer")


def _resident(pid: int) -> float:
    """MiB that a process and its children hold in memory."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return own / 1024 + sum(_resident(int(child)) for child in children)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join((os.environ["PATH"], "/usr/sbin")))
    if found is None:
        raise SystemExit(f"{name} is not installed (Debian, Ubuntu: the {name} package)")
    return found

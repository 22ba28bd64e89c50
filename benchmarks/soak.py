"""Bounded load for minutes, with catalogs that change and clients that break off.

Every answer is compared with the answers that the two catalogs give without a server.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.catalogs import make_catalog
from benchmarks.process import CHARTGEN
from chartgen.catalog.exchange import exchange
from chartgen.market.answer import Request, answer
from chartgen.market.site import load_site

APPS = 200
CLIENTS, BREAKERS = 4, 2
PAUSE = 0.01
"""Seconds between two questions of a client: bounded load, not all that is possible."""

CHANGE_SECONDS = 2.0
WARM = 0.25
"""The share of the time after which memory must not grow any more."""

GROWTH_KIB = 8 * 1024
"""Resident memory that may come and go with the allocator's whims."""


@dataclass
class Tally:
    """What happened; `wrong` has the first wrong answers in words."""

    answers: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    changes: int = 0
    wrong: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


Wanted = dict[Request, frozenset[tuple[int, bytes]]]


def report(length: float = 120.0) -> None:
    """Runs for `length` seconds and says what was asked, what was wrong, what memory did."""
    with tempfile.TemporaryDirectory() as folder:
        tally = _soak(Path(folder), length)
    early = tally.memory[int(len(tally.memory) * WARM)]
    late = max(tally.memory[-len(tally.memory) // 10 :])
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(tally.answers.items()))
    print(f"\nsoak of {length:.0f} s, {APPS} apps: {tally.answers.total()} answers ({kinds})")
    print(f"{tally.changes} catalogs put in place, {tally.broken} connections broken off")
    print(f"wrong answers: {len(tally.wrong)}")
    print(f"memory: {early / 1024:.1f} MiB when warm, {late / 1024:.1f} MiB at the end")
    if tally.wrong or late - early > GROWTH_KIB:
        raise SystemExit("\n".join(["the soak failed", *tally.wrong[:5]]))


def _soak(folder: Path, length: float) -> Tally:
    states = _states(folder)
    wanted = _wanted([states["served"], states["larger"]])
    port = _free_port()
    command = [*CHARTGEN, "serve", "--catalog", str(states["served"]), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tally, end = Tally(), threading.Event()
    try:
        _wait_for(port)
        _run(tally, end, wanted, states, server.pid, port, length)
        server.terminate()
        if server.wait(20):
            tally.wrong.append(f"the server ended with {server.returncode}")
    finally:
        end.set()
        server.kill()
        server.wait()
    return tally


def _run(
    tally: Tally,
    end: threading.Event,
    wanted: Wanted,
    states: dict[str, Path],
    pid: int,
    port: int,
    length: float,
) -> None:
    jobs: list[Callable[[], None]] = [lambda: _change(tally, end, states)]
    jobs += [lambda: _ask(tally, end, wanted, port)] * CLIENTS
    jobs += [lambda: _break(tally, end, port)] * BREAKERS
    with ThreadPoolExecutor(len(jobs)) as pool:
        running = [pool.submit(job) for job in jobs]
        until = time.monotonic() + length
        while time.monotonic() < until:
            tally.memory.append(_resident_kib(pid))
            time.sleep(min(1.0, length / 20))
        end.set()
        for job in running:
            job.result()


def _states(folder: Path) -> dict[str, Path]:
    """The catalog that is served, one with an app more, and one with a broken ledger."""
    served = make_catalog(folder / "catalog", APPS)
    larger = make_catalog(folder / "larger", APPS + 1)
    broken = folder / "broken"
    shutil.copytree(served, broken)
    with (broken / "ledger.jsonl").open("a") as ledger:
        ledger.write("{}\n")
    return {"served": served, "larger": larger, "broken": broken}


def _wanted(catalogs: Sequence[Path]) -> Wanted:
    sites = [load_site(catalog) for catalog in catalogs]
    found: Wanted = {}
    for request in _questions(sorted(sites[0].apps)):
        told = [answer(site, request) for site in sites]
        found[request] = frozenset((one.status, one.body) for one in told)
    return found


class _Question(Request):
    """A question that can be looked up."""

    def __hash__(self) -> int:
        return hash((self.method, self.path, str(self.query), self.body))


def _questions(ids: Sequence[str]) -> list[Request]:
    names = [f"bench{number:05d}" for number in range(0, APPS, 20)]
    version = {"version": "1.12.7"}
    paths = [f"/api/v1/appstore/{leaf}" for leaf in ("hash", "info")]
    paths += [f"/api/v2/{leaf}" for leaf in ("catalog", "taxonomy", "browse/applications")]
    found: list[Request] = [_Question("GET", path, version) for path in paths]
    found += [_Question("GET", "/api/v2/applications", {"page": "2", "size": "60"})]
    found += [_Question("GET", f"/api/v1/applications/{name}/chart") for name in names]
    found += [_Question("GET", f"/icons/{name}.png") for name in names]
    found += [_Question("GET", "/nowhere"), _Question("GET", "/icons/../index.json")]
    details = "/api/v1/applications/info"
    bodies = [json.dumps({"app_ids": ids[n : n + 10], **version}) for n in range(0, APPS, 50)]
    found += [_Question("POST", details, body=body.encode()) for body in [*bodies, "{", "[]"]]
    return found


def _ask(tally: Tally, end: threading.Event, wanted: Wanted, port: int) -> None:
    questions = list(wanted)
    line = HTTPConnection("127.0.0.1", port, timeout=20)
    while not end.is_set():
        asked = random.choice(questions)
        try:
            status, body = _exchange(line, asked)
        except OSError as error:
            tally.wrong.append(f"{asked.path}: {error!r}")
            line.close()
            continue
        tally.answers[str(status)] += 1
        if (status, body) not in wanted[asked]:
            tally.wrong.append(f"{asked.path}: {status} {body[:200]!r}")
        time.sleep(PAUSE)
    line.close()


def _exchange(line: HTTPConnection, asked: Request) -> tuple[int, bytes]:
    query = "&".join(f"{name}={value}" for name, value in asked.query.items())
    headers = {"Accept-Encoding": "gzip"} if random.random() < 0.5 else {}
    line.request(asked.method, f"{asked.path}?{query}", asked.body or None, headers)
    told = line.getresponse()
    body = told.read()
    packed = told.getheader("Content-Encoding") == "gzip"
    return told.status, gzip.decompress(body) if packed else body


BREAKS = (
    b"",
    b"GET",
    b"\0\xff nonsense\r\n\r\n",
    b"GET /api/v1/appstore/info HTTP/1.1\r\nHost: x\r\n",
    b"GET /api/v1/appstore/info HTTP/1.1\r\nHost: x\r\n\r\n" * 8,
    b"GET / HTTP/1.1\r\n" + b"X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 4000,
    b"GET /" + b"a" * 200_000,
    b"POST /api/v1/applications/info HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{",
    b"POST /api/v1/applications/info HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"
    + b"x" * 200_000,
)


def _break(tally: Tally, end: threading.Event, port: int) -> None:
    while not end.is_set():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
                if random.random() < 0.5:
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                line.sendall(random.choice(BREAKS))
                tally.broken += 1
                time.sleep(random.random() * 0.05)
        except OSError:  # the server cut it first, as it should
            tally.broken += 1


def _change(tally: Tally, end: threading.Event, states: dict[str, Path]) -> None:
    """The larger catalog and the broken one take their turns; places change in one step."""
    turn = 0
    while not end.wait(CHANGE_SECONDS):
        turn += 1
        other = states["broken"] if turn % 5 == 0 else states["larger"]
        exchange(other, states["served"])
        tally.changes += 1
        if turn % 5 == 0:
            end.wait(CHANGE_SECONDS)
            exchange(other, states["served"])


def _resident_kib(pid: int) -> int:
    for text in Path(f"/proc/{pid}/status").read_text().splitlines():
        if text.startswith("VmRSS:"):
            return int(text.split()[1])
    raise SystemExit("the server is gone")


def _wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])

"""How the server starts, refuses to start, and ends; TLS and a path in front."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from tests.market.client import Device
from tests.market.server import HASTY, Served, serving, start
from tests.market.shop import Shop
from tests.market.wire import HASH, dialled, reply, request

DETAILS = "/api/v1/applications/info"
BODY = b'{"app_ids":[]}'


def refused(catalog: Path, folder: Path, *options: str, port: int = 1) -> tuple[int, str]:
    """The exit code and the words of a server that does not come up."""
    with (folder / "log").open("wb") as log:
        process = start(catalog, port, *options, log=log)
        code = process.wait(20)
    said = (folder / "log").read_text("utf-8")
    assert "Traceback" not in said
    assert said.startswith("chartgen: ")
    assert "add this address" not in said
    return code, said


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key, as the openssl program makes them."""
    folder = tmp_path_factory.mktemp("tls")
    pair = (folder / "cert.pem", folder / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", str(pair[1]), "-out", str(pair[0])]
    subprocess.run(command, check=True, capture_output=True)
    return pair


def test_tls_with_a_certificate_that_the_client_verifies(
    folder: Path, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    options = ("--cert", str(certificate[0]), "--key", str(certificate[1]))
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    with serving(folder, *options, folder=tmp_path, scheme="https", program=HASTY) as running:
        device = Device(running.base, trust=trust)
        device.sync_v1()
        device.sync_v2()
        page = device.ask("/").body.decode()
        stranger = Device(running.base, trust=ssl.create_default_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.sync_v1()
        with dialled(running.port) as line:
            line.sendall(request())
            assert b"HTTP/1.1 200" not in line.recv(1000)
        assert device.ask(HASH).status == 200
        assert running.stop() == 0
    assert sorted(device.versions()) == ["alpha", "beta"]
    assert "https://127.0.0.1" in page
    assert "https addresses only" not in page
    assert "without TLS" not in running.log


def test_without_tls_it_says_what_that_means(served: Served) -> None:
    assert f"3 apps at http://127.0.0.1:{served.port}" in served.log
    assert "without TLS: newer devices accept https addresses only" in served.log


def test_a_path_in_front(folder: Path, tmp_path: Path) -> None:
    options = ("--base-path", "/market/one")
    with serving(folder, *options, folder=tmp_path, prefix="/market/one") as running:
        device = Device(running.base)
        device.sync_v1()
        device.sync_v2()
        outside = Device(f"http://127.0.0.1:{running.port}")
        paths = ("/", "/healthz", HASH, "/market", "/market/onex/healthz", "/icons/alpha.png")
        statuses = {path: outside.ask(path).status for path in paths}
        page = device.ask("/").body.decode()
        assert outside.ask("/market/one").status == 200
    assert set(statuses.values()) == {404}
    assert sorted(device.versions()) == ["alpha", "beta"]
    assert 'src="/market/one/icons/alpha.png"' in page
    assert f"http://127.0.0.1:{running.port}/market/one" in page


@pytest.mark.parametrize("path", ["market", "/market/", "/", "market/"])
def test_a_path_that_is_none(folder: Path, tmp_path: Path, path: str) -> None:
    code, said = refused(folder, tmp_path, "--base-path", path)
    assert code == 3
    assert "--base-path" in said


def test_a_port_in_use(folder: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = refused(folder, tmp_path, port=port)
    assert code == 3
    assert f"127.0.0.1:{port}" in said
    assert "in use" in said


def test_a_host_that_is_not_ours(folder: Path, tmp_path: Path) -> None:
    code, said = refused(folder, tmp_path, "--host", "203.0.113.7", port=8080)
    assert code == 3
    assert "203.0.113.7" in said


def test_a_host_that_is_no_name(folder: Path, tmp_path: Path) -> None:
    code, said = refused(folder, tmp_path, "--host", "no-such-host.invalid", port=8080)
    assert code == 3
    assert "no-such-host.invalid" in said


@pytest.mark.parametrize("given", ["missing", "nonsense", "no key", "key alone", "other key"])
def test_a_bad_certificate(
    folder: Path, tmp_path: Path, certificate: tuple[Path, Path], given: str
) -> None:
    nonsense, other = tmp_path / "nonsense.pem", tmp_path / "other.pem"
    nonsense.write_text("nonsense", "utf-8")
    command = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(other)]
    subprocess.run(command, check=True, capture_output=True)
    cert, key = map(str, certificate)
    options = {
        "missing": ("--cert", str(tmp_path / "missing.pem"), "--key", key),
        "nonsense": ("--cert", str(nonsense), "--key", key),
        "no key": ("--cert", cert),
        "key alone": ("--key", key),
        "other key": ("--cert", cert, "--key", str(other)),
    }[given]
    code, said = refused(folder, tmp_path, *options)
    assert code == 3
    assert ("--key" if given == "key alone" else options[1]) in said


def test_a_broken_package_is_named(three: Shop, tmp_path: Path) -> None:
    package = three.root / "charts" / "beta-1.0.0.tgz"
    package.write_bytes(package.read_bytes()[:-1])
    code, said = refused(three.root, tmp_path)
    assert code == 7
    assert str(package) in said


def test_a_lost_package_is_named(three: Shop, tmp_path: Path) -> None:
    (three.root / "charts" / "beta-1.0.0.tgz").unlink()
    code, said = refused(three.root, tmp_path)
    assert (code, "beta-1.0.0.tgz" in said) == (7, True)


def test_no_catalog(tmp_path: Path) -> None:
    code, said = refused(tmp_path / "nowhere", tmp_path)
    assert (code, "nowhere" in said) == (7, True)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_ends_well(folder: Path, tmp_path: Path, end: signal.Signals) -> None:
    with serving(folder, folder=tmp_path, program=HASTY) as running:
        with dialled(running.port) as idle:
            idle.sendall(request())
            assert reply(idle).status == 200
            running.process.send_signal(end)
            assert running.process.wait(10) == 0
        with pytest.raises(ConnectionRefusedError), dialled(running.port):
            pass


def test_a_request_in_flight_is_finished(folder: Path, tmp_path: Path) -> None:
    with serving(folder, folder=tmp_path, program=HASTY) as running, dialled(running.port) as line:
        line.sendall(request(DETAILS, f"Content-Length: {len(BODY)}", method="POST") + BODY[:4])
        time.sleep(0.2)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        line.sendall(BODY[4:])
        assert reply(line).status == 200
        assert running.process.wait(10) == 0


def test_a_request_that_never_ends_does_not_hold_the_end_up(folder: Path, tmp_path: Path) -> None:
    with serving(folder, folder=tmp_path, program=HASTY) as running, dialled(running.port) as line:
        line.sendall(request(DETAILS, "Content-Length: 99", method="POST"))
        time.sleep(0.1)
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 6

"""Proves a package with real Helm before it is released."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # real Helm is loaded only when a chart is new
    from chartgen.lint.helm import Helm, JsonValue

WORKERS = 2
"""Charts proved at once."""


class Prover:
    """Proves packages beside the work that makes them: Helm's Go code needs no Python.

    Used as a context; `finish` waits for all and raises the first refusal. Helm is
    looked for when the first package arrives, so a build without news needs none.
    """

    def __init__(self, find_helm: Callable[[], Helm]) -> None:
        self._find = find_helm
        self._helm: Helm | None = None
        self._lock = Lock()
        self._folder = TemporaryDirectory(ignore_cleanup_errors=True)
        self._workers = ThreadPoolExecutor(WORKERS, "helm")
        self._jobs: list[Future[None]] = []

    def __enter__(self) -> Prover:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def submit(self, name: str, filename: str, data: bytes) -> None:
        """Has the package of the app `name` proved soon."""
        self._jobs.append(self._workers.submit(self._prove, name, filename, data))

    def finish(self) -> str:
        """Waits; returns the engine's description, or an empty text if nothing was new."""
        for job in self._jobs:
            job.result()
        return self._helm.description if self._helm else ""

    def _prove(self, name: str, filename: str, data: bytes) -> None:
        with self._lock:
            self._helm = self._helm or self._find()
        file = Path(self._folder.name) / filename
        file.write_bytes(data)
        prove(self._helm, file, name)


def prove(helm: Helm, package: Path, name: str) -> None:
    """Renders a package with real Helm as the device does; raises `HelmRefused`.

    `helm lint` adds nothing for a chart of this skeleton that a render does not show,
    and takes five times as long: the tests run it, a build does not.
    """
    helm.render(package, release=name, namespace=f"{name}-owner", values=device_values(name, 1))


def device_values(name: str, replicas: int) -> Mapping[str, JsonValue]:
    """Values as a device sets them (Olares market contract 4); replicas are 0 while an
    install is staged and after a stop."""
    return {
        "bfl": {"username": "owner"},
        "admin": "owner",
        "user": {"zone": "owner.example.org"},
        "domain": {name: "00000000.owner.example.org"},
        "GPU": {"Type": "nvidia", "Cuda": "13.0"},
        "gpu": "nvidia",
        "cluster": {"arch": "amd64"},
        "userspace": {"appData": f"/rootfs/userdata/{name}", "appCache": f"/rootfs/cache/{name}"},
        "olaresEnv": {"HF_ENDPOINT": "", "HF_TOKEN": ""},
        "workloads": {name: {"replicaCount": replicas}},
    }

"""Proves a package with real Helm before it is released."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chartgen.errors import HelmRefused
from chartgen.lint.helm import Helm, JsonValue


def prove(helm: Helm, package: Path, name: str) -> None:
    """Renders a package as the device does and runs `helm lint` on it as it stands.

    Raises `HelmRefused` with Helm's own words.
    """
    helm.render(package, release=name, namespace=f"{name}-owner", values=device_values(name, 1))
    errors = [message for message in helm.lint(package, {}) if message.severity == "error"]
    if errors:
        reason = "; ".join(f"{message.path}: {message.text}" for message in errors)
        raise HelmRefused(chart=package.name, reason=reason)


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

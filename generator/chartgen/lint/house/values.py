"""The values that a device gives a chart when it installs it (Olares market contract 4)."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.lint.go.nodes import Node
from chartgen.lint.helm import JsonValue

HOST = "/chartgen-host/"
"""Where every folder of the user's space lies in these values, so that a path tells."""

_SYSTEM = """
GPU admin argo bfl clickhouse cluster dep deps deviceName domain downloadCdnURL elasticsearch
fs_type global gpu isAdmin mariadb minio mongodb mysql nats nodes oidc olaresEnv os postgres
rabbitmq redis rootPath schedule sharedlib svcs sysVersion user userspace workloads zinc
"""
SYSTEM_ROOTS = frozenset(_SYSTEM.split())
"""The first names under .Values that a device sets, with Helm's own `global`."""

_GPU = """
nvidia nvidia-gb10 amd-gpu amd strix-halo apple-m mthreads-m1000 moore-soc intel intel-gpu
"""
GPU_MODES = frozenset(_GPU.split())
"""Modes that need a GPU, the newest that a device knows too (Olares market contract 3.3)."""

_FOLDERS = ("appData", "appCache", "appCommon", "userData", "appdata", "data")
_DATABASES = ("postgres", "mysql", "mariadb", "mongodb", "zinc")
_LISTED = {
    "redis": "namespaces",
    "minio": "buckets",
    "rabbitmq": "vhosts",
    "nats": "subjects",
    "elasticsearch": "indexes",
    "clickhouse": "databases",
}


def device_values(app: str, manifest: Node) -> dict[str, JsonValue]:
    """The values of an install by the cluster's owner, on a machine with a GPU if one will do."""
    mode = _mode(manifest)
    names = [_text(entrance, "name") for entrance in _list(manifest, "entrances")]
    envs = [_text(env, "envName") for env in _list(manifest, "envs")]
    replicas = manifest.get("workloadReplicas")
    workloads = list(replicas.value) if replicas and isinstance(replicas.value, Mapping) else [app]
    values: dict[str, JsonValue] = {
        "bfl": {"username": "owner"},
        "admin": "owner",
        "isAdmin": True,
        "user": {"zone": "owner.example.org"},
        "domain": {name: f"00000000.{name}.example.org" for name in names},
        "sysVersion": "1.12.7",
        "GPU": {"Type": mode, "Cuda": "13.0"},
        "gpu": mode,
        "cluster": {"arch": "arm64" if mode == "nvidia-gb10" else "amd64"},
        "nodes": [],
        "deviceName": "device",
        "rootPath": f"{HOST}root",
        "downloadCdnURL": "https://cdn.example.org",
        "fs_type": "fs",
        "schedule": {"nodeName": "device"},
        "userspace": {folder: f"{HOST}{folder}" for folder in _FOLDERS},
        "sharedlib": f"{HOST}external",
        "workloads": {name: {"replicaCount": 1} for name in workloads},
        "olaresEnv": dict.fromkeys(envs, ""),
        "os": {"appKey": "", "appSecret": ""},
        "dep": {},
        "deps": {},
        "svcs": {},
        "oidc": {"client": {"id": "", "secret": ""}, "issuer": ""},
    }
    values.update({name: _middleware("databases") for name in _DATABASES})
    values.update({name: _middleware(inner) for name, inner in _LISTED.items()})
    return values


def _middleware(inner: str) -> dict[str, JsonValue]:
    about: dict[str, JsonValue] = dict.fromkeys(("host", "port", "username", "password"), "")
    return {**about, inner: {}}


def _mode(manifest: Node) -> str:
    spec = manifest.get("spec")
    modes = [_text(one, "mode") for one in _list(spec, "accelerator")] if spec else []
    flat = "nvidia" if spec and spec.get("requiredGpu") else "cpu"
    return next((mode for mode in modes if mode in GPU_MODES), flat)


def _list(node: Node, key: str) -> list[Node]:
    return list(found.items()) if (found := node.get(key)) else []


def _text(node: Node, key: str) -> str:
    found = node.get(key)
    return found.value if found and isinstance(found.value, str) else ""

"""Both charts through both Helm engines, with every set of values that a device gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import kubernetes_validate
import pytest

from chartgen.chart import pack
from chartgen.lint.helm import Helm, JsonValue
from chartgen.lint.prove import device_values, prove
from tests.chart.reading import Installed, at, entries, rendered, table

KINDS = {"ConfigMap", "Deployment", "Secret", "Service"}
VERSIONS = ("1.32", ".".join(kubernetes_validate.latest_version().split(".")[:2]))


def lint_values(name: str) -> Mapping[str, JsonValue]:
    """What the device's own lint gives (Olares market contract 3.5), and nothing besides."""
    empty: Mapping[str, JsonValue] = {}
    return {
        "bfl": {"username": "bfl-username"},
        "admin": "bfl-username",
        "user": {"zone": "user-zone"},
        "schedule": {"nodeName": "node"},
        "userspace": {"appdata": "appdata", "data": "userdata"},
        "os": {"appKey": "appKey", "appSecret": "appSecret"},
        "domain": {name: "random-string"},
        "dep": {},
        "svcs": {},
        "cluster": {},
        "GPU": {"Type": "nvidia"},
        "oidc": {"client": {}, "issuer": "issuer"},
        "olaresEnv": {},
        **{store: {"databases": empty} for store in ("postgres", "mongodb", "mysql", "mariadb")},
        **{store: {"namespaces": empty} for store in ("redis", "zinc")},
        "minio": {"buckets": empty},
        "rabbitmq": {"vhosts": empty},
        "elasticsearch": {"indexes": empty},
        "nats": {"subjects": empty, "refs": empty},
    }


def all_values(name: str) -> dict[str, Mapping[str, JsonValue]]:
    return {
        "running": device_values(name, 1),
        "stopped": device_values(name, 0),
        "as it stands": {},
        "lint": lint_values(name),
        "without folders": {"userspace": {"appData": None, "appCache": None}},
    }


@pytest.mark.parametrize("case", sorted(all_values("any")))
def test_every_engine_renders_the_same(it: Installed, engines: dict[str, Helm], case: str) -> None:
    values = all_values(it.app.name)[case]
    answers = [rendered(engine, it.folder, values) for engine in engines.values()]
    assert set(answers[0]) == KINDS
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", sorted(all_values("any")))
def test_every_object_is_valid_kubernetes(
    it: Installed, engines: dict[str, Helm], case: str, version: str
) -> None:
    values = all_values(it.app.name)[case]
    for engine in engines.values():
        for kind, document in rendered(engine, it.folder, values).items():
            used = kubernetes_validate.validate(document, version, strict=True)
            assert used == version, kind


def test_lint_has_nothing_to_say(it: Installed, helm: Helm) -> None:
    found = helm.lint(it.folder, {})
    assert not [message for message in found if message.severity != "info"]


def test_the_package_is_proved(it: Installed, helm: Helm, tmp_path: Path) -> None:
    package = pack(it.chart)
    file = tmp_path / package.filename
    file.write_bytes(package.data)
    prove(helm, file, it.app.name)
    assert rendered(helm, it.folder) == rendered_package(helm, file, it.app.name)


def rendered_package(helm: Helm, file: Path, name: str) -> dict[str, object]:
    link = file.with_name(name)
    link.symlink_to(file)
    return rendered(helm, link)


@pytest.mark.parametrize("replicas", [0, 1, 3])
def test_replicas_follow_the_device(it: Installed, helm: Helm, replicas: int) -> None:
    objects = rendered(helm, it.folder, device_values(it.app.name, replicas))
    assert at(objects["Deployment"], "spec", "replicas") == replicas


def test_the_users_mirror_and_token_arrive(it: Installed, helm: Helm) -> None:
    hostile = 'hf_"x" {{ .Values.admin }}\n# no'
    values = {
        **device_values(it.app.name, 1),
        "olaresEnv": {"HF_ENDPOINT": "https://mirror.example.org", "HF_TOKEN": hostile},
    }
    objects = rendered(helm, it.folder, values)
    assert table(objects["Secret"], "stringData") == {"HF_TOKEN": hostile}
    (init,) = entries(objects["Deployment"], "spec", "template", "spec", "initContainers")
    mirror = {"name": "HF_ENDPOINT", "value": "https://mirror.example.org"}
    assert mirror in entries(init, "env")

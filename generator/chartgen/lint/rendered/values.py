"""The values with which the gate renders a chart (Olares market contract 3.5).

They are placeholders: the gate has no cluster. `userspace.appData`, `appCache` and `appCommon`,
`gpu`, `nodes` and `workloads` are missing from them on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from chartgen.lint.helm import JsonValue

Values: TypeAlias = "dict[str, JsonValue]"

NAMESPACE = "app-namespace"
"""Where every app is rendered to."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who installs, and who is the cluster's admin; without an admin there is no such value."""

    name: str
    admin: str = ""


INSTALLER = Owner("owner", "admin")
"""For charts with an apiVersion other than v2: another than the admin installs."""
NOBODY = Owner("bfl-username")
"""For apiVersion v2 the gate names nobody, and falls back on this one."""


def render_values(
    owner: Owner,
    entrances: Iterable[str],
    mode: str = "",
    replicas: Mapping[str, int] | None = None,
) -> Values:
    """The values for one render: `mode` is an accelerator's, `replicas` counts by workload."""
    values: Values = {
        "bfl": {"username": owner.name},
        "user": {"zone": "user-zone"},
        "schedule": {"nodeName": "node"},
        "userspace": {"appdata": "appdata", "data": "userspace/Home"},
        "os": {"appKey": "appKey", "appSecret": "appSecret"},
        "domain": dict.fromkeys(entrances, "random-string"),
        "GPU": {"Type": mode} if mode else {},
        "oidc": {"client": {}, "issuer": "issuer"},
        "nats": {"subjects": {}, "refs": {}},
        **{name: {part: {}} for name, part in _PARTS.items()},
        **{name: {} for name in ("dep", "redis", "svcs", "cluster", "olaresEnv")},
    }
    if owner.admin:
        values["admin"] = owner.admin
    if replicas is not None:
        values["workloads"] = {name: {"replicaCount": count} for name, count in replicas.items()}
    return values


_PARTS = {
    "postgres": "databases",
    "mongodb": "databases",
    "mariadb": "databases",
    "mysql": "databases",
    "zinc": "indexes",
    "elasticsearch": "indexes",
    "minio": "buckets",
    "rabbitmq": "vhosts",
}

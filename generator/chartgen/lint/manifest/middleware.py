"""middleware: the services that an app asks the device for."""

from __future__ import annotations

from dataclasses import dataclass, field

from chartgen.lint.go.decode import spelled


@dataclass(frozen=True, slots=True)
class Database:
    """databases[] of a service."""

    name: str = ""
    extensions: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    distributed: bool = False


@dataclass(frozen=True, slots=True)
class DatabaseService:
    """postgres, mongodb, mariadb, mysql and clickHouse."""

    username: str = ""
    password: str = ""
    databases: tuple[Database, ...] = ()


@dataclass(frozen=True, slots=True)
class Redis:
    """redis."""

    password: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A bucket, a virtual host or an index."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Minio:
    """minio."""

    username: str = ""
    password: str = ""
    buckets: tuple[Named, ...] = ()
    allow_namespace_buckets: bool = False


@dataclass(frozen=True, slots=True)
class RabbitMq:
    """rabbitmq."""

    username: str = ""
    password: str = ""
    vhosts: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Elasticsearch:
    """elasticsearch."""

    username: str = ""
    password: str = ""
    indexes: tuple[Named, ...] = ()
    allow_namespace_indexes: bool = False


@dataclass(frozen=True, slots=True)
class NatsPermission:
    """What an app may do on a subject."""

    app_name: str = ""
    pub: str = ""
    sub: str = ""


@dataclass(frozen=True, slots=True)
class NatsSubject:
    """nats.subjects[]."""

    name: str = ""
    permission: NatsPermission = NatsPermission()
    export: tuple[NatsPermission, ...] = ()


@dataclass(frozen=True, slots=True)
class NatsRefSubject:
    """nats.refs[].subjects[]."""

    name: str = ""
    perm: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NatsRef:
    """nats.refs[]."""

    app_name: str = ""
    app_namespace: str = ""
    subjects: tuple[NatsRefSubject, ...] = ()


@dataclass(frozen=True, slots=True)
class Nats:
    """nats."""

    username: str = ""
    password: str = ""
    subjects: tuple[NatsSubject, ...] = ()
    refs: tuple[NatsRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Argo:
    """argo."""

    required: bool = False


@dataclass(frozen=True, slots=True)
class Middleware:
    """middleware."""

    postgres: DatabaseService | None = None
    redis: Redis | None = None
    mongodb: DatabaseService | None = None
    nats: Nats | None = None
    minio: Minio | None = None
    rabbitmq: RabbitMq | None = None
    elasticsearch: Elasticsearch | None = None
    mariadb: DatabaseService | None = None
    mysql: DatabaseService | None = None
    argo: Argo | None = None
    click_house: DatabaseService | None = field(default=None, metadata=spelled("clickHouse"))

"""options: how an app is installed, guarded and reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chartgen.lint.go.decode import NO_INT64, Int64, spelled
from chartgen.lint.go.nodes import Node


@dataclass(frozen=True, slots=True)
class Policy:
    """options.policies[]."""

    entrance_name: str = ""
    description: str = ""
    uri_regex: str = ""
    level: str = ""
    one_time: bool = False
    valid_duration: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """options.dependencies[]."""

    name: str = ""
    version: str = ""
    type: str = ""
    mandatory: bool = False
    self_rely: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """options.conflicts[]."""

    name: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class ResetCookie:
    """options.resetCookie."""

    enabled: bool = False


@dataclass(frozen=True, slots=True)
class AppScope:
    """options.appScope."""

    cluster_scoped: bool = False
    app_ref: tuple[str, ...] = ()
    system_service: bool = False


@dataclass(frozen=True, slots=True)
class WebSocket:
    """options.websocket."""

    port: Int64 = NO_INT64
    url: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """options.upload."""

    file_type: tuple[str, ...] = ()
    dest: str = ""
    limited_size: Int64 = NO_INT64


@dataclass(frozen=True, slots=True)
class Oidc:
    """options.oidc."""

    enabled: bool = False
    redirect_uri: str = ""
    entrance_name: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """options."""

    mobile_supported: bool = False
    policies: tuple[Policy, ...] = ()
    reset_cookie: ResetCookie = ResetCookie()
    dependencies: tuple[Dependency, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    app_scope: AppScope = AppScope()
    websocket: WebSocket = WebSocket()
    upload: Upload = Upload()
    sync_provider: tuple[Mapping[str, Node], ...] = ()
    oidc: Oidc = Oidc()
    api_timeout: Int64 | None = None
    allowed_outbound_ports: tuple[Int64, ...] = ()
    images: tuple[str, ...] = ()
    allow_multiple_install: bool = False
    needs_shared_access: bool = False
    llm_gateway_supported: bool = field(default=False, metadata=spelled("LLMGatewaySupported"))
    template_only: bool = False
    shared: bool = False

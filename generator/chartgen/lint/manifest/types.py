"""The manifest's types, as the device decodes it (Olares market contract 3.2 and 3.3).

They mirror the Go structs field by field, with Go's zero values as defaults: a field of a
wrong type is a fault even where no rule looks at it. Keys that are not here are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chartgen.lint.go.decode import EMBEDDED, NO_FLOAT32, NO_INT32, Float32, Int32, spelled
from chartgen.lint.go.nodes import Node
from chartgen.lint.manifest.middleware import Middleware
from chartgen.lint.manifest.options import Options
from chartgen.lint.manifest.resources import ResourceMode


@dataclass(frozen=True, slots=True)
class AppMetaData:
    """metadata."""

    name: str = ""
    icon: str = ""
    description: str = ""
    appid: str = ""
    title: str = ""
    version: str = ""
    categories: tuple[str, ...] = ()
    rating: Float32 = NO_FLOAT32
    target: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class CatalogMetadata:
    """The part of metadata that the device decodes a second time, as plain JSON."""

    categories_v2: tuple[str, ...] = field(default=(), metadata=spelled("categories_v2"))
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entrance:
    """entrances[] and sharedEntrances[]."""

    name: str = ""
    host: str = ""
    port: Int32 = NO_INT32
    icon: str = ""
    title: str = ""
    auth_level: str = ""
    invisible: bool = False
    url: str = ""
    open_method: str = ""
    window_push_state: bool = False
    skip: bool = False


@dataclass(frozen=True, slots=True)
class ServicePort:
    """ports[]."""

    name: str = ""
    host: str = ""
    port: Int32 = NO_INT32
    expose_port: Int32 = NO_INT32
    protocol: str = ""
    add_to_tailscale_acl: bool = False


@dataclass(frozen=True, slots=True)
class Acl:
    """tailscale.acls[]."""

    action: str = ""
    src: tuple[str, ...] = ()
    proto: str = ""
    dst: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TailScale:
    """tailscale."""

    acls: tuple[Acl, ...] = ()
    sub_routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SupportClient:
    """spec.supportClient."""

    edge: str = ""
    android: str = ""
    ios: str = ""
    windows: str = ""
    mac: str = ""
    linux: str = ""
    chrome: str = ""


@dataclass(frozen=True, slots=True)
class SubChart:
    """spec.subCharts[]."""

    name: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class CpuConfig:
    """spec.hardware.cpu."""

    vendor: str = ""
    arch: str = ""


@dataclass(frozen=True, slots=True)
class GpuConfig:
    """spec.hardware.gpu."""

    vendor: str = ""
    arch: tuple[str, ...] = ()
    single_memory: str = ""
    total_memory: str = ""


@dataclass(frozen=True, slots=True)
class Hardware:
    """spec.hardware."""

    cpu: CpuConfig = CpuConfig()
    gpu: GpuConfig = GpuConfig()


@dataclass(frozen=True, slots=True)
class License:
    """spec.license[]."""

    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class AppSpec:
    """spec."""

    namespace: str = ""
    only_admin: bool = False
    version_name: str = ""
    full_description: str = ""
    upgrade_description: str = ""
    promote_image: tuple[str, ...] = ()
    promote_video: str = ""
    sub_category: str = ""
    developer: str = ""
    required_memory: str = ""
    required_disk: str = ""
    required_gpu: str = ""
    required_cpu: str = ""
    limited_memory: str = ""
    limited_disk: str = ""
    limited_gpu: str = ""
    limited_cpu: str = ""
    support_client: SupportClient = SupportClient()
    run_as_user: bool = False
    run_as_internal: bool = False
    pod_gpu_consume_policy: str = ""
    sub_charts: tuple[SubChart, ...] = ()
    hardware: Hardware = Hardware()
    supported_gpu: tuple[Node, ...] = ()
    accelerator: tuple[ResourceMode, ...] = ()
    support_arch: tuple[str, ...] = ()
    website: str = ""
    source_code: str = ""
    submitter: str = ""
    locale: tuple[str, ...] = ()
    doc: str = ""
    license: tuple[License, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelRequirement:
    """A requirement of a Kubernetes label selector."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """A Kubernetes label selector."""

    match_labels: Mapping[str, str] = field(default_factory=dict)
    match_expressions: tuple[LabelRequirement, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderPermission:
    """permission.provider[]."""

    app_name: str = ""
    namespace: str = ""
    provider_name: str = ""
    pod_selectors: tuple[LabelSelector, ...] = ()


@dataclass(frozen=True, slots=True)
class Permission:
    """permission."""

    app_data: bool = False
    app_cache: bool = False
    user_data: tuple[str, ...] = ()
    app_common: bool = False
    external_data: bool = False
    provider: tuple[ProviderPermission, ...] = ()
    service_account: str | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """provider[]."""

    name: str = ""
    entrance: str = ""
    paths: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvOption:
    """envs[].options[]."""

    title: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class EnvVarSpec:
    """What envs[] embeds, and so a struct in which numbers do not become text."""

    env_name: str = ""
    value: str = ""
    default: str = ""
    editable: bool = False
    type: str = ""
    required: bool = False
    title: str = ""
    description: str = ""
    options: tuple[EnvOption, ...] = ()
    remote_options: str = ""
    regex: str = ""
    multi_select: bool = False
    splitter: str = ""


@dataclass(frozen=True, slots=True)
class ValueFrom:
    """envs[].valueFrom."""

    env_name: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class AppEnvVar:
    """envs[]."""

    spec: EnvVarSpec = field(default=EnvVarSpec(), metadata=EMBEDDED)
    apply_on_change: bool = False
    value_from: ValueFrom | None = None


@dataclass(frozen=True, slots=True)
class OverlayEntrance:
    """overlayGateway.entrances[]."""

    title: str = ""
    port: Int32 = NO_INT32
    workload: str = ""
    description: str = ""
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class OverlayGateway:
    """overlayGateway."""

    enable: bool = False
    entrances: tuple[OverlayEntrance, ...] = ()


@dataclass(frozen=True, slots=True)
class AppConfiguration:
    """The whole manifest."""

    config_version: str = field(default="", metadata=spelled("olaresManifest.version"))
    config_type: str = field(default="", metadata=spelled("olaresManifest.type"))
    api_version: str = ""
    metadata: AppMetaData = AppMetaData()
    entrances: tuple[Entrance, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    tailscale: TailScale = TailScale()
    spec: AppSpec = AppSpec()
    permission: Permission = Permission()
    middleware: Middleware | None = None
    options: Options = field(default_factory=Options)
    provider: tuple[Provider, ...] = ()
    envs: tuple[AppEnvVar, ...] = ()
    shared_entrances: tuple[Entrance, ...] = ()
    overlay_gateway: OverlayGateway = OverlayGateway()
    workload_replicas: Mapping[str, Int32] | None = None

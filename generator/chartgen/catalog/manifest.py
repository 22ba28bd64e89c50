"""The parts of an OlaresManifest that the catalog tells, read from a package."""

from __future__ import annotations

from functools import cache
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from chartgen.errors import CatalogBroken

P = TypeVar("P", bound="_Part")
REMEDY = "Restore the package from git; a released package never changes."


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Metadata(_Part):
    """Who the app is."""

    name: str
    title: str
    description: str
    icon: str
    version: str
    appid: str
    categories: tuple[str, ...] = ()


class Accelerator(_Part):
    """What the app demands in one accelerator mode."""

    mode: str
    required_cpu: Annotated[str, Field(alias="requiredCpu")]
    limited_cpu: Annotated[str, Field(alias="limitedCpu")]
    required_memory: Annotated[str, Field(alias="requiredMemory")]
    limited_memory: Annotated[str, Field(alias="limitedMemory")]
    required_disk: Annotated[str, Field(alias="requiredDisk")]
    limited_disk: Annotated[str, Field(alias="limitedDisk")]
    required_gpu: Annotated[str, Field(alias="requiredGPUMemory")] = ""
    limited_gpu: Annotated[str, Field(alias="limitedGPUMemory")] = ""


class LicenseRef(_Part):
    """A licence by name and address."""

    text: str
    url: str


class Spec(_Part):
    """What the app says of itself."""

    version_name: Annotated[str, Field(alias="versionName")]
    full_description: Annotated[str, Field(alias="fullDescription")]
    upgrade_description: Annotated[str, Field(alias="upgradeDescription")]
    developer: str
    website: str
    source_code: Annotated[str, Field(alias="sourceCode")]
    doc: str
    submitter: str
    locale: tuple[str, ...]
    license: tuple[LicenseRef, ...]
    support_arch: Annotated[tuple[str, ...], Field(alias="supportArch")]
    accelerator: Annotated[tuple[Accelerator, ...], Field(min_length=1)]


class Localized(_Part):
    """The texts of one language."""

    full_description: Annotated[str, Field(alias="fullDescription")]
    upgrade_description: Annotated[str, Field(alias="upgradeDescription")]


class I18n(_Part):
    """One `i18n/<locale>/OlaresManifest.yaml`."""

    spec: Localized


class Entrance(_Part):
    """One door of the app."""

    name: str
    host: str
    port: int
    title: str
    icon: str
    auth_level: Annotated[str, Field(alias="authLevel")]
    open_method: Annotated[str, Field(alias="openMethod")]


class Dependency(_Part):
    """Something that must be there before the app; `version` is a range."""

    name: str
    version: str
    type: str


class Options(_Part):
    """Options of the app."""

    dependencies: tuple[Dependency, ...] = ()


class Manifest(_Part):
    """An OlaresManifest, as far as the catalog tells it."""

    kind: Annotated[str, Field(alias="olaresManifest.type")]
    api_version: Annotated[str, Field(alias="apiVersion")]
    metadata: Metadata
    entrances: tuple[Entrance, ...]
    spec: Spec
    options: Options

    @property
    def olares_range(self) -> str:
        """The versions of Olares that may install the app; empty for all."""
        found = (item for item in self.options.dependencies if item.type == "system")
        return next((item.version for item in found if item.name == "olares"), "")


def parse_manifest(text: str, source: str) -> Manifest:
    """The manifest of a package; raises `CatalogBroken` naming `source`."""
    return _parse(Manifest, text, source)


def parse_i18n(text: str, source: str) -> I18n:
    """The texts of one language; raises `CatalogBroken` naming `source`."""
    return _parse(I18n, text, source)


def _parse(kind: type[P], text: str, source: str) -> P:
    try:
        return kind.model_validate(_reader().load(text))
    except (YAMLError, ValidationError) as error:
        problem = str(error).splitlines()[0]
        raise CatalogBroken(path=source, problem=problem, remedy=REMEDY) from error


@cache
def _reader() -> YAML:
    return YAML(typ="safe")

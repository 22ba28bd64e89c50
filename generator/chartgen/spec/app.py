"""One app of the market."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from chartgen.quantities import MAX_VERSION_LENGTH, is_version
from chartgen.spec.llamacpp import LlamaCpp
from chartgen.spec.model import Model
from chartgen.spec.sglang import Sglang
from chartgen.spec.texts import CHECKED, Prose, Text
from chartgen.spec.transformers import Transformers
from chartgen.spec.vllm import Vllm


def _semantic(text: str) -> str:
    if not is_version(text):
        raise ValueError("this is not a semantic version")
    return text


Engine = Annotated[Vllm | LlamaCpp | Sglang | Transformers, Field(discriminator="kind")]
Url = Annotated[
    str,
    Field(pattern=r"^https?://[^\s/?#]+\S*$", max_length=500, description="an http(s) address"),
]
CpuQuantity = Annotated[
    str, Field(pattern=r"^[1-9][0-9]*m?$", description="cores (4) or millicores (500m)")
]
MemoryQuantity = Annotated[
    str, Field(pattern=r"^[1-9][0-9]*(Mi|Gi)$", description="a size in Mi or Gi, such as 24Gi")
]
Line = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$", description="one line of text"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """The licence of the model; `note` says where sources differ."""

    __pydantic_config__ = CHECKED

    text: Line
    url: Url
    note: Prose | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the engine's container asks of the host: `(request, limit)` each.

    `shm` is the size of `/dev/shm`; it counts as memory of the container. Without
    `memory` the chart asks for what the plan of the host's RAM needs. GPU memory and
    disk are not here: they come from the plan and from the files.
    """

    __pydantic_config__ = CHECKED

    cpu: tuple[CpuQuantity, CpuQuantity]
    memory: tuple[MemoryQuantity, MemoryQuantity] | None = None
    shm: MemoryQuantity | None = None
    start_minutes: Annotated[
        int, Field(ge=1, le=240, description="minutes that loading may take, 1 to 240")
    ] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """Withdrawn from new devices; the history stays. Never part of a package.

    With the day `removed` the app is not listed any more, and newer devices are told to
    forget it.
    """

    __pydantic_config__ = CHECKED

    since: date
    because: Text
    successor: str | None = None
    removed: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One app as data: what it is, what it runs, what it needs.

    `version`, `released` and `changes` describe the release that is being made;
    earlier ones stand in the catalog's ledger. `least_requests` is the number of
    requests at full context that must run at once.
    """

    __pydantic_config__ = CHECKED

    name: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9]{1,29}$",
            description="2 to 30 lower-case letters and digits, the first a letter",
        ),
    ]
    version: Annotated[
        str,
        AfterValidator(_semantic),
        Field(
            max_length=MAX_VERSION_LENGTH,
            description="a semantic version such as 1.0.3, at most 16 characters",
        ),
    ]
    released: date
    changes: Text
    title: Annotated[Line, Field(max_length=30, description="a title of 1 to 30 characters")]
    entrance_title: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{0,29}$",
            description="1 to 30 letters, digits, spaces and dashes (no dots)",
        ),
    ]
    description: Text
    full_description: Text
    engine: Engine
    models: Annotated[
        tuple[Model, ...], Field(min_length=1, description="at least one model, the weights")
    ]
    resources: Resources
    license: License
    developer: Line
    submitter: Line
    website: Url
    source_code: Url
    doc: Url
    owners: Annotated[
        tuple[Line, ...], Field(min_length=1, description="at least one owner's account name")
    ]
    icon: Annotated[
        str,
        Field(pattern=r"^[a-z0-9][a-z0-9-]*\.png$", description="a PNG in charts_src/icons/"),
    ]
    device: Annotated[
        str,
        Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="a profile in charts_src/devices/"),
    ] = "olares-one"
    categories: Annotated[
        tuple[Line, ...], Field(min_length=1, description="at least one market category")
    ] = ("AI",)
    auth_level: Literal["internal", "private"] = "internal"
    least_requests: Annotated[
        float, Field(ge=1, le=1024, description="a number of requests, 1 or more")
    ] = 1.0
    evidence: tuple[Line, ...] = ()
    suspended: Suspended | None = field(default=None)

    def model(self, role: str) -> Model | None:
        """The model that plays `role`, if the app has one."""
        return next((model for model in self.models if model.role == role), None)

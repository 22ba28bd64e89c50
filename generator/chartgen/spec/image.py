"""The container image of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from chartgen.spec.texts import CHECKED, Prose, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image by repository and tag, pinned by digest where one is known.

    `engine_version` is the version that the engine inside prints of itself; what
    memory a server takes depends on it, so recorded runs are matched by it.
    """

    __pydantic_config__ = CHECKED

    repository: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$",
            max_length=200,
            description="a registry path such as docker.io/vllm/vllm-openai",
        ),
    ]
    tag: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", description="an image tag")
    ]
    digest: (
        Annotated[
            str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="sha256: and 64 hex digits")
        ]
        | Unknown
    )
    engine_version: (
        Annotated[
            str,
            Field(
                pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]*$",
                max_length=60,
                description="the version that the engine prints, such as 0.23.0",
            ),
        ]
        | Unknown
    )
    mutable_because: Prose | None = None

    @property
    def reference(self) -> str:
        """The reference that a container names: with the digest where it is known."""
        pinned = f"@{self.digest}" if isinstance(self.digest, str) else ""
        return f"{self.repository}:{self.tag}{pinned}"

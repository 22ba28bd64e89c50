"""Model files: where they come from and what part they play."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from chartgen.spec.texts import CHECKED, Prose, Unknown

Role = Literal["weights", "mmproj", "draft", "chat_template"]

WHOLE_REPOSITORY = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
"""What an engine reads of a repository in Hugging Face's layout; pictures, model
cards and other formats of the same weights are not fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A file of a hub repository, or the whole repository (`file=None`).

    A `revision` is a commit. While it is unknown, a device resolves `branch` once,
    verifies the files against that commit's own metadata, and stays with it.
    `uncertain` says what about this reference is not confirmed.
    """

    __pydantic_config__ = CHECKED

    role: Role
    repo: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$",
            max_length=120,
            description="owner/name on the hub",
        ),
    ]
    revision: (
        Annotated[str, Field(pattern=r"^[0-9a-f]{40}$", description="a commit of 40 hex digits")]
        | Unknown
    )
    file: (
        Annotated[
            str,
            Field(
                pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$",
                max_length=200,
                description="a path inside the repository",
            ),
        ]
        | None
    ) = None
    branch: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80, description="a branch name"),
    ] = "main"
    uncertain: Prose | None = None

    @property
    def folder(self) -> str:
        """The folder of this repository below the model directory."""
        return self.repo.replace("/", "--")

    @property
    def path(self) -> str:
        """Where an engine finds this model, relative to the model directory."""
        return f"{self.folder}/{self.file}" if self.file else self.folder

    @property
    def patterns(self) -> tuple[str, ...]:
        """The repository paths that are fetched, as glob patterns."""
        return (self.file,) if self.file else WHOLE_REPOSITORY

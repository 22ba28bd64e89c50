"""Field types that more than one engine uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from chartgen.spec.texts import CHECKED

Port = Annotated[int, Field(ge=1024, le=65535, description="a port from 1024 to 65535")]
Tokens = Annotated[int, Field(ge=1, le=1 << 24, description="a positive number of tokens")]
Parser = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="a name the engine knows"),
]
ServedName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}$",
        description="the model name that clients send: letters, digits, dot, dash, slash, colon",
    ),
]
ExtraArg = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="one argument, without control characters",
    ),
]


@dataclass(frozen=True, slots=True)
class EnvVar:
    """A variable of the engine's container."""

    __pydantic_config__ = CHECKED

    name: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$",
            description="letters, digits and underscores",
        ),
    ]
    value: Annotated[
        str, Field(max_length=4000, pattern=r"^[^\x00]*$", description="a text without NUL")
    ]

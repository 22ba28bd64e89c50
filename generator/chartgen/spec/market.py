"""The market itself: its name, its public address, its categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from chartgen.spec.app import Line
from chartgen.spec.texts import CHECKED, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of the sidebar; `name` is what apps declare, `slug` its id."""

    __pydantic_config__ = CHECKED

    name: Line
    slug: Annotated[
        str,
        Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="lower-case words joined by dashes"),
    ]
    title: Text
    icon: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A card on the front page that leads to some apps; `image` is an address or empty."""

    __pydantic_config__ = CHECKED

    id: Annotated[
        str,
        Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="lower-case words joined by dashes"),
    ]
    title: Text
    description: Text
    apps: Annotated[tuple[Line, ...], Field(min_length=1, description="at least one app")]
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A market source as devices list it.

    `source_id` holds no underscore: the market's web client splits ids at it
    (Olares market contract 1.1). `featured` and `hottest` list app
    names, best first; the newest come from the ledger by themselves.
    `fetch_image` runs the download before an engine starts.
    """

    __pydantic_config__ = CHECKED

    source_id: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9.-]{0,49}$",
            description="1 to 50 lower-case letters, digits, dots and dashes",
        ),
    ]
    title: Annotated[Line, Field(max_length=50, description="a title of 1 to 50 characters")]
    public_url: Annotated[
        str,
        Field(
            pattern=r"^https://[^\s/?#]+(/[^\s?#]*[^\s?#/])?$",
            description="an https address without a slash at its end",
        ),
    ]
    categories: Annotated[
        tuple[Category, ...], Field(min_length=1, description="at least one category")
    ]
    featured: tuple[Line, ...] = ()
    hottest: tuple[Line, ...] = ()
    topics: tuple[Topic, ...] = ()
    fetch_image: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9.-]+(/[a-z0-9._-]+)+:[A-Za-z0-9_][A-Za-z0-9_.-]*(@sha256:[0-9a-f]{64})?$",
            description="an image with Python 3.11 or newer, best with its digest",
        ),
    ] = "docker.io/library/python:3.12-slim"

    @property
    def named(self) -> tuple[str, ...]:
        """Every app that the market's settings name."""
        in_topics = (name for topic in self.topics for name in topic.apps)
        return (*self.featured, *self.hottest, *in_topics)

    @property
    def is_example(self) -> bool:
        """Whether the public address is still the one that chartgen ships with."""
        return "example.org" in self.public_url

"""A submission to the official store, beside the chart that it brings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What is known of a submission beside its files; what is empty is not asked.

    `published` is the version that the store has: None where nobody knows, empty for none.
    """

    title: str = ""
    author: str = ""
    published: str | None = None

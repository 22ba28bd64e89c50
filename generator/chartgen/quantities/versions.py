"""Chart versions: SemVer 2, as Helm and the market client read them."""

from __future__ import annotations

from functools import cache

from semver import Version

MAX_VERSION_LENGTH = 16
"""Characters of a version that the market client's database keeps (VARCHAR(16)).

One longer version loses its whole batch of ten apps (Olares market contract
1.5, observed with the client's own migrations, November 2026).
"""


@cache
def is_version(text: str) -> bool:
    """Whether `text` is strict SemVer 2 (`1.0.2`, `1.1.0-rc.1`) without build metadata:
    a `+` in an address is read as a blank."""
    return Version.is_valid(text) and "+" not in text


@cache
def version_key(text: str) -> Version:
    """A key that orders versions by SemVer precedence."""
    return Version.parse(text)


def following(text: str) -> str:
    """The next version after `text`: a finished pre-release, else the next patch."""
    return str(version_key(text).next_version("patch"))

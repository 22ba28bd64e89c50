"""Renders a manifest before 0.12.0, which is a template, as the device does.

The device renders it with nothing but the owner and the administrator among its values, once
to read it and twice to check it: as the administrator installs it and as another user does.
Real Helm renders all three at once, with `tpl` in a chart of one template.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chartgen.lint.helm import Helm, JsonValue

_RENDERER = Path(__file__).parent / "renderer"
"""The chart of one template."""
_RELEASE: dict[str, JsonValue] = {
    "Name": "",
    "Namespace": "",
    "IsUpgrade": False,
    "IsInstall": False,
    "Revision": 0,
    "Service": "Helm",
}
_NO_VALUE = b"<no value>"
"""What a missing value renders to, which Helm takes out of every text."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who installs, and who administers the device."""

    label: str
    owner: str
    admin: str


READING = Scene("", "default", "default")
CHECKING = (Scene("admin=owner", "admin", "admin"), Scene("admin!=owner", "user", "admin"))


def is_plain(text: bytes) -> bool:
    """Whether a template has nothing to render, so that no Helm is needed."""
    return b"{{" not in text


def unrendered(text: bytes) -> bytes:
    """What a template without an action renders to."""
    return text.replace(_NO_VALUE, b"")


def rendered(text: bytes, scenes: Sequence[Scene], helm: Helm) -> list[bytes]:
    """The manifest's text in each scene. Raises `HelmRefused`.

    A text that is not UTF-8 is given back as it is, for no rendering makes it YAML.
    """
    try:
        values: dict[str, JsonValue] = {
            "text": text.decode(),
            "release": _RELEASE,
            "scenes": [{"admin": one.admin, "bfl": {"username": one.owner}} for one in scenes],
        }
    except UnicodeDecodeError:
        return [text for _ in scenes]
    with helm.load(_RENDERER) as loaded:
        found = loaded.render(release="chart", namespace="default", values=values)
    # Read as the JSON that it is: YAML forbids characters that JSON may hold.
    texts = "".join(found.values()).split("\n")
    return [str(json.loads(text[2:])).encode() for text in texts if text.startswith('- "')]

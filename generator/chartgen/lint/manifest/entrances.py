"""Rules of entrances, and of what else listens (L13 to L20, L51, L55)."""

from __future__ import annotations

import re

from chartgen.lint.finding import Problem
from chartgen.lint.manifest.metadata import MAX_NAME, http_icon
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.manifest.said import Said, Voice, repeated
from chartgen.lint.manifest.types import Entrance, OverlayEntrance

MAX_ENTRANCES = 10
MAX_LABEL = 63
"""Bytes of an entrance's name or host."""
AUTH_LEVELS = ("", "public", "private", "internal")
OPEN_METHODS = ("", "default", "iframe", "window")
OVERLAY_PROTOCOLS = ("", "tcp", "udp")
ENTRANCE_NAME = re.compile(r"[a-z0-9A-Z-]*")
ENTRANCE_HOST = re.compile(r"[a-z][-a-z0-9]*[a-z0-9]")


def entrance_fields(manifest: Manifest) -> Said:
    """The list of entrances, and each of them."""
    said, voice, entrances = Said(), Voice(manifest), manifest.config.entrances
    each = Said()
    for place, entrance in enumerate(entrances):
        each.add(_entrance(voice, f"entrances.{place}", entrance))
    said.first_of(_count(voice, len(entrances)), each.shown, _unique(voice, entrances))
    said.hidden += each.hidden
    return said


def _count(voice: Voice, count: int) -> list[Problem]:
    if count == 0:
        return voice.missing("L13", "entrances", "Declare at least one entrance.")
    wrong = f"are {count}, more than {MAX_ENTRANCES}"
    too_many = voice.says("L13", "entrances", wrong, f"Keep at most {MAX_ENTRANCES}.")
    return [too_many] if count > MAX_ENTRANCES else []


def _unique(voice: Voice, entrances: tuple[Entrance, ...]) -> list[Problem]:
    wrong = "is the name of an earlier entrance too"
    return [
        voice.says("L14", f"entrances.{place}.name", wrong, "Give each entrance its own name.")
        for place in repeated([entrance.name for entrance in entrances])
    ]


def _entrance(voice: Voice, path: str, entrance: Entrance) -> Said:
    said = Said()
    said.first_of(
        _shaped(voice, f"{path}.name", entrance.name, ENTRANCE_NAME, "letters, digits and hyphens"),
        voice.longer("L15", f"{path}.name", entrance.name, MAX_LABEL),
    )
    said.first_of(
        _shaped(
            voice,
            f"{path}.host",
            entrance.host,
            ENTRANCE_HOST,
            "small letters, digits and hyphens, as a Service does",
        ),
        voice.longer("L15", f"{path}.host", entrance.host, MAX_LABEL),
    )
    said.first_of(_port(voice, "L16", f"{path}.port", entrance.port))
    said.first_of(http_icon(voice, "L20", f"{path}.icon", entrance.icon))
    said.first_of(voice.long("L17", f"{path}.title", entrance.title, MAX_NAME))
    said.first_of(voice.outside("L19", f"{path}.authLevel", entrance.auth_level, AUTH_LEVELS))
    said.first_of(voice.outside("L19", f"{path}.openMethod", entrance.open_method, OPEN_METHODS))
    return said


def _shaped(
    voice: Voice, path: str, value: str, shape: re.Pattern[str], allowed: str
) -> list[Problem]:
    if not value or shape.fullmatch(value):
        return []
    wrong = f"does not match {shape.pattern}"
    return [voice.says("L15", path, wrong, f"Use {allowed}.")]


def _port(voice: Voice, rule: str, path: str, value: int) -> list[Problem]:
    return [voice.says(rule, path, "is less than 1", "Write a port.")] if value < 0 else []


def overlay_fields(manifest: Manifest) -> Said:
    """The entrances of the overlay gateway, whether it is enabled or not."""
    said, voice = Said(), Voice(manifest)
    for place, entrance in enumerate(manifest.config.overlay_gateway.entrances):
        said.add(_overlay(voice, f"overlayGateway.entrances.{place}", entrance))
    return said


def _overlay(voice: Voice, path: str, entrance: OverlayEntrance) -> Said:
    said = Said()
    said.first_of(voice.long("L51", f"{path}.title", entrance.title, MAX_NAME))
    port = voice.missing("L51", f"{path}.port") if entrance.port == 0 else []
    said.first_of(port, _port(voice, "L51", f"{path}.port", entrance.port))
    said.first_of(voice.needed("L51", f"{path}.workload", entrance.workload))
    protocols = voice.outside("L51", f"{path}.protocol", entrance.protocol, OVERLAY_PROTOCOLS)
    said.first_of(protocols)
    return said


def port_fields(manifest: Manifest) -> Said:
    """The names of ports, which become names in Kubernetes."""
    said, voice = Said(), Voice(manifest)
    wrong = f"does not match {ENTRANCE_NAME.pattern}"
    for place, port in enumerate(manifest.config.ports):
        if not ENTRANCE_NAME.fullmatch(port.name):
            remedy = "Use letters, digits and hyphens."
            said.shown.append(voice.says("L55", f"ports.{place}.name", wrong, remedy))
    return said

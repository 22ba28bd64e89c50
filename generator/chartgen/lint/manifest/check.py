"""What the device's gate says of a decoded manifest (Olares market contract 3.5, L07 to L36)."""

from __future__ import annotations

from itertools import islice

from chartgen.lint.finding import Problem
from chartgen.lint.manifest.entrances import entrance_fields, overlay_fields, port_fields
from chartgen.lint.manifest.metadata import metadata_fields, taxonomy
from chartgen.lint.manifest.option_rules import across, middleware_fields, option_fields
from chartgen.lint.manifest.read import Manifest
from chartgen.lint.manifest.said import Said, Voice
from chartgen.lint.manifest.spec_rules import spec_fields

API_VERSIONS = ("v1", "v2", "v3")
MOST_PROBLEMS = 1000
"""Problems that are said of one manifest; nobody reads more."""
_FIELDS = (
    metadata_fields,
    entrance_fields,
    port_fields,
    spec_fields,
    option_fields,
    overlay_fields,
    middleware_fields,
)


def manifest_problems(manifest: Manifest) -> list[Problem]:
    """Every rule that the manifest breaks, in the device's order.

    A template is checked in each of its scenes; what two scenes share is said once.
    """
    fields, rest = Said(), list[Problem]()
    for scene in manifest.scenes or (manifest,):
        fields.add(_fields(scene))
        rest += [*across(scene), *taxonomy(scene)]
    # One wrong field, in whatever scene, keeps the rules across fields back.
    said = dict.fromkeys(fields.shown + fields.hidden + rest)
    return list(islice(said, MOST_PROBLEMS))


def _fields(manifest: Manifest) -> Said:
    said, speakers = Said(), 0
    for check in (_head, *_FIELDS):
        found = check(manifest)
        speakers += bool(found.shown)
        said.add(found)
    if speakers > 1:
        said.shown.sort(key=lambda problem: problem.rule)
    return said


def _head(manifest: Manifest) -> Said:
    said, voice, config = Said(), Voice(manifest), manifest.config
    said.first_of(voice.needed("L07", "olaresManifest.version", config.config_version))
    said.first_of(voice.outside("L08", "apiVersion", config.api_version, API_VERSIONS))
    return said

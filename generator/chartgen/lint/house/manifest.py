"""Rules of the house about the manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartgen.lint.finding import Problem
from chartgen.lint.go.nodes import Node
from chartgen.lint.house.seen import Check, Seen, at, plain, text
from chartgen.lint.house.values import GPU_MODES

MAX_VERSION = 16
"""Characters of a version in the market's database (Olares market contract 1.5)."""
_TITLE = re.compile(r"[A-Za-z0-9\s-]*", re.ASCII)
_INVISIBLE = re.compile(r"^\s|\s$|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")


def modes(seen: Seen) -> list[tuple[int, Node, str]]:
    """The accelerator entries: index, entry and mode."""
    entries = enumerate(seen.tree("spec", "accelerator").items())
    return [(index, entry, text(entry, "mode")) for index, entry in entries]


def _locales(seen: Seen) -> Iterator[Problem]:
    locales = seen.tree("spec", "locale")
    for index, node in enumerate(locales.items()):
        locale = plain(node)
        if locale and not _has_texts(seen, locale):
            message = f"There is no i18n/{locale}/OlaresManifest.yaml for this locale."
            remedy = "Add the texts, or drop the locale."
            yield Problem("H06", seen.place("spec", "locale", index), locale, message, remedy)


def _has_texts(seen: Seen, locale: str) -> bool:
    return f"i18n/{locale}/OlaresManifest.yaml" in seen.source.files


def _version_length(seen: Seen) -> Iterator[Problem]:
    version = seen.written("metadata", "version").strip()
    if len(version) > MAX_VERSION:
        message = f"The version has {len(version)} characters; a market keeps {MAX_VERSION}."
        remedy = "Shorten it; one long version loses all new apps of its batch."
        yield Problem("H07", seen.place("metadata", "version"), version, message, remedy)


def _version_name(seen: Seen) -> Iterator[Problem]:
    name, app = seen.written("spec", "versionName"), text(seen.chart, "appVersion")
    if name and app and name != app:
        message = f"versionName is {name}, but Chart.yaml's appVersion is {app}."
        remedy = "Give both the version of the program inside."
        yield Problem("H08", seen.place("spec", "versionName"), name, message, remedy)


def _titles(seen: Seen) -> Iterator[Problem]:
    for index, entrance in enumerate(seen.tree("entrances").items()):
        title = text(entrance, "title")
        if not _TITLE.fullmatch(title):
            message = "Older devices take letters, digits, hyphens and spaces in this title only."
            remedy = "Write dots and brackets some other way."
            yield Problem("H11", seen.place("entrances", index, "title"), title, message, remedy)
    title = seen.written("metadata", "title")
    if _INVISIBLE.search(title):
        message = "The title has spaces around it, or characters that nobody sees."
        place = seen.place("metadata", "title")
        yield Problem("H11", place, ascii(title), message, "Write plain characters only.")


def _patterns(seen: Seen) -> Iterator[Problem]:
    for index, env in enumerate(seen.tree("envs").items()):
        given = text(env, "default") or text(env, "value") or env.get("valueFrom")
        if text(env, "regex") and not given and text(env, "required") != "true":
            message = "The pattern is held against an empty text when nobody fills this in."
            remedy = "Give a default that matches, or let the pattern match nothing too."
            place = seen.place("envs", index, "regex")
            yield Problem("H13", place, text(env, "envName"), message, remedy)


def _open_entrances(seen: Seen) -> Iterator[Problem]:
    for index, entrance in enumerate(seen.tree("entrances").items()):
        if text(entrance, "authLevel") == "public":
            message = "Everybody on the internet may call this entrance."
            remedy = "Make it internal or private, or waive the rule with your reason."
            place = seen.place("entrances", index, "authLevel")
            yield Problem("H18", place, text(entrance, "name"), message, remedy)


def _gpu_pairs(seen: Seen) -> Iterator[Problem]:
    for index, entry, mode in modes(seen):
        required, limited = text(entry, "requiredGPUMemory"), text(entry, "limitedGPUMemory")
        if required and limited and required != limited:
            message = f"{mode}: the device caps the app at the required {required}, not the limit."
            remedy = "Require what the app needs at its peak; the limit is for choosing a card."
            place = seen.place("spec", "accelerator", index, "requiredGPUMemory")
            yield Problem("H19", place, f"{required} of {limited}", message, remedy)


def _cpu_beside(seen: Seen) -> Iterator[Problem]:
    found = modes(seen)
    if any(mode in GPU_MODES for _, _, mode in found):
        for index, _, mode in found:
            if mode == "cpu":
                message = "With a cpu mode beside a GPU's every install asks the user to choose."
                place = seen.place("spec", "accelerator", index, "mode")
                yield Problem("H20", place, mode, message, "Drop it if the app needs a GPU.")


def _good_manners(seen: Seen) -> Iterator[Problem]:
    if not seen.written("metadata", "appid"):
        message = "There is no metadata.appid, which an upload by hand needs."
        yield Problem("H21", seen.place("metadata"), "", message, "Set it to the app's name.")
    for index, entrance in enumerate(seen.tree("entrances").items()):
        if not text(entrance, "icon"):
            message = "The entrance has no icon and shows an empty tile."
            place = seen.place("entrances", index)
            yield Problem("H22", place, text(entrance, "name"), message, "Give it the app's icon.")
    spec = seen.tree("spec")
    missing = [key for key in ("developer", "website", "license") if not _given(spec, key)]
    if missing:
        message = "The app's page does not say whose work this is, and on what terms."
        place = seen.place("spec")
        yield Problem("H23", place, ", ".join(missing), message, "Fill these fields in.")


def _given(spec: Node, key: str) -> bool:
    return bool(at(spec, key).value)


def _generation(seen: Seen) -> Iterator[Problem]:
    if seen.written("apiVersion") == "v2":
        message = "Devices from 1.12.6 on refuse to install charts of apiVersion v2."
        remedy = "Make it v3 with manifest 0.12.0; shared apps set options.shared."
        yield Problem("H24", seen.place("apiVersion"), "v2", message, remedy)


def _categories(seen: Seen) -> Iterator[Problem]:
    metadata = seen.tree("metadata")
    if not at(metadata, "categories").value and not at(metadata, "categories_v2").value:
        message = "An app without a category is in no section of the market."
        yield Problem("H28", seen.place("metadata"), "", message, "Add one, as in [AI].")


def _flat_gpu(seen: Seen) -> Iterator[Problem]:
    spec = seen.tree("spec")
    if at(spec, "supportedGpu").value and not text(spec, "requiredGpu"):
        message = "The app names GPUs, but asks for no memory of one and gets none."
        remedy = "Set requiredGpu to the GPU memory that it needs at its peak, as in 20Gi."
        yield Problem("H30", seen.place("spec", "supportedGpu"), "", message, remedy)


MANIFEST_RULES: tuple[Check, ...] = (
    _locales,
    _version_length,
    _version_name,
    _titles,
    _patterns,
    _open_entrances,
    _gpu_pairs,
    _cpu_beside,
    _good_manners,
    _generation,
    _categories,
    _flat_gpu,
)

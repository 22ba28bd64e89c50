"""Every rule about a catalogue: one change of the market's own answers that breaks it."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chartgen.lint.finding import Profile, Severity, Verdict
from chartgen.lint.report import ChartReport, Report
from chartgen.lint.rules import RULES
from chartgen.market.check import check_catalog, check_market
from chartgen.market.check_asking import Reply
from chartgen.market.export import export_static
from chartgen.market.site import Site
from tests.market.changed import (
    ALPHA,
    APPLICATIONS,
    CATALOG,
    CHART,
    DETAILS,
    GONE,
    HASH,
    INFO,
    TAXONOMY,
    TWIN,
    Change,
    Source,
    body,
    checked,
    detail,
    put,
    status,
    typed,
)

APP = f"data.apps.{ALPHA}"
PAGE = "data.pages.All.content"


def package(name: str = "alpha", **files: str) -> Change:
    """A package of other files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}/{path.replace('_', '.')}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return body(packed.getvalue())


def manifest(name: str, version: str, icon: str = "https://x.example/i.png") -> str:
    return json.dumps({"metadata": {"name": name, "version": version, "icon": icon}})


def extra(reply: Reply) -> Reply:
    """An answer with an app that nobody asked for."""
    document = json.loads(reply.body)
    document["apps"]["ffffffff"] = {"name": "other", "version": "1.0.0"}
    return replace(reply, body=json.dumps(document).encode())


def whatever_is_asked(reply: Reply) -> Reply:
    """An answer that never is empty."""
    apps = json.loads(reply.body)["apps"] or {"ffffffff": {}}
    return replace(reply, body=json.dumps({"apps": apps}).encode())


def repeated(reply: Reply) -> Reply:
    """An answer with an entry that stands there twice."""
    key = f'"{ALPHA}":'.encode()
    at = reply.body.index(key)
    return replace(reply, body=reply.body[:at] + key + b"{}," + reply.body[at:])


def hashes(*told: str) -> Change:
    """Another hash for every question."""
    waiting = iter(told)

    def change(reply: Reply) -> Reply:
        return put("hash", next(waiting))(reply)

    return change


def misspelt(reply: Reply) -> Reply:
    """Details with the manifest's spelling of a field."""
    return replace(reply, body=reply.body.replace(b'"requiredGPU"', b'"requiredGpu"'))


ITEM = "data.items.0"
BROKEN: tuple[tuple[str, Mapping[str, Change], str], ...] = (
    ("C02", {HASH: lambda reply: replace(reply, lost_body=302)}, "302"),
    ("C02", {DETAILS: status(404)}, "404"),
    ("C02", {INFO: lambda reply: replace(reply, trouble="no answer")}, "no answer"),
    ("C03", {INFO: typed("")}, "Content-Type"),
    ("C03", {INFO: typed("image/json")}, "Content-Type"),
    ("C04", {INFO: body(b"\xef\xbb\xbf{}")}, "BOM"),
    ("C04", {INFO: body(b"{} {}")}, "Extra data"),
    ("C04", {INFO: body(b'{"stats":NaN}')}, "NaN"),
    ("C04", {INFO: body(b'{"stats":1e400}')}, "1e400"),
    ("C04", {DETAILS: body(b"[" * 100_000)}, "deeply"),
    ("C04", {INFO: body(b'{"data":' + b"[" * 900 + b"]" * 900 + b"}")}, "deeply"),
    ("C05", {INFO: body(b"[]")}, "an object"),
    ("C05", {HASH: body(b"null")}, "an object"),
    ("C05", {INFO: put("data.tags.ai.Sort", "1")}, "data.tags.ai.Sort"),
    ("C05", {INFO: put("data.tops.0.rank", 1 << 63)}, "rank"),
    ("C05", {INFO: put("data.pages.All.category", "A\0")}, "NUL"),
    ("C05", {INFO: put("last_updated", "2026-02-30T00:00:00Z")}, "last_updated"),
    ("C06", {CATALOG: put("data.source_id", "my_market")}, "source_id"),
    ("C06", {CATALOG: put("data.source_id", "m" * 51)}, "51"),
    ("C06", {TAXONOMY: put("data.source.source_id", "another")}, "source_id"),
    ("C07", {HASH: put("hash", "another")}, "another"),
    ("C07", {HASH: hashes("first", "second")}, "second"),
    ("C10", {INFO: put(f"{APP}.id", ALPHA.upper())}, f"{APP}.id"),
    ("C11", {INFO: put(f"{APP}.name", "other")}, ALPHA),
    ("C11", detail("appID", "alpha"), "appID"),
    ("C12", {INFO: repeated}, APP),
    ("C12", detail("name", "beta"), "twice"),
    ("C13", {DETAILS: extra}, "ffffffff"),
    ("C13", {DETAILS: put(f"apps.{ALPHA}", "alpha", ALPHA)}, f"apps.{ALPHA}"),
    ("C14", detail("version", "1.0.0-rc.20261120"), "17"),
    ("C14", detail("version", " \n"), "version"),
    ("C15", detail("name", "a" * 101), "101"),
    ("C15", detail("doc", "a\0b"), "doc"),
    ("C15", detail("rating", 1e39), "rating"),
    ("C16", detail("categories", ["AI", 7]), "categories[1]"),
    ("C16", detail("entrances", ["web"]), "entrances[0]"),
    ("C16", detail("versionHistory.0.mergedAt", "2026"), "mergedAt"),
    ("C16", detail("subCharts", [{"name": "a", "shared": 1}]), "shared"),
    ("C16", detail("upgradeDescription", 7), "upgradeDescription"),
    ("C16", detail("name", GONE), "name"),
    ("C16", detail("price", "free"), "price"),
    ("C17", {DETAILS: misspelt}, "requiredGpu"),
    ("C18", detail("appLabels", ["new", "REMOVE"]), "appLabels"),
    ("C19", detail("appLabels", ["suspend "]), "appLabels"),
    ("C19", detail("appLabels", {"suspend": True}), "appLabels"),
    ("C20", {INFO: put(PAGE, "[{")}, PAGE),
    ("C20", {INFO: put(PAGE, "{}")}, PAGE),
    ("C21", {INFO: put("data.tops.0.appId", ALPHA)}, "data.tops[0].appId"),
    ("C21", {INFO: put("data.latest", ["beta", ALPHA])}, "data.latest[1]"),
    (
        "C21",
        {INFO: put("data.topic_lists", {"T": {"type": "Topic", "content": "alpha"}})},
        "data.topic_lists.T.content",
    ),
    ("C22", {INFO: put("data.latest", ["nobody"])}, "data.latest[0]"),
    ("C22", {INFO: put("data.latest", ["half \ud83d of"])}, "half \N{REPLACEMENT CHARACTER} of"),
    ("C22", {INFO: put(PAGE, '[{"type":"Recommends","id":"X"}]')}, f"{PAGE}[0].id"),
    ("C22", {INFO: put(PAGE, '[{"type":"Video","id":"X"}]')}, f"{PAGE}[0].type"),
    ("C23", {INFO: put("data.tags.ai.title", {"en-US": "AI"})}, "zh-CN"),
    ("C23", detail("categories", ["ai"]), "categories"),
    ("C24", {INFO: put(f"{APP}.version", "0.9.0")}, "0.9.0"),
    ("C25", {DETAILS: whatever_is_asked}, "00000000"),
    ("C30", {CHART: status(404)}, "404"),
    ("C31", {CHART: body(b"<html>")}, "alpha-1.1.0.tgz"),
    ("C31", {CHART: body(gzip.compress(bytes(1 << 27)))}, "alpha-1.1.0.tgz"),
    ("C31", {CHART: package(Chart_yaml="{}")}, "OlaresManifest.yaml"),
    ("C31", {CHART: package("other", OlaresManifest_yaml=manifest("alpha", "1.1.0"))}, "other"),
    ("C32", {CHART: package(OlaresManifest_yaml=manifest("alpha", "1.0.0"))}, "version"),
    ("C32", {CHART: package(OlaresManifest_yaml=manifest("beta", "1.1.0"))}, "name"),
    ("C33", {TWIN: package(OlaresManifest_yaml=manifest("alpha", "1.1.0"))}, "api/v2"),
    ("C37", detail("icon", "https://x.example/other.png"), "icon"),
    ("C35", detail("icon", "icons/alpha.png"), "icon"),
    ("C40", {CATALOG: status(404)}, "1.12.7"),
    ("C41", {CATALOG: put("code", 1)}, "code"),
    ("C41", {APPLICATIONS: put(f"{ITEM}.updated_at", "2026-01-01T00:00:00Z")}, "updated_at"),
    ("C41", {APPLICATIONS: put(f"{ITEM}.updated_at", 1767225600000)}, "updated_at"),
    ("C41", {APPLICATIONS: put(f"{ITEM}.last_modify_time", 1767225600)}, "last_modify_time"),
    ("C41", {APPLICATIONS: put(f"{ITEM}.categories_v2", ["A I"])}, "categories_v2[0]"),
    ("C41", {APPLICATIONS: put("data.total", 7)}, "data.total"),
    ("C41", {TAXONOMY: put("data.categories.0.id", "My AI")}, "data.categories[0].id"),
    ("C42", {APPLICATIONS: put(f"{ITEM}.version", "9.0.0")}, "9.0.0"),
    ("C42", {INFO: put(f"{APP}.id", 7)}, ALPHA),
    (
        "C43",
        {APPLICATIONS: put(f"{ITEM}.olares_version_constraint", "newer")},
        "olares_version_constraint",
    ),
)


ELSEWHERE = {"C01", "C35", "C36", "C50", "C51", "C60", "C61"}
"""Rules that other tests of this folder break: an address, a folder, a picture."""


@pytest.mark.parametrize(
    ("rule", "changes", "names"), BROKEN, ids=[f"{one[0]}-{one[2]}" for one in BROKEN]
)
def test_a_rule_breaks(rule: str, changes: Mapping[str, Change], names: str, site: Site) -> None:
    report = checked(site, changes)
    found = [one for one in report.findings if one.problem.rule == rule]
    assert any(names in f"{one.problem.message} {one.problem.value}" for one in found)
    assert {one.severity for one in found} == {RULES[rule].severity}
    assert all(one.problem.remedy for one in found)


def test_every_rule_is_broken_somewhere() -> None:
    rules = {name for name in RULES if name.startswith("C")}
    assert rules - {rule for rule, _, _ in BROKEN} <= ELSEWHERE


@pytest.mark.parametrize(
    ("rule", "icon"),
    [
        ("C35", Reply(404)),
        ("C35", Reply(0, trouble="no answer")),
        ("C36", Reply(body=b"<svg/>")),
        ("C36", Reply(body=b"\x89PNG\r\n\x1a\n" + bytes(16))),
        ("C36", Reply(body=b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x63\0\0\x63\0\0")),
    ],
)
def test_an_icon_that_no_user_sees(rule: str, icon: Reply, site: Site) -> None:
    report = checked(site, {}, icon)
    assert [one.problem.rule for one in report.findings] == [rule] * 2


@pytest.mark.parametrize(
    "header",
    [
        b"VP8X" + bytes(8) + b"\xff\0\0\xff\0\0",
        b"VP8L" + bytes(4) + b"\x2f" + (255 | 255 << 14).to_bytes(4, "little") + bytes(6),
        b"VP8 " + bytes(10) + b"\0\1\0\1",
    ],
)
def test_a_webp_is_an_icon(header: bytes, site: Site) -> None:
    assert checked(site, {}, Reply(body=b"RIFF\0\0\0\0WEBP" + header)).findings == ()


def test_an_app_that_is_hidden_on_purpose_passes(site: Site) -> None:
    hidden = {INFO: put("data.latest", ["beta"]), **detail("appLabels", ["suspend"])}
    report = checked(site, {**hidden, INFO: both(put("data.latest", ["beta"]), no_tops)})
    assert "C18" not in {one.problem.rule for one in report.findings}


def no_tops(reply: Reply) -> Reply:
    return put("data.tops", [])(reply)


def both(first: Change, second: Change) -> Change:
    return lambda reply: second(first(reply))


def test_details_are_asked_in_tens(site: Site) -> None:
    source = Source(site)
    check_market(source, "a market")
    assert source.asked.count(DETAILS) == 2  # the apps, and one id that nobody has


def test_a_catalog_on_disk_is_clean(folder: Path) -> None:
    report = check_catalog(str(folder)).charts[0]
    assert {one.problem.rule for one in report.findings} == {"C36"}
    assert report.verdict is Verdict.ACCEPT


def copied(folder: Path, target: Path, old: str = "", new: str = "") -> set[str]:
    """The rules that a copy of a catalog breaks whose index says something else."""
    shutil.copytree(folder, target)
    index = (folder / "index.json").read_text("utf-8")
    assert old in index
    (target / "index.json").write_text(index.replace(old, new, 1), "utf-8")
    return {one.problem.rule for one in check_catalog(str(target)).charts[0].findings} - {"C36"}


def test_an_export_is_clean(site: Site, tmp_path: Path) -> None:
    export_static(site, tmp_path / "export", "1.12.7", "http://127.0.0.1:8080")
    report = check_catalog(str(tmp_path / "export")).charts[0]
    assert {one.problem.rule for one in report.findings} == {"C36", "C61"}
    assert report.verdict is Verdict.ACCEPT


def test_packages_are_linted_at_their_place(folder: Path) -> None:
    asked: list[Path] = []

    def judge(paths: Sequence[Path]) -> Report:
        asked.extend(path for path in paths if path.is_file())
        charts = tuple(ChartReport(str(path), {}) for path in paths)
        return Report(charts, (Profile.DEVICE, Profile.HOUSE), "a Helm")

    report = check_catalog(str(folder), judge=judge)
    assert {chart.path for chart in report.charts[1:]} == {
        f"{folder}/charts/{name}.tgz" for name in ("alpha-1.1.0", "beta-1.0.0", "gamma-1.0.0")
    }
    assert (len(asked), report.helm) == (3, "a Helm")
    assert report.profiles == (Profile.DEVICE, Profile.HOUSE)


def test_an_index_that_was_edited(folder: Path, tmp_path: Path) -> None:
    assert copied(folder, tmp_path / "one", '"rank": 1', '"rank": 7') == {"C51"}
    assert copied(folder, tmp_path / "two", '"rank": 1', '"rank": 1.0') == {"C05", "C51"}
    assert {"C12"} <= copied(folder, tmp_path / "three", '"tops":', '"tops": [], "tops":')


def test_a_catalog_that_contradicts_itself(folder: Path, tmp_path: Path) -> None:
    assert copied(folder, tmp_path / "one") == set()
    (tmp_path / "one" / "charts" / "beta-1.0.0.tgz").write_bytes(b"another")
    found = check_catalog(str(tmp_path / "one")).charts[0].findings
    assert {one.problem.rule for one in found} >= {"C50", "C31"}
    (tmp_path / "one" / "index.json").write_text("[]", "utf-8")
    found = check_catalog(str(tmp_path / "one")).charts[0].findings
    assert {one.problem.rule for one in found} >= {"C50", "C05"}


def test_a_folder_without_details_is_not_accepted(tmp_path: Path, site: Site) -> None:
    source = Source(site)
    for path in (HASH, INFO):
        file = tmp_path / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        reply = source.ask(path, {})
        assert reply is not None
        file.write_bytes(reply.body)
    report = check_catalog(str(tmp_path)).charts[0]
    assert report.verdict is Verdict.UNKNOWN
    assert {one.problem.rule for one in report.findings} == {"C60", "C61"}
    assert all(one.severity is Severity.NOTE for one in report.findings)

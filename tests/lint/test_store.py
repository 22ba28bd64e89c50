"""The store's bot: titles, categories, names, owners, control files, chowns."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartgen.lint.finding import Profile, Verdict
from chartgen.lint.helm import Helm, find_helm
from chartgen.lint.pull_request import PullRequest
from chartgen.lint.run import lint
from chartgen.lint.source import open_chart
from chartgen.lint.store import store
from tests.lint.overlay import Overlay

OWNERS = "owners:\n  - someone\n  - username: '@somebody'\n    title: X\n"
OWNED: dict[str, object] = {"write": {"owners": OWNERS}}
MANIFEST = "OlaresManifest.yaml"


@pytest.fixture(scope="module")
def helm() -> Helm:
    return find_helm()


def told(
    overlay: dict[str, object], folder: Path, helm: Helm, request: PullRequest | None = None
) -> list[tuple[str, str]]:
    """Rule and message of every problem of a chart."""
    path = Overlay({**OWNED, **overlay}).build(folder)
    with open_chart(path) as opened:
        assert opened.chart is not None
        checked = store(opened.chart, helm, request)
    refused = checked.verdict is Verdict.REFUSE
    assert refused == bool(checked.problems)
    return [(one.rule, one.message) for one in checked.problems]


def edited(file: str, old: str, new: str) -> dict[str, object]:
    return {"replace": {file: [{"old": old, "new": new}]}}


@pytest.mark.parametrize("base", ["v3", "flat"])
def test_a_sound_chart_passes(base: str, tmp_path: Path, helm: Helm) -> None:
    assert told({"base": base}, tmp_path, helm) == []


@pytest.mark.parametrize(
    "title",
    [
        "[UPDATE][examplellm][1.0.0]",
        "[UPDATE][examplellm][1.0.0] New model (#12)",
        " [UPDATE][examplellm][1.0.0][NEW] offer/bid, settled -> closed",
    ],
)
def test_a_title_that_was_merged(title: str, tmp_path: Path, helm: Helm) -> None:
    request = PullRequest(title, "Someone", "0.9.9")
    assert told({}, tmp_path, helm, request) == []


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Update examplellm", "not what the bot reads"),
        ("[update][examplellm][1.0.0]", "not what the bot reads"),
        ("[UPDATE] [examplellm][1.0.0]", "not what the bot reads"),
        ("[UPDATE][example-llm][1.0.0]", "not what the bot reads"),
        ("[UPDATE][examplellm]", "not what the bot reads"),
        ("[UPDATE][other][1.0.0]", "names the folder other"),
        ("[UPDATE][examplellm][1.0.1]", "says version 1.0.1"),
        ("[UPDATE][examplellm][latest]", "is none"),
        ("[REMOVE][examplellm][1.0.0]", "no .remove"),
        ("[SUSPEND][examplellm][1.0.0]", "no .suspend"),
        ("[NEW][examplellm][1.0.0]", "in version 0.9.9"),
    ],
)
def test_a_title_that_is_closed(title: str, words: str, tmp_path: Path, helm: Helm) -> None:
    found = told({}, tmp_path, helm, PullRequest(title, published="0.9.9"))
    assert any(words in message for _, message in found)


@pytest.mark.parametrize(
    ("kind", "published", "fine"),
    [
        ("NEW", "", True),
        ("UPDATE", "", False),
        ("UPDATE", "0.9.9", True),
        ("UPDATE", "1.0.0", False),
        ("UPDATE", "1.0.1", False),
        ("UPDATE", "1.0.0-rc.1", True),
        ("SUSPEND", "0.9.9", True),
        ("SUSPEND", "1.0.0", True),
        ("SUSPEND", "1.0.1", False),
    ],
)
def test_a_version_follows_the_last(
    kind: str, published: str, fine: bool, tmp_path: Path, helm: Helm
) -> None:
    control = {".suspend": ""} if kind == "SUSPEND" else {}
    request = PullRequest(f"[{kind}][examplellm][1.0.0]", published=published)
    found = told({"write": {"owners": OWNERS, **control}}, tmp_path, helm, request)
    assert (found == []) is fine
    assert {rule for rule, _ in found} <= {"L50"}


def test_an_update_has_no_control_file(tmp_path: Path, helm: Helm) -> None:
    files = {"write": {"owners": OWNERS, ".suspend": ""}}
    request = PullRequest("[UPDATE][examplellm][1.0.0]")
    assert [rule for rule, _ in told(dict(files), tmp_path, helm, request)] == ["S31"]


@pytest.mark.parametrize(
    "owners", ["owners: []\n", "- someone\n", "owners: someone\n", "owners: [\n"]
)
def test_owners_that_name_nobody(owners: str, tmp_path: Path, helm: Helm) -> None:
    files: dict[str, object] = {"write": {"owners": owners}}
    assert [rule for rule, _ in told(files, tmp_path, helm)] == ["S30"]


def test_a_stranger_may_not_change_it(tmp_path: Path, helm: Helm) -> None:
    found = told({}, tmp_path, helm, PullRequest(author="stranger"))
    assert [rule for rule, _ in found] == ["S30"]


@pytest.mark.parametrize("name", ["AI", "Utilities_v112", "homelab"])
def test_a_category_of_the_store(name: str, tmp_path: Path, helm: Helm) -> None:
    assert told(edited(MANIFEST, "    - AI\n", f"    - {name}\n"), tmp_path, helm) == []


@pytest.mark.parametrize("text", ["    - Utilities\n", "    - ai\n", "    []\n"])
def test_a_category_of_nobody(text: str, tmp_path: Path, helm: Helm) -> None:
    found = told(edited(MANIFEST, "    - AI\n", text), tmp_path, helm)
    assert [rule for rule, _ in found] == ["L50"]


def test_a_removed_app_is_an_empty_folder(tmp_path: Path, helm: Helm) -> None:
    folder = tmp_path / "examplellm"
    folder.mkdir()
    (folder / ".remove").touch()
    with open_chart(folder) as opened:
        assert opened.chart is not None
        title = PullRequest("[REMOVE][examplellm][1.0.0]", published="1.0.0")
        assert store(opened.chart, helm, title).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("script", "refused"),
    [
        ("chown -R 1000:1000 /data", True),
        ("mkdir -p /data/x && chown -hR 1000 '/data/x/'", True),
        ("chown -R -h 1000:1000 /tmp /models/a; true", True),
        ("chown 1000:1000 /data", False),
        ("chown -R 1000:1000 /tmp", False),
        ("chown -R 1000:1000 /database", False),
        ("echo chown -R 1000:1000 /data", False),
    ],
)
def test_a_recursive_chown(script: str, refused: bool, tmp_path: Path, helm: Helm) -> None:
    line = 'args: ["--model", "/models/example", "--max-model-len", "32768"]'
    written = f'command: ["sh", "-c", "{script}"]'
    overlay = {"base": "flat", **edited("templates/deployment.yaml", line, written)}
    found = told(overlay, tmp_path, helm)
    assert {rule for rule, _ in found} == ({"L49"} if refused else set())


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_hands_the_pull_request_on(jobs: int, tmp_path: Path) -> None:
    path = Overlay(OWNED).build(tmp_path)
    request = PullRequest("no title", "stranger")
    report = lint([path] * 2, [Profile.STORE, Profile.DEVICE], "none", jobs, request)
    for chart in report.charts:
        found = [one.problem.rule for one in chart.findings if one.profile is Profile.STORE]
        assert found == ["L50", "S30", "S20"]
        assert chart.verdicts[Profile.DEVICE] is Verdict.UNKNOWN


def test_without_helm_nobody_knows(tmp_path: Path) -> None:
    path = Overlay(OWNED).build(tmp_path)
    with open_chart(path) as opened:
        assert opened.chart is not None
        assert store(opened.chart, None).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("name", ["gpu", "kube", "pod"])
def test_a_reserved_name(name: str, tmp_path: Path, helm: Helm) -> None:
    found = told({"folder": name}, tmp_path, helm)
    assert found[0][0] == "L50"

"""The older checker: its groups, its order, and where it parts from the device."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from chartgen.lint.device import Checked
from chartgen.lint.finding import Verdict
from chartgen.lint.helm import Helm, find_helm
from chartgen.lint.legacy import approximate, legacy
from chartgen.lint.source import open_chart
from tests.lint.overlay import Overlay

MANIFEST = "OlaresManifest.yaml"
DEPLOYMENT = "templates/deployment.yaml"


@pytest.fixture(scope="module")
def helm() -> Helm:
    return find_helm()


def judged(overlay: dict[str, object], folder: Path, helm: Helm | None) -> Checked:
    path = Overlay({"base": "flat", **overlay}).build(folder)
    with open_chart(path) as opened:
        assert opened.chart is not None
        return legacy(opened.chart, helm)


def rules(checked: Checked) -> list[str]:
    return [one.rule for one in checked.problems]


def edit(file: str, *edits: tuple[str, str]) -> dict[str, object]:
    return {"replace": {file: [{"old": old, "new": new} for old, new in edits]}}


def test_a_sound_chart_passes(tmp_path: Path, helm: Helm) -> None:
    assert judged({}, tmp_path, helm).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('version: "0.10.0"', 'version: ""', "L07"),
        ("  title: Example LLM\n  desc", "  title: ''\n  desc", "L09"),
        ("  title: Example LLM\n  desc", f"  title: {'例' * 11}\n  desc", "L09"),
        ("  icon: https://example.org/icons/examplellm.png\n  v", "  icon: ''\n  v", "L09"),
        ("    host: examplellm", "    host: x", "L15"),
        ("    host: examplellm", "    host: ''", "L15"),
        ("    port: 8000", "    port: 0", "L16"),
        ("    title: Example LLM\n", "    title: ''\n", "L17"),
        ("    title: Example LLM\n", "    title: Qwen 3.6\n", "L18"),
        ("  requiredCpu: 1100m\n", "", "L21"),
        ("  requiredMemory: 9Gi", "  requiredMemory: 9 Gi", "L21"),
        ("  requiredGpu: 20Gi", "  requiredGpu: many", "L22"),
        ("    - amd64", "    - amd128", "L27"),
        ("    - amd64", "    []", "L27"),
        ("      type: system", "      type: middleware", "L28"),
        ("      uriRegex: /v1/.*", "      uriRegex: ''", "L30"),
        ("      validDuration: 3600s", "      validDuration: an hour", "L30"),
        ("permission:", "middleware:\n  postgres:\n    username: me\npermission:", "L54"),
        ("permission:", "middleware:\n  mysql:\n    databases: [{}]\npermission:", "L54"),
        ("    port: 8000", "    port: web", "L00"),
        ("permission:", "spec: {}\npermission:", "L00"),
        ("entrances:", "metadata: 7\nentrances:", "L00"),
        ("  name: examplellm\n", "  Name: examplellm\n", "L09"),
        ("    title: Example LLM\n", "    Title: Example LLM\n", "L17"),
        ("  title: Example LLM\n  desc", "  title: {{ .Values.no.such }}\n  desc", "L05"),
        ("  apiTimeout: 0", "  upload: {}", "L42"),
        ("  limitedCpu: 8100m", "  limitedCpu: 1000m", "L26"),
        ("  requiredMemory: 9Gi", "  requiredMemory: 8Gi", "L46"),
    ],
)
def test_a_manifest_is_refused(old: str, new: str, rule: str, tmp_path: Path, helm: Helm) -> None:
    assert rules(judged(edit(MANIFEST, (old, new)), tmp_path, helm))[:1] == [rule]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("apiVersion: v1", "apiVersion: v9"),
        ("  icon: https://example.org/icons/examplellm.png\n  v", "  icon: pretty\n  v"),
        ("    authLevel: internal", "    authLevel: whoever"),
        ('  versionName: "0.23.0"', "  versionName: 0.23"),
        ("    - amd64", "    - riscv64\n    - riscv64"),
        ("  version: 1.0.0", "  version: not one"),
        ('version: ">=1.12.3-0,<1.12.6"', 'version: ">=2"'),
        ("  limitedGpu: 24Gi", "  limitedGpu: [24Gi]"),
        ("  categories:\n    - AI", "  categories:\n    - 7"),
        ("  apiTimeout: 0", "  upload:"),
        ("  apiTimeout: 0", "  conflicts: none"),
        ("permission:", "sharedEntrances: 7\npermission:"),
    ],
)
def test_what_it_does_not_look_at(old: str, new: str, tmp_path: Path, helm: Helm) -> None:
    assert judged(edit(MANIFEST, (old, new)), tmp_path, helm).verdict is Verdict.ACCEPT


def test_two_entrances_have_two_names(tmp_path: Path, helm: Helm) -> None:
    again = "entrances:\n  - {name: examplellm, host: web, port: 80, title: Web}"
    checked = judged(edit(MANIFEST, ("entrances:", again)), tmp_path, helm)
    assert rules(checked) == ["L14"]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("  name: examplellm\n  namespace", '  name: "{{ .Release.Name }}"\n  namespace', "L41"),
        ("              memory: 8Gi\n", "", "L45"),
        ("  replicas: 1", '  replicas: "1"', "L53"),
        ("  replicas: 1", "  replicas: {{ .Values.no.such }}", "L40"),
        ('              cpu: "1"\n', "              cpu: 1100m\n", "L46"),
        ("userspace.appCache }}/models", "userspace.appCache }}/models", ""),
    ],
)
def test_resources(old: str, new: str, rule: str, tmp_path: Path, helm: Helm) -> None:
    found = rules(judged(edit(DEPLOYMENT, (old, new)), tmp_path, helm))
    assert found[:1] == ([rule] if rule else [])


def test_the_app_s_data_in_small_letters(tmp_path: Path, helm: Helm) -> None:
    told = {
        "replace": {
            MANIFEST: [{"old": "  appData: true\n", "new": ""}],
            DEPLOYMENT: [{"old": "userspace.appData", "new": "userspace.appdata"}],
        }
    }
    assert rules(judged(dict(told), tmp_path, helm)) == ["L38"]


def test_the_first_group_that_fails_is_the_last(tmp_path: Path, helm: Helm) -> None:
    overlay = {"folder": "example-llm", **edit(MANIFEST, ("    port: 8000", "    port: -1"))}
    assert rules(judged(overlay, tmp_path, helm)) == ["L16"]
    assert rules(judged({"folder": "example-llm"}, tmp_path / "other", helm)) == ["L01"]


def test_versions_may_differ(tmp_path: Path, helm: Helm) -> None:
    overlay = edit("Chart.yaml", ("version: 1.0.0", "version: 2.0.0"))
    assert judged(overlay, tmp_path, helm).verdict is Verdict.ACCEPT


def test_a_manifest_for_accelerators_is_refused(tmp_path: Path, helm: Helm) -> None:
    assert set(rules(judged({"base": "v3"}, tmp_path, helm))) == {"L21"}


def test_without_helm_nobody_knows(tmp_path: Path) -> None:
    assert judged({}, tmp_path, None).verdict is Verdict.UNKNOWN
    broken = edit(MANIFEST, ("    port: 8000", "    port: 0"))
    assert judged(broken, tmp_path / "other", None).verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("0.3", 3 * 0.1),
        ("300m", 0.3),
        ("2Gi", float(2 << 30)),
        ("1.5Gi", float(3 << 29)),
        ("1e3", 1000.0),
        ("2k", 2000.0),
        ("", 0.0),
        ("many", 0.0),
        ("9" * 400, inf),
        ("1e400", inf),
    ],
)
def test_a_quantity_is_approximated(quantity: str, number: float) -> None:
    assert approximate(quantity) == number


def test_floating_point_decides(tmp_path: Path, helm: Helm) -> None:
    manifest = ("  requiredCpu: 1100m", "  requiredCpu: 300m")
    overlay = {
        "replace": {
            MANIFEST: [{"old": manifest[0], "new": manifest[1]}],
            DEPLOYMENT: [{"old": '              cpu: "1"\n', "new": "              cpu: 200m\n"}],
        }
    }
    assert rules(judged(dict(overlay), tmp_path, helm)) == ["L46"]

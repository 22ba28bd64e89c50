"""Real Helm through both engines: the same charts, the same answers."""

from __future__ import annotations

import base64
import json
import os
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from chartgen.errors import HelmMissing, HelmRefused
from chartgen.lint.helm import Helm, HelmMessage, JsonValue, find_helm
from tests.helm.samples import CHARTS, WISHES

VALUES: Mapping[str, JsonValue] = {
    "userspace": {"appCache": "/cache", "appData": "/data"},
}
TEMPLATES = {"examplellm/templates/deployment.yaml", "examplellm/templates/service.yaml"}


def render(helm: Helm, chart: Path, values: Mapping[str, JsonValue] = VALUES) -> dict[str, str]:
    return helm.render(chart, release="examplellm", namespace="user-space", values=values)


def documents(text: str) -> list[dict[str, JsonValue]]:
    """Parsed documents in an order of their own, for Helm's program sorts by kind."""
    found: list[dict[str, JsonValue]] = list(YAML(typ="safe").load_all(text))
    return sorted(found, key=json.dumps)


def parsed(texts: Mapping[str, str]) -> dict[str, list[dict[str, JsonValue]]]:
    return {path: documents(text) for path, text in texts.items()}


def refusal(helm: Helm, chart: Path) -> str:
    with pytest.raises(HelmRefused) as refused:
        render(helm, chart, {})
    return refused.value.reason


def pack(chart: Path, folder: Path) -> Path:
    archive = folder / f"{chart.name}-1.0.0.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(chart, arcname=chart.name)
    return archive


def replicas(texts: Mapping[str, str]) -> JsonValue:
    (deployment,) = documents(texts["examplellm/templates/deployment.yaml"])
    spec = deployment["spec"]
    assert isinstance(spec, dict)
    count: JsonValue = spec["replicas"]
    return count


def test_renders_by_template_path(helm: Helm, chart: Path) -> None:
    texts = render(helm, chart)
    assert set(texts) == TEMPLATES
    (service,) = documents(texts["examplellm/templates/service.yaml"])
    assert service["metadata"] == {"name": "examplellm", "namespace": "user-space"}
    assert 'path: "/cache/models"' in texts["examplellm/templates/deployment.yaml"]


def test_values_reach_the_templates(helm: Helm) -> None:
    chart = CHARTS / "v3" / "examplellm"
    stopped = {**VALUES, "workloads": {"examplellm": {"replicaCount": 0}}}
    assert replicas(render(helm, chart)) == 1
    assert replicas(render(helm, chart, stopped)) == 0


def test_archive_and_folder_are_the_same(
    helm: Helm, chart: Path, ailing_chart: Path, tmp_path: Path
) -> None:
    for folder in (chart, ailing_chart):
        archive = pack(folder, tmp_path)
        assert render(helm, archive) == render(helm, folder)
        assert helm.lint(archive, VALUES) == helm.lint(folder, VALUES)


def test_lint_finds_the_missing_icon(helm: Helm, chart: Path) -> None:
    expected = HelmMessage("info", "Chart.yaml", "icon is recommended")
    assert helm.lint(chart, VALUES) == (expected,)


def test_lint_reports_a_template_error(helm: Helm, chart: Path) -> None:
    icon, broken = helm.lint(chart, {})
    assert icon.severity == "info"
    assert (broken.severity, broken.path) == ("error", "templates/")
    assert broken.text.startswith("examplellm/templates/deployment.yaml:")
    assert broken.text.endswith("nil pointer evaluating interface {}.appCache")


def test_lint_reads_every_severity(helm: Helm, ailing_chart: Path) -> None:
    found = {message.path: message.severity for message in helm.lint(ailing_chart, {})}
    assert found == {
        "Chart.yaml": "info",
        "values.yaml": "info",
        "templates/bare.yaml": "error",
        "templates/old.yaml": "warning",
    }


def test_every_engine_gives_the_same_answers(
    chart: Path, odd_chart: Path, ailing_chart: Path
) -> None:
    engines = [find_helm(wish) for wish in WISHES]
    for one in (chart, odd_chart, ailing_chart):
        answers = [(parsed(render(engine, one)), engine.lint(one, VALUES)) for engine in engines]
        assert all(answer == answers[0] for answer in answers)
    refusals = [refusal(engine, chart) for engine in engines]
    assert all(reason == refusals[0] for reason in refusals)


def test_a_template_error_names_the_template(helm: Helm, chart: Path) -> None:
    reason = refusal(helm, chart)
    assert reason.startswith("examplellm/templates/deployment.yaml:")
    assert reason.endswith("nil pointer evaluating interface {}.appCache")


def test_a_render_that_is_no_yaml_is_refused(helm: Helm, odd_chart: Path) -> None:
    (odd_chart / "templates" / "broken.yaml").write_text("kind: [unclosed\nname: x\n")
    with pytest.raises(HelmRefused, match=r"YAML parse error on odd/templates/broken\.yaml"):
        render(helm, odd_chart)


def test_no_chart_is_refused(helm: Helm, tmp_path: Path) -> None:
    with pytest.raises(HelmRefused, match=r"no such file|not found"):
        render(helm, tmp_path / "absent")
    with pytest.raises(HelmRefused, match=r"Chart\.yaml"):
        helm.lint(tmp_path / "absent", {})


def test_only_manifests_come_back(helm: Helm, odd_chart: Path) -> None:
    texts = render(helm, odd_chart)
    names = ("cluster.yaml", "hook.yaml", "several.yaml")
    assert list(texts) == [f"odd/templates/{name}" for name in names]


def test_source_lines_within_a_manifest_stay_in_it(helm: Helm, odd_chart: Path) -> None:
    first, second = documents(render(helm, odd_chart)["odd/templates/several.yaml"])
    assert first["data"] == {"script": '# Source: odd/templates/other.yaml\necho "plain"\n'}
    assert second["kind"] == "Service"


def test_the_cluster_is_the_same_for_every_engine(helm: Helm, odd_chart: Path) -> None:
    (cluster,) = documents(render(helm, odd_chart)["odd/templates/cluster.yaml"])
    assert cluster["data"] == {"kubernetes": "v1.36.0", "release": "examplellm in user-space"}


@pytest.mark.parametrize("text", ["ünïcode 🦙", "a\\b", 'say "hi"', "\u2028 \x85 \x7f", "\\ud83d"])
def test_values_arrive_as_they_were_sent(helm: Helm, odd_chart: Path, text: str) -> None:
    template = odd_chart / "templates" / "hook.yaml"
    template.write_text("kind: ConfigMap\ndata: {text: {{ .Values.text | b64enc }}}\n")
    (hook,) = documents(render(helm, odd_chart, {"text": text})["odd/templates/hook.yaml"])
    data = hook["data"]
    assert isinstance(data, dict)
    assert base64.b64decode(str(data["text"])).decode() == text


def test_settings_of_the_person_change_nothing(
    helm: Helm, chart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = render(helm, chart)
    monkeypatch.setenv("HELM_DRIVER", "sql")
    assert render(helm, chart) == before


def test_the_engines_say_what_they_are(helm: Helm) -> None:
    assert helm.description.startswith(("helm v", "helm-python-sdk "))
    assert "/" not in helm.description


def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHARTGEN_HELM", str(tmp_path / "helm"))
    with pytest.raises(HelmMissing, match="CHARTGEN_HELM"):
        find_helm("program")


def test_no_program_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CHARTGEN_HELM")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HelmMissing, match="PATH"):
        find_helm("program")


def test_a_program_that_is_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTGEN_HELM", sys.executable)
    with pytest.raises(HelmMissing, match="working helm"):
        find_helm("program")


def test_the_named_program_comes_before_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_path = tmp_path / "helm"
    on_path.write_text("#!/bin/sh\nexit 1\n")
    on_path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert find_helm("program").description.startswith("helm v")

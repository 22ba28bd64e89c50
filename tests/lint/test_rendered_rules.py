"""The gate's rules on the rendered chart, where the recorded verdicts have no case."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartgen.lint.device import Checked, device
from chartgen.lint.finding import Place, Problem, Verdict
from chartgen.lint.helm import Helm, find_helm
from chartgen.lint.source import open_chart
from tests.lint.overlay import Overlay

DEPLOYMENT = "templates/deployment.yaml"
EXTRA = "templates/extra.yaml"
MANIFEST = "OlaresManifest.yaml"
INSIDE = 'namespace: "{{ .Release.Namespace }}"'


@pytest.fixture(scope="module")
def helm() -> Helm:
    return find_helm()


def judged(folder: Path, helm: Helm | None, base: str = "v3", **overlay: object) -> Checked:
    path = Overlay({"base": base, **overlay}).build(folder)
    with open_chart(path) as opened:
        assert opened.chart is not None
        return device(opened.chart, helm)


def rules(checked: Checked) -> list[str]:
    return [one.rule for one in checked.problems]


def first(checked: Checked) -> Problem:
    assert checked.verdict is Verdict.REFUSE
    return checked.problems[0]


def edits(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"old": old, "new": new} for old, new in pairs]


def bound(kind: str, rule: str, subject: str = "ServiceAccount") -> str:
    """A role and its binding."""
    api = "apiVersion: rbac.authorization.k8s.io/v1"
    name = 'name: "{{ .Release.Namespace }}-role"'
    return f"""\
{api}
kind: {kind}
metadata: {{{name}, {INSIDE}}}
rules: [{rule}]
---
{api}
kind: {kind}Binding
metadata: {{{name}, {INSIDE}}}
roleRef: {{kind: {kind}, {name}, apiGroup: rbac.authorization.k8s.io}}
subjects: [{{kind: {subject}, name: default}}]
"""


@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
@pytest.mark.parametrize(
    "rule",
    [
        "{apiGroups: [''], resources: [nodes], verbs: [update]}",
        "{apiGroups: ['*'], resources: [pods, networkpolicies], verbs: [get, create]}",
        "{apiGroups: [other], resources: [nodes], verbs: [deletecollection]}",
        "{resources: [nodes], resourceNames: [one], verbs: [patch]}",
        "{apiGroups: [''], verbs: [delete]}",
        "{}",
    ],
)
def test_a_role_that_changes_nodes(kind: str, rule: str, tmp_path: Path, helm: Helm) -> None:
    assert rules(judged(tmp_path, helm, write={EXTRA: bound(kind, rule)})) == ["L47"]


@pytest.mark.parametrize(
    ("rule", "subject"),
    [
        ("{apiGroups: [''], resources: [nodes], verbs: [get, list]}", "ServiceAccount"),
        ("{apiGroups: [''], resources: [nodes], verbs: ['*']}", "ServiceAccount"),
        ("{apiGroups: [''], resources: ['*'], verbs: [update]}", "ServiceAccount"),
        ("{apiGroups: [''], resources: [pods], verbs: [update]}", "ServiceAccount"),
        ("{nonResourceURLs: [/x], verbs: [update]}", "ServiceAccount"),
        ("{apiGroups: [''], resources: [nodes], verbs: [update]}", "User"),
        ("{apiGroups: [''], resources: nodes, verbs: [update]}", "ServiceAccount"),
    ],
)
def test_a_role_that_passes(rule: str, subject: str, tmp_path: Path, helm: Helm) -> None:
    checked = judged(tmp_path, helm, write={EXTRA: bound("Role", rule, subject)})
    assert checked.verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    "context", ["privileged: true", "runAsUser: 0", "runAsNonRoot: false", "runAsUser: 0.0"]
)
def test_a_container_as_root(context: str, tmp_path: Path, helm: Helm) -> None:
    wanted = "        - name: proxy\n"
    replaced = f"{wanted}          securityContext: {{{context}}}\n"
    checked = judged(tmp_path, helm, replace={DEPLOYMENT: edits((wanted, replaced))})
    assert rules(checked) == ["L48"]
    assert first(checked).place.file == DEPLOYMENT


@pytest.mark.parametrize("image", ["beclab/a:1", "docker.io/beclab/a:1", "r.example/x/beclab/a"])
def test_a_trusted_image_as_root(image: str, tmp_path: Path, helm: Helm) -> None:
    pairs = edits(
        (
            "        - name: proxy\n",
            "        - name: proxy\n          securityContext: {privileged: true}\n",
        ),
        ("docker.io/library/nginx:1.29", image),
    )
    assert judged(tmp_path, helm, replace={DEPLOYMENT: pairs}).verdict is Verdict.ACCEPT


def test_a_daemon_set_may_not_run_as_root_either(tmp_path: Path, helm: Helm) -> None:
    text = f"""\
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent, {INSIDE}}}
spec:
  template:
    spec: {{containers: [{{name: a, image: a, securityContext: {{privileged: true}}}}]}}
"""
    assert rules(judged(tmp_path, helm, write={EXTRA: text})) == ["L48"]


def test_a_hook_is_no_object(tmp_path: Path, helm: Helm) -> None:
    text = """\
kind: Pod
metadata: {name: x, namespace: elsewhere, annotations: {helm.sh/hook: pre-install}}
"""
    assert judged(tmp_path, helm, write={EXTRA: text}).verdict is Verdict.ACCEPT


def test_objects_in_a_list_are_not_seen(tmp_path: Path, helm: Helm) -> None:
    text = "kind: List\nitems: [{kind: Deployment, metadata: {name: x, namespace: elsewhere}}]\n"
    assert judged(tmp_path, helm, write={EXTRA: text}).verdict is Verdict.ACCEPT


def test_helms_words_tell_the_line(tmp_path: Path, helm: Helm) -> None:
    path = ("/models/example", "{{ .Values.no.such }}")
    problem = first(judged(tmp_path, helm, replace={DEPLOYMENT: edits(path)}))
    assert (problem.rule, problem.place.file) == ("L40", DEPLOYMENT)
    text = (tmp_path / "examplellm" / DEPLOYMENT).read_text().splitlines()
    assert problem.place.line is not None
    assert ".Values.no.such" in text[problem.place.line - 1]


@pytest.mark.parametrize(
    "action",
    [
        "mustToYaml .Values",
        "if false }}{{ mustToToml . }}{{ end",
        '- printf "%v" (durationDays "48h") -',
    ],
)
def test_a_function_that_the_devices_helm_lacks(action: str, tmp_path: Path, helm: Helm) -> None:
    text = f"# a comment\n# {{{{ {action} }}}}\n"
    problem = first(judged(tmp_path, helm, write={EXTRA: text}))
    assert (problem.rule, problem.place) == ("L40", Place(EXTRA, 2))


@pytest.mark.parametrize(
    "text",
    [
        "# mustToYaml",
        "{{/* mustToYaml */}}",
        "{{- /* mustToYaml . */ -}}",
        '# {{ "mustToYaml" }}',
        "# {{ .Values.olaresEnv.mustToYaml }}",
        "# {{ len (toYaml .Values) }}",
    ],
)
def test_a_name_that_is_no_call_passes(text: str, tmp_path: Path, helm: Helm) -> None:
    assert judged(tmp_path, helm, write={EXTRA: text}).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("chart", "rule"),
    [
        ("kubeVersion: '>=1.21.0-0'", "L40"),
        ("kubeVersion: nonsense", "L40"),
        ("kubeVersion: '>=1.19.0-0'", None),
        ("type: nonsense", "L40"),
        ("type: library", "L41"),
        ("dependencies: [{name: absent, version: 1.0.0}]", None),
    ],
)
def test_chart_yaml_for_helm(chart: str, rule: str | None, tmp_path: Path, helm: Helm) -> None:
    pairs = edits(("type: application", chart))
    checked = judged(tmp_path, helm, replace={"Chart.yaml": pairs})
    assert rules(checked)[:1] == ([rule] if rule else [])


def test_a_schema_of_values_holds(tmp_path: Path, helm: Helm) -> None:
    schema = '{"properties": {"workloads": {"type": "array"}}}'
    assert first(judged(tmp_path, helm, write={"values.schema.json": schema})).rule == "L40"


def test_a_name_that_no_release_has(tmp_path: Path, helm: Helm) -> None:
    checked = judged(tmp_path, helm, replace={MANIFEST: edits(("name: examplellm", "name: A_b"))})
    assert rules(checked)[:1] == ["L40"]
    assert "L04" in rules(checked)


def test_each_mode_is_rendered_and_summed(tmp_path: Path, helm: Helm) -> None:
    # Only the second mode asks for more than it declares.
    gpu = '{{ if eq .Values.GPU.Type "nvidia-gb10" }}900m{{ else }}100m{{ end }}'
    request, limit = (
        "cpu: 100m\n              memory: 64Mi",
        "cpu: 100m\n              memory: 128Mi",
    )
    more = [(text, text.replace("100m", gpu)) for text in (request, limit)]
    mode = """\
    - mode: nvidia-gb10
      requiredCpu: 1100m
      limitedCpu: 8100m
      requiredMemory: 9Gi
      limitedMemory: 17Gi
      requiredDisk: 20Gi
      limitedDisk: 60Gi
workloadReplicas:
"""
    pairs = {
        DEPLOYMENT: edits(*more),
        MANIFEST: edits(("workloadReplicas:\n", mode), ("- amd64\n", "- amd64\n    - arm64\n")),
    }
    checked = judged(tmp_path, helm, replace=pairs)
    assert rules(checked) == ["L46", "L46"]
    assert "nvidia-gb10" in first(checked).message
    assert first(checked).value == "8900m > 8100m"


def test_an_absurd_amount_is_told_by_its_magnitude(tmp_path: Path, helm: Helm) -> None:
    absurd = edits(('cpu: "8"', "cpu: 15e308"))
    checked = judged(tmp_path, helm, replace={DEPLOYMENT: absurd})
    assert rules(checked) == ["L46"]
    assert first(checked).value == "1.500e+309 > 8100m"


def test_replicas_that_nothing_sets(tmp_path: Path, helm: Helm) -> None:
    line = "  replicas: {{ .Values.workloads.examplellm.replicaCount }}\n"
    checked = judged(tmp_path, helm, replace={DEPLOYMENT: edits((line, ""))})
    assert rules(checked) == ["L35"]
    assert "unset" in first(checked).value


def test_replicas_stuck_at_nought(tmp_path: Path, helm: Helm) -> None:
    wanted = "{{ .Values.workloads.examplellm.replicaCount }}"
    fixed = "{{ mul 0 .Values.workloads.examplellm.replicaCount }}"
    checked = judged(tmp_path, helm, replace={DEPLOYMENT: edits((wanted, fixed))})
    assert rules(checked) == ["L35"]


def test_replicas_by_index_pass(tmp_path: Path, helm: Helm) -> None:
    wanted = "{{ .Values.workloads.examplellm.replicaCount }}"
    index = '{{ (index .Values.workloads "examplellm").replicaCount }}'
    checked = judged(tmp_path, helm, replace={DEPLOYMENT: edits((wanted, index))})
    assert checked.verdict is Verdict.ACCEPT


CLUSTER_ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: %s}\n"


@pytest.mark.parametrize(
    ("base", "name", "passes"),
    [
        ("v3", "fixed", True),
        ("flat", "fixed", False),
        ("flat", '"{{ .Release.Name }}-x"', True),
        ("flat", '"{{ .Release.Namespace }}-x"', True),
        ("flat", '"{{ .Values.bfl.username }}-x"', True),
        ("flat", '"{{ .Values.admin }}-x"', False),
    ],
)
def test_names_outside_a_namespace(
    base: str, name: str, passes: bool, tmp_path: Path, helm: Helm
) -> None:
    checked = judged(tmp_path, helm, base, write={EXTRA: CLUSTER_ROLE % name})
    assert rules(checked) == ([] if passes else ["L37"])


def several(*pairs: tuple[str, str]) -> dict[str, list[dict[str, str]]]:
    allowed = ("allowMultipleInstall: false", "allowMultipleInstall: true")
    return {MANIFEST: edits(allowed), DEPLOYMENT: edits(*pairs)}


@pytest.mark.parametrize(
    ("name", "extra", "found"),
    [
        ('"{{ .Release.Name }}"', "", []),
        ("examplellm", "", ["L37"]),
        ('"{{ .Release.Name }}"', '"{{ .Values.bfl.username }}"', ["L37"]),
        ("examplellm", "fixed", ["L37", "L37"]),
    ],
)
def test_several_installs(
    name: str, extra: str, found: list[str], tmp_path: Path, helm: Helm
) -> None:
    pairs = several(("metadata:\n  name: examplellm", f"metadata:\n  name: {name}"))
    write = {EXTRA: CLUSTER_ROLE % extra} if extra else {}
    assert rules(judged(tmp_path, helm, replace=pairs, write=write)) == found


def test_a_line_that_go_does_not_read(tmp_path: Path, helm: Helm) -> None:
    text = "kind: ConfigMap\ndata: {a: '" + "x" * 65536 + "'}\n"
    granted = edits(("appData: true", "appData: false"))
    refused = judged(tmp_path, helm, write={EXTRA: text}, replace={MANIFEST: granted})
    assert rules(refused)[:1] == ["L38"]


def test_the_first_problem_is_the_gates_own(tmp_path: Path, helm: Helm) -> None:
    pairs = {
        DEPLOYMENT: edits(("type: Recreate", "type: RollingUpdate"), ("memory: 16Gi", "memory: 0")),
        MANIFEST: edits(("title: Example LLM", "title: ''"), ("version: 1.0.0", "version: 2.0.0")),
        "values.yaml": edits(("HF_TOKEN", "OLARES_USER_TOKEN")),
    }
    found = dict.fromkeys(rules(judged(tmp_path, helm, replace=pairs)))
    assert list(found) == ["L09", "L36", "L43", "L45", "L04"]


def test_without_helm_nothing_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "sound").mkdir()
    sound = judged(tmp_path / "sound", None)
    assert sound.verdict is Verdict.UNKNOWN
    assert [one.rule for one in sound.unchecked] == ["S20"]
    broken = judged(tmp_path, None, replace={MANIFEST: edits(("title: Example LLM", "title: ''"))})
    assert broken.verdict is Verdict.REFUSE
    assert rules(broken) == ["L09"]

"""What Helm and Kubernetes make of rendered text: documents, objects, types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import kubernetes_validate
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.lint.finding import Place
from chartgen.lint.go.yaml import load
from chartgen.lint.rendered.documents import NotManifest, split
from chartgen.lint.rendered.objects import Rendered, Template, child, read_object
from chartgen.lint.rendered.recount import recounted
from chartgen.lint.rendered.types import misfit

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: app-namespace}
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: web
          image: web:1
"""


def read(text: str) -> list[Rendered]:
    template = Template("templates/a.yaml", text.encode(), text)
    parts = [read_object(template, *part) for part in split(text)]
    return [one for one in parts if one is not None]


def names(text: str) -> list[str]:
    return [f"{one.kind} {one.name} {one.namespace}".strip() for one in read(text)]


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        ("kind: A", ["A"]),
        ("---\nkind: A\n---\nkind: B\n", ["A", "B"]),
        ("--- kind: A\n---\n--- kind: B\n", ["A"]),
        ("kind: A\n---kind: B\n", ["A", "B"]),
        ("kind: A\n  ---\n", ["A ---"]),
        ("# nothing\n---\n\n---\n", []),
        ("kind: A\nmetadata: {name: 5, namespace: other}\n", ["A  other"]),
        ("kind: A\nmetadata: {annotations: {helm.sh/hook: test}}\n", []),
        ("kind: A\nmetadata: {annotations: {helm.sh/hook: nonsense}}\n", []),
        ("kind: A\nmetadata: {annotations: {a: 5, b: true, c: null}}\n", ["A"]),
        ("kind: List\nitems: [{kind: Deployment, metadata: {name: web}}]\n", ["List"]),
        ("kind: A\nkind: B\n", ["B"]),
    ],
)
def test_documents_are_cut_as_helm_cuts_them(text: str, objects: list[str]) -> None:
    if "--- kind: B" in text:
        # What follows the second mark is no document of its own, and no YAML either.
        with pytest.raises(NotManifest, match="not YAML"):
            names(text)
    else:
        assert names(text) == objects


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("kind: A\n---\nmetadata: {name: x}\n", 3),
        ("kind: A\n---\nkind: 5\n", 3),
        ("kind: A\n---\n- a\n", 3),
        ("just text\n", 1),
        ("kind: A\nmetadata: text\n", 2),
        ("kind: A\nmetadata:\n  annotations: {a: [b]}\n", 3),
        ("kind: A\nitems: 5\n", 2),
        ("kind: A\nspec: [a\n", 3),
    ],
)
def test_what_is_no_object_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(NotManifest) as refused:
        read(text)
    assert refused.value.line == line


@given(st.lists(st.sampled_from(["---", "\n", " ", "\t", "a: b", "# c", "--- ", "\r\n"])))
def test_parts_are_pieces_of_the_text_in_its_order(pieces: list[str]) -> None:
    text = "".join(pieces)
    lines = text.split("\n")
    for part, above in split(text):
        assert part == part.strip()
        assert part.split("\n")[0].strip() in lines[above]


def field(path: str, value: str) -> str:
    """A Deployment with a value at a dotted path."""
    keys = ["spec", "template", "spec", *path.split(".")] if path[0] != "." else path[1:].split(".")
    text = value
    for key in reversed(keys):
        text = f"[{text}]" if key == "0" else f"{{{key}: {text}}}"
    return f"apiVersion: apps/v1\nkind: Deployment\n{keys[0]}: {text.split(': ', 1)[1][:-1]}\n"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".spec.replicas", '"1"'),
        (".spec.replicas", "1.5"),
        (".spec.replicas", "true"),
        (".metadata.labels.a", "1"),
        (".metadata.annotations.a", "true"),
        (".metadata.name", "5"),
        (".metadata.creationTimestamp", "2024-02-30T00:00:00Z"),
        ("containers", "{name: a}"),
        ("containers.0.env.0.value", "8080"),
        ("containers.0.args.0", "1"),
        ("containers.0.resources.limits.memory", "16 Gb"),
        ("containers.0.resources.limits.memory", '""'),
        ("containers.0.resources.limits.memory", "true"),
        ("containers.0.ports.0.containerPort", '"80"'),
        ("containers.0.readinessProbe.httpGet.port", "80.5"),
        ("containers.0.readinessProbe.httpGet.port", "3000000000"),
        ("volumes.0.hostPath", "/data"),
        ("hostNetwork", '"true"'),
    ],
)
def test_a_value_that_the_go_type_cannot_hold(path: str, value: str) -> None:
    (one,) = read(field(path, value))
    assert one.fault is not None
    assert one.fault.path.endswith(path.lstrip(".").replace("..", "."))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".spec.replicas", "null"),
        (".spec.replicas", "2.0"),
        (".spec.nosuch", "[1, 2]"),
        (".spec.Replicas", '"1"'),
        (".metadata.creationTimestamp", "null"),
        (".metadata.creationTimestamp", "2024-02-29T00:00:00.5+01:00"),
        ("containers.0.resources.limits.memory", "16"),
        ("containers.0.resources.limits.memory", "1.5"),
        ("containers.0.resources.limits.cpu", '" 500m "'),
        ("containers.0.readinessProbe.httpGet.port", "http"),
        ("containers.0.readinessProbe.httpGet.port", "80.0"),
        ("volumes.0.hostPath", "null"),
        ("volumes.0.emptyDir", "{}"),
        ("containers.0.name", '"5"'),
    ],
)
def test_a_value_that_the_go_type_holds(path: str, value: str) -> None:
    (one,) = read(field(path, value))
    assert one.fault is None


@pytest.mark.parametrize("version", ["extensions/v1beta1", "apps/v1beta2", "v1", "apps/v2"])
def test_only_apps_v1_has_workloads(version: str) -> None:
    (one,) = read(DEPLOYMENT.replace("apps/v1", version))
    assert one.fault is not None
    assert (one.fault.path, one.fault.wanted) == ("apiVersion", "apps/v1")


def test_other_kinds_are_not_converted() -> None:
    (one,) = read("apiVersion: v1\nkind: ConfigMap\ndata: {a: 5}\n")
    assert one.fault is None


def test_a_role_is_converted_too() -> None:
    (one,) = read("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: [{verbs: get}]\n")
    assert one.fault is not None
    assert one.fault.path == "rules.0.verbs"


SPECIAL = {
    **{"Time": "time", "MicroTime": "time", "FieldsV1": "any", "Quantity": "quantity"},
    "IntOrString": "int-or-string",
}
PLAIN = {"string": "string", "integer": "int", "boolean": "bool"}
SHAPES = {"array": ("items", "[]"), "object": ("additionalProperties", "{}")}


class Schema:
    """The fields of kinds, gathered from the published schema."""

    def __init__(self) -> None:
        folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
        text = (folder / "v1.32.0-local" / "_definitions.json").read_text("utf-8")
        self.definitions = json.loads(text)["$defs"]
        self.found: dict[str, dict[str, str]] = {}

    def add(self, reference: str) -> str:
        short = reference.rsplit(".", 1)[1]
        if short not in SPECIAL and short not in self.found:
            self.found[short] = {}
            fields = sorted(self.definitions[reference]["properties"].items())
            self.found[short] = {field: self.name(fact) for field, fact in fields}
        return SPECIAL.get(short, short)

    def name(self, fact: Mapping[str, object]) -> str:
        if "$ref" in fact:
            return self.add(str(fact["$ref"]).rsplit("/", 1)[1])
        told = fact["type"] if isinstance(fact["type"], list) else [fact["type"]]
        (kind,) = [str(one) for one in told if one != "null"]
        if kind in PLAIN:
            return PLAIN[kind]
        key, mark = SHAPES[kind]
        inner = fact[key]
        assert isinstance(inner, dict)
        return mark + self.name(inner)


def test_the_types_are_those_of_kubernetes() -> None:
    schema = Schema()
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        schema.add(f"io.k8s.api.apps.v1.{kind}")
    for kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"):
        schema.add(f"io.k8s.api.rbac.v1.{kind}")
    own = files("chartgen.lint.rendered").joinpath("kubernetes_1_32.json").read_text("utf-8")
    assert json.loads(own) == schema.found


@given(st.integers(0, 999_999_999), st.integers(0, 12))
def test_counting_anew_is_reading_anew(count: int, at: int) -> None:
    (one,) = read(DEPLOYMENT)
    text = DEPLOYMENT.replace("replicas: 1", f"replicas: {count}").rstrip()
    (again,) = read(text)
    counted = recounted(one, text)
    assert counted is not None
    assert (counted.kind, counted.name, counted.node) == (again.kind, again.name, again.node)
    lines = text.split("\n")
    changed = "\n".join([*lines[: at % len(lines)], "#", *lines[at % len(lines) :]])
    assert recounted(one, changed) is None


@pytest.mark.parametrize("count", ['"0"', "00", "0x1", "1 # c", "null", "-1", "", "[0]"])
def test_only_plain_counts_are_taken_over(count: str) -> None:
    (one,) = read(DEPLOYMENT)
    assert recounted(one, DEPLOYMENT.replace("replicas: 1", f"replicas: {count}").rstrip()) is None


def test_a_place_is_found_in_the_template() -> None:
    source = "{{ if true }}\nkind: A\n{{ end }}\nspec: {{ .Values.x }}\n"
    same = Template("templates/a.yaml", source.encode(), "\nkind: A\n\nspec: 1\n")
    fewer = Template("templates/a.yaml", source.encode(), "kind: A\nspec: 1")
    assert same.place(4) == Place("templates/a.yaml", 4)
    assert fewer.place(1) == Place("templates/a.yaml", 2)
    assert fewer.place(2) == Place("templates/a.yaml", None)


def test_a_misfit_names_its_path() -> None:
    node = load(b"spec: {template: {spec: {containers: [{name: a}, {name: 5}]}}}")
    assert node is not None
    found = misfit(node, "Deployment")
    assert found is not None
    assert found.path == "spec.template.spec.containers.1.name"
    assert found.wanted == "string"
    assert child(node, "spec", "template") is not None

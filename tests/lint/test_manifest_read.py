"""Reading the manifest: types, template syntax, and templates before 0.12.0."""

from __future__ import annotations

import pytest

from chartgen.lint.finding import Place
from chartgen.lint.helm import Helm, find_helm
from chartgen.lint.manifest.probe import is_modern, is_template, probed_version, template_syntax
from tests.lint.manifests import FLAT, V3, changed, problems, read, rules

WRONG_TYPES = [
    ("port: 8000", "port: '8000'", "entrances.0.port"),
    ("port: 8000", "port: 8000.5", "entrances.0.port"),
    ("requiredMemory: 9Gi", "requiredMemory: [9Gi]", "spec"),
    ("[en-US]", "en-US", "spec.locale"),
    ("version: 1.0.0", "version: 1.0.0\n  tags: a", "metadata.tags"),
    ("version: 1.0.0", "version: 1.0.0\n  tags: [1]", "metadata.tags.0"),
    ("metadata:", "envs: [{envName: A, default: 1}]\nmetadata:", "envs.0.default"),
    ("metadata:", "workloadReplicas: {x: '1'}\nmetadata:", "workloadReplicas.x"),
    ("metadata:", "options2: .inf\nmetadata:", "the manifest"),
]


@pytest.mark.parametrize(("old", "new", "path"), WRONG_TYPES)
def test_a_wrong_type_is_named_with_its_path(old: str, new: str, path: str) -> None:
    found = problems(changed(FLAT, old, new))
    assert {problem.rule for problem in found} == {"L00"}
    assert found[0].message.startswith(path)


def test_accelerators_make_no_text_of_numbers() -> None:
    text = changed(V3, "requiredMemory: 9Gi", "requiredMemory: 1e3")
    (problem,) = problems(changed(text, "limitedMemory: 17Gi", "limitedMemory: '17'"))
    assert problem.rule == "L00"
    assert problem.message.startswith("spec.accelerator.0.requiredMemory is 1000.0")
    assert problem.place == Place("OlaresManifest.yaml", 31)


@pytest.mark.parametrize("text", ["a: [1", "a: *x", "\x00", "a: b: c"])
def test_what_is_not_yaml(text: str) -> None:
    found = read(text)
    assert [problem.rule for problem in found.problems] == ["L00"]
    assert found.manifest is None


@pytest.mark.parametrize("text", ["[]", "text", "5"])
def test_what_is_no_map(text: str) -> None:
    assert rules(text) == ["L00"]


SYNTAX = {
    "a: {{ b }}": (1, "{{"),
    "a: 1\nb: }}": (2, "}}"),
    "# {{ in a comment }}": (1, "{{"),
    "a: word{{": (1, "{{"),
    'a: "b\n  {{ c }}"': (2, "{{"),
    "a: 'it''s' {{": (1, "{{"),
    "a: |\n  {{ b }}\nc: }}": (3, "}}"),
    "a: {b: {c: 1}}": (1, "}}"),
    "a: | x\n  {{": (2, "{{"),
    'a: "{{ b }}"': None,
    "a: '{{ b }}'": None,
    'a: "x\\"{{"': None,
    "a: |\n  {{ b }}\n\n  }}": None,
    "a: >-2 # text\r\n  {{ b }}\r\n": None,
    "a: {b: {c: 1} }": None,
}


@pytest.mark.parametrize(("text", "found"), SYNTAX.items())
def test_template_syntax_outside_quotes(text: str, found: tuple[int, str] | None) -> None:
    assert template_syntax(text.encode()) == found


def test_a_modern_manifest_is_no_template() -> None:
    text = changed(V3, "description: A text model", "description: {{ .Values.admin }}")
    (problem,) = problems(text)
    assert (problem.rule, problem.place.line, problem.value) == ("L06", 6, "{{")
    assert rules(changed(text, "{{ .Values.admin }}", '"{{ .Values.admin }}"')) == []


VERSIONS = {
    'olaresManifest.version: "0.12.0"\n': "0.12.0",
    "\ufeffolaresManifest.version : '0.10.0' \r\n": "0.10.0",
    "a: 1\nolaresManifest.version: 0.11.0 # old\n": "0.11.0",
    "olaresManifest.version:\nolaresManifest.version: 1\n": "1",
    " olaresManifest.version: 1\n": "",
    "": "",
}


@pytest.mark.parametrize(("text", "version"), VERSIONS.items())
def test_the_version_is_found_line_by_line(text: str, version: str) -> None:
    assert probed_version(text.encode()) == version


@pytest.mark.parametrize(
    ("version", "template", "modern"),
    [
        ("0.12.0", False, True),
        ("v0.12", False, True),
        ("0.12.0-rc.1", True, False),
        ("0.11.9", True, False),
        ("new", False, False),
        ("", False, False),
    ],
)
def test_which_manifests_are_templates(version: str, *, template: bool, modern: bool) -> None:
    assert (is_template(version), is_modern(version)) == (template, modern)


@pytest.fixture(scope="module")
def helm() -> Helm:
    return find_helm()


BRANCH = "{{- if eq .Values.admin .Values.bfl.username }}"


def test_without_helm_a_template_is_unknown() -> None:
    text = changed(FLAT, "A text model", '"{{ .Values.admin }}"')
    found = read(text)
    assert found.unknown
    assert found.manifest is None
    assert not found.problems


def test_a_template_without_an_action_needs_no_helm() -> None:
    found = read(changed(FLAT, "A text model", "A <no value> model }}"))
    assert found.manifest is not None
    assert found.manifest.config.metadata.description == "A  model }}"


def test_a_template_is_rendered_for_both_installers(helm: Helm) -> None:
    branch = "{{ if eq .Values.admin .Values.bfl.username }}A1{{ else }}b1{{ end }}"
    found = problems(changed(FLAT, "host: examplellm", f"host: {branch}"), helm)
    assert [(problem.rule, problem.value) for problem in found] == [("L15", '"A1"')]
    other = branch.replace("eq", "ne")
    found = problems(changed(FLAT, "host: examplellm", f"host: {other}"), helm)
    assert [(problem.rule, problem.value) for problem in found] == [("L15", '"A1"')]


def test_scenes_that_differ_are_both_kept(helm: Helm) -> None:
    found = read(changed(FLAT, "A text model", "for {{ .Values.bfl.username }}"), helm)
    assert found.manifest is not None
    texts = [scene.config.metadata.description for scene in found.manifest.scenes]
    assert [found.manifest.config.metadata.description, *texts] == [
        *("for default", "for admin", "for user")
    ]


def test_lines_are_those_of_the_file(helm: Helm) -> None:
    text = changed(FLAT, "metadata:", f"{BRANCH}\n\n\nold: 1\n{{{{- end }}}}\nmetadata:")
    (problem,) = problems(changed(text, "host: examplellm", "host: A1"), helm)
    assert problem.place.line == 16
    twice = changed(text, "host: examplellm", f"host: {BRANCH}A1{{{{- end }}}}")
    assert [problem.place.line for problem in problems(twice, helm)] == [None]


@pytest.mark.parametrize(
    "action", ["{{ .Values.olaresEnv.x }}", "{{ nosuch }}", "{{ if }}", "{{ fail `no` }}", "{{"]
)
def test_what_does_not_render(action: str, helm: Helm) -> None:
    assert rules(changed(FLAT, "A text model", action), helm) == ["L05"]


def test_what_renders_to_no_yaml(helm: Helm) -> None:
    for seen in ("'", "\x7f"):
        action = f"{BRANCH}{seen}{{{{- end }}}}"
        assert rules(changed(FLAT, "A text model", action), helm) == ["L00"]


def test_a_value_that_is_missing_renders_to_nothing(helm: Helm) -> None:
    found = read(changed(FLAT, "A text model", "a{{ .Values.missing }}b"), helm)
    assert found.manifest is not None
    assert found.manifest.config.metadata.description == "ab"
    assert len(found.manifest.scenes) == 1

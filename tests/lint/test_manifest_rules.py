"""The rules of the manifest, each broken in one place of an accepted manifest."""

from __future__ import annotations

import pytest

from tests.lint.manifests import FLAT, V3, changed, problems, rules

CJK = "\u6807"  # three bytes
BOTH: list[tuple[str, str, str]] = [
    ("L07", 'olaresManifest.version: "0.1', 'version: "0.1'),
    ("L08", "apiVersion: v", "apiVersion: V"),
    ("L08", "apiVersion: v", "apiVersion: 4v"),
    ("L09", "name: examplellm", "name: ''"),
    ("L09", "name: examplellm", f"name: {'x' * 31}"),
    ("L09", "title: Example LLM\n  desc", f"title: {CJK * 11}\n  desc"),
    ("L09", "description: A text model", "description:"),
    ("L09", "icon: https", "picture: https"),
    ("L09", "version: 1.0.0", "version: ''"),
    ("L10", "icon: https://example.org", "icon: https://exa mple.org"),
    ("L10", "icon: https://example.org", "icon: "),
    ("L11", "version: 1.0.0", "version: 1.0.0.0"),
    ("L11", "version: 1.0.0", "version: 1.0.0-01"),
    ("L12", "version: 1.0.0", "version: 1.0.0\n  tags: [a b]"),
    ("L12", "version: 1.0.0", "version: 1.0.0\n  tags: [a, a]"),
    ("L12", "version: 1.0.0", "version: 1.0.0\n  categories_v2: ['']"),
    ("L12", "version: 1.0.0", "version: 1.0.0\n  Categories_V2: [A]"),
    ("L12", "[en-US]", "[en_US]"),
    ("L12", "[en-US]", "[klingon]"),
    ("L12", "[en-US]", "[und]"),
    ("L12", "[en-US]", "[en, en]"),
    ("L12", "[en-US]", "['']"),
    ("L13", "entrances:", "exits:"),
    ("L13", "entrances:", "entrances: []\nexits:"),
    ("L14", "entrances:", "entrances:\n  - {name: examplellm, title: x}"),
    ("L15", "- name: examplellm", "- name: under_score"),
    ("L15", "- name: examplellm", f"- name: {'x' * 64}"),
    ("L15", "host: examplellm", "host: a"),
    ("L15", "host: examplellm", "host: A1"),
    ("L15", "host: examplellm", "host: a-"),
    ("L16", "port: 8000", "port: -1"),
    ("L17", "    title: Example LLM\n", ""),
    ("L17", "    title: Example LLM", f"    title: {'x' * 31}"),
    ("L19", "authLevel: internal", "authLevel: secret"),
    ("L19", "authLevel: internal", "openMethod: tab"),
    ("L20", "authLevel: internal", "icon: icon.png"),
    ("L27", "supportArch: [amd64]", "supportArch: []"),
    ("L27", "supportArch: [amd64]", "supportArch: [amd64, AMD64]"),
    ("L27", "supportArch: [amd64]", "supportArch: [amd64, amd64]"),
    ("L28", "- name: olares", "- id: olares"),
    ("L28", "type: system", "type: System"),
    ("L28", "    type: system", "    kind: system"),
    ("L29", "- name: olares", "- name: Olares"),
    ("L29", "type: system", "type: application"),
    ("L29", 'version: ">=', 'version: "newest'),
    ("L29", 'version: ">=', "version: ' ' #"),
    ("L29", 'version: ">=', 'version: ">=1.10.0||>='),
    ("L30", "uriRegex: /v1/.*", "uriRegex: ''"),
    ("L30", "level: two_factor", "level:"),
    ("L30", "validDuration: 3600s", "validDuration: 5days"),
    ("L30", "options:", "options:\n  templateOnly: true"),
    ("L51", "spec:", "overlayGateway: {entrances: [{port: 1, workload: x}]}\nspec:"),
    ("L51", "spec:", "overlayGateway: {entrances: [{title: x, workload: x}]}\nspec:"),
    ("L51", "spec:", "overlayGateway: {entrances: [{title: x, port: 1}]}\nspec:"),
    (
        "L51",
        "spec:",
        "overlayGateway: {entrances: [{title: x, port: 1, workload: x, protocol: TCP}]}\nspec:",
    ),
    ("L52", "name: examplellm", "name: market"),
    ("L54", "spec:", "middleware: {mysql: {username: rag_flow} }\nspec:"),
    ("L55", "spec:", "ports: [{name: game_udp, port: 1}]\nspec:"),
]
ONLY_V3: list[tuple[str, str, str]] = [
    ("L24", "spec:", "spec:\n  requiredGpu: 20Gi"),
    ("L25", "spec:", "spec:\n  supportedGpu: [nvidia]"),
    ("L25", "  accelerator:", "  accelerators:"),
    ("L25", "mode: nvidia", "mode: NVIDIA"),
    ("L25", "mode: nvidia", "mode: ''"),
    ("L25", "mode: nvidia", "mode: intel"),
    ("L25", "mode: nvidia", "mode: nvidia-gb10"),
    ("L25", "mode: nvidia", "mode: cpu"),
    ("L25", "[amd64]", "[arm64]"),
    ("L25", "requiredCpu: 1100m", "requiredCpu: '9'"),
    ("L25", "requiredMemory: 9Gi", "requiredMemory: 20GB"),
    ("L25", "requiredMemory: 9Gi", "requiredMemory: 17.1Gi"),
    ("L25", "limitedMemory: 17Gi", "limitedMemory: 9.6G"),
    ("L25", "      requiredDisk: 20Gi\n", ""),
    ("L25", "      limitedGPUMemory: 24Gi\n", ""),
    ("L25", '"0.12.0"', '"0.11.0"'),
    ("L29", "apiVersion: v3", "apiVersion: v1"),
    ("L29", ">=1.12.6-0", ">=1.12.5"),
    ("L30", "options:", "options:\n  shared: true"),
    ("L32", "options:", "provider: [{name: x}]\noptions:"),
    ("L32", "options:", "permission: {provider: [{appName: x}]}\noptions:"),
    ("L33", "workloadReplicas:", "workloads:"),
    ("L33", "  examplellm: 1", "  {}"),
    ("L36", "spec:", "envs: [{envName: OLARES_USER_X}]\nspec:"),
]
ONLY_FLAT: list[tuple[str, str, str]] = [
    ("L21", "requiredCpu: 1100m", "requiredCpu: abc"),
    ("L21", "requiredDisk: 20Gi", "requiredDisk: -1"),
    ("L22", "requiredDisk: 20Gi", "requiredDisk: 20Gi\n  limitedDisk: 20 Gi"),
    ("L22", "requiredDisk: 20Gi", "requiredDisk: 20Gi\n  requiredGpu: abc"),
    ("L24", "requiredDisk: 20Gi", "requiredDisk: 20Gi\n  accelerator: [{mode: nvidia}]"),
    ("L25", "  limitedCpu: 8100m\n", ""),
    ("L29", ">=1.12.3-0,<1.12.6", ">=1.12.6-0"),
    ("L29", ">=1.12.3-0,<1.12.6", "^1.12.3"),
    ("L29", "apiVersion: v1", "apiVersion: v3"),
    ("L29", "options:", "permission: {appCommon: true}\noptions:"),
    ("L29", "options:", "options:\n  LLMGatewaySupported: true"),
    ("L30", "options:", "options:\n  shared: true"),
    ("L31", "apiVersion: v1", "apiVersion: v2"),
    ("L31", "apiVersion: v1", "apiVersion: v2\nSpec: {subCharts: [{name: a_b, shared: true}]}"),
    ("L31", "apiVersion: v1", "apiVersion: v2\nSpec: {subCharts: [{name: a}]}"),
    ("L32", "options:", "permission: {externalData: true}\noptions:"),
]
ROWS = [
    *((rule, text, old, new) for text in (V3, FLAT) for rule, old, new in BOTH),
    *((rule, V3, old, new) for rule, old, new in ONLY_V3),
    *((rule, FLAT, old, new) for rule, old, new in ONLY_FLAT),
]
PASSING: list[tuple[str, str]] = [
    ("version: 1.0.0", "version: v01.2"),
    ("version: 1.0.0", "version: 1.0"),
    ("version: 1.0.0", "version: 1.0.0\n  unknown: 1\n  rating: 4.5\n  tags: [a-b]"),
    ("name: examplellm", "name: 9llm"),
    ("description: A text model", "description: ' '"),
    ("title: Example LLM\n  desc", f"title: {CJK * 10}\n  desc"),
    ("icon: https://example.org/icon.png", "icon: HTTPS://example.org"),
    ("- name: examplellm", "- label: examplellm"),
    ("host: examplellm", "host: ''"),
    ("port: 8000", "port: 0"),
    ("port: 8000", "port: 70000.0"),
    ("port: 8000", "port: ~"),
    ("authLevel: internal", "authLevel: ''"),
    ("[en-US]", "[en, zh-Hans-CN]"),
    ("level: two_factor", "level: any"),
    ("validDuration: 3600s", "validDuration: -1.5h30us"),
    ("spec:", "middleware: {redis: {} }\nspec:"),
    ("spec:", "ports: [{port: 1}]\nspec:"),
    ("spec:", "envs: [{envName: has space, type: none}]\nspec:"),
    ("spec:", "spec:\n  limitedDisk1: 5\n  versionName: 0.1"),
]
PASSING_V3: list[tuple[str, str]] = [
    ("requiredMemory: 9Gi", "requiredMemory: '-1'"),
    ("limitedDisk: 60Gi", "limitedDisk: '-1'"),
    ("[amd64]", "[arm64, amd64]"),
    ("mode: nvidia", "mode: amd-gpu"),
    ("requiredDisk: 20Gi", "requiredDisk: Gi"),
    ("options:", "Spec: {onlyAdmin: true}\noptions:\n  shared: true"),
    (">=1.12.6-0", ">1.12.5"),
    ("options:", "permission: {externalData: true, appCommon: true}\noptions:"),
    ('"0.12.0"', "1.0"),
]
PASSING_FLAT: list[tuple[str, str]] = [
    ("requiredMemory: 9Gi", "requiredMemory: 20"),
    ("requiredDisk: 20Gi", "requiredDisk: 1e3\n  supportedGpu: [nvidia]"),
    ("apiVersion: v1", "apiVersion: v2\nSpec: {subCharts: [{name: a.b, shared: true}]}"),
    ("options:", "provider: [{name: x}]\npermission: {provider: [{}]}\noptions:"),
    ("spec:", "envs: [{envName: OLARES_USER_X}]\nspec:"),
    ('"0.10.0"', "0.10"),
]


@pytest.mark.parametrize("text", [V3, FLAT])
def test_the_manifests_are_accepted(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(("rule", "text", "old", "new"), ROWS)
def test_a_rule_that_is_broken_is_named_first(rule: str, text: str, old: str, new: str) -> None:
    assert rules(changed(text, old, new))[:1] == [rule]


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        *((text, *row) for text in (V3, FLAT) for row in PASSING),
        *((V3, *row) for row in PASSING_V3),
        *((FLAT, *row) for row in PASSING_FLAT),
    ],
)
def test_what_the_device_lets_pass(text: str, old: str, new: str) -> None:
    assert rules(changed(text, old, new)) == []


def test_a_problem_says_where_what_and_how() -> None:
    (problem,) = problems(changed(V3, "host: examplellm", "host: A1"))
    assert (problem.place.file, problem.place.line) == ("OlaresManifest.yaml", 11)
    assert problem.value == '"A1"'
    assert problem.message.startswith("entrances.0.host ")
    assert problem.remedy


def test_all_problems_are_said_at_once() -> None:
    text = changed(changed(V3, "host: examplellm", "host: A1"), "name: examplellm", "name: ''")
    text = changed(changed(text, "[en-US]", "[xx]"), "workloadReplicas", "replicas")
    assert rules(text) == ["L09", "L15", "L33", "L12"]


def test_wrong_fields_come_before_rules_across_fields() -> None:
    text = changed(FLAT, ">=1.12.3-0,<1.12.6", ">=1.0.0")
    assert rules(changed(text, "requiredDisk: 20Gi", "requiredGpu: x")) == ["L22", "L25", "L29"]


def test_an_empty_manifest_lacks_everything() -> None:
    assert rules("")[0] == "L07"
    assert {"L07", "L09", "L13", "L25", "L27", "L29"} == set(rules(""))


def test_eleven_entrances_are_too_many() -> None:
    more = "".join(f"  - {{name: e{number}, title: x}}\n" for number in range(10))
    text = changed(V3, "entrances:\n", f"entrances:\n{more}")
    assert rules(text) == ["L13"]
    assert rules(changed(text, "  - {name: e0, title: x}\n", "")) == []

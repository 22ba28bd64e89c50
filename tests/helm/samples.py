"""The engines that this machine must have, and charts to give them."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

CHARTS = Path(__file__).parent / "charts"
# As the helm extra in pyproject.toml has it.
SDK_MACHINES = {("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")}
WISHES: tuple[Literal["sdk", "program"], ...] = (
    ("sdk", "program") if (platform.system(), platform.machine()) in SDK_MACHINES else ("program",)
)

ODD_TEMPLATES = {
    "NOTES.txt": "Thank you.\n",
    "_names.tpl": "a partial that renders to text\n",
    "nothing.yaml": "{{ if false }}kind: Never{{ end }}\n  \n",
    "several.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: first}
data:
  script: |
    # Source: odd/templates/other.yaml
    echo {{ .Values.text | quote }}
---
apiVersion: v1
kind: Service
metadata: {name: second}
""",
    "hook.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: hook
  annotations: {"helm.sh/hook": test}
data: {text: {{ .Values.text | quote }}}
""",
    "cluster.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster}
data:
  kubernetes: {{ .Capabilities.KubeVersion.Version | quote }}
  release: "{{ .Release.Name }} in {{ .Release.Namespace }}"
""",
}

AILING_TEMPLATES = {
    "bare.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bare}\n",
    "old.yaml": "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: old}\n",
}


def write_chart(parent: Path, name: str, templates: Mapping[str, str]) -> Path:
    """Write a chart without an icon and without values; its folder."""
    folder = parent / name
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n")
    for template, text in templates.items():
        (folder / "templates" / template).write_text(text)
    return folder

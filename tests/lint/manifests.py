"""Two manifests that the device accepts, to be broken in one place."""

from __future__ import annotations

from pathlib import Path

from chartgen.lint.finding import Problem
from chartgen.lint.helm import Helm
from chartgen.lint.manifest.check import manifest_problems
from chartgen.lint.manifest.read import ManifestRead, read_manifest
from chartgen.lint.source import MANIFEST, ChartSource

_HEAD = """\
apiVersion: {api}
metadata:
  name: examplellm
  title: Example LLM
  description: A text model
  icon: https://example.org/icon.png
  version: 1.0.0
entrances:
  - name: examplellm
    host: examplellm
    port: 8000
    title: Example LLM
    authLevel: internal
options:
  dependencies:
    - name: olares
      type: system
      version: "{olares}"
  policies:
    - uriRegex: /v1/.*
      level: two_factor
      validDuration: 3600s
spec:
  supportArch: [amd64]
  locale: [en-US]
"""
V3 = (
    'olaresManifest.version: "0.12.0"\n'
    + _HEAD.format(api="v3", olares=">=1.12.6-0")
    + """\
  accelerator:
    - mode: nvidia
      requiredCpu: 1100m
      limitedCpu: 8100m
      requiredMemory: 9Gi
      limitedMemory: 17Gi
      requiredDisk: 20Gi
      limitedDisk: 60Gi
      requiredGPUMemory: 20Gi
      limitedGPUMemory: 24Gi
workloadReplicas:
  examplellm: 1
"""
)
FLAT = (
    'olaresManifest.version: "0.10.0"\n'
    + _HEAD.format(api="v1", olares=">=1.12.3-0,<1.12.6")
    + """\
  requiredCpu: 1100m
  limitedCpu: 8100m
  requiredMemory: 9Gi
  limitedMemory: 17Gi
  requiredDisk: 20Gi
"""
)


def read(text: str, helm: Helm | None = None) -> ManifestRead:
    """A manifest as the device reads it."""
    files = {MANIFEST: text.encode()}
    return read_manifest(ChartSource("examplellm", files, frozenset(), Path()), helm)


def problems(text: str, helm: Helm | None = None) -> list[Problem]:
    """All that the device says of a manifest, in its order."""
    found = read(text, helm)
    assert not found.unknown
    return list(found.problems) or (manifest_problems(found.manifest) if found.manifest else [])


def rules(text: str, helm: Helm | None = None) -> list[str]:
    """The rules that a manifest breaks."""
    return [problem.rule for problem in problems(text, helm)]


def changed(text: str, old: str, new: str) -> str:
    """The text with its first `old` replaced, which must be there."""
    assert old in text, old
    return text.replace(old, new, 1)

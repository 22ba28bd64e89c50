"""Real Helm behind one interface: as a library, or as the `helm` program.

Both engines read a chart (a folder or a .tgz) and touch neither a cluster nor
a registry. They give the same answers, but for two things: a chart that asks
for `.Capabilities` sees the Helm version it runs under, and the program sorts
the documents inside one rendered file by kind.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from chartgen.errors import HelmMissing, HelmRefused
from chartgen.lint.lanes import Lanes

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
Severity: TypeAlias = Literal["info", "warning", "error"]

# The library renders for the cluster its Helm was made for and takes no other;
# the program is told the same one.
KUBE_VERSION = "v1.36.0"
TIMEOUT_SECONDS = 60.0
_SLOW = f"no answer from Helm within {TIMEOUT_SECONDS:.0f} s"

_SDK = "The helm-python-sdk package"

# In the order of Helm's own numbers for them.
_SEVERITIES: Mapping[str, Severity] = {
    "UNKNOWN": "info",
    "INFO": "info",
    "WARNING": "warning",
    "ERROR": "error",
}
_NUMBERED = tuple(_SEVERITIES.values())
_MESSAGE = re.compile(
    r"^\[(?P<level>UNKNOWN|INFO|WARNING|ERROR)\] (?P<path>[^:\n]*): (?P<text>.*?)"
    r"(?=^\[(?:UNKNOWN|INFO|WARNING|ERROR)\] |^\d+ chart\(s\) linted|\Z)",
    re.MULTILINE | re.DOTALL,
)
# JSON allows these raw inside a string; Helm reads values as YAML, which does not.
_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF)}


@dataclass(frozen=True, slots=True)
class HelmMessage:
    """One finding of `helm lint`; `path` is relative to the chart."""

    severity: Severity
    path: str
    text: str


class LoadedChart(Protocol):
    """A chart that Helm has read, to be rendered any number of times."""

    def render(
        self, *, release: str, namespace: str, values: Mapping[str, JsonValue]
    ) -> dict[str, str]:
        """Rendered text by template path, as `Helm.render` gives it.

        Whether it is YAML may not have been looked at. Raises HelmRefused where Helm
        cannot render.
        """


class Helm(Protocol):
    """What chartgen asks of real Helm."""

    @property
    def description(self) -> str:
        """The engine and its version, for people to read."""

    def render(
        self, chart: Path, *, release: str, namespace: str, values: Mapping[str, JsonValue]
    ) -> dict[str, str]:
        """Rendered text by template path, as in `name/templates/x.yaml`.

        Templates that render to nothing, partials and NOTES.txt are left out.
        Raises HelmRefused where Helm cannot render, or renders what is no YAML.
        """

    def load(self, chart: Path) -> AbstractContextManager[LoadedChart]:
        """The chart, read once; raises HelmRefused where Helm does not take it for one.

        An engine that reads a chart for every render refuses it then, not before.
        """

    def lint(self, chart: Path, values: Mapping[str, JsonValue]) -> tuple[HelmMessage, ...]:
        """The findings of `helm lint`, in its order.

        Raises HelmRefused where there is no chart to lint.
        """


class SdkHelm:
    """Helm inside this process, from the `helm` extra.

    A render that takes too long is refused, which costs a little time each; where something
    else ends this process in time, `bounded` can be False.
    """

    def __init__(self, *, bounded: bool = True) -> None:
        try:
            # Late, for it takes longer than most whole commands.
            import helm_python  # noqa: PLC0415
        except ImportError as error:
            raise HelmMissing(wanted=_SDK) from error
        try:
            version = helm_python.helm_sdk_version().removeprefix("v")
        except helm_python.HelmError as error:
            raise HelmMissing(wanted=f"{_SDK}'s native part") from error
        self._charts = helm_python.Chart
        self._lint = helm_python.lint
        self._failure = helm_python.HelmError
        lanes: Lanes[dict[str, str]] = Lanes(TIMEOUT_SECONDS)
        self._waits = lanes.call if bounded else _at_once
        self._description = f"helm-python-sdk {helm_python.__version__} (Helm {version})"

    @property
    def description(self) -> str:
        """The engine and its version, for people to read."""
        return self._description

    def render(
        self, chart: Path, *, release: str, namespace: str, values: Mapping[str, JsonValue]
    ) -> dict[str, str]:
        """See `Helm.render`."""
        with self.load(chart) as loaded:
            kept = loaded.render(release=release, namespace=namespace, values=values)
        for path, text in kept.items():
            _check_yaml(chart, path, text)
        return kept

    @contextmanager
    def load(self, chart: Path) -> Iterator[LoadedChart]:
        """See `Helm.load`."""
        with self._refusals(chart):
            loaded = self._charts.load(chart)
        with loaded:
            yield _SdkChart(
                lambda values, name, place: self._waits(
                    lambda: loaded.render(values, name=name, namespace=place)
                ),
                lambda: self._refusals(chart),
            )

    @contextmanager
    def _refusals(self, chart: Path) -> Iterator[None]:
        try:
            yield
        except self._failure as error:
            raise HelmRefused(chart=chart.name, reason=_cleaned(str(error))) from error
        except TimeoutError as error:
            raise HelmRefused(chart=chart.name, reason=_SLOW) from error
        except UnicodeDecodeError as error:  # the library reads Helm's own words strictly
            raise HelmRefused(chart=chart.name, reason="its text is not UTF-8") from error

    def lint(self, chart: Path, values: Mapping[str, JsonValue]) -> tuple[HelmMessage, ...]:
        """See `Helm.lint`."""
        try:
            report = self._lint(chart, dict(values), namespace="default", kube_version=KUBE_VERSION)
        except self._failure as error:
            raise HelmRefused(chart=chart.name, reason=_cleaned(str(error))) from error
        if report["errors"] and not report["messages"]:
            raise HelmRefused(chart=chart.name, reason="\n".join(report["errors"]))
        return tuple(
            HelmMessage(_NUMBERED[found["severity"]], found["path"], found["error"].strip())
            for found in report["messages"]
        )


@dataclass(frozen=True, slots=True)
class _SdkChart:
    """A chart inside the library."""

    texts: Callable[[dict[str, JsonValue], str, str], dict[str, str]]
    refusals: Callable[[], AbstractContextManager[None]]

    def render(
        self, *, release: str, namespace: str, values: Mapping[str, JsonValue]
    ) -> dict[str, str]:
        """See `LoadedChart.render`."""
        with self.refusals():
            texts = self.texts(dict(values), release, namespace)
        return {path: text for path, text in sorted(texts.items()) if _is_manifest(path, text)}


def _at_once(call: Callable[[], dict[str, str]]) -> dict[str, str]:
    return call()


class ProgramHelm:
    """The `helm` program, one process a question."""

    def __init__(self, program: str) -> None:
        self._program = program
        try:
            asked = self._run("version", "--template", "{{.Version}}")
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HelmMissing(wanted=f"The helm program ({program})") from error
        if asked.returncode:
            raise HelmMissing(wanted=f"A working helm program (not {program})")
        self._description = f"helm {asked.stdout.strip()}"

    @property
    def description(self) -> str:
        """The engine and its version, for people to read."""
        return self._description

    def render(
        self, chart: Path, *, release: str, namespace: str, values: Mapping[str, JsonValue]
    ) -> dict[str, str]:
        """See `Helm.render`."""
        # One file a template, where Helm's stream would have to be cut at
        # `# Source:` lines that a manifest's own text may contain too.
        with tempfile.TemporaryDirectory(prefix="chartgen-") as folder:
            command = ("template", "--output-dir", folder, "--namespace", namespace)
            answer = self._ask(command, chart, values, name=(release,))
            if answer.returncode:
                raise HelmRefused(chart=chart.name, reason=_cleaned(answer.stderr))
            return _read_rendered(Path(folder))

    @contextmanager
    def load(self, chart: Path) -> Iterator[LoadedChart]:
        """See `Helm.load`."""
        yield _ProgramChart(self, chart)

    def lint(self, chart: Path, values: Mapping[str, JsonValue]) -> tuple[HelmMessage, ...]:
        """See `Helm.lint`."""
        answer = self._ask(("lint", "--namespace", "default"), chart, values)
        messages = tuple(
            HelmMessage(_SEVERITIES[found["level"]], found["path"], found["text"].strip())
            for found in _MESSAGE.finditer(answer.stdout)
        )
        if answer.returncode and not messages:
            raise HelmRefused(chart=chart.name, reason=_cleaned(answer.stdout + answer.stderr))
        return messages

    def _ask(
        self,
        command: Sequence[str],
        chart: Path,
        values: Mapping[str, JsonValue],
        name: Sequence[str] = (),
    ) -> subprocess.CompletedProcess[str]:
        # An absolute path: Helm would look for another in its repositories.
        words = (*command, "--kube-version", KUBE_VERSION, "--values", "-", "--", *name)
        text = json.dumps(dict(values), ensure_ascii=False).translate(_ESCAPES)
        try:
            return self._run(*words, str(chart.absolute()), stdin=text)
        except subprocess.TimeoutExpired as error:
            raise HelmRefused(chart=chart.name, reason=_SLOW) from error

    def _run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            [self._program, *words],
            input=stdin,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            env=_environment(),
            timeout=TIMEOUT_SECONDS,
        )


@dataclass(frozen=True, slots=True)
class _ProgramChart:
    """A chart that the program reads anew for every render."""

    helm: ProgramHelm
    chart: Path

    def render(
        self, *, release: str, namespace: str, values: Mapping[str, JsonValue]
    ) -> dict[str, str]:
        """See `LoadedChart.render`."""
        return self.helm.render(self.chart, release=release, namespace=namespace, values=values)


def find_helm(wish: Literal["auto", "sdk", "program"] = "auto", *, bounded: bool = True) -> Helm:
    """The engine wished for; with `auto` the library, or else the program.

    `bounded` is for the library, as `SdkHelm` has it.

    The program is the one CHARTGEN_HELM names, or else `helm` on PATH. Raises
    HelmMissing.
    """
    if wish == "sdk":
        return SdkHelm(bounded=bounded)
    if wish == "program":
        return _find_program()
    try:
        return SdkHelm(bounded=bounded)
    except HelmMissing:
        return _find_program()


def _find_program() -> ProgramHelm:
    named = os.environ.get("CHARTGEN_HELM")
    program = named or shutil.which("helm")
    if program is None:
        raise HelmMissing(wanted="The helm program")
    return ProgramHelm(program)


def _environment() -> dict[str, str]:
    # A person's own Helm settings and plugins must not change what a chart renders to.
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HELM_")}
    return {**kept, "HELM_NO_PLUGINS": "1"}


def _is_manifest(path: str, text: str) -> bool:
    return bool(text.strip()) and not path.endswith("NOTES.txt")


def _check_yaml(chart: Path, path: str, text: str) -> None:
    # The program refuses these by itself, the library does not look.
    try:
        for _ in YAML(typ="safe").parse(text):
            pass
    except YAMLError as error:
        reason = f"YAML parse error on {path}: {error}"
        raise HelmRefused(chart=chart.name, reason=reason) from error


def _read_rendered(folder: Path) -> dict[str, str]:
    files = {
        file.relative_to(folder).as_posix(): file.read_text("utf-8")
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    return {
        path: text.replace(f"---\n# Source: {path}\n", "---\n").removeprefix("---\n")
        for path, text in files.items()
    }


def _cleaned(message: str) -> str:
    said = re.search(r"^Error:? (.*)", message, re.MULTILINE | re.DOTALL)
    text = said.group(1) if said else message
    text = re.sub(r"\n\s*(Error: \d+ chart\(s\) linted|Use --debug flag).*", "", text, flags=re.S)
    return text.strip()

"""Many charts in one run: the order, the processes, and what they do with hostile charts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chartgen.errors import HelmMissing
from chartgen.lint.finding import Profile, Verdict
from chartgen.lint.run import lint
from chartgen.lint.workers import Task, work
from tests.lint.overlay import Overlay

ENDLESS = (
    "{{ range until 9999 }}{{ range until 9999 }}{{ range until 9999 }}{{ end }}{{ end }}{{ end }}"
)
HUGE = '{{ repeat 8000000000 "x" | len }}'
BOTH = (Profile.DEVICE, Profile.HOUSE)


def charts(folder: Path) -> list[Path]:
    """A sound chart, a broken one, one that is not there, and a package."""
    bad = {"replace": {"OlaresManifest.yaml": [{"old": "title: Example LLM", "new": "title: ''"}]}}
    told: list[dict[str, object]] = [{}, {**bad}, {}, {"package": {}}]
    paths = [Overlay(one).build(folder / str(number)) for number, one in enumerate(told)]
    return [paths[0], paths[1], folder / "nowhere", paths[3]]


def hostile(folder: Path, template: str) -> Path:
    return Overlay({"write": {"templates/hostile.yaml": template}}).build(folder)


def test_the_report_keeps_the_order(tmp_path: Path) -> None:
    paths = charts(tmp_path)
    report = lint(paths, BOTH, jobs=1)
    assert [chart.path for chart in report.charts] == [str(path) for path in paths]
    assert [chart.verdicts[Profile.DEVICE] for chart in report.charts] == [
        Verdict.ACCEPT,
        Verdict.REFUSE,
        Verdict.REFUSE,
        Verdict.ACCEPT,
    ]
    assert report.profiles == BOTH
    assert "Helm" in report.helm


def test_processes_say_the_same(tmp_path: Path) -> None:
    paths = charts(tmp_path)
    alone = lint(paths, BOTH, jobs=1)
    together = lint(paths, BOTH, jobs=2)
    assert together == alone


def test_without_helm_verdicts_are_open(tmp_path: Path) -> None:
    sound, broken, *_ = charts(tmp_path)
    report = lint([sound, broken], helm="none")
    assert [chart.verdict for chart in report.charts] == [Verdict.UNKNOWN, Verdict.REFUSE]
    assert report.helm == ""


def test_a_helm_asked_for_has_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTGEN_HELM", str(tmp_path / "nowhere"))
    for jobs in (1, 2):
        with pytest.raises(HelmMissing):
            lint(charts(tmp_path / str(jobs)), helm="program", jobs=jobs)


@pytest.mark.parametrize("template", [ENDLESS, HUGE], ids=["endless", "huge"])
def test_a_hostile_template_ends_alone(template: str, tmp_path: Path) -> None:
    sound = Overlay({}).build(tmp_path / "sound")
    paths = [hostile(tmp_path, template), sound, sound]
    done = work(paths, Task((Profile.DEVICE,), "sdk"), 2, seconds=4)
    assert [chart.verdict for chart in done.charts] == [
        Verdict.UNKNOWN,
        Verdict.ACCEPT,
        Verdict.ACCEPT,
    ]
    assert [finding.problem.rule for finding in done.charts[0].findings] == ["S21"]
    assert done.charts[1] == replace(done.charts[2])


def test_nothing_to_judge() -> None:
    assert lint([]).charts == ()

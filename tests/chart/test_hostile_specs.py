"""A spec full of hostile texts: they arrive on the device exactly as they were written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import kubernetes_validate
import pytest

from chartgen.chart import pack, unpack
from chartgen.facts import Facts
from chartgen.lint.helm import Helm
from chartgen.spec import App, License, Text
from chartgen.spec.check import check
from chartgen.spec.common import EnvVar
from chartgen.spec.rules import app_faults
from tests.chart.hostile import TEXTS, passed_on
from tests.chart.reading import Installed, at, entries, installed, reads, rendered, table, words
from tests.repository import LLAMACPP, PROJECT, VLLM, Repository

LINES = tuple(text for text in TEXTS if text and text.isprintable() and text == text.strip())
PROSE = "\n".join(TEXTS)
CHINESE = f"{PROSE}\n中文"


def quoted(text: str) -> str:
    """A text as an author writes it: braces of the text itself are doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def hostile(app: App) -> App:
    prose = Text(quoted(PROSE), quoted(CHINESE))
    variables = tuple(EnvVar(f"HOSTILE_{index}", text) for index, text in enumerate(TEXTS))
    return replace(
        app,
        engine=replace(app.engine, env=(*app.engine.env, *variables), extra_args=LINES),
        description=prose,
        full_description=prose,
        changes=prose,
        developer='{{ .Values.x }} "on" \\',
        submitter="~",
        owners=("012", "no", "<script>"),
        license=License(text="1.0", url='https://example.org/{{"x"}}#~'),
        title="{{ 1.0 }} <b>: 'x' \"y\" #z",
        evidence=(),
    )


@pytest.fixture(scope="module", params=[VLLM, LLAMACPP])
def odd(
    request: pytest.FixtureRequest,
    engines: dict[str, Helm],
    facts: Facts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Installed:
    app = hostile(Repository(PROJECT).app(str(request.param)))
    assert check(App, app, app.name)[1] == []
    assert app_faults(app, app.name) == []
    helm = next(iter(engines.values()))
    return installed(helm, app, facts, tmp_path_factory.mktemp("odd"))


def test_variables_arrive(odd: Installed) -> None:
    found = {at(item, "name"): str(at(item, "value")) for item in entries(odd.engine, "env")}
    arrived = [passed_on(found[f"HOSTILE_{index}"]) for index in range(len(TEXTS))]
    assert arrived == list(TEXTS)


def test_arguments_arrive(odd: Installed) -> None:
    arguments = [passed_on(word) for word in words(odd.engine, "args")]
    assert arguments[-len(LINES) :] == list(LINES)
    assert len(LINES) > 25


def test_every_engine_sees_the_same(odd: Installed, helm: Helm, tmp_path: Path) -> None:
    package = pack(odd.chart)
    file = tmp_path / package.filename
    file.write_bytes(package.data)
    link = tmp_path / odd.app.name
    link.symlink_to(file)
    assert rendered(helm, link) == odd.objects
    assert not [found for found in helm.lint(file, {}) if found.severity != "info"]


def test_every_object_is_still_valid(odd: Installed) -> None:
    for document in odd.objects.values():
        kubernetes_validate.validate(document, "1.32", strict=True)


@pytest.mark.parametrize("version", [None, (1, 1)])
def test_the_manifest_says_it_as_written(odd: Installed, version: tuple[int, int] | None) -> None:
    manifest = reads(odd.chart.files["OlaresManifest.yaml"], version=version)
    assert at(manifest, "metadata", "description") == PROSE
    assert at(manifest, "metadata", "title") == odd.app.title
    spec = table(manifest, "spec")
    assert (spec["fullDescription"], spec["upgradeDescription"]) == (PROSE, PROSE)
    assert (spec["developer"], spec["submitter"]) == (odd.app.developer, "~")
    assert spec["license"] == [{"text": "1.0", "url": odd.app.license.url}]
    chart = reads(odd.chart.files["Chart.yaml"], version=version)
    assert at(chart, "description") == PROSE
    owners = reads(odd.chart.files["owners"], version=version)
    assert owners == {"owners": ["012", "no", "<script>"]}


def test_both_languages_say_it_as_written(odd: Installed) -> None:
    for tag, text in (("en-US", PROSE), ("zh-CN", CHINESE)):
        local = reads(odd.chart.files[f"i18n/{tag}/OlaresManifest.yaml"])
        assert at(local, "metadata", "description") == text
        assert at(local, "spec", "fullDescription") == text
        assert at(local, "spec", "upgradeDescription") == text


def test_the_package_holds_it_as_written(odd: Installed) -> None:
    package = pack(odd.chart)
    assert unpack(package.data, package.filename) == odd.chart.files

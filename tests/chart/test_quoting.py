"""Any text stays the text it is: through YAML of both ages, Helm and Kubernetes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from chartgen.chart import Chart
from chartgen.chart.quoting import Raw, block, helm_value, name, scalar, verbatim, yaml_value
from chartgen.lint.helm import Helm
from tests.chart.hostile import TEXTS, passed_on
from tests.chart.reading import at, reads, unfolded

OLD = (1, 1)
ANY = st.one_of(
    st.sampled_from(TEXTS),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60),
    st.text(alphabet="{}\"'\\$()[]%#-:~.\n\t \u0085\u2028\ufeffa1", max_size=40),
)
VALUES: SearchStrategy[object] = st.recursive(
    st.booleans() | st.integers() | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(ANY)
def test_a_text_is_read_back_by_old_and_new_readers(text: str) -> None:
    line = f"value: {scalar(text)}\n"
    assert line.count("\n") == 1
    assert reads(line) == reads(line, version=OLD) == {"value": text}


@settings(deadline=None)
@given(VALUES)
def test_data_is_read_back_by_old_and_new_readers(value: object) -> None:
    line = f"value: {yaml_value(value)}\n"
    assert reads(line) == reads(line, version=OLD) == {"value": value}


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(ANY, min_size=1, max_size=30))
def test_texts_pass_through_helm(
    engines: dict[str, Helm], tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    helm = next(iter(engines.values()))
    assert through(helm, texts, tmp_path_factory) == texts


def test_hostile_texts_pass_through_every_helm(
    helm: Helm, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert through(helm, TEXTS, tmp_path_factory) == list(TEXTS)


def through(helm: Helm, texts: Sequence[str], folders: pytest.TempPathFactory) -> object:
    files = {
        "Chart.yaml": "apiVersion: v2\nname: any\nversion: 1.0.0\n",
        "templates/any.yaml": f"values: {helm_value(texts)}\n",
    }
    folder = unfolded(Chart("any", "1.0.0", files), folders.mktemp("quoted"))
    rendered = helm.render(folder, release="any", namespace="any", values={})
    return at(reads(rendered["any/templates/any.yaml"]), "values")


@given(ANY)
def test_kubernetes_passes_a_verbatim_text_on(text: str) -> None:
    assert passed_on(verbatim(text)) == text


def test_kubernetes_would_expand_it_otherwise() -> None:
    assert passed_on("$(HOME)") == "/root"


@given(st.lists(st.text(alphabet="ab {}'\"#:-\\$[]", max_size=12), min_size=1, max_size=6))
def test_a_block_keeps_its_lines_and_indent(lines: list[str]) -> None:
    wanted = ["first", *lines, "last"]
    text = block("\n".join(wanted), 4).replace('{{ "{{" }}', "{{")
    assert [line.removeprefix("    ") for line in text.split("\n")] == wanted
    assert reads(f"value: |\n{text}\n") == {"value": "\n".join(wanted) + "\n"}


def test_raw_text_is_printed_as_it_stands() -> None:
    assert yaml_value(Raw("{{ x }}")) == helm_value(Raw("{{ x }}")) == "{{ x }}"


@pytest.mark.parametrize("text", ["", "a b", "1a", "a.b", "a_b", "a}}", "a\n", "ä"])
def test_only_a_name_is_printed_bare(text: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        name(text)


def test_a_name_is_printed_bare() -> None:
    assert yaml_value(name("app1-x")) == "app1-x"


def test_what_has_no_yaml_is_refused() -> None:
    with pytest.raises(TypeError, match="printed a object"):
        yaml_value(object())
    with pytest.raises(TypeError, match="printed a NoneType"):
        helm_value([None])

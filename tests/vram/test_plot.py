"""The picture of a plan: well-formed, complete, and free of other people's markup."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from chartgen.errors import Faults
from chartgen.facts import ModelFacts
from chartgen.quantities import GIB
from chartgen.vram import Fit, Frontier, fit, question_of
from chartgen.vram.plot import plot, save_plot
from chartgen.vram.scene import Box, Label, Scene, png, svg
from chartgen.vram.scene import Path as Line
from tests.repository import LLAMACPP, PROJECT, VLLM

SVG = "{http://www.w3.org/2000/svg}"
CURVES = ("#e69f00", "#0072b2", "#009e73")


def unread(reference: str, file: str | None) -> ModelFacts:
    raise AssertionError(f"{reference}, {file} was read")


@pytest.fixture(scope="module")
def flagship() -> Fit:
    return fit(PROJECT, question_of(VLLM), unread, "both")


def texts(scene: Scene) -> list[str]:
    root = ET.fromstring(svg(scene))
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_every_term_stands_in_the_picture(flagship: Fit) -> None:
    shown = texts(plot([flagship]))
    for term in flagship.plan.terms:
        if term.estimate.value:
            assert any(text.startswith(f"{term.name} ") for text in shown)
    assert f"limit {flagship.plan.limit.size / GIB:.2f} GiB" in shown
    assert "FITS (measured)" in shown
    need = flagship.plan.need
    interval = f"{need.low / GIB:.2f} to {need.high / GIB:.2f}"
    assert f"need {need.value / GIB:.2f} GiB, {interval}" in shown


def boxes(scene: Scene, colors: set[str]) -> Iterator[Box]:
    """The segments of the bars: the legend's squares are of another height."""
    for shape in scene.shapes:
        if isinstance(shape, Box) and shape.fill in colors and shape.height > 20:
            yield shape


def test_the_bar_is_as_long_as_the_sum(flagship: Fit) -> None:
    scene = plot([flagship])
    card = next(box for box in scene.shapes if isinstance(box, Box) and box.height > 20)
    per_gib = card.width / (flagship.plan.device.cuda_total.value / GIB)
    colors = {shape.fill for shape in scene.shapes if isinstance(shape, Box)} - {card.fill}
    end = max(box.x + box.width for box in boxes(scene, colors))
    assert end - card.x == pytest.approx(flagship.plan.need.value / GIB * per_gib, abs=2)


def test_one_scale_for_all_plans(flagship: Fit) -> None:
    other = fit(PROJECT, question_of(LLAMACPP), unread)
    scene = plot([flagship, other])
    shown = texts(scene)
    assert flagship.label in shown
    assert other.label in shown
    assert scene.height > plot([other]).height


def test_no_two_terms_share_a_colour(flagship: Fit) -> None:
    other = fit(PROJECT, question_of(LLAMACPP), unread)
    scene = plot([flagship, other])
    legend = [box.fill for box in scene.shapes if isinstance(box, Box) and box.height == 13]
    assert len(legend) > 10
    assert len(set(legend)) == len(legend)


def test_curves_that_coincide_are_all_seen() -> None:
    other = fit(PROJECT, question_of(LLAMACPP), unread, "both")
    assert isinstance(other.solved, Frontier)
    assert any(one.fits == one.all_full for one in other.solved.points)
    lines = [one for one in plot([other]).shapes if isinstance(one, Line)]
    widths = {one.color: one.width for one in lines if one.color in CURVES}
    assert list(widths.values()) == sorted(widths.values(), reverse=True)
    assert len(set(widths.values())) == len(CURVES)


def assert_inside(scene: Scene) -> None:
    for shape in scene.shapes:
        if isinstance(shape, Box):
            assert 0 <= shape.x <= shape.x + shape.width <= scene.width
            assert 0 <= shape.y <= shape.y + shape.height <= scene.height
        elif isinstance(shape, Label):
            assert 0 <= shape.x <= scene.width
            assert shape.size <= shape.y <= scene.height


def test_everything_lies_inside_the_picture(flagship: Fit) -> None:
    assert_inside(plot([flagship]))


def test_a_sum_far_over_the_card_is_drawn_inside() -> None:
    over = fit(PROJECT, question_of(f"{VLLM}:max_model_len=262144,kv_cache_dtype=auto"), unread)
    assert over.plan.need.high > over.plan.device.cuda_total.value
    assert_inside(plot([over]))


def test_a_text_is_data(flagship: Fit) -> None:
    wicked = '</text><script>alert("x")</script>&\x07'
    scene = plot([replace(flagship, label=wicked)])
    document = svg(scene)
    assert "<script" not in document
    assert wicked.replace("\x07", " ") in texts(scene)


def test_a_long_title_leaves_room_for_the_verdict(flagship: Fit) -> None:
    shown = texts(plot([replace(flagship, label="x" * 500)]))
    assert max(len(text) for text in shown) < 100


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_ending_says_the_form(flagship: Fit, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"plan.{ending}"
    save_plot([flagship], file)
    head = file.read_bytes()[:24]
    assert head.startswith(b"<svg" if ending == "svg" else b"\x89PNG\r\n\x1a\n")


def test_a_png_is_twice_as_large_as_the_picture(flagship: Fit) -> None:
    scene = plot([flagship])
    width, height = struct.unpack(">II", png(scene)[16:24])
    assert (width, height) == (2 * scene.width, 2 * scene.height)


def test_another_ending_is_a_fault(flagship: Fit, tmp_path: Path) -> None:
    with pytest.raises(Faults, match="neither"):
        save_plot([flagship], tmp_path / "plan.gif")
    assert list(tmp_path.iterdir()) == []

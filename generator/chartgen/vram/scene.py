"""A picture as a list of shapes, drawn as SVG by this module or as PNG by Pillow.

Coordinates are pixels from the top left corner; a text stands on its baseline. All
texts are data: SVG's are escaped, and no shape carries markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Literal

from chartgen.errors import ExtraMissing

FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"
SCALE = 2
"""Pixels of a PNG for each pixel of the picture, so that small text stays sharp."""

Anchor = Literal["start", "middle", "end"]
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
"""The same anchors as Pillow names them: left, middle, right; on the baseline."""


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points; `dash` is the length of dashes and gaps, 0 for none."""

    points: tuple[tuple[float, float], ...]
    color: str
    width: float = 1.0
    dash: float = 0.0


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text."""

    x: float
    y: float
    text: str
    size: float = 13.0
    color: str = "#222222"
    anchor: Anchor = "start"


Shape = Box | Path | Label


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture with its title, which programs that read aloud use."""

    title: str
    width: int
    height: int
    shapes: tuple[Shape, ...]


def svg(scene: Scene) -> str:
    """The picture as an SVG document of its own."""
    size = f'width="{scene.width}" height="{scene.height}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="0 0 {scene.width} {scene.height}" role="img" font-family="{FONT}">'
    )
    background = '<rect width="100%" height="100%" fill="#ffffff"/>'
    shapes = [_svg(shape) for shape in scene.shapes]
    lines = [head, f"<title>{_text(scene.title)}</title>", background, *shapes, "</svg>"]
    return "\n".join(lines) + "\n"


def _svg(shape: Shape) -> str:
    if isinstance(shape, Box):
        return (
            f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" '
            f'height="{shape.height:.1f}" fill="{shape.fill}"/>'
        )
    if isinstance(shape, Path):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
        dash = f' stroke-dasharray="{shape.dash:g}"' if shape.dash else ""
        return (
            f'<polyline points="{points}" fill="none" stroke="{shape.color}" '
            f'stroke-width="{shape.width:g}"{dash}/>'
        )
    return (
        f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" '
        f'fill="{shape.color}" text-anchor="{shape.anchor}">{_text(shape.text)}</text>'
    )


def _text(text: str) -> str:
    """Text as XML holds it; control characters, which XML forbids, become blanks."""
    return escape("".join(char if char.isprintable() else " " for char in text))


def png(scene: Scene) -> bytes:
    """The picture as a PNG; raises `ExtraMissing` where Pillow is not installed."""
    try:
        from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 an extra, and heavy
    except ImportError as error:
        raise ExtraMissing(what="A picture in PNG", extra="plot") from error
    image = Image.new("RGB", (scene.width * SCALE, scene.height * SCALE), "#ffffff")
    pen = ImageDraw.Draw(image)
    for shape in scene.shapes:
        if isinstance(shape, Box):
            right, bottom = shape.x + shape.width, shape.y + shape.height
            corners = [shape.x * SCALE, shape.y * SCALE, right * SCALE, bottom * SCALE]
            pen.rectangle(corners, fill=shape.fill)
        elif isinstance(shape, Path):
            for start, end in _dashes(shape):
                ends = [start[0] * SCALE, start[1] * SCALE, end[0] * SCALE, end[1] * SCALE]
                pen.line(ends, fill=shape.color, width=round(shape.width * SCALE))
        else:
            font = ImageFont.load_default(shape.size * SCALE)
            place = (shape.x * SCALE, shape.y * SCALE)
            anchor = ANCHORS[shape.anchor]
            pen.text(place, shape.text, fill=shape.color, font=font, anchor=anchor)
    written = BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


Segment = tuple[tuple[float, float], tuple[float, float]]


def _dashes(path: Path) -> list[Segment]:
    """The pieces of a line; Pillow knows no dashes."""
    found: list[Segment] = []
    for (x1, y1), (x2, y2) in zip(path.points, path.points[1:], strict=False):
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        step = path.dash or length or 1.0
        place = 0.0
        while place < length:
            a, b = place / length, min(place + step, length) / length
            start = (x1 + (x2 - x1) * a, y1 + (y2 - y1) * a)
            found.append((start, (x1 + (x2 - x1) * b, y1 + (y2 - y1) * b)))
            place += 2 * step
    return found

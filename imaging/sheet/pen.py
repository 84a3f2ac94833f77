"""A PDF canvas in millimetres: embedded fonts, haloes, and a record of where text went.

The font is DejaVu Sans, which matplotlib carries; its licence (Bitstream Vera and Arev) lets it be embedded.
The file names its time as it is told to, so that the same drawing gives the same bytes.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import text_to_path
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from shapely.affinity import rotate
from shapely.geometry import Polygon, box

from imaging.lens import Array
from imaging.sheet.layout import Box

MM = 72 / 25.4
FONTS = {"plain": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf", "mono": "DejaVuSansMono.ttf"}
ASCENT, DESCENT = 0.76, 0.24
"""How far letters reach above and below the line, in sizes."""
Colour = tuple[float, float, float]
BLACK, WHITE, GREY = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.45, 0.45, 0.45)
Font = Literal["plain", "bold", "mono"]
Anchor = Literal["left", "middle", "right"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Text:
    """A text on paper: where its line begins, ends or has its middle, how large it is and how turned."""

    words: str
    x_mm: float
    y_mm: float
    size_mm: float = 2.3
    font: Font = "plain"
    anchor: Anchor = "left"
    angle_deg: float = 0.0

    @property
    def width_mm(self) -> float:
        """How long it is."""
        return width_mm(self.words, self.size_mm, self.font)

    def outline(self, room_mm: float = 0.0) -> Polygon:
        """Its box on paper, turned, with `room_mm` around."""
        left = self.x_mm - {"left": 0.0, "middle": 0.5, "right": 1.0}[self.anchor] * self.width_mm
        flat = box(
            left - room_mm,
            self.y_mm - DESCENT * self.size_mm - room_mm,
            left + self.width_mm + room_mm,
            self.y_mm + ASCENT * self.size_mm + room_mm,
        )
        return rotate(flat, self.angle_deg, origin=(self.x_mm, self.y_mm)) if self.angle_deg else flat


def width_mm(words: str, size_mm: float, font: Font = "plain") -> float:
    """How long a text is when printed."""
    _register()
    return float(pdfmetrics.stringWidth(words, font, size_mm * MM)) / MM


def wrap(words: str, width: float, size_mm: float, font: Font = "plain") -> list[str]:
    """The text in lines of at most `width` millimetres, broken at spaces, inside words that are longer."""
    lines: list[str] = []
    for word in clean(words).split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width_mm(joined, size_mm, font) <= width:
            lines[-1] = joined
            continue
        lines += _pieces(word, width, size_mm, font)
    return lines or [""]


def _pieces(word: str, width: float, size_mm: float, font: Font) -> list[str]:
    """A word in pieces of at most `width`, each at least a letter."""
    if width_mm(word, size_mm, font) <= width:
        return [word]
    pieces, used = [""], 0.0
    for letter in word:
        more = width_mm(letter, size_mm, font)
        if pieces[-1] and used + more > width:
            pieces.append("")
            used = 0.0
        pieces[-1] += letter
        used += more
    return pieces


def clean(words: str) -> str:
    """The text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


class Pen:
    """Draws on the pages of a PDF; all lengths in millimetres from the lower left of the paper."""

    def __init__(self, width: float, height: float, title: str, author: str, created: datetime) -> None:
        _register()
        self._held = io.BytesIO()
        self._canvas: Any = Canvas(
            self._held, pagesize=(width * MM, height * MM), invariant=1, pageCompression=1
        )
        utc = created.astimezone(UTC)
        self._canvas.setDateFormatter(lambda *_: f"D:{utc:%Y%m%d%H%M%S}+00'00'")
        self._canvas.setTitle(clean(title))
        self._canvas.setAuthor(clean(author))
        self._canvas.setCreator("Droneteam")
        self._canvas.setProducer("Droneteam, with ReportLab")
        self._canvas.setSubject(clean(title))

    def next_page(self) -> None:
        """End this page and begin another of the same size."""
        self._canvas.showPage()

    def finish(self) -> bytes:
        """The whole file."""
        self._canvas.showPage()
        self._canvas.save()
        return self._held.getvalue()

    def text(self, text: Text, colour: Colour = BLACK, halo_mm: float = 0.0) -> None:
        """Write a text; a halo is a white line of that width about its letters, not written a second time."""
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(text.x_mm * MM, text.y_mm * MM)
        canvas.rotate(text.angle_deg)
        left = -{"left": 0.0, "middle": 0.5, "right": 1.0}[text.anchor] * text.width_mm * MM
        if halo_mm:
            self._letters(text, left, 2 * halo_mm)
        canvas.setFillColorRGB(*colour)
        canvas.setFont(text.font, text.size_mm * MM)
        canvas.drawString(left, 0, text.words)
        canvas.restoreState()

    def _letters(self, text: Text, left_pt: float, width: float) -> None:
        canvas, scale = self._canvas, text.size_mm * MM / _UNIT
        canvas.setStrokeColorRGB(*WHITE)
        canvas.setLineWidth(width * MM)
        canvas.setLineJoin(1)
        path = canvas.beginPath()
        for number, letter in enumerate(text.words):
            ahead = pdfmetrics.stringWidth(text.words[:number], text.font, text.size_mm * MM)
            for code, points in _glyph(letter, text.font):
                at = [left_pt + ahead + points[0] * scale, points[1] * scale]
                if code == "move":
                    path.moveTo(*at)
                elif code == "line":
                    path.lineTo(*at)
                elif code == "curve":
                    rest = [
                        value * scale + (left_pt + ahead if index % 2 == 0 else 0)
                        for index, value in enumerate(points)
                    ]
                    path.curveTo(*rest)
                else:
                    path.close()
        canvas.drawPath(path, stroke=1, fill=0)

    def line(
        self,
        points: list[Point],
        width: float,
        colour: Colour = BLACK,
        *,
        halo_mm: float = 0.0,
        dash_mm: tuple[float, ...] = (),
        closed: bool = False,
    ) -> None:
        """A line through points, on a white one where it has a halo."""
        canvas = self._canvas
        canvas.saveState()
        canvas.setLineJoin(1)
        path = canvas.beginPath()
        path.moveTo(points[0][0] * MM, points[0][1] * MM)
        for x, y in points[1:]:
            path.lineTo(x * MM, y * MM)
        if closed:
            path.close()
        if halo_mm:
            canvas.setStrokeColorRGB(*WHITE)
            canvas.setLineWidth((width + 2 * halo_mm) * MM)
            canvas.drawPath(path, stroke=1, fill=0)
        canvas.setStrokeColorRGB(*colour)
        canvas.setLineWidth(width * MM)
        if dash_mm:
            canvas.setDash([length * MM for length in dash_mm])
        canvas.drawPath(path, stroke=1, fill=0)
        canvas.restoreState()

    def polygon(self, points: list[Point], colour: Colour, opacity: float = 1.0) -> None:
        """A filled polygon without a border."""
        canvas = self._canvas
        canvas.saveState()
        canvas.setFillColorRGB(*colour, alpha=opacity)
        path = canvas.beginPath()
        path.moveTo(points[0][0] * MM, points[0][1] * MM)
        for x, y in points[1:]:
            path.lineTo(x * MM, y * MM)
        path.close()
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.restoreState()

    def circle(self, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
        """A ring; filled where `width` is 0."""
        canvas = self._canvas
        canvas.saveState()
        canvas.setStrokeColorRGB(*colour)
        canvas.setFillColorRGB(*colour)
        canvas.setLineWidth(width * MM)
        canvas.circle(x * MM, y * MM, radius * MM, stroke=int(width > 0), fill=int(width == 0))
        canvas.restoreState()

    def rectangle(self, area: Box, width: float, colour: Colour = BLACK) -> None:
        """The border of a box."""
        corners = [
            (area.x_mm, area.y_mm),
            (area.right_mm, area.y_mm),
            (area.right_mm, area.top_mm),
            (area.x_mm, area.top_mm),
        ]
        self.line(corners, width, colour, closed=True)

    def clipped(self, area: Box) -> None:
        """Draw only within the box until `unclipped`."""
        canvas = self._canvas
        canvas.saveState()
        path = canvas.beginPath()
        path.rect(area.x_mm * MM, area.y_mm * MM, area.width_mm * MM, area.height_mm * MM)
        canvas.clipPath(path, stroke=0, fill=0)

    def unclipped(self) -> None:
        """Draw everywhere again."""
        self._canvas.restoreState()

    def picture(self, jpeg: bytes, area: Box) -> None:
        """A JPEG, kept as it is, stretched over the box."""
        self._canvas.drawImage(
            ImageReader(io.BytesIO(jpeg)),
            area.x_mm * MM,
            area.y_mm * MM,
            area.width_mm * MM,
            area.height_mm * MM,
        )

    def across(self, text: Text, colour: Colour, opacity: float) -> None:
        """A text that what is below it shows through, with a white edge so that it shows on dark ground."""
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(text.x_mm * MM, text.y_mm * MM)
        canvas.rotate(text.angle_deg)
        canvas.setFillColorRGB(*colour, alpha=opacity)
        canvas.setStrokeColorRGB(*WHITE, alpha=opacity)
        canvas.setLineWidth(text.size_mm * MM / 40)
        left = -text.width_mm * MM / 2
        written = canvas.beginText(left, 0)
        written.setFont(text.font, text.size_mm * MM)
        written.setTextRenderMode(2)
        written.textOut(text.words)
        canvas.drawText(written)
        canvas.restoreState()


_UNIT = 100.0


@lru_cache(maxsize=1)
def _register() -> None:
    rl_config.useA85 = 0  # bytes as they are: text of them is a quarter larger
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name, file in FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))


@lru_cache(maxsize=1024)
def _glyph(letter: str, font: Font) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """A letter's outline at a size of 100: moves, lines, cubic curves and closings."""
    file = Path(mpl.get_data_path()) / "fonts" / "ttf" / FONTS[font]
    corners, codes = text_to_path.get_text_path(FontProperties(fname=str(file)), letter)
    if not len(codes):
        return ()
    outline = Outline(np.asarray(corners, float), codes)
    steps: list[tuple[str, tuple[float, ...]]] = []
    at: Array = np.zeros(2)
    for values, code in outline.iter_segments(curves=True, simplify=False):
        points = np.asarray(values, float)
        if code == outline.MOVETO:
            steps.append(("move", tuple(points)))
        elif code == outline.LINETO:
            steps.append(("line", tuple(points)))
        elif code == outline.CURVE3:
            bend, end = points[:2], points[2:]
            steps.append(("curve", (*(at + 2 * (bend - at) / 3), *(end + 2 * (bend - end) / 3), *end)))
        elif code == outline.CURVE4:
            steps.append(("curve", tuple(points)))
        else:
            steps.append(("close", (0.0, 0.0)))
        at = points[-2:]
    return tuple(steps)

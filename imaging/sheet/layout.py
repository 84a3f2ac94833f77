"""Where things go on the paper, and the scale that fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imaging.sheet.content import PAPERS_MM, SCALES, SheetOptions
from missions.errors import SettingsError

MARGIN_MM, FOOTER_MM, BAND_MM, GAP_MM, PAD_MM = 8.0, 6.0, 5.0, 5.0, 3.0
PANEL_MM = {"A4": 76.0, "A3": 92.0, "A2": 98.0, "A1": 104.0}
PANEL_HEIGHT_MM = {"A4": 98.0, "A3": 112.0, "A2": 118.0, "A1": 124.0}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on paper: its lower left corner and its size, millimetres from the paper's lower left."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    @property
    def right_mm(self) -> float:
        """Its right side."""
        return self.x_mm + self.width_mm

    @property
    def top_mm(self) -> float:
        """Its upper side."""
        return self.y_mm + self.height_mm


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet of paper: its frame, the drawing, the columns of the first page and those of further ones."""

    paper: str
    orientation: Literal["landscape", "portrait"]
    width_mm: float
    height_mm: float
    frame: Box
    drawing: Box
    columns: tuple[Box, ...]
    further: tuple[Box, ...]

    @property
    def footer(self) -> Box:
        """The line at the foot of the frame."""
        return Box(self.frame.x_mm, self.frame.y_mm, self.frame.width_mm, FOOTER_MM)


def layout_of(paper: str, orientation: Literal["landscape", "portrait"]) -> Layout:
    """The layout of a paper: a panel to the right of the drawing, or below it on a portrait sheet."""
    short, long = PAPERS_MM[paper]
    width, height = (long, short) if orientation == "landscape" else (short, long)
    frame = Box(MARGIN_MM, MARGIN_MM, width - 2 * MARGIN_MM, height - 2 * MARGIN_MM)
    inner = Box(
        frame.x_mm + PAD_MM,
        frame.y_mm + FOOTER_MM + PAD_MM,
        frame.width_mm - 2 * PAD_MM,
        frame.height_mm - FOOTER_MM - 2 * PAD_MM,
    )
    panel = PANEL_MM[paper]
    count = max(1, int((inner.width_mm + GAP_MM) / (panel + GAP_MM)))
    if orientation == "landscape":
        side = Box(inner.right_mm - panel, inner.y_mm, panel, inner.height_mm)
        columns: tuple[Box, ...] = (side,)
        held = Box(inner.x_mm, inner.y_mm, inner.width_mm - panel - GAP_MM, inner.height_mm)
        further = _columns(inner, count, panel)
    else:
        foot = PANEL_HEIGHT_MM[paper]
        count = max(2, count)
        width_mm = (inner.width_mm - (count - 1) * GAP_MM) / count
        columns = _columns(Box(inner.x_mm, inner.y_mm, inner.width_mm, foot), count, width_mm)
        held = Box(inner.x_mm, inner.y_mm + foot + GAP_MM, inner.width_mm, inner.height_mm - foot - GAP_MM)
        further = _columns(inner, count, width_mm)
    drawing = Box(
        held.x_mm + BAND_MM,
        held.y_mm + BAND_MM,
        held.width_mm - 2 * BAND_MM,
        held.height_mm - 2 * BAND_MM,
    )
    return Layout(paper, orientation, width, height, frame, drawing, columns, further)


def _columns(inner: Box, count: int, width_mm: float) -> tuple[Box, ...]:
    step = width_mm + GAP_MM
    return tuple(
        Box(inner.x_mm + number * step, inner.y_mm, width_mm, inner.height_mm) for number in range(count)
    )


def choose(options: SheetOptions, width_m: float, height_m: float) -> tuple[Layout, int]:
    """The layout and scale (its denominator) that hold an area of that size on the ground.

    Of the scales that are not fixed the largest is taken, of equal ones landscape. Raises SettingsError where
    nothing fits, naming what would.
    """
    scales = SCALES if options.scale is None else (options.scale,)
    for scale in scales:
        for layout in _layouts(options, options.paper):
            if fits(layout, scale, width_m, height_m):
                return layout, scale
    asked = f"1:{options.scale}" if options.scale else f"1:{SCALES[-1]}"
    raise SettingsError(
        f"{width_m:.1f} m by {height_m:.1f} m do not fit on {options.paper} at {asked}",
        where="scale" if options.scale else "paper",
        remedy=_would_fit(options, width_m, height_m),
    )


def fits(layout: Layout, scale: int, width_m: float, height_m: float) -> bool:
    """Whether an area of that size on the ground fits in the drawing."""
    across, up = layout.drawing.width_mm * scale / 1000, layout.drawing.height_mm * scale / 1000
    return width_m <= across + 1e-9 and height_m <= up + 1e-9


def _layouts(options: SheetOptions, paper: str) -> list[Layout]:
    both: tuple[Literal["landscape", "portrait"], ...] = ("landscape", "portrait")
    turned = both if options.orientation == "auto" else (options.orientation,)
    return [layout_of(paper, orientation) for orientation in turned]


def _would_fit(options: SheetOptions, width_m: float, height_m: float) -> str:
    found = [
        f"1:{scale} on {paper}"
        for paper, scales in (
            (options.paper, SCALES),
            *((other, SCALES if options.scale is None else (options.scale,)) for other in PAPERS_MM),
        )
        for scale in scales
        if any(fits(layout, scale, width_m, height_m) for layout in _layouts(options, paper))
    ]
    if not found:
        return f"No paper up to A1 holds it at 1:{SCALES[-1]}; ask for a smaller area"
    first = [found[0], *(item for item in found[1:] if item.split(" on ")[1] != options.paper)][:2]
    return f"It fits at {' or at '.join(dict.fromkeys(first))}"

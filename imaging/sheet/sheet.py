"""A scene sheet: a PDF to scale with the picture, the marks, what was measured and how good it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from imaging.lens import Array
from imaging.photos import hash_file
from imaging.sheet.blocks import pour
from imaging.sheet.content import Area, SheetContent, SheetOptions, check_content
from imaging.sheet.drawing import VERDICT_COLOUR, Drawing
from imaging.sheet.layout import Layout, choose
from imaging.sheet.panel import Panel
from imaging.sheet.pen import BLACK, Colour, Font, Pen, Text, clean, width_mm
from imaging.sheet.picture import Picture, open_picture
from imaging.sheet.plane import Plane, RdGrid, local_from_utm, rd_grid, utm_from_local
from imaging.sheet.words import Words
from missions.errors import InputError, SettingsError
from missions.files import write_whole

ROOM = 0.12
LEAST_ROOM_M = 3.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was written. `dot_m` is what a dot of the picture covers on the ground.

    `unlabelled` are marks and figures that are drawn, but whose text found no room; `outside` marks that lie
    outside the drawing. The sheet says both.
    """

    path: Path
    sha256: str
    pages: int
    scale: int
    paper: str
    orientation: Literal["landscape", "portrait"]
    dot_m: float
    unlabelled: tuple[str, ...]
    outside: tuple[str, ...]


def write_sheet(path: Path, content: SheetContent, options: SheetOptions | None = None) -> Sheet:
    """Write the scene sheet, whole or not at all. The same content and options give the same bytes.

    Raises InputError for content that cannot be printed whole, SettingsError for a paper or a scale that does
    not hold the area (naming one that does) or a grid that cannot be had, OutputError for the file.
    """
    options = options or SheetOptions()
    check_content(content)
    content = _with_hash(content)
    with open_picture(content.orthomosaic) as picture:
        corners = _area_utm(content, options, picture)
        middle = (corners[0] + corners[1]) / 2
        plane = Plane(picture.epsg, content.frame, middle)
        width_m, height_m = np.abs(np.diff(plane.ground_from(corners), axis=0)[0])
        layout, scale = choose(options, float(width_m), float(height_m))
        words = Words(options.language)
        grid = _grid(content, options, picture)
        title = " ".join([words("title"), content.case.number]).strip()
        pen = Pen(layout.width_mm, layout.height_mm, title, content.case.drawn_by, content.created)
        drawing = Drawing(pen, layout.drawing, plane, scale, words, grid)
        dot_m = drawing.draw_picture(picture, options.dpi)
    if not content.measurement.evidence:
        drawing.draw_verdict(words.verdict(content.measurement.verdict))
    drawing.draw_grid()
    drawing.draw_measurement(content.measurement)
    if grid is not None:
        content = replace(content, hashes={**content.hashes, **grid.rdnap.sha256})
    panel = Panel(content, words, drawing, layout.paper, dot_m, layout.columns[0].width_mm)
    pages = _draw_blocks(pen, layout, panel, title)
    data = pen.finish()
    write_whole(path, data)
    return Sheet(
        path,
        hashlib.sha256(data).hexdigest(),
        pages,
        scale,
        layout.paper,
        layout.orientation,
        dot_m,
        tuple(drawing.unlabelled),
        tuple(drawing.outside),
    )


def _draw_blocks(pen: Pen, layout: Layout, panel: Panel, title: str) -> int:
    """Draw every block and every page's frame; gives the number of pages."""
    placed, pages = pour(panel.blocks(), layout.columns, layout.further)
    for page in range(pages):
        if page:
            pen.next_page()
        pen.rectangle(layout.frame, 0.25)
        for item in placed:
            if item.page == page:
                item.row.draw(pen, item.x_mm, item.y_mm)
        _draw_footer(pen, layout, panel, title, page, pages)
    return pages


def _draw_footer(pen: Pen, layout: Layout, panel: Panel, title: str, page: int, pages: int) -> None:
    foot, size = layout.footer, 2.2
    y = foot.y_mm + 2.1
    pen.line([(foot.x_mm, foot.top_mm), (foot.right_mm, foot.top_mm)], 0.15)
    left, right = foot.x_mm + 3, foot.right_mm - 3
    verdict = panel.words.verdict(panel.content.measurement.verdict)
    number = panel.words("page", page=page + 1, pages=pages)
    colour: Colour = BLACK if panel.content.measurement.evidence else VERDICT_COLOUR
    half = (right - left) / 2
    pen.text(Text(_cut(title, 0.62 * half, size), left, y, size))
    shown = _cut(verdict, 0.7 * half, size, "bold")
    pen.text(Text(shown, (left + right) / 2, y, size, "bold", "middle"), colour)
    pen.text(Text(number, right, y, size, "plain", "right"))


def _cut(words: str, width: float, size: float, font: Font = "plain") -> str:
    """The text, or as much of it as fits; it stands in full in its block."""
    words = clean(words)
    if width_mm(words, size, font) <= width:
        return words
    while words and width_mm(f"{words}…", size, font) > width:
        words = words[:-1]
    return f"{words.rstrip()}…"


def _with_hash(content: SheetContent) -> SheetContent:
    """The content with the SHA-256 of the orthomosaic. Raises InputError where another is told."""
    name, found = content.orthomosaic.name, hash_file(content.orthomosaic)
    told = content.hashes.get(name, found)
    if told != found:
        raise InputError(
            "the picture is not the one that the scene's report names: its SHA-256 differs",
            where=str(content.orthomosaic),
            remedy="Make the overview again, or take the picture that belongs to the report",
        )
    return replace(content, hashes={**content.hashes, name: found})


def _grid(content: SheetContent, options: SheetOptions, picture: Picture) -> RdGrid | None:
    if options.grid == "utm":
        return None
    return rd_grid(picture.epsg, content.reference, content.epoch_year, options.grids)


def _area_utm(content: SheetContent, options: SheetOptions, picture: Picture) -> Array:
    """(2, 2) lower left and upper right of the area of interest in UTM."""
    if options.area is not None:
        area = _bounds(utm_from_local(picture.epsg, content.frame, _corners(options.area)))
        _check_shown(area, content, picture)
        return area
    marks = content.measurement.marks
    if not marks:
        return np.array(picture.bounds_m).reshape(2, 2)
    places = utm_from_local(picture.epsg, content.frame, np.array([mark.local_m[:2] for mark in marks]))
    low, high = _bounds(places)
    room = max(LEAST_ROOM_M, ROOM * float(np.max(high - low)))
    return np.array([low - room, high + room])


def _check_shown(area: Array, content: SheetContent, picture: Picture) -> None:
    """Raises SettingsError where the area (2, 2) lies beside the picture."""
    drawn = np.array(picture.bounds_m).reshape(2, 2)
    if (area[1] > drawn[0]).all() and (area[0] < drawn[1]).all():
        return
    west, south, east, north = local_from_utm(picture.epsg, content.frame, drawn).reshape(4)
    raise SettingsError(
        "nothing of the picture lies in the area",
        where="area",
        remedy=f"It reaches from {west:.0f} to {east:.0f} m east and {south:.0f} to {north:.0f} m north",
    )


def _corners(area: Area) -> Array:
    west, south, east, north = area
    return np.array([[west, south], [east, south], [east, north], [west, north]])


def _bounds(points: Array) -> Array:
    return np.array([points.min(axis=0), points.max(axis=0)])

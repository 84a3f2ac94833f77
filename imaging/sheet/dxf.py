"""Marks and figures as a drawing exchange file (DXF R2010) in metres, in the orthomosaic's plane or in RD."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ezdxf
import numpy as np
from ezdxf import units
from ezdxf.document import Drawing
from ezdxf.enums import TextEntityAlignment
from ezdxf.layouts import Modelspace

from imaging.lens import Array
from imaging.measure.figures import Figure
from imaging.sheet.content import SheetContent, SheetOptions, check_content
from imaging.sheet.numbers import stated
from imaging.sheet.pen import clean
from imaging.sheet.picture import open_picture
from imaging.sheet.plane import Plane, rd_grid, utm_from_local
from imaging.sheet.words import Words
from missions.errors import SettingsError
from missions.files import write_whole

RED, BLUE, WHITE = 1, 5, 7
LAYERS = {"MARKS": RED, "LETTERS": WHITE, "NOTES": WHITE}
KINDS = {
    "distance": "DISTANCES",
    "horizontal distance": "HORIZONTAL_DISTANCES",
    "path": "PATHS",
    "area": "AREAS",
    "angle": "ANGLES",
    "height difference": "HEIGHT_DIFFERENCES",
}
STYLE = "SHEET"
UTM_OPTIONS = SheetOptions()
RD = "RD, Amersfoort / RD New (EPSG:28992), by RDNAPTRANS2018"
STEP_M = 100.0


def write_dxf(
    path: Path, content: SheetContent, text_height_m: float = 0.4, options: SheetOptions = UTM_OPTIONS
) -> None:
    """Write marks (points with their height), figures and notes, in UTM metres, layers by kind.

    In RD metres where the options' `grid` is "rd". Neither is true to the ground: notes in the drawing give
    the factor, and the figures' texts the lengths that were measured. Raises InputError, SettingsError for a
    text height that cannot be read and for RD that cannot be had, OutputError.
    """
    if not 0.02 <= text_height_m <= 50:
        raise SettingsError(f"texts of {text_height_m:g} m cannot be read", remedy="Take 0.02 to 50 m")
    check_content(content)
    with open_picture(content.orthomosaic) as picture:
        epsg, bounds = picture.epsg, np.array(picture.bounds_m).reshape(2, 2)
    document = _empty()
    space = document.modelspace()
    marks = content.measurement.marks
    utm = utm_from_local(epsg, content.frame, np.array([mark.local_m[:2] for mark in marks]).reshape(-1, 2))
    grid = None
    if options.grid == "rd":
        grid = rd_grid(epsg, content.reference, content.epoch_year, options.grids)
    plane = utm if grid is None else grid.from_utm(utm)
    places = {
        mark.letter: np.array([*en, float(mark.local_m[2])]) for mark, en in zip(marks, plane, strict=True)
    }
    for mark in marks:
        at = places[mark.letter]
        space.add_point(at, dxfattribs={"layer": "MARKS"})
        space.add_circle(at, text_height_m / 2, dxfattribs={"layer": "MARKS"})
        _text(space, mark.letter, at + 0.6 * text_height_m, text_height_m, "LETTERS")
    for figure in content.measurement.figures:
        _add_figure(space, figure, places, 0.8 * text_height_m)
    corner = utm.min(axis=0) if len(utm) else bounds[0]
    scale = Plane(epsg, content.frame, corner).point_scale
    foot, system = corner, f"UTM, EPSG:{epsg}"
    if grid is not None:
        ends = grid.from_utm(np.array([corner, corner + np.array([STEP_M, 0.0])]))
        scale *= float(np.linalg.norm(ends[1] - ends[0])) / STEP_M
        foot, system = plane.min(axis=0) if len(plane) else ends[0], RD
    for number, line in enumerate(_notes(content, system, scale)):
        at = np.array([foot[0], foot[1] - (3 + 1.6 * number) * text_height_m, 0.0])
        _text(space, line, at, text_height_m, "NOTES")
    held = io.StringIO()
    with _fixed_times():
        document.write(held)
    write_whole(path, held.getvalue().encode("utf-8"))


def _empty() -> Drawing:
    with _fixed_times():
        document = ezdxf.new("R2010", units=units.M)
    document.header["$MEASUREMENT"] = 1
    document.styles.add(STYLE, font="arial.ttf")
    for name, colour in {**LAYERS, **dict.fromkeys(KINDS.values(), BLUE)}.items():
        document.layers.add(name, color=colour)
    return document


@contextmanager
def _fixed_times() -> Iterator[None]:
    """The same drawing gives the same bytes: ezdxf writes the time of day and random ids otherwise."""
    before = ezdxf.options.write_fixed_meta_data_for_testing
    ezdxf.options.write_fixed_meta_data_for_testing = True
    try:
        yield
    finally:
        ezdxf.options.write_fixed_meta_data_for_testing = before


def _add_figure(space: Modelspace, figure: Figure, places: dict[str, Array], height_m: float) -> None:
    layer = {"layer": KINDS[figure.kind]}
    points = np.array([places[letter] for letter in figure.letters])
    space.add_polyline3d(points, close=figure.kind == "area", dxfattribs=layer)
    value = stated(figure.value, figure.half_width_95, figure.unit).words(figure.unit)
    if figure.kind in {"area", "angle"}:
        at, angle = points.mean(axis=0), 0.0
    else:
        sides = np.diff(points, axis=0)
        longest = int(np.argmax(np.linalg.norm(sides, axis=1)))
        at = points[longest] + sides[longest] / 2
        angle = float(np.degrees(np.arctan2(sides[longest, 1], sides[longest, 0])))
        angle = (angle + 90) % 180 - 90
    up = np.array([-np.sin(np.radians(angle)), np.cos(np.radians(angle)), 0.0])
    _text(space, value, at + 0.5 * height_m * up, height_m, layer["layer"], angle, middle=True)


def _text(
    space: Modelspace, words: str, at: Array, height_m: float, layer: str, angle: float = 0.0, *,
    middle: bool = False,
) -> None:  # fmt: skip
    # Two per cent signs begin a control code in DXF texts.
    shown = clean(words).replace("%%", "% %")[:250]
    added = space.add_text(
        shown, height=height_m, rotation=angle, dxfattribs={"layer": layer, "style": STYLE}
    )
    added.set_placement(
        tuple(float(value) for value in at),
        align=TextEntityAlignment.BOTTOM_CENTER if middle else TextEntityAlignment.LEFT,
    )


def _notes(content: SheetContent, system: str, scale: float) -> list[str]:
    measurement = content.measurement
    return [
        measurement.verdict,
        f"Case {content.case.number}, made {content.created.isoformat(sep=' ', timespec='seconds')}",
        f"{system}, metres. A metre on the ground is {scale:.5f} m here;",
        "lengths taken from this drawing are not true to the ground, the texts are what was measured.",
        f"Heights: {Words('en').heights(content.height_reference)}. Intervals: 95 %.",
        *(f"{mark.letter}: {mark.note}" for mark in measurement.marks if mark.note.strip()),
        *(
            f"{figure.kind} {'-'.join(figure.letters)}: {figure.note}"
            for figure in measurement.figures
            if figure.note.strip()
        ),
    ]

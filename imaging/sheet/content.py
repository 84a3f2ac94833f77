"""What a scene sheet says and how it is asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np

from imaging.measure.figures import Measurement
from imaging.sheet.shortcomings import Shortcomings
from missions.errors import InputError, SettingsError
from missions.geodesy import LocalFrame
from missions.rdnap import Frame

SCALES = (100, 200, 250, 500, 1000)
PAPERS_MM = {"A4": (210, 297), "A3": (297, 420), "A2": (420, 594), "A1": (594, 841)}
LIMIT_MARKS, LIMIT_FIGURES, LIMIT_LINES, LIMIT_HASHES = 200, 200, 200, 300
LIMIT_TEXT = 2000
NOTHING_LACKING = Shortcomings()
Area = tuple[float, float, float, float]
"""West, south, east, north in metres of the scene's local frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the sheet belongs to, in words. `fields` are further lines: name and text."""

    number: str = ""
    place: str = ""
    when: str = ""
    drawn_by: str = ""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetAccuracy:
    """How good the scene is. Check points are those that took no part in the adjustment.

    `check_rmse_*_m` are None where none was measured. `scale_95_pct` is half the 95 % interval of the scale.
    """

    gsd_m: float
    reprojection_px: float
    photos_used: int
    photos_left_out: int
    control_points: int = 0
    scale_bars: int = 0
    check_points: int = 0
    check_rmse_horizontal_m: float | None = None
    check_rmse_vertical_m: float | None = None
    scale_95_pct: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetContent:
    """Everything that is printed. The same content gives the same bytes.

    `orthomosaic` is a GeoTIFF in UTM, north up. `frame` is the local frame of the marks. `hashes` are SHA-256
    by file name: what the scene was made from and what came of it; that of the orthomosaic is computed and
    added. `remarks` are printed in full, such as a speed from tyre marks with its assumptions. `reference`
    and `epoch_year` say what the positions are measured in; only the Dutch grid asks. `lacking` is what is
    printed of checks, of what was set aside and of photos that are not in the picture.
    """

    orthomosaic: Path
    measurement: Measurement
    frame: LocalFrame
    case: Case
    accuracy: SheetAccuracy
    created: datetime
    height_reference: str
    software: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    lacking: Shortcomings = NOTHING_LACKING
    reference: Frame | None = None
    epoch_year: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetOptions:
    """How the sheet is drawn. Raises SettingsError for a paper, scale or language that is not known.

    `scale` None takes the largest that holds `area`; `area` None takes all marks with some room, or the whole
    picture where there are none. `grid` "rd" labels the Dutch grid, by the RDNAPTRANS2018 grids in `grids`.
    """

    paper: str = "A3"
    orientation: Literal["auto", "landscape", "portrait"] = "auto"
    scale: int | None = None
    area: Area | None = None
    language: str = "en"
    grid: Literal["utm", "rd"] = "utm"
    grids: Path | None = None
    dpi: int = 300

    def __post_init__(self) -> None:
        known: tuple[tuple[str, object, tuple[object, ...]], ...] = (
            ("paper", self.paper, tuple(PAPERS_MM)),
            ("orientation", self.orientation, ("auto", "landscape", "portrait")),
            ("scale", self.scale, (None, *SCALES)),
            ("language", self.language, ("en", "nl")),
            ("grid", self.grid, ("utm", "rd")),
        )
        for name, value, allowed in known:
            if value not in allowed:
                words = ", ".join(str(item) for item in allowed if item is not None)
                raise SettingsError(f"{name} {value!r} is not known", remedy=f"Take one of {words}")
        if not 72 <= self.dpi <= 600:
            raise SettingsError(f"{self.dpi} dots an inch is not printed", remedy="Take 72 to 600")
        if self.area is not None:
            west, south, east, north = self.area
            if not (all(map(math.isfinite, self.area)) and west < east and south < north):
                raise SettingsError(
                    f"{self.area} is no area", remedy="Give west, south, east, north in metres, in that order"
                )


def check_content(content: SheetContent) -> None:
    """Raises InputError where the content cannot be printed whole, saying which part and why."""
    measurement = content.measurement
    for what, count, limit in (
        ("marks", len(measurement.marks), LIMIT_MARKS),
        ("figures", len(measurement.figures), LIMIT_FIGURES),
        ("lines of text", len(content.remarks) + len(content.case.fields), LIMIT_LINES),
        ("hashes", len(content.hashes), LIMIT_HASHES),
    ):
        if count > limit:
            raise InputError(f"{count} {what} do not go on one sheet", remedy=f"Give at most {limit}")
    _check_marks(measurement)
    _check_texts(content)
    if content.created.tzinfo is None:
        raise InputError("the time of the sheet has no offset", remedy="Give it with its offset from UTC")
    for name, sha256 in content.hashes.items():
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise InputError("this is no SHA-256", where=name, remedy="Give 64 digits, 0-9 and a-f")


def _check_marks(measurement: Measurement) -> None:
    letters = [mark.letter for mark in measurement.marks]
    for mark in measurement.marks:
        lettered = re.fullmatch(r"\S{1,6}", mark.letter) and mark.letter.isprintable()
        if not lettered or letters.count(mark.letter) > 1:
            raise InputError(
                "marks have letters of their own",
                where=repr(mark.letter),
                remedy="One to six characters each",
            )
        if not (np.shape(mark.local_m) == (3,) == np.shape(mark.sigma_m)) or not (
            np.isfinite(mark.local_m).all() and np.isfinite(mark.sigma_m).all() and (mark.sigma_m >= 0).all()
        ):
            raise InputError(
                "its position is not three finite numbers, each with its deviation",
                where=f"mark {mark.letter}",
            )
    for figure in measurement.figures:
        where = f"{figure.kind} {'-'.join(figure.letters)}"
        if unknown := set(figure.letters) - set(letters):
            raise InputError(f"there is no mark {min(unknown)!r}", where=where)
        if len(figure.letters) < (3 if figure.kind in {"area", "angle"} else 2):
            raise InputError("it has too few marks", where=where)
        if not (math.isfinite(figure.value) and math.isfinite(figure.half_width_95)):
            raise InputError("its value or its interval is not a finite number", where=where)
        if figure.half_width_95 < 0:
            raise InputError("its interval has a negative width", where=where)


def _check_texts(content: SheetContent) -> None:
    case = content.case
    texts = [
        *(case.number, case.place, case.when, case.drawn_by, content.height_reference),
        *(part for pair in case.fields for part in pair),
        *(part for table in (content.software, content.settings, content.hashes) for part in table),
        *content.software.values(),
        *content.settings.values(),
        *content.remarks,
        *(part for pair in (*content.lacking.set_aside, *content.lacking.left_out) for part in pair),
        *(check.name for check in content.lacking.checks),
        content.measurement.verdict,
        *(mark.note for mark in content.measurement.marks),
        *(figure.note for figure in content.measurement.figures),
    ]
    for text in texts:
        if len(text) > LIMIT_TEXT:
            raise InputError(
                f"a text of {len(text)} characters is too long for a sheet",
                where=f"{text[:30]}…",
                remedy=f"Give at most {LIMIT_TEXT}",
            )
    if not content.measurement.verdict.strip():
        raise InputError("there is no verdict to print", remedy="Say what the measurement is worth")

"""Searches whose end is known, read from a file: where he was, what flew over him, and whether he was found.

    {"format": "droneteam-search-outcomes",
     "cases": [{"recording": "flight.tlog", "camera": "dji-m30t-thermal", "lat_deg": 52.1, "lon_deg": 5.2,
                "cover": 0.3, "found": true}, ...]}

Recordings lie beside the file. `system`, `interval_s`, `fixed` and `straight_down` may be given as for
`search covered`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from imaging.searched.viewpoints import Looking, views_of_recording
from missions import catalogue
from missions.bounded_json import load_json
from missions.errors import FormatError, InputError
from missions.files import read_bounded
from missions.geodesy import GeoPoint, LocalFrame
from missions.plan_file import value_as
from missions.search.calibration import Cases, together
from missions.search.grid import SearchGrid
from missions.search.looks import Looks, Viewpoint, looks_of
from missions.search.seen_ground import SeenGround

FORMAT = "droneteam-search-outcomes"
LIMIT_BYTES = 20_000_000
MAX_CASES = 20_000
_PLACE_M = 0.01


@dataclass(frozen=True, slots=True)
class Outcome:
    """One search for one person, or dummy, of whom it is known where he was."""

    recording: str
    camera: str
    lat_deg: float
    lon_deg: float
    found: bool
    cover: float = 0.0
    system: int | None = None
    interval_s: float = 1.0
    fixed: bool = False
    straight_down: bool = False


def cases_in(path: Path, kind: str, catalogue_file: Path | None = None) -> Cases:
    """The searches of a file as looks at the people, all of one kind of looking.

    Raises FormatError and InputError, naming the case.
    """
    outcomes = read_outcomes(path)
    looks, covers = [], []
    for number, each in enumerate(outcomes):
        where = f"{path}, cases[{number}]"
        try:
            one = _looks(each, path.parent, kind, catalogue_file)
        except InputError as error:
            raise InputError(error.what, where=error.where or where, remedy=error.remedy) from error
        looks.append(one)
        covers.append(np.full(len(one), each.cover))
    found = np.array([each.found for each in outcomes], bool)
    return Cases(together(looks), np.concatenate(covers), found)


def read_outcomes(path: Path) -> tuple[Outcome, ...]:
    """The file's cases. Raises FormatError and InputError."""
    where = str(path)
    try:
        document = load_json(read_bounded(path, LIMIT_BYTES, "the file of outcomes").decode(), where)
    except UnicodeDecodeError as error:
        raise FormatError("is no JSON", where=where, remedy="Save it as UTF-8") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FormatError("holds no outcomes", where=where, remedy=f'Write "format": "{FORMAT}"')
    rows = document.get("cases")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_CASES:
        raise FormatError("has no cases, or too many", where=where, remedy=f"Give 1 to {MAX_CASES}")
    cases = []
    for number, row in enumerate(rows):
        place = f"cases[{number}]"
        if not isinstance(row, dict):
            raise FormatError(f"{place} is no case", where=where)
        complete = {**{field.name: field.default for field in _OPTIONAL}, **row}
        case = value_as(Outcome, complete, where, place)
        GeoPoint(case.lat_deg, case.lon_deg)
        if not (0 <= case.cover <= 1 and 0.05 <= case.interval_s <= 60):
            raise FormatError(f"{place} has a cover or an interval that is none", where=where)
        cases.append(case)
    return tuple(cases)


_OPTIONAL = tuple(f for f in dataclasses.fields(Outcome) if f.default is not dataclasses.MISSING)


def _looks(case: Outcome, folder: Path, kind: str, catalogue_file: Path | None) -> Looks:
    frame = LocalFrame(GeoPoint(round(case.lat_deg, 1), round(case.lon_deg, 1)))
    views = _views(
        folder / Path(case.recording).name,
        case.camera,
        kind,
        (case.system, case.interval_s, case.fixed, case.straight_down),
        frame,
        catalogue_file,
    )
    east, north = frame.local_from_geo([[case.lon_deg, case.lat_deg]])[0]
    here = SearchGrid(frame, east - _PLACE_M / 2, north + _PLACE_M / 2, _PLACE_M, 1, 1)
    return looks_of(views, here, SeenGround.level(frame, 0.0), per_side=1)


@cache
def _views(
    path: Path,
    camera: str,
    kind: str,
    how: tuple[int | None, float, bool, bool],
    frame: LocalFrame,
    catalogue_file: Path | None,
) -> tuple[Viewpoint, ...]:
    """A recording's frames, read once for all who lay below it."""
    system, interval_s, fixed, straight_down = how
    looking = Looking(
        catalogue.camera(camera, catalogue_file),
        kind,
        "fixed" if fixed else "stabilised",
        interval_s,
        straight_down=straight_down,
    )
    return tuple(views_of_recording(path, looking, frame, None, system).views)

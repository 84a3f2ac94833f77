"""OpenDroneMap's gcp_list.txt: a coordinate system, then one line a mark.

    EPSG:28992
    155000.12 463000.34 1.56 1204 871 DJI_0001.JPG P1

x (east) and y (north) come first in any system, z may be NaN, the columns are parted by blanks or tabs, the
seventh is the point's name and may be missing; points without names are told apart by their coordinates
(docs.opendronemap.org/gcp). The documentation does not say where a pixel lies. OpenSfM, which uses the marks,
adds a half to both (features.normalized_image_coordinates): a whole number is the middle of a pixel. In our
pixels, whose first has its centre at (0.5, 0.5), every mark therefore lies half a pixel further.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from imaging.control.lines import Complaints, name_from, number_from, read_lines, shown
from imaging.control.points import Listed, Mark, MarkedPoint
from missions.errors import FormatError

HALF_PX = 0.5
SIGMA_PX = 1.0
"""One standard deviation of a mark made by hand; the format has no column for it."""
LIMIT_POINTS = 10_000

_Place = tuple[float, float, float | None]


@dataclass
class _Point:
    """A point while its lines are gathered."""

    listed: Listed
    marks: dict[str, Mark] = field(default_factory=dict)


def read_gcp_list(path: Path) -> tuple[str, tuple[Listed, ...], tuple[MarkedPoint, ...]]:
    """The coordinate system as written, the points, and their marks in our pixels. Raises InputError."""
    lines = read_lines(path, "ground control")
    system = ""
    points: dict[str, _Point] = {}
    unnamed: dict[_Place, str] = {}
    complaints = Complaints(str(path))
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not system:
            system = stripped.strip("'\"")
            continue
        try:
            _take(stripped.split(), number, points, unnamed)
        except ValueError as error:
            complaints.add(number, str(error))
    complaints.settle()
    if len(points) > LIMIT_POINTS:
        raise FormatError(
            f"has {len(points)} points; at most {LIMIT_POINTS} are read", where=str(path), remedy="Divide it"
        )
    if not points:
        raise FormatError(
            "has no marks" if system else "is empty",
            where=str(path),
            remedy="The first line names the coordinate system, each other one is `x y z px py photo name`",
        )
    return (
        system,
        tuple(point.listed for point in points.values()),
        tuple(MarkedPoint(name, tuple(point.marks.values())) for name, point in points.items()),
    )


def _take(words: list[str], line: int, points: dict[str, _Point], unnamed: dict[_Place, str]) -> None:
    """One line more. Raises ValueError with what is wrong."""
    if len(words) < 6:
        raise ValueError(f"has {len(words)} columns and needs 6 or more: x y z px py photo name")
    x, y = number_from(words[0], "x"), number_from(words[1], "y")
    z = None if words[2].lower() == "nan" else number_from(words[2], "z")
    photo = name_from(words[5], "photo")
    mark = Mark(photo, number_from(words[3], "px") + HALF_PX, number_from(words[4], "py") + HALF_PX, SIGMA_PX)
    name = name_from(words[6]) if len(words) > 6 else _name_of((x, y, z), points, unnamed)
    point = points.setdefault(name, _Point(Listed(name, x, y, z, line=line)))
    seen = point.listed
    if (seen.x, seen.y, seen.z) != (x, y, z):
        raise ValueError(f"{shown(name)} has other coordinates in line {seen.line} (one name, one place)")
    if photo in point.marks:
        raise ValueError(f"{shown(name)} is marked in {shown(photo)} twice (keep one)")
    point.marks[photo] = mark


def _name_of(place: _Place, points: dict[str, _Point], unnamed: dict[_Place, str]) -> str:
    """The name of a point without one: that of its coordinates so far, else the next number."""
    if place not in unnamed:
        number = len(points) + 1
        while f"point {number}" in points:
            number += 1
        unnamed[place] = f"point {number}"
    return unnamed[place]

"""Where operators may ask a route to enter: the corners of the lanes' box, as they name them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon

from missions.coverage.lanes import along
from missions.errors import SettingsError

TAKE_OFF = "take-off"
_SHORT = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
_NAMES = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


@dataclass(frozen=True, slots=True)
class Corner:
    """A corner of an area: where it lies seen from the middle, and the place in the area nearest to it."""

    name: str
    place: npt.NDArray[np.float64]


def corners(area: Polygon | MultiPolygon, bearing_deg: float | None = None) -> tuple[Corner, ...]:
    """The four corners of the box round an area along lanes of a bearing, clockwise from north.

    Without a bearing the smallest box counts. Give a corner's `place` to `cover(..., enter_near=place)`.
    """
    if bearing_deg is None:
        box = shapely.get_coordinates(shapely.oriented_envelope(area))
        # The box of an area without width is a line or a point.
        box = shapely.get_coordinates(shapely.envelope(area)) if len(box) < 5 else box
        places = box[:4]
    else:
        east, north = along(bearing_deg)
        frame = np.array([[east, -north], [north, east]])
        west, low, right, high = shapely.transform(area, lambda points: points @ frame).bounds
        turned = np.array([[west, low], [west, high], [right, high], [right, low]])
        places = turned @ frame.T
    middle = places.mean(axis=0)
    away = places - middle
    azimuths = np.degrees(np.arctan2(away[:, 0], away[:, 1])) % 360
    found = []
    for index in np.argsort(np.round(azimuths, 6), kind="stable"):
        line = shapely.shortest_line(area, shapely.Point(places[index]))
        name = _NAMES[int((azimuths[index] + 22.5) // 45) % 8]
        found.append(Corner(name, np.asarray(shapely.get_coordinates(line)[0])))
    return tuple(found)


def entry_place(
    area: Polygon | MultiPolygon,
    asked: str,
    start: npt.NDArray[np.float64] | None,
    bearing_deg: float | None = None,
) -> npt.NDArray[np.float64]:
    """The place to enter near: `take-off`, or the corner that lies most towards n, ne, e, se, s, sw, w or nw.

    Raises SettingsError for anything else, and for `take-off` where there is no start.
    """
    word = asked.strip().lower()
    if word == TAKE_OFF and start is not None:
        return start
    names = {name: index for listed in (_SHORT, _NAMES) for index, name in enumerate(listed)}
    if word not in names:
        what = "needs a take-off point" if word == TAKE_OFF else "is no corner"
        raise SettingsError(
            f"the entry {asked!r} {what}",
            remedy="Give n, ne, e, se, s, sw, w or nw; or take-off, and where that is",
        )
    found = corners(area, bearing_deg)
    middle = np.mean([corner.place for corner in found], axis=0)
    towards = np.array(along(45.0 * names[word]))
    ahead = [float(np.dot(_unit(corner.place - middle), towards)) for corner in found]
    return found[int(np.argmax(np.round(ahead, 9)))].place


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(vector / max(1e-9, float(np.hypot(*vector))))

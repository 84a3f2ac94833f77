"""What QGroundControl planned as a whole: surveys, corridors, structures and landings.

Each tells what was asked; the items that it became stand in the mission, `first` to `last`. From a survey or
a corridor our own planner can plan anew: `area_from_survey` and `view_from_lanes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from missions.area import Area, Ring
from missions.camera import Camera
from missions.errors import FormatError, SettingsError
from missions.formats.rings import area_from_rings
from missions.geodesy import GeoPoint
from missions.view import View

HeightAbove = Literal["take-off", "amsl", "terrain"]


@dataclass(frozen=True, slots=True)
class Lanes:
    """What surveys and corridors share: how lanes are flown and pictures taken.

    `height_m` is above `height_above`. Lanes lie `spacing_m` apart, pictures `trigger_m`. The camera and its
    overlaps (per cent of the footprint) are None where the operator gave distances alone. Each lane begins
    and ends `turn_around_m` outside. `points` are the ends of the lanes in order.
    """

    height_m: float
    height_above: HeightAbove
    spacing_m: float
    trigger_m: float
    camera: Camera | None = None
    overlap_side_pct: float | None = None
    overlap_front_pct: float | None = None
    turn_around_m: float = 0.0
    trigger_in_turns: bool = False
    hover_and_capture: bool = False
    refly_90: bool = False
    pictures: int = 0
    points: tuple[GeoPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """Lanes over an area, at a bearing of `angle_deg`; `first` and `last` number its items."""

    border: Ring
    angle_deg: float
    lanes: Lanes
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Corridor:
    """Lanes along a line, over `width_m` in all."""

    line: tuple[GeoPoint, ...]
    width_m: float
    lanes: Lanes
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Structure:
    """Rings round a structure, `distance_m` from its border, one above the other.

    Heights are metres above the take-off point; a layer is `layer_m` high.
    """

    border: Ring
    distance_m: float
    bottom_m: float
    top_m: float
    layers: int
    layer_m: float
    gimbal_pitch_deg: float
    entrance_height_m: float
    trigger_m: float
    from_top: bool
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Landing:
    """A landing: down in circles over `approach`, or straight from it, to `place`.

    `radius_m` is below 0 for circles to the left, and 0 for none. Heights are metres above the take-off
    point, or above sea level where not `relative`.
    """

    vertical: bool
    approach: GeoPoint
    approach_height_m: float
    place: GeoPoint
    height_m: float
    radius_m: float
    relative: bool
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What a plan was made for: MAV_AUTOPILOT and MAV_TYPE, speeds in m/s; None where it does not say."""

    firmware: int | None = None
    kind: int | None = None
    cruise_speed_m_s: float | None = None
    hover_speed_m_s: float | None = None


def area_from_survey(survey: Survey, name: str = "Survey", where: str = "survey") -> Area:
    """The area of a survey. Raises AreaError where its border crosses itself."""
    return area_from_rings(name, [[[(point.lon_deg, point.lat_deg) for point in survey.border]]], where)


def view_from_lanes(lanes: Lanes, camera: Camera | None = None, height_agl_m: float | None = None) -> View:
    """Camera, height and overlaps of a survey, for our own planner.

    `camera` wins over the survey's own; the overlaps are then those at which lanes and pictures lie as far
    apart as asked. Raises SettingsError for a survey without a camera, or whose heights are above sea level,
    where none is given.
    """
    chosen = camera or lanes.camera
    if chosen is None:
        raise SettingsError("the survey names no camera", remedy="Give one from the catalogue")
    if height_agl_m is None and lanes.height_above == "amsl":
        raise SettingsError("the survey's heights are above sea level", remedy="Give a height above ground")
    height_m = lanes.height_m if height_agl_m is None else height_agl_m
    own = camera is None and height_agl_m is None
    if own and lanes.overlap_side_pct is not None and lanes.overlap_front_pct is not None:
        return View(chosen, height_m, lanes.overlap_side_pct, lanes.overlap_front_pct)
    across_m, along_m = chosen.footprint_m(height_m)
    if height_m <= 0 or lanes.spacing_m > across_m or lanes.trigger_m > along_m:
        raise SettingsError(
            f"from {height_m:.0f} m {chosen.name} sees {across_m:.0f} by {along_m:.0f} m:"
            f" less than lanes {lanes.spacing_m:.0f} m and pictures {lanes.trigger_m:.0f} m apart",
            remedy="Give a wider camera or a greater height",
        )
    return View(
        chosen,
        height_m,
        min(95.0, 100 * (1 - lanes.spacing_m / across_m)),
        min(95.0, 100 * (1 - lanes.trigger_m / along_m)),
    )


def only_survey(surveys: tuple[Survey, ...], where: str) -> Survey:
    """The one survey of a plan. Raises FormatError where there are none or several."""
    if len(surveys) == 1:
        return surveys[0]
    raise FormatError(
        f"holds {len(surveys)} surveys", where=where, remedy="Give a plan with one, or say which"
    )

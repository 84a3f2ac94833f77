"""Parallel track search (IAMSAR PS): lanes over a whole area, for when all of it is equally likely."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString

from missions.aircraft import Aircraft
from missions.coverage import Coverage, Settings, Swath, cover
from missions.coverage.route import Route
from missions.energy import turn_s
from missions.errors import AreaError, SettingsError
from missions.geodesy import LocalFrame, Points
from missions.patterns.path import Path, joined, path_of
from missions.patterns.pattern import Pattern, Shape
from missions.view import View
from missions.wind import Wind

NAME = "parallel-track"
TURN_CHORD_M = 2.0
"""Turns are flown along chords that lie no further from them than this."""


def parallel_track(
    shape: Shape,
    frame: LocalFrame,
    aircraft: Aircraft,
    view: View,
    *,
    angle_deg: float | None = None,
    start_m: npt.NDArray[np.float64] | None = None,
    where: str = "",
    wind: Wind | None = None,
    turn_margin_m: float | None = None,
) -> Pattern:
    """Lanes that cover the shape, flown in the order that takes least time.

    `angle_deg` is the lanes' bearing, None for the best. `start_m` is the take-off point in the frame; None
    starts at the border beside the first lane. An aircraft that cannot stop flies the curve of its turns,
    which leave the shape by `turn_margin_m` at most where that is possible. Raises AreaError, and
    SettingsError for an angle that is none.
    """
    angle = _angle(angle_deg)
    settings = _in_wind(_settings(aircraft, view, angle), aircraft, wind)
    coverage = _cover(shape, dataclasses.replace(settings, turn_margin_m=turn_margin_m), start_m, where)
    route = coverage.route
    if coverage.curve is None:
        path = path_of(route.points, view.height_agl_m, recording=route.recording, outside=route.outside)
    else:
        path = curved(route, coverage.curve.points, view.height_agl_m)
    return Pattern(
        name=NAME,
        frame=frame,
        shape=shape,
        path=dataclasses.replace(path, gimbal_pitch_deg=np.full(len(path), -90.0)),
        lanes=len(route.legs),
        spacing_m=coverage.grid.spacing_m,
        trigger_m=view.trigger_m,
        angle_deg=coverage.grid.bearing_deg,
        asked_angle_deg=angle,
        covered_pct=100 * coverage.seen,
        from_take_off=True,
        leaves_m=coverage.leaves_m,
    )


def _in_wind(settings: Settings, aircraft: Aircraft, wind: Wind | None) -> Settings:
    """What wind means for the choice: nothing to an aircraft that holds its ground speed."""
    if wind is None or aircraft.kind != "plane":
        return settings
    east, north = wind.motion_m_s
    return dataclasses.replace(
        settings, wind_east_m_s=east, wind_north_m_s=north, air_speed_m_s=aircraft.cruise_speed_m_s
    )


def curved(route: Route, curve: Points, height_agl_m: float) -> Path:
    """The curve of an aircraft that cannot stop, as places near enough for its autopilot to follow it."""
    paths: list[Path] = []
    at = 0
    for leg in route.legs:
        begin = _row_of(curve, leg[0], at)
        if begin > at:
            paths.append(path_of(_thinned(curve[at : begin + 1])[:-1], height_agl_m))
        paths.append(path_of(curve[begin : begin + 1], height_agl_m, recording=True))
        paths[-1].recording[:] = True
        at = _row_of(curve, leg[1], begin)
    paths.append(path_of(_thinned(curve[at:]), height_agl_m))
    return joined(paths)


def _row_of(curve: Points, place: Points, start: int) -> int:
    return start + int(np.argmin(np.hypot(*(curve[start:] - place).T)))


def _thinned(way: Points) -> Points:
    return shapely.get_coordinates(LineString(way).simplify(TURN_CHORD_M)) if len(way) > 2 else way


def _angle(angle_deg: float | None) -> float | None:
    if angle_deg is None:
        return None
    if not math.isfinite(angle_deg):
        raise SettingsError(
            f"an angle of {angle_deg} degrees is none", remedy="Give 0 to 180, from north clockwise"
        )
    return angle_deg % 180


def _settings(aircraft: Aircraft, view: View, angle_deg: float | None) -> Settings:
    return Settings(
        swath=Swath(width_m=view.spacing_m, reach_m=view.reach_m),
        turn_m=turn_s(aircraft) * aircraft.cruise_speed_m_s / 2,
        turn_radius_m=aircraft.turn_radius_m,
        bearing_deg=angle_deg,
    )


def _cover(shape: Shape, settings: Settings, start_m: npt.NDArray[np.float64] | None, where: str) -> Coverage:
    try:
        return cover(shape, settings, start_m, from_border=True)
    except AreaError as error:
        raise AreaError(f"the area {error.what}", where=error.where or where, remedy=error.remedy) from error

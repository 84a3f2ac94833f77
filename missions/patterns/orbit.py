"""Point orbit: round a place with the camera on it, at one height or several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry

from missions.aircraft import Aircraft
from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.patterns.figures import few_enough, placed, within
from missions.patterns.oblique import Oblique
from missions.patterns.path import Path, joined, path_of
from missions.patterns.pattern import Pattern
from missions.patterns.runs import covered_pct
from missions.view import HIGHEST_M, LOWEST_M, View

NAME = "orbit"
DEFAULT_EVERY_DEG = 15.0
_SAME_M = 0.01
_MOST_TURNS = 255
_ARC_DEG = 20.0


def orbit(
    centre: GeoPoint,
    view: View,
    *,
    radius_m: float,
    turns: float = 1.0,
    clockwise: bool = True,
    heights_agl_m: Sequence[float] = (),
    look_at_height_m: float = 0.0,
    picture_every_deg: float = DEFAULT_EVERY_DEG,
    native: bool = False,
    start_m: npt.NDArray[np.float64] | None = None,
    aircraft: Aircraft | None = None,
) -> Pattern:
    """Circles round a place, a picture of it every `picture_every_deg` degrees.

    `heights_agl_m` are flown one after another, none given for the view's. The camera looks at the place
    `look_at_height_m` above ground. The circle is entered where it is touched by the way from `start_m` (the
    take-off point in metres east and north of the centre), else in the north. `native` leaves the circling
    to the autopilot's own loiter turns; whole turns then. A plane flies whole turns so in any case, and takes
    its pictures by distance, as it does on parts of a turn. The pattern's ground is the circle; its figures
    hold slant range, GSD and pixels on a person from each place. Raises SettingsError.
    """
    radius = within(radius_m, "a radius", 3.0, 5_000.0)
    step_deg = within(picture_every_deg, "a step", 1.0, 45.0, "degrees")
    rounds = within(turns, "turns, a number", 0.05, 100.0, "")
    heights = [
        within(height, "a height", LOWEST_M, HIGHEST_M) for height in heights_agl_m or (view.height_agl_m,)
    ]
    target_m = within(look_at_height_m, "a height looked at", -100.0, 500.0)
    _check_circle(radius, rounds, native, aircraft)
    looks = [_look(view, height, target_m, radius) for height in heights]
    entry_deg = entry_bearing_deg(radius, start_m, clockwise)
    few_enough(len(heights) * 360 / step_deg * rounds, "Ask for fewer turns or pictures")
    flies_on = aircraft is not None and aircraft.turn_radius_m > 0
    native = native or (flies_on and rounds == int(rounds) <= _MOST_TURNS)
    make = _loiter if native else _arc if flies_on else _waypoints
    circles = [
        _Circle(radius, rounds, clockwise, entry_deg, step_deg, height, target_m, look.down_deg)
        for height, look in zip(heights, looks, strict=True)
    ]
    ground = Point(0, 0).buffer(radius, quad_segs=32)
    around = circles[0].places(turns=min(rounds, 1.0))
    seen = shapely.union_all([_seen(look, around) for look in looks], grid_size=0.001)
    farthest = max(looks, key=lambda look: look.slant_m)
    figures = {
        "radius_m": radius,
        "turns": rounds,
        "clockwise": float(clockwise),
        "look_at_height_m": target_m,
        "picture_every_deg": step_deg,
        "native": float(native),
        "entry_bearing_deg": round(entry_deg, 3),
        "gimbal_pitch_deg": round(-farthest.down_deg, 2),
        "slant_range_m": round(farthest.slant_m, 2),
        "oblique_gsd_m": round(farthest.gsd_m, 5),
        "oblique_person_px": round(farthest.person_px, 2),
    }
    named = {f"height_{number}_agl_m": height for number, height in enumerate(heights, 1)}
    return placed(
        Pattern(
            name=NAME,
            frame=LocalFrame(centre),
            shape=ground,
            path=joined([make(circle) for circle in circles]),
            lanes=len(heights),
            spacing_m=view.spacing_m,
            trigger_m=circles[0].apart_m,
            angle_deg=entry_deg,
            covered_pct=covered_pct(ground, seen),
            figures={**figures, **named},
        )
    )


def entry_bearing_deg(
    radius_m: float, start_m: npt.NDArray[np.float64] | None, clockwise: bool = True
) -> float:
    """Where the circle is entered, degrees from its centre: where the way from the start runs into it.

    >>> round(entry_bearing_deg(50, np.array([0.0, 100.0])), 6)
    60.0
    """
    if start_m is None:
        return 0.0
    east, north = (float(value) for value in np.asarray(start_m).reshape(2))
    away_m = math.hypot(east, north)
    if away_m < _SAME_M:
        return 0.0
    towards = math.degrees(math.atan2(east, north))
    if away_m <= radius_m:
        return towards % 360
    aside = math.degrees(math.acos(radius_m / away_m))
    return (towards + aside if clockwise else towards - aside) % 360


def _check_circle(radius_m: float, turns: float, native: bool, aircraft: Aircraft | None) -> None:
    turn_radius_m = 0.0 if aircraft is None else aircraft.turn_radius_m
    if radius_m < turn_radius_m:
        raise SettingsError(
            f"a circle of {radius_m:.0f} m is tighter than the aircraft turns ({turn_radius_m:.0f} m)",
            remedy=f"Give {turn_radius_m:.0f} m or more, or fly a copter",
        )
    if native and (turns != int(turns) or turns > _MOST_TURNS):
        raise SettingsError(
            f"an autopilot's own circles are whole turns and not {turns:g}",
            remedy="Give whole turns, 255 at most",
        )


def _look(view: View, height_agl_m: float, target_m: float, radius_m: float) -> Oblique:
    above_m = height_agl_m - target_m
    if above_m <= 0:
        raise SettingsError(
            f"at {height_agl_m:g} m the camera is not above what it looks at ({target_m:g} m)",
            remedy="Fly higher, or look at a lower place",
        )
    return Oblique(view.camera, above_m, math.degrees(math.atan2(above_m, radius_m)))


@dataclass(frozen=True, slots=True)
class _Circle:
    """Turns at one height from an entry on, a picture every `step_deg`, the camera `down_deg` below level."""

    radius_m: float
    turns: float
    clockwise: bool
    entry_deg: float
    step_deg: float
    height_agl_m: float
    target_m: float
    down_deg: float

    @property
    def camera(self) -> dict[str, Any]:
        """A path's columns with the camera on the middle."""
        return {"look_at": (0.0, 0.0, self.target_m), "gimbal_pitch_deg": -self.down_deg}

    @property
    def apart_m(self) -> float:
        """Metres flown from picture to picture."""
        return math.radians(self.step_deg) * self.radius_m

    def places(self, *, turns: float | None = None, step_deg: float | None = None) -> Points:
        """Places on it, a step apart or a little less, from the entry on, (n, 2)."""
        swept_deg = 360 * (self.turns if turns is None else turns)
        count = max(1, math.ceil(swept_deg / (step_deg or self.step_deg) - 1e-9))
        angle = np.arange(count + 1) * np.radians(swept_deg) / count
        angle = math.radians(self.entry_deg) + (angle if self.clockwise else -angle)
        return self.radius_m * np.column_stack([np.sin(angle), np.cos(angle)])


def _waypoints(circle: _Circle) -> Path:
    points = circle.places()
    pictures = np.ones(len(points), dtype=bool)
    # Where the circle closes the first picture was taken already.
    pictures[-1] = math.dist(points[0], points[-1]) > _SAME_M
    return path_of(points, circle.height_agl_m, picture=pictures, **circle.camera)


def _arc(circle: _Circle) -> Path:
    """Places on the circle with pictures taken by distance: nothing is to be done at a place itself."""
    places = circle.places(step_deg=max(circle.step_deg, _ARC_DEG))
    return path_of(places, circle.height_agl_m, recording=True, trigger_m=circle.apart_m, **circle.camera)


def _loiter(circle: _Circle) -> Path:
    """The entry, from where on the camera looks and records, and the circles themselves."""
    entry = circle.places()[:1]
    begin = path_of(entry, circle.height_agl_m, trigger_m=circle.apart_m, **circle.camera)
    begin.recording[-1] = True
    circles = path_of(
        np.zeros((1, 2)),
        circle.height_agl_m,
        orbit_turns=circle.turns,
        orbit_radius_m=circle.radius_m if circle.clockwise else -circle.radius_m,
        gimbal_pitch_deg=-circle.down_deg,
    )
    return joined([begin, circles])


def _seen(look: Oblique, around: Points) -> BaseGeometry:
    """The ground that pictures of the middle from these places see."""
    footprints = [
        Polygon(look.footprint(place, math.degrees(math.atan2(-place[0], -place[1])))) for place in around
    ]
    return shapely.union_all(footprints, grid_size=0.001)

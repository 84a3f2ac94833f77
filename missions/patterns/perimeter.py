"""Perimeter patrol: along the border of an area, inside it or outside, lap after lap."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LinearRing, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from missions.aircraft import Aircraft
from missions.coverage.inside import Inside
from missions.errors import AreaError, SettingsError
from missions.geodesy import LocalFrame, Points
from missions.patterns.figures import few_enough, placed, whole, within
from missions.patterns.oblique import Oblique
from missions.patterns.path import Path, path_of
from missions.patterns.pattern import Pattern, Shape
from missions.patterns.runs import covered_pct, ground_seen, legs_flown, path_of_runs, recorded_legs
from missions.patterns.ways import led_from, ways_over
from missions.view import View

NAME = "perimeter"
LOOKS = ("down", "inwards", "outwards")
DEFAULT_LOOK_DOWN_DEG = 45.0
MAX_LAPS = 200
_TOLERANCE = 0.01
_SMALLEST_M2 = 4.0


def perimeter(
    shape: Shape,
    frame: LocalFrame,
    view: View,
    *,
    inset_m: float = 0.0,
    laps: int = 1,
    clockwise: bool = True,
    look: str = "down",
    look_down_deg: float = DEFAULT_LOOK_DOWN_DEG,
    start_m: npt.NDArray[np.float64] | None = None,
    aircraft: Aircraft | None = None,
) -> Pattern:
    """Laps along the border, `inset_m` inside it (below 0: outside).

    Where the inset divides the area every piece is flown round in turn. `look` is "down", "inwards" or
    "outwards", the last two `look_down_deg` below the horizon with the aircraft's nose the same way, which a
    plane cannot. Each ring begins at its place nearest to `start_m` (the take-off point in the frame), then
    to where the last ended. The pattern's ground is the strip along the border that is to be seen; its figure
    `border_seen_pct` tells how much of the border itself is. Raises AreaError where the inset leaves nothing.
    """
    inset = within(inset_m, "an inset", -2_000.0, 2_000.0)
    rounds = whole(laps, "laps, a number", 1, MAX_LAPS)
    room = shape if inset >= 0 else shape.buffer(0.01 - inset, quad_segs=8)
    _check_look(look, aircraft)
    rings = _rings(shape, inset, _TOLERANCE * view.spacing_m)
    few_enough(rounds * sum(map(len, rings)), "Simplify the border, or ask for fewer laps")
    runs = [_laps(ring, rounds) for ring in _from_start(rings, start_m, clockwise)]
    turn_radius_m = 0.0 if aircraft is None else aircraft.turn_radius_m
    path = path_of_runs(runs, view, ways_over(room), corners=turn_radius_m == 0)
    sight = None if look == "down" else Oblique(view.camera, view.height_agl_m, look_down_deg)
    trigger_m = view.trigger_m
    if sight is not None:
        path, trigger_m = _looking(path, sight, look, clockwise, view)
    legs, _ = legs_flown(path, view, turn_radius_m)
    ground = _strip(path, view, sight)
    seen = ground_seen(path, view, legs) if sight is None else _seen_aside(path, sight)
    border = shape.boundary
    inside = inset >= 0 and start_m is not None
    figures = {
        "inset_m": inset,
        "laps": float(rounds),
        "clockwise": float(clockwise),
        "rings": float(len(rings)),
        "border_seen_pct": round(100 * border.intersection(seen).length / border.length, 2),
    }
    return placed(
        Pattern(
            name=NAME,
            frame=frame,
            shape=ground,
            path=led_from(path, Inside(shape), start_m) if inside else path,
            lanes=len(rings) * rounds,
            spacing_m=view.spacing_m,
            trigger_m=trigger_m,
            covered_pct=covered_pct(ground, seen),
            from_take_off=inside,
            figures={**figures, **_sight_figures(sight, look)},
        )
    )


def _check_look(look: str, aircraft: Aircraft | None) -> None:
    if look not in LOOKS:
        raise SettingsError(f"{look[:20]!r} is no way to look", remedy=f"Give one of {', '.join(LOOKS)}")
    if look != "down" and aircraft is not None and aircraft.kind == "plane":
        raise SettingsError("a plane's nose cannot look aside", remedy="Look down, or fly a copter")


def _rings(shape: Shape, inset_m: float, tolerance_m: float) -> list[Points]:
    """The rings to fly, without their repeated last place, the largest first."""
    # Insets keep corners, outsets round them: so every place is as far from the border as asked.
    room = shape.buffer(-inset_m, join_style="mitre" if inset_m > 0 else "round", quad_segs=4)
    parts = [part for part in shapely.get_parts(room) if isinstance(part, Polygon)]
    parts = sorted((part for part in parts if part.area > _SMALLEST_M2), key=lambda part: -part.area)
    if not parts:
        raise AreaError(
            f"{inset_m:g} m inside its border nothing is left of the area", remedy="Give a smaller inset"
        )
    return [_simple(LinearRing(part.exterior), tolerance_m) for part in parts]


def _simple(ring: LinearRing, tolerance_m: float) -> Points:
    places = shapely.get_coordinates(ring.simplify(tolerance_m))
    return np.asarray((places if len(places) > 3 else shapely.get_coordinates(ring))[:-1])


def _from_start(
    rings: list[Points], start_m: npt.NDArray[np.float64] | None, clockwise: bool
) -> list[Points]:
    """Each ring from its place nearest to where the aircraft comes from, all in one sense, closed."""
    here = None if start_m is None else np.asarray(start_m).reshape(2)
    found = []
    left = list(rings)
    while left:
        ring = left.pop(0 if here is None else min(range(len(left)), key=_away_from(left, here)))
        if here is not None:
            ring = np.roll(ring, -int(np.argmin(np.hypot(*(ring - here).T))), axis=0)
        closed = np.concatenate([ring, ring[:1]])
        if Polygon(closed).exterior.is_ccw == clockwise:
            closed = closed[::-1]
        found.append(closed)
        here = closed[-1]
    return found


def _away_from(rings: list[Points], here: Points) -> Callable[[int], float]:
    return lambda number: float(np.hypot(*(rings[number] - here).T).min())


def _laps(ring: Points, laps: int) -> Points:
    return np.concatenate([ring, *([ring[1:]] * (laps - 1))])


def _looking(path: Path, sight: Oblique, look: str, clockwise: bool, view: View) -> tuple[Path, float]:
    """The path with nose and camera to one side on every leg, and how far apart pictures are then taken."""
    steps = np.diff(path.points, axis=0, append=path.points[-1:])
    course = np.degrees(np.arctan2(steps[:, 0], steps[:, 1]))
    right = clockwise == (look == "inwards")
    aside = (course + (90.0 if right else -90.0)) % 360
    heading = np.where(path.recording, aside, np.nan)
    apart_m = sight.near_width_m * (1 - view.overlap_front_pct / 100)
    looking = path_of(
        path.points,
        path.height_agl_m,
        recording=path.recording,
        outside=path.outside,
        heading_deg=heading,
        gimbal_pitch_deg=-sight.down_deg,
        picture=path.recording,
    )
    return looking, apart_m


def _strip(path: Path, view: View, sight: Oblique | None) -> Shape:
    """The ground along the rings that is to be seen."""
    if sight is None:
        lines = shapely.linestrings(recorded_legs(path))
        strip: BaseGeometry = shapely.line_merge(shapely.union_all(lines)).buffer(
            view.spacing_m / 2, join_style="mitre", cap_style="flat"
        )
    else:
        strip = _seen_aside(path, sight)
    parts = [part for part in shapely.get_parts(strip) if isinstance(part, Polygon) and not part.is_empty]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _seen_aside(path: Path, sight: Oblique) -> BaseGeometry:
    """The ground seen to one side: what lies between the near and far edges along each leg."""
    strips = []
    for row in np.flatnonzero(path.recording):
        a, b = path.points[row], path.points[row + 1]
        if math.dist(a, b) < 0.01:
            continue
        heading = float(path.heading_deg[row])
        near_a, near_b = sight.footprint(a, heading), sight.footprint(b, heading)
        strips.append(Polygon(near_a).union(Polygon(near_b)).convex_hull)
    return shapely.union_all(strips, grid_size=0.001)


def _sight_figures(sight: Oblique | None, look: str) -> dict[str, float]:
    if sight is None:
        return {}
    return {
        "looks_inwards": float(look == "inwards"),
        "gimbal_pitch_deg": -sight.down_deg,
        "slant_range_m": round(sight.slant_m, 2),
        "oblique_gsd_m": round(sight.gsd_m, 5),
        "oblique_person_px": round(sight.person_px, 2),
    }

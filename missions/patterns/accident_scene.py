"""Accident scene: a nadir grid for the plan to scale, and rings of slanting pictures for what stands upright.

The scene is a place and a radius, or the marked area: skid marks, wrecks, debris. A compact scene gets
circles; a long one, such as skid marks along a road, gets a ring round its middle line, so that both ends are
seen as sharply as the middle. Pictures are taken standing, every few degrees, towards the middle line.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from missions.aircraft import Aircraft
from missions.area import Area, Part
from missions.errors import AreaError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.local import frame_of, local_from_area, local_from_ring
from missions.no_fly import MARGIN_M, zones_in
from missions.patterns.exposures import exposures_of, ground_samples, seen_counts
from missions.patterns.figures import placed, whole, within
from missions.patterns.path import Floats, Path, joined, path_of
from missions.patterns.pattern import Pattern, Shape
from missions.patterns.photo_grid import COARSEST, NADIR, Shooting, photo_grid
from missions.patterns.weave import recorded_only
from missions.view import View

NAME = "accident-scene"
SECOND_RING = 1.5
LOOK_AT_HEIGHT_M = 1.0
"""Half a van: what slanting pictures are for stands above the ground."""
_COMPACT = 1.5
_CLEAR_M = 5.0
_RING_SPEED_M_S = 5.0
_TURN_IN_S = 3.0
_BOTH = 3
_STRAIGHT_OVERLAP = 0.8
"""Of neighbouring pictures along the straight sides of a ring, at what they look at."""


@dataclass(frozen=True, slots=True)
class Rings:
    """How the slanting pictures are taken.

    `heights_m` above ground, one ring each; None for two that look down at 45 degrees and steeper, the lower
    no lower than the grid. `offset_m` from the scene's middle; None for 45 degrees at the lowest ring, or
    further where the scene is wider.
    `step_deg` between pictures as seen from the middle, unless `pictures` says how many a ring takes.
    `stop_s` is waited before each picture. Raises SettingsError.
    """

    heights_m: tuple[float, ...] | None = None
    offset_m: float | None = None
    step_deg: float = 10.0
    pictures: int | None = None
    stop_s: float = 1.0

    def __post_init__(self) -> None:
        for height_m in self.heights_m or ():
            within(height_m, "a ring height", 5.0, 500.0)
        whole(len(self.heights_m or ()), "a number of rings", 0, 4)
        within(self.step_deg, "a step", 2.0, 45.0, "degrees")
        within(self.stop_s, "a stop", 0.0, 30.0, "seconds")
        if self.offset_m is not None:
            within(self.offset_m, "a ring's distance", 5.0, 1000.0)
        if self.pictures is not None:
            whole(self.pictures, "a number of pictures a ring", 8, 360)


TWO_RINGS = Rings()


def accident_scene(
    scene: GeoPoint | Area,
    aircraft: Aircraft,
    view: View,
    *,
    radius_m: float | None = None,
    margin_m: float = 5.0,
    rings: Rings = TWO_RINGS,
    crosshatch: bool = False,
    border_pictures: int = 5,
    shooting: Shooting = NADIR,
    take_off: GeoPoint | None = None,
    no_fly: Sequence[Part] = (),
) -> Pattern:
    """A nadir grid over the scene and a margin, then the rings, lowest first.

    A place needs `radius_m`; a marked area takes none. What lies in a no-fly zone or beside it is left out:
    lanes end there, pictures of a ring are dropped, and the figures say how many. `take_off` only chooses
    where the flight begins. Raises AreaError and SettingsError; a plane cannot stop for a picture.
    """
    if aircraft.kind == "plane":
        raise SettingsError(
            f"{aircraft.name} cannot stop for a picture", remedy="Fly the scene with a copter"
        )
    frame, ground = _ground(scene, radius_m, within(margin_m, "a margin", 0.0, 200.0))
    zones = zones_in(frame, no_fly)
    keep_out = zones if zones.is_empty else zones.buffer(MARGIN_M, join_style="mitre")
    start = None if take_off is None else local_from_ring([take_off], frame)[0]
    grid = photo_grid(
        ground,
        frame,
        aircraft,
        view,
        crosshatch=crosshatch,
        start_m=start,
        border_pictures=border_pictures,
        shooting=shooting,
        keep_out=keep_out,
    )
    spine = spine_of(ground)
    nadir = recorded_only(grid.path)
    flown, dropped = _rings(spine, ground, view, rings, nadir, keep_out)
    figures = {**grid.figures, **_figures(spine, ground, view, rings, nadir, flown)}
    figures |= {"ring_pictures_dropped": float(dropped), "margin_m": margin_m}
    if radius_m is not None:
        figures["radius_m"] = radius_m
    pattern = dataclasses.replace(
        grid, name=NAME, path=joined([nadir, *flown]), from_take_off=False, figures=figures
    )
    return placed(pattern)


def spine_of(ground: BaseGeometry) -> Point | LineString:
    """The middle that ring pictures look at: a point for a compact scene, the middle line of a long one."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(ground.convex_hull))
    sides = np.diff(corners[:3], axis=0)
    lengths = np.hypot(*sides.T)
    long, short = (0, 1) if lengths[0] >= lengths[1] else (1, 0)
    if lengths[long] < _COMPACT * lengths[short]:
        return Point(shapely.minimum_bounding_circle(ground).centroid)
    middle = corners[:4].mean(axis=0)
    half = sides[long] / lengths[long] * (lengths[long] - lengths[short]) / 2
    return LineString([middle - half, middle + half])


def slant_gsd_m(view: View, height_m: float, level_m: float, ground_m: float) -> float:
    """Metres a pixel, the coarser of across and along, on ground `ground_m` from below the camera.

    The camera looks at a place on the ground `level_m` away. A ray at angle t from straight down, the optical
    axis at t0, meets the picture at f tan(t - t0) and the ground at h tan(t); the quotient of the
    derivatives is the scale along the line of sight, depth / f that across it.
    """
    ray, axis = math.atan2(ground_m, height_m), math.atan2(level_m, height_m)
    pixel = view.camera.gsd_m(1.0)
    depth_m = height_m / math.cos(ray) * math.cos(ray - axis)
    along = (height_m**2 + ground_m**2) / height_m * math.cos(ray - axis) ** 2
    return pixel * max(depth_m, along)


def _ground(scene: GeoPoint | Area, radius_m: float | None, margin_m: float) -> tuple[LocalFrame, Shape]:
    if isinstance(scene, GeoPoint):
        if radius_m is None:
            raise SettingsError("a scene's place has no size", remedy="Give its radius in metres, such as 25")
        size_m = within(radius_m, "a scene's radius", 2.0, 300.0)
        return LocalFrame(scene), Point(0.0, 0.0).buffer(size_m + margin_m, quad_segs=16)
    if radius_m is not None:
        raise SettingsError("a marked area has its own size", remedy="Leave the radius out")
    frame = frame_of(scene)
    ground = shapely.union_all([local_from_area(scene, frame)]).convex_hull.buffer(margin_m, quad_segs=8)
    if ground.length > 3000.0:
        raise AreaError(
            f"the scene is {ground.length / 2:.0f} m long",
            remedy="Mark the scene itself, or plan a photo grid",
        )
    return frame, ground


def ring_places(spine: Point | LineString, offset_m: float, rings: Rings, straight_m: float) -> Points:
    """Where a ring's pictures are taken, clockwise, (n, 2): every step of an arc, `straight_m` on a straight.

    Evenly apart all round where the number of pictures was asked.
    """
    ends = shapely.get_coordinates(spine)[[0, -1]]
    if rings.pictures is not None:
        outline = _outline(ends, offset_m, 180, 1.0)
        return _evenly(np.vstack([outline, outline[:1]]), rings.pictures)
    return _outline(ends, offset_m, math.ceil(180 / rings.step_deg - 1e-9), straight_m)


def _outline(ends: Points, offset_m: float, arc: int, straight_m: float) -> Points:
    """A stadium round two ends, or a circle where they are one: `arc` places on each half circle."""
    line = ends[1] - ends[0]
    length_m = float(np.hypot(*line))
    heading = math.atan2(line[0], line[1]) if length_m > 0 else math.pi / 2
    count = math.ceil(length_m / straight_m - 1e-9) if length_m > 0 else 0
    places = []
    for begin, end, along in ((ends[0], ends[1], heading), (ends[1], ends[0], heading + math.pi)):
        # To the left of the way there, then round its end.
        left = offset_m * np.array([math.sin(along - math.pi / 2), math.cos(along - math.pi / 2)])
        places += [begin + left + (end - begin) * number / count for number in range(count)]
        turns = along - math.pi / 2 + np.arange(arc) * math.pi / arc
        places += list(end + offset_m * np.column_stack([np.sin(turns), np.cos(turns)]))
    return np.array(places)


def _evenly(line: Points, count: int) -> Points:
    at_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    wanted = np.arange(count) * at_m[-1] / count
    return np.column_stack([np.interp(wanted, at_m, line[:, axis]) for axis in (0, 1)])


def heights_of(
    spine: Point | LineString, ground: BaseGeometry, view: View, rings: Rings
) -> tuple[float, ...]:
    """The rings' heights above ground, lowest first."""
    if rings.heights_m is not None:
        return tuple(sorted(rings.heights_m))
    away_m = rings.offset_m or half_width_m(spine, ground) + _CLEAR_M
    lowest_m = max(view.height_agl_m, math.ceil(away_m + LOOK_AT_HEIGHT_M))
    return lowest_m, SECOND_RING * lowest_m


def offset_of(spine: Point | LineString, ground: BaseGeometry, view: View, rings: Rings) -> float:
    """How far from the middle the rings lie."""
    if rings.offset_m is not None:
        return rings.offset_m
    lowest_m = min(heights_of(spine, ground, view, rings), default=0.0)
    return max(half_width_m(spine, ground) + _CLEAR_M, lowest_m - LOOK_AT_HEIGHT_M)


def half_width_m(spine: Point | LineString, ground: BaseGeometry) -> float:
    """How far the ground reaches from its middle."""
    return float(shapely.hausdorff_distance(ground.convex_hull, spine))


def _rings(
    spine: Point | LineString, ground: Shape, view: View, rings: Rings, nadir: Path, keep_out: BaseGeometry
) -> tuple[list[Path], int]:
    """The rings as paths, and how many of their pictures the zones took."""
    heights_m = heights_of(spine, ground, view, rings)
    if not heights_m:
        return [], 0
    offset_m = offset_of(spine, ground, view, rings)
    across_m = view.camera.footprint_m(math.hypot(offset_m, heights_m[0]))[0]
    places = ring_places(spine, offset_m, rings, across_m * (1 - _STRAIGHT_OVERLAP))
    kept = places if keep_out.is_empty else places[~shapely.intersects_xy(keep_out, *places.T)]
    if not len(kept):
        raise AreaError("the no-fly zones leave no place for the ring", remedy="Fly the grid without rings")
    found, last = [], nadir.points[-1]
    for height_m in heights_m:
        begin = int(np.argmin(np.hypot(*(kept - last).T)))
        stops = np.roll(kept, -begin, axis=0)
        found.append(_ring(stops, height_m, spine, rings))
        last = stops[-1]
    return found, (len(places) - len(kept)) * len(heights_m)


def _ring(stops: Points, height_m: float, spine: Point | LineString, rings: Rings) -> Path:
    """A wait at the first stop until nose and gimbal point at the scene, then a picture at each stop."""
    places = np.vstack([stops[:1], stops])
    targets = _targets(places, spine)
    level_m = np.hypot(*(targets[:, :2] - places).T)
    entering = np.arange(len(places)) == 0
    return path_of(
        places,
        height_m,
        speed_m_s=_RING_SPEED_M_S,
        hold_s=np.where(entering, _TURN_IN_S, rings.stop_s),
        look_at=targets,
        gimbal_pitch_deg=-np.degrees(np.arctan2(height_m - LOOK_AT_HEIGHT_M, level_m)),
        picture=~entering,
    )


def _targets(places: Points, spine: Point | LineString) -> Floats:
    """The place on the middle line nearest to each stop, (n, 3), a little above ground."""
    nearest = np.array([nearest_points(spine, Point(place))[0].coords[0] for place in places])
    return np.column_stack([nearest, np.full(len(places), LOOK_AT_HEIGHT_M)])


def _figures(
    spine: Point | LineString, ground: Shape, view: View, rings: Rings, nadir: Path, flown: Sequence[Path]
) -> dict[str, float]:
    places = ground_samples(ground)
    coarsest_m = COARSEST * view.gsd_m
    above = seen_counts(exposures_of(nadir, view.trigger_m), view.camera, places, coarsest_m)
    aside = np.zeros(len(places), np.int64)
    offset_m = offset_of(spine, ground, view, rings)
    half_m = half_width_m(spine, ground)
    figures = {"nadir_pictures": float(len(exposures_of(nadir, view.trigger_m)))}
    for number, (ring, height_m) in enumerate(
        zip(flown, heights_of(spine, ground, view, rings), strict=True), start=1
    ):
        aside += seen_counts(exposures_of(ring, view.trigger_m), view.camera, places, coarsest_m)
        near_m, far_m = max(0.0, offset_m - half_m), offset_m + half_m
        figures |= {
            f"ring_{number}_height_m": height_m,
            f"ring_{number}_pictures": float(ring.picture.sum()),
            f"ring_{number}_pitch_deg": round(float(ring.gimbal_pitch_deg.mean()), 1),
            f"ring_{number}_gsd_near_m": round(slant_gsd_m(view, height_m, offset_m, near_m), 5),
            f"ring_{number}_gsd_far_m": round(slant_gsd_m(view, height_m, offset_m, far_m), 5),
        }
    if flown:
        both = float(np.mean((above >= _BOTH) & (aside >= _BOTH)))
        figures |= {
            "ring_offset_m": round(offset_m, 2),
            "ring_gap_m": round(_widest_gap_m(flown[0]), 1),
            "pictures_aside_min": float(aside.min()),
            "pictures_aside_median": float(np.median(aside)),
            "seen_from_above_and_aside_pct": round(100 * both, 1),
        }
    figures["pictures"] = figures["nadir_pictures"] + sum(float(ring.picture.sum()) for ring in flown)
    return figures


def _widest_gap_m(ring: Path) -> float:
    """The widest step between neighbouring pictures of a ring."""
    stops = ring.points[ring.picture]
    return float(np.hypot(*(np.roll(stops, -1, axis=0) - stops).T).max())

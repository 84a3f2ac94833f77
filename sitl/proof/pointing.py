"""Pictures that do not show what they were to be taken of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from missions.geodesy import LocalFrame
from missions.local import local_from_ring
from missions.plan import Plan, Waypoint
from sitl.proof.cover import in_picture, pictures_of
from sitl.proof.recording import Floats, Recorded


def astray(recorded: Recorded, plan: Plan, frame: LocalFrame) -> int:
    """How many pictures, of those taken where the plan has the camera on a place, do not show that place."""
    rows = pictures_of(recorded)
    taking = [index for index, row in enumerate(plan.route) if row.recording or row.picture]
    if not len(rows) or not any(plan.route[index].look_at for index in taking):
        return 0
    places = np.column_stack([frame.local_from_geo(rows[:, 1:3]), rows[:, 3]])
    legs = _legs(places, plan, taking, frame)
    missed = 0
    for index in set(legs.tolist()):
        look = plan.route[index].look_at
        if look is None:
            continue
        target = np.append(local_from_ring([look.place], frame)[0], look.height_relative_m)
        shown = in_picture(target[None, :], places, rows[:, 4:6], plan.camera)[0]
        missed += int(np.sum((legs == index) & ~shown))
    return missed


def _legs(places: Floats, plan: Plan, taking: list[int], frame: LocalFrame) -> npt.NDArray[np.intp]:
    """For each picture the waypoint on whose leg it was most likely taken, of those that take any."""
    here = local_from_ring([row.place for row in plan.route], frame)
    lines = np.array([_line(here, plan.route, index) for index in taking])
    heights = np.array([plan.route[index].height_relative_m for index in taking])
    points = np.asarray(shapely.points(places[:, :2]))
    away = np.hypot(shapely.distance(lines[None, :], points[:, None]), heights[None, :] - places[:, 2:3])
    chosen: npt.NDArray[np.intp] = np.asarray(taking, np.intp)[np.argmin(away, axis=1)]
    return chosen


def _line(here: Floats, route: tuple[Waypoint, ...], index: int) -> shapely.Geometry:
    """Where the pictures of a waypoint are taken: there, on the way to the next, or on the circle there."""
    if not route[index].recording:
        return shapely.Point(here[index])
    following = route[index + 1]
    if following.orbit_turns:
        return shapely.Point(here[index + 1]).buffer(abs(following.orbit_radius_m), quad_segs=32).exterior
    return shapely.LineString(here[index : index + 2])

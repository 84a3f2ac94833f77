"""The rest of a plan flown by others: the ground that is left, shared among a new team."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from missions.area import Area
from missions.errors import InputError
from missions.fleet.joining import keep_of
from missions.fleet.remainder import plans_of, refuse_watch
from missions.fleet.sharing import VERTICAL_SHARE, share
from missions.fleet.team import Member
from missions.geodesy import Points
from missions.local import area_from_local, frame_of, local_from_area
from missions.plan import Plan
from missions.replan import LEAST_TOLERANCE_M, FlownTrack, left_of
from missions.sorties.dividing import SWAP_S

OF_AN_AREA = frozenset({"parallel-track", "creeping-line", "photo-grid"})
_SLIVER_M = 2.0
_ROUGH_M = 0.25
_JOINT_M = 0.01
_LEAST_M2 = 25.0


def ground_left(plan: Plan, flown: FlownTrack) -> Area | None:
    """The ground of a plan that a track left unseen; None where all was seen.

    Strips narrower than two metres are what rounding leaves, and count as seen. Raises InputError for a
    watch.
    """
    refuse_watch(plan)
    frame = frame_of(plan.area)
    left: BaseGeometry = Polygon()
    done: BaseGeometry = Polygon()
    for own in plans_of(plan):
        course, ways, _ = left_of(own, flown)
        steps = np.stack([course.points_m[:-1], course.points_m[1:]], axis=1)
        half_m = own.totals.footprint_across_m / 2
        reach_m = max(0.0, own.totals.footprint_along_m / 2 - own.totals.trigger_distance_m)
        slack_m = max(LEAST_TOLERANCE_M, half_m - own.totals.lane_spacing_m / 2)
        left = left.union(_strips(steps[ways[:-1]], half_m, reach_m))
        done = done.union(_strips(steps[(course.works & ~ways)[:-1]], half_m - slack_m, 0.0))
    ground = left.difference(done).intersection(local_from_area(plan.area, frame))
    opened = ground.buffer(-_SLIVER_M / 2).buffer(_SLIVER_M / 2, join_style="mitre").intersection(ground)
    parts = [part for part in shapely.get_parts(opened.simplify(_ROUGH_M)) if part.area > _LEAST_M2]
    parts = [part for part in parts if isinstance(part, Polygon)]
    return area_from_local(MultiPolygon(parts), frame, plan.area.name) if parts else None


def take_over(
    plan: Plan,
    flown: FlownTrack,
    team: Sequence[Member],
    *,
    created: str,
    reserve_pct: float | None = None,
    start_pct: float = 100.0,
    swap_s: float = SWAP_S,
) -> Plan | None:
    """What a track left of an area's plan, shared among a team; None where nothing is left.

    Height, overlaps, wind and zones are the plan's, and what keeps aircraft apart, where it says so. Raises
    InputError for a plan of another kind, and what `share` raises.
    """
    if plan.request.pattern not in OF_AN_AREA:
        raise InputError(
            f"what is left of a plan of the pattern {plan.request.pattern} is no ground to share",
            where=plan.name,
            remedy="Plan the rest for the same aircraft",
        )
    ground = ground_left(plan, flown)
    if ground is None:
        return None
    keep = keep_of(plan.request.figures)
    by_height = math.isfinite(keep.vertical_m)
    levels: dict[str, Any] = {"step_m": keep.vertical_m / VERTICAL_SHARE} if by_height else {}
    return share(
        plan.area,
        team,
        created=created,
        name=f"{plan.name} rest",
        separation="height" if by_height else "area",
        **levels,
        apart_m=keep.distance_m,
        height_agl_m=min(row.height_relative_m for row in plan.route),
        overlap_side_pct=plan.request.overlap_side_pct,
        overlap_front_pct=plan.request.overlap_front_pct,
        reserve_pct=reserve_pct,
        start_pct=start_pct,
        swap_s=swap_s,
        wind=plan.wind,
        no_fly=plan.no_fly,
        only=ground,
    )


def _strips(ways: Points, half_m: float, reach_m: float) -> BaseGeometry:
    """What is seen on ways (n, 2, 2): strips that reach a little beyond either end."""
    lengths = np.hypot(*(ways[:, 1] - ways[:, 0]).T)
    ways, lengths = ways[lengths > 0], lengths[lengths > 0]
    on = (ways[:, 1] - ways[:, 0]) / lengths[:, None] * max(reach_m, _JOINT_M)
    lines = shapely.linestrings(np.stack([ways[:, 0] - on, ways[:, 1] + on], axis=1))
    return shapely.union_all(shapely.buffer(lines, half_m, cap_style="flat"), grid_size=0.001)

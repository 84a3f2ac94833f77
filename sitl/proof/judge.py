"""What was flown against what the plan promised: cover, fence, seconds, watt hours and distances kept."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Polygon

from missions.energy.effort import descent
from missions.geodesy import LocalFrame
from missions.local import frame_of, local_from_area, local_from_ring
from missions.no_fly import without_zones, zones_in
from missions.plan import Plan
from missions.surveillance import WatchPoint, waits
from missions.terrain import Terrain
from sitl.proof.cover import pictures_of, seen_share
from sitl.proof.flight import Flown
from sitl.proof.parameters import pans
from sitl.proof.pointing import astray
from sitl.proof.recording import Recorded
from sitl.proof.separation import Trail, nearest, trails_of
from sitl.proof.verdict import Flight, Team, Verdict, Waited
from sitl.proof.watching import longest_waits_s


def judge(
    plan: Plan,
    flown: Sequence[Flown],
    name: str = "",
    *,
    terrain: Terrain | None = None,
    watched: Sequence[WatchPoint] = (),
) -> Verdict:
    """The verdict on all flights of a plan, from their recordings.

    `terrain` is the ground that the plan was made for, None for flat; `watched` the places of a surveillance.
    Raises InputError and FormatError for a recording that does not tell.
    """
    read = [Recorded.read(one.recording, pans=pans(one.plan)) for one in flown]
    frame = frame_of(plan.area)
    pictures = sum(len(pictures_of(each)) for each in read)
    team = None
    trails: list[Trail] = []
    if len({each.vehicle for each in flown}) > 1:
        clocks = [(one.vehicle, one.start_s, one.zero_s, each) for one, each in zip(flown, read, strict=True)]
        trails = trails_of(clocks, frame)
        last_s = max(trail.down_s for trail in trails)
        team = Team(plan.totals.duration_s, last_s, nearest(trails).distance_m)
    return Verdict(
        name=name or plan.name,
        vehicle=plan.aircraft.name,
        autopilot=" and ".join(sorted({each.autopilot for each in flown})),
        pictures=pictures,
        covered_pct=_covered_pct(plan, flown, read, frame, terrain) if plan.totals.photos else None,
        promised_pct=plan.totals.covered_pct,
        flights=tuple(_flight(one, each, frame) for one, each in zip(flown, read, strict=True)),
        team=team,
        waits=_waits(plan, watched, trails, frame) if trails and watched else (),
    )


def _covered_pct(
    plan: Plan, flown: Sequence[Flown], read: Sequence[Recorded], frame: LocalFrame, terrain: Terrain | None
) -> float:
    cameras = [(each, one.plan.camera, _gsd_m(one.plan)) for one, each in zip(flown, read, strict=True)]
    ground = None if terrain is None else (terrain, plan.take_off)
    shape = without_zones(local_from_area(plan.area, frame), zones_in(frame, plan.no_fly), plan.area.name)
    return 100 * seen_share(shape, cameras, frame, ground)


def _gsd_m(plan: Plan) -> float:
    """The ground sample distance promised: that of the slanting look where a pattern only looks aslant."""
    return plan.request.figures.get("oblique_gsd_m", plan.totals.gsd_m)


def _waits(
    plan: Plan, watched: Sequence[WatchPoint], trails: Sequence[Trail], frame: LocalFrame
) -> tuple[Waited, ...]:
    took_s = longest_waits_s(plan, watched, trails, frame)
    return tuple(
        Waited(wait.asked_s, wait.longest_s, round(flown_s, 1))
        for wait, flown_s in zip(waits(plan, watched), took_s, strict=True)
    )


def _flight(flown: Flown, recorded: Recorded, frame: LocalFrame) -> Flight:
    plan = flown.plan
    landing_s, landing_wh = _not_flown(plan)
    return Flight(
        vehicle=flown.vehicle,
        promised_s=plan.totals.duration_s - landing_s,
        flown_s=recorded.duration_s,
        promised_wh=plan.totals.energy_wh - landing_wh,
        flown_wh=recorded.energy_wh,
        outside_m=_outside_m(recorded, plan, frame),
        off_m=_off_m(recorded, plan, frame),
        completed=flown.result.completed,
        ended=flown.result.reason,
        differences=len(flown.differences),
        astray=astray(recorded, plan, frame),
        battery_left_pct=recorded.battery_left_pct,
    )


def _not_flown(plan: Plan) -> tuple[float, float]:
    """Seconds and watt hours of the landing, for what ends its flight circling above home: a plane."""
    if plan.aircraft.kind != "plane":
        return 0.0, 0.0
    last_m = np.array([plan.route[-1].height_relative_m])
    seconds, watt_hours = descent(plan.aircraft, last_m, plan.wind)
    return float(seconds[0]), float(watt_hours[0])


def _outside_m(recorded: Recorded, plan: Plan, frame: LocalFrame) -> float:
    """How far the track, from the start of the motors to their stop, leaves the fence or enters its holes."""
    points = np.asarray(shapely.points(frame.local_from_geo(recorded.flown[:, 1:3])))
    worst = 0.0
    for part in plan.fence.inclusions:
        fence = Polygon(local_from_ring(part.border, frame))
        worst = max(worst, float(shapely.distance(fence, points).max()))
    holes = [hole for part in plan.fence.inclusions for hole in part.holes]
    for ring in [*holes, *plan.fence.exclusions]:
        zone = Polygon(local_from_ring(ring, frame))
        deep = shapely.distance(zone.exterior, points) * shapely.contains(zone, points)
        worst = max(worst, float(deep.max()))
    return worst


def _off_m(recorded: Recorded, plan: Plan, frame: LocalFrame) -> float:
    """How far the track lies from what was planned, take-off and circles included."""
    places = local_from_ring([plan.take_off, *(w.place for w in plan.route), plan.take_off], frame)
    lines = [LineString([a, b]) for a, b in pairwise(places) if np.hypot(*(b - a)) > 0]
    circles = [
        shapely.Point(place).buffer(abs(waypoint.orbit_radius_m), quad_segs=32).exterior
        for place, waypoint in zip(places[1:-1], plan.route, strict=True)
        if waypoint.orbit_turns
    ]
    planned = shapely.multilinestrings([*lines, *circles])
    flown = np.asarray(shapely.points(frame.local_from_geo(recorded.flown[:, 1:3])))
    return float(np.percentile(shapely.distance(planned, flown), 95))

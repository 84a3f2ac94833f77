"""What was flown against what the plan promised: cover, fence, seconds and watt hours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from missions.geodesy import LocalFrame
from missions.local import frame_of, local_from_area, local_from_ring
from missions.patterns.exposures import Exposures, seen_counts
from missions.plan import Plan
from sitl.proof.flight import Flown
from sitl.proof.recording import Floats, Recorded

_SAMPLES = 4_000
_DOWN_DEG = -90.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One flight. `covered_pct` is the share of the plan's area that the pictures truly taken see.

    `outside_m` is how far the track went outside the fence at most, holes and zones counted; `off_m` the 95th
    percentile of its distance from the planned route.
    """

    name: str
    vehicle: str
    promised_s: float
    flown_s: float
    promised_wh: float
    flown_wh: float
    covered_pct: float
    pictures: int
    outside_m: float
    off_m: float
    completed: bool
    differences: int

    @property
    def time_ratio(self) -> float:
        """Seconds flown for each second promised."""
        return self.flown_s / self.promised_s

    @property
    def energy_ratio(self) -> float:
        """Watt hours used for each one promised."""
        return self.flown_wh / self.promised_wh


def judge(flown: Flown, name: str = "") -> Verdict:
    """The verdict on one flight."""
    return verdict_on([flown], flown.plan, name)


def verdict_on(flights: list[Flown], plan: Plan, name: str = "") -> Verdict:
    """The verdict on several flights of one plan: their cover together, their sums, their worst."""
    read = [Recorded.read(each.recording) for each in flights]
    frame = frame_of(plan.area)
    shape = local_from_area(plan.area, frame)
    pictures = [exposures_of_flight(each, one.plan, frame) for each, one in zip(read, flights, strict=True)]
    return Verdict(
        name=name or plan.name,
        vehicle=plan.aircraft.name,
        promised_s=sum(each.plan.totals.duration_s for each in flights),
        flown_s=sum(each.ended_s - each.began_s for each in read),
        promised_wh=sum(each.plan.totals.energy_wh for each in flights),
        flown_wh=sum(each.energy_wh for each in read),
        covered_pct=100 * _seen_share(shape, plan, pictures),
        pictures=sum(len(each) for each in pictures),
        outside_m=max(_outside_m(each, one.plan, frame) for each, one in zip(read, flights, strict=True)),
        off_m=max(_off_m(each, one.plan, frame) for each, one in zip(read, flights, strict=True)),
        completed=all(each.result.completed for each in flights),
        differences=sum(len(each.differences) for each in flights),
    )


def exposures_of_flight(recorded: Recorded, plan: Plan, frame: LocalFrame) -> Exposures:
    """The pictures that the autopilot says it took: its own place, height and heading.

    The gimbal is taken to point where the plan told it to on the leg that was being flown.
    """
    rows = recorded.pictures
    rows = rows[(rows[:, 0] >= recorded.began_s) & (rows[:, 0] <= recorded.ended_s)]
    if not len(rows):
        none = np.zeros((0, 3))
        return Exposures(none, none, none, none)
    places = np.column_stack([frame.local_from_geo(rows[:, 1:3]), rows[:, 3]])
    heading, pitch = rows[:, 4].copy(), np.full(len(rows), _DOWN_DEG)
    for index, leg in enumerate(_legs_flown(places, plan, frame)):
        waypoint = plan.route[leg]
        if waypoint.look_at is not None:
            at = np.append(
                local_from_ring([waypoint.look_at.place], frame)[0], waypoint.look_at.height_relative_m
            )
            line = at - places[index]
            heading[index] = np.degrees(np.arctan2(line[0], line[1]))
            pitch[index] = np.degrees(np.arctan2(line[2], np.hypot(line[0], line[1])))
        elif waypoint.gimbal_pitch_deg is not None:
            pitch[index] = waypoint.gimbal_pitch_deg
    return _pointed(places, np.radians(heading), np.radians(pitch))


def _pointed(places: Floats, heading: Floats, pitch: Floats) -> Exposures:
    level = np.cos(pitch)
    ahead = np.column_stack([level * np.sin(heading), level * np.cos(heading), np.sin(pitch)])
    right = np.column_stack([np.cos(heading), -np.sin(heading), np.zeros(len(places))])
    return Exposures(places, ahead, right, np.cross(ahead, right))


def _legs_flown(places: Floats, plan: Plan, frame: LocalFrame) -> list[int]:
    """For each picture the waypoint whose leg it was most likely taken on, of those that take pictures."""
    here = local_from_ring([waypoint.place for waypoint in plan.route], frame)
    taking = [row for row, waypoint in enumerate(plan.route) if waypoint.recording or waypoint.picture]
    if not taking:
        return [0] * len(places)
    ends = [here[row : row + 2] if plan.route[row].recording else here[[row, row]] for row in taking]
    lines = np.asarray(shapely.linestrings(np.stack(ends)))
    heights = np.array([plan.route[row].height_relative_m for row in taking])
    away = shapely.distance(lines[None, :], np.asarray(shapely.points(places[:, :2]))[:, None])
    away = np.hypot(away, heights[None, :] - places[:, 2:3])
    return [taking[index] for index in np.argmin(away, axis=1)]


def _seen_share(shape: BaseGeometry, plan: Plan, pictures: list[Exposures]) -> float:
    ground = _samples(shape)
    counts = np.zeros(len(ground), np.int64)
    for each in pictures:
        if len(each):
            counts += seen_counts(each, plan.camera, ground)
    return float(np.mean(counts > 0))


def _samples(shape: BaseGeometry) -> Floats:
    west, south, east, north = shape.bounds
    step_m = float(np.sqrt(shape.area / _SAMPLES))
    columns = np.arange(west + step_m / 2, east, step_m)
    rows = np.arange(south + step_m / 2, north, step_m)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    shapely.prepare(shape)
    return np.asarray(grid[shapely.contains_xy(shape, grid[:, 0], grid[:, 1])])


def _outside_m(recorded: Recorded, plan: Plan, frame: LocalFrame) -> float:
    points = shapely.points(frame.local_from_geo(recorded.flown[:, 1:3]))
    worst = 0.0
    for part in plan.fence.inclusions:
        holes = [local_from_ring(hole, frame) for hole in part.holes]
        fence = Polygon(local_from_ring(part.border, frame), holes)
        worst = max(worst, float(shapely.distance(fence, points).max()))
    for ring in plan.fence.exclusions:
        zone = Polygon(local_from_ring(ring, frame))
        within = shapely.contains(zone, points)
        worst = max(worst, float(np.max(shapely.distance(zone.exterior, points) * within, initial=0.0)))
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
    away = shapely.distance(planned, shapely.points(frame.local_from_geo(recorded.flown[:, 1:3])))
    return float(np.percentile(away, 95))

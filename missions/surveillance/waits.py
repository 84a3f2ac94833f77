"""How long each point truly waits: from the flights of a plan alone, whoever planned them and how.

A look is a stop or a circle at a point, or aside of it while it is looked at. What is asked: at no time of
the watch has a point gone unseen longer than it may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from missions.aircraft import Aircraft
from missions.energy import Track, effort
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.local import frame_of, local_from_ring
from missions.plan import Plan, Sortie, Waypoint
from missions.surveillance.points import WatchPoint

_AT_M = 2.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Of one point, seconds: the longest it went unseen, the mean of its waits, and what it may wait."""

    longest_s: float
    mean_s: float
    asked_s: float | None
    looks: int

    @property
    def kept(self) -> bool:
        """Whether it never waits longer than asked."""
        return self.asked_s is None or self.longest_s <= self.asked_s


def waits(plan: Plan, points: Sequence[WatchPoint]) -> tuple[Wait, ...]:
    """What each point waits during the plan's watch, in the points' order."""
    begins_s = plan.request.figures["begins_s"]
    over_s = begins_s + plan.request.figures["duration_s"]
    seen: list[list[tuple[float, float]]] = [[] for _ in points]
    frame = frame_of(plan.area)
    for sortie in plan.sorties:
        for place, look in _looks(plan, sortie, frame):
            for number, point in enumerate(points):
                if distance_m(place, point.place) < _AT_M:
                    seen[number].append(look)
    return tuple(_wait(point, looks, begins_s, over_s) for point, looks in zip(points, seen, strict=True))


def _wait(point: WatchPoint, looks: Sequence[tuple[float, float]], begins_s: float, over_s: float) -> Wait:
    pauses, until = [], begins_s
    count = 0
    for start, end in sorted(looks):
        if start >= over_s or end <= begins_s:
            continue
        count += 1
        if start > until:
            pauses.append(start - until)
        until = max(until, end)
    if over_s > until:
        pauses.append(over_s - until)
    longest_s, mean_s = (max(pauses), float(np.mean(pauses))) if pauses else (0.0, 0.0)
    return Wait(round(longest_s, 1), round(mean_s, 1), point.max_wait_s, count)


def _looks(plan: Plan, sortie: Sortie, frame: LocalFrame) -> list[tuple[GeoPoint, tuple[float, float]]]:
    """Where a sortie looks, and from when to when."""
    track = track_of_route(sortie.route, sortie.aircraft, frame)
    left_s = sortie.start_s + effort(sortie.aircraft, track, plan.wind).at_s
    stayed_s = track.hold_s + track.circles_m / track.speed_m_s
    return [
        (
            waypoint.place if waypoint.look_at is None else waypoint.look_at.place,
            (float(left_s[row] - stayed_s[row]), float(left_s[row])),
        )
        for row, waypoint in enumerate(sortie.route)
        if stayed_s[row] > 0
    ]


def track_of_route(route: Sequence[Waypoint], aircraft: Aircraft, frame: LocalFrame) -> Track:
    """Waypoints as energy sees them."""
    radius_m = np.array([waypoint.orbit_radius_m for waypoint in route])
    turns = np.array([waypoint.orbit_turns for waypoint in route])
    return Track(
        points_m=local_from_ring([waypoint.place for waypoint in route], frame),
        height_m=np.array([waypoint.height_relative_m for waypoint in route]),
        speed_m_s=np.array([waypoint.speed_m_s or aircraft.cruise_speed_m_s for waypoint in route]),
        hold_s=np.array([waypoint.hold_s for waypoint in route]),
        circles_m=2 * np.pi * np.abs(radius_m) * turns,
        circle_radius_m=radius_m,
    )

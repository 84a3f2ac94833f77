"""What is watched, and from where each place is looked at."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely.geometry.base import BaseGeometry

from missions.aircraft import Aircraft
from missions.energy import effort
from missions.errors import InputError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points, distance_m
from missions.heights import over_flat_ground
from missions.local import local_from_ring
from missions.no_fly import round_zones
from missions.patterns.figures import within
from missions.patterns.path import Floats, Path, path_of
from missions.planner import track_of
from missions.surveillance.walks import Times
from missions.view import View
from missions.wind import Wind

MAX_POINTS = 40
FARTHEST_M = 20_000.0
_SAME_M = 1.0


@dataclass(frozen=True, slots=True)
class WatchPoint:
    """A place to look at for `dwell_s` seconds, and no longer than `max_wait_s` without a look in between.

    `max_wait_s` None is as often as the others leave time for. A place of twice the `weight` should wait
    half as long, where all can be kept. Raises SettingsError.
    """

    place: GeoPoint
    max_wait_s: float | None = None
    weight: float = 1.0
    dwell_s: float = 10.0
    name: str = ""

    def __post_init__(self) -> None:
        if self.max_wait_s is not None:
            within(self.max_wait_s, "a longest wait", 10.0, 86_400.0, "seconds")
        within(self.weight, "a weight", 0.01, 1000.0, "")
        within(self.dwell_s, "a look", 1.0, 600.0, "seconds")


@dataclass(frozen=True, slots=True)
class Looks:
    """The points in a frame, and where the aircraft is while it looks at each.

    `targets` and `places` (n, 2) metres; `turns` (n,) full circles round each place, 0 for a copter that
    hovers; `look_s` (n,) how long a look takes. A look of a copter is a whole number of seconds, as an
    autopilot holds it; one of a plane a whole number of circles.
    """

    frame: LocalFrame
    targets: Points
    places: Points
    turns: Floats
    look_s: Floats
    radius_m: float
    aside: bool


def checked(points: Sequence[WatchPoint]) -> tuple[WatchPoint, ...]:
    """The points. Raises InputError where there are none, too many, or some far from the rest."""
    if not 1 <= len(points) <= MAX_POINTS:
        raise InputError(f"{len(points)} points to watch", remedy=f"Give 1 to {MAX_POINTS}")
    for number, point in enumerate(points, start=1):
        if distance_m(point.place, points[0].place) > FARTHEST_M:
            raise InputError(
                f"point {number} lies {distance_m(point.place, points[0].place) / 1000:.0f} km from point 1",
                remedy="Latitude comes first, longitude second; are they swapped?",
            )
        if any(distance_m(point.place, other.place) < _SAME_M for other in points[: number - 1]):
            raise InputError(f"point {number} is watched twice", remedy="Give it once, with the shorter wait")
    return tuple(points)


def looks_at(
    points: Sequence[WatchPoint], aircraft: Aircraft, frame: LocalFrame, stand_off_m: float
) -> Looks:
    """Where each point is looked at from: above it, or `stand_off_m` aside towards the middle of all.

    A plane circles round each point.
    """
    targets = local_from_ring([point.place for point in points], frame)
    dwell_s = np.ceil([point.dwell_s for point in points])
    if aircraft.kind == "plane":
        radius_m = math.ceil(max(aircraft.turn_radius_m, stand_off_m))
        lap_s = 2 * math.pi * radius_m / aircraft.cruise_speed_m_s
        turns = np.ceil(dwell_s / lap_s)
        return Looks(frame, targets, targets, turns, turns * lap_s, radius_m, aside=True)
    none = np.zeros(len(targets))
    places = targets + stand_off_m * _towards_middle(targets)
    return Looks(frame, targets, places, none, dwell_s, 0.0, aside=stand_off_m > 0)


def rows_of(looks: Looks, order: Sequence[int], height_m: float) -> Path:
    """Looks at the points in this order, one row each, as a path."""
    index = np.asarray(order, int)
    hovering = looks.turns[index] == 0
    target = np.column_stack([looks.targets[index], np.zeros(len(index))])
    level_m = np.hypot(*(looks.targets[index] - looks.places[index]).T) + looks.radius_m
    return path_of(
        looks.places[index],
        height_m,
        hold_s=np.where(hovering, looks.look_s[index], 0.0),
        orbit_turns=looks.turns[index],
        orbit_radius_m=np.where(hovering, 0.0, looks.radius_m),
        look_at=target if looks.aside else np.nan,
        gimbal_pitch_deg=-np.degrees(np.arctan2(height_m, level_m)),
    )


def times_between(
    looks: Looks, aircraft: Aircraft, height_m: float, wind: Wind | None, zones: BaseGeometry
) -> Times:
    """How long it takes from every point to every other, round the zones, and how long each look takes."""
    count = len(looks.places)
    pairs = [(i, j) for i in range(count) for j in range(count) if i != j]
    between = np.zeros((count, count))
    if pairs:
        path = rows_of(looks, [end for pair in pairs for end in pair], height_m)
        # From middle to middle: where a plane leaves a circle depends on where it came from.
        track = dataclasses.replace(track_of(over_flat_ground(path), aircraft), circle_radius_m=None)
        spent = effort(aircraft, track, wind)
        took = np.diff(spent.at_s)[::2] - [looks.look_s[j] for _, j in pairs]
        for (i, j), seconds in zip(pairs, took, strict=True):
            between[i, j] = max(0.1, seconds) * _longer(looks.places[i], looks.places[j], zones)
    return Times(between.tolist(), looks.look_s.tolist())


def seen_at(looks: Looks, view: View, height_m: float) -> tuple[float, float]:
    """Metres a pixel at each point's middle, and how many pixels wide a person is there."""
    away_m = float(np.hypot(*(looks.targets - looks.places).T).max()) + looks.radius_m
    gsd_m = view.camera.gsd_m(math.hypot(height_m, away_m))
    return gsd_m, 0.5 / gsd_m


def _towards_middle(targets: Points) -> Points:
    """Unit vectors from each point to the middle of all; north for a point in the middle."""
    lines = targets.mean(axis=0) - targets
    lengths = np.hypot(*lines.T)[:, None]
    return np.where(lengths > _SAME_M, lines / np.maximum(lengths, _SAME_M), [0.0, 1.0])


def _longer(a: Floats, b: Floats, zones: BaseGeometry) -> float:
    """How many times as long as straight the way round the zones is."""
    straight = path_of([a, b], 0.0)
    return 1.0 if zones.is_empty else round_zones(straight, zones).length_m / max(straight.length_m, _SAME_M)


def nearest_frame(points: Sequence[WatchPoint]) -> LocalFrame:
    """A flat frame in the middle of the points. Raises SettingsError across the antimeridian."""
    lats = [point.place.lat_deg for point in points]
    lons = [point.place.lon_deg for point in points]
    if max(lons) - min(lons) > 180:
        raise SettingsError(
            "the points lie across the antimeridian (longitude 180)", remedy="Plan each side by itself"
        )
    return LocalFrame(GeoPoint((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2))

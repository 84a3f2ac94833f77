"""Sightings of one thing joined over frames, and the place that they give together.

A sighting joins the thing that it lies nearest to in Mahalanobis distance, within the 99 % gate, warm with
warm and cold with cold, and one frame gives a thing at most one sighting (Bar-Shalom, Willett and Tian,
Tracking and Data Fusion, 2011, chapter 6; the assignment is the optimal one). The state is a place that may
wander as a walker does, followed by a Kalman filter that weighs each sighting by its inverse covariance.

What the sightings of a flight share (the error of GPS, heights, attitude, focal length) does not average out:
it is carried beside the filter as a mean and added in full, so a thing seen forty times is never stated
better than that. Between two sightings the aircraft's own position error counts only as far as it drifts in
that time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from imaging.geolocate import GroundPoint
from imaging.thermal.frame import Values
from imaging.thermal.hotspots import HotSpot
from missions.geodesy import GeoPoint, LocalFrame

Array = npt.NDArray[np.float64]

GATE_99_2D = 9.21034037197618
"""The 99 % quantile of chi-square with two degrees of freedom: -2 ln 0.01."""
WANDER_M2_S = 0.5
"""Growth of a walker's variance: he keeps up with a filter that sees him every second."""
_WANDER_AT_MOST_S = 10.0
_POSITION_DRIFT_S = 60.0
"""Time in which a GNSS position error forgets itself: short for a single receiver, so that gates err wide."""
_OUT_OF_REACH = 1e6


@dataclass(frozen=True, slots=True)
class Sighting:
    """One spot in one frame and where it lies. `size_m` is its longer and shorter side on the ground."""

    frame: str
    sha256: str
    time_s: float | None
    spot: HotSpot
    point: GroundPoint
    size_m: tuple[float, float]
    pose_source: str


@dataclass
class Thing:
    """What a run of sightings shares: `east_north_m` in the tracker's frame, covariances in square metres."""

    sightings: list[Sighting]
    east_north_m: Array
    spread: Array
    random: Array
    systematic: Array
    position: Array
    picture: Values
    picture_of: Sighting
    last_s: float | None = None

    @property
    def covariance(self) -> Array:
        """The place's whole error: what averaged out of it is gone, what the flight shares is not."""
        return self.random + self.systematic


@dataclass
class Tracker:
    """Joins sightings, frame after frame in order of time."""

    frame: LocalFrame
    things: list[Thing] = field(default_factory=list)

    def add(self, sightings: list[tuple[Sighting, Values]]) -> None:
        """The sightings of one frame, each with the piece of picture around it."""
        for polarity in ("warm", "cold"):
            seen = [pair for pair in sightings if pair[0].spot.polarity == polarity]
            known = [t for t in self.things if t.picture_of.spot.polarity == polarity]
            self._join(seen, known)

    def _join(self, seen: list[tuple[Sighting, Values]], known: list[Thing]) -> None:
        if not seen:
            return
        places = self.frame.local_from_geo([[s.point.place.lon_deg, s.point.place.lat_deg] for s, _ in seen])
        free = set(range(len(seen)))
        if known:
            squared = np.array(
                [_squared_distances(s, at, known) for (s, _), at in zip(seen, places, strict=True)]
            )
            gated = np.where(squared <= GATE_99_2D, squared, _OUT_OF_REACH)
            for pair in zip(*linear_sum_assignment(gated), strict=True):
                n, k = int(pair[0]), int(pair[1])
                if squared[n, k] <= GATE_99_2D:
                    _update(known[k], seen[n][0], places[n], seen[n][1])
                    free.discard(n)
        for n in sorted(free):
            self.things.append(_new(seen[n][0], places[n], seen[n][1]))

    def place_of(self, thing: Thing) -> GeoPoint:
        """Where a thing lies."""
        east, north = thing.east_north_m
        return self.frame.point_from_local(float(east), float(north))


def _squared_distances(sighting: Sighting, at: Array, known: list[Thing]) -> Array:
    """Squared Mahalanobis distance (k,) of a sighting to each thing."""
    point = sighting.point
    means = np.array([t.east_north_m for t in known])
    passed = np.array([_passed_s(sighting, t) for t in known])
    wander = WANDER_M2_S * np.minimum(passed, _WANDER_AT_MOST_S)
    drift = 1 - np.exp(-passed / _POSITION_DRIFT_S)
    spreads = np.array([t.spread for t in known]) + (point.covariance - point.position)
    positions = np.array([t.position for t in known]) + point.position
    spreads = spreads + wander[:, None, None] * np.eye(2) + drift[:, None, None] * positions
    away = at - means
    solved = np.linalg.solve(spreads, away[:, :, None])[:, :, 0]
    return np.asarray(np.sum(away * solved, axis=1))


def _passed_s(sighting: Sighting, thing: Thing) -> float:
    if sighting.time_s is None or thing.last_s is None:
        return 0.0
    return abs(sighting.time_s - thing.last_s)


def _new(sighting: Sighting, at: Array, picture: Values) -> Thing:
    point = sighting.point
    return Thing(
        sightings=[sighting],
        east_north_m=at,
        spread=point.covariance - point.position,
        random=point.covariance - point.systematic,
        systematic=point.systematic,
        position=point.position,
        picture=picture,
        picture_of=sighting,
        last_s=sighting.time_s,
    )


def _update(thing: Thing, sighting: Sighting, at: Array, picture: Values) -> None:
    point = sighting.point
    wander = WANDER_M2_S * min(_passed_s(sighting, thing), _WANDER_AT_MOST_S) * np.eye(2)
    before = thing.spread + wander
    gain = before @ np.linalg.inv(before + point.covariance - point.position)
    rest = np.eye(2) - gain
    share = float(np.trace(gain)) / 2

    thing.east_north_m = thing.east_north_m + gain @ (at - thing.east_north_m)
    thing.spread = _symmetric(rest @ before)
    # Joseph's form holds for any gain, so the random part is followed exactly with the filter's own
    own = point.covariance - point.systematic
    thing.random = _symmetric(rest @ (thing.random + wander) @ rest.T + gain @ own @ gain.T)
    thing.systematic = (1 - share) * thing.systematic + share * point.systematic
    thing.position = (1 - share) * thing.position + share * point.position
    thing.sightings.append(sighting)
    thing.last_s = sighting.time_s if sighting.time_s is not None else thing.last_s
    if sighting.spot.score > thing.picture_of.spot.score:
        thing.picture, thing.picture_of = picture, sighting


def _symmetric(matrix: Array) -> Array:
    return np.asarray((matrix + matrix.T) / 2)


def median_size_m(sightings: list[Sighting]) -> tuple[float, float]:
    """Longer and shorter side in the middle sighting, of those that no frame's edge cut if there are any."""
    whole = [s.size_m for s in sightings if not s.spot.touches_edge] or [s.size_m for s in sightings]
    return float(np.median([size[0] for size in whole])), float(np.median([size[1] for size in whole]))

"""How sure the photos' own positions are, together: what a flight shares, what drifts, what is each one's.

A receiver's errors change slowly, so that positions seconds apart are wrong in the same way: their spread
about each other says little of the scale. The covariance of two positions of one flight, t seconds apart, is

    shared² + drift² exp(-t / 60 s) + lag² (velocity velocity^T) + lever² (turn turn^T) [+ own² in one photo]

(a first-order Gauss-Markov process, as in Brown and Hwang, Introduction to Random Signals and Applied Kalman
Filtering, ch. 3; the time constant is a round figure for receivers on drones without corrections). How much
of it drifts and how fast, the positions themselves tell: see `imaging.position_errors`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from imaging.adjustment.network import Indices
from imaging.lens import Array
from imaging.pairs import positions_m, told_height_m
from imaging.photos import BY_CONTROL, Photo
from missions.geodesy import LocalFrame

DRIFT_TIME_S = 60.0
BETWEEN_PHOTOS_S = 5.0
"""Between photos that tell no time."""
PART_OF_A_FLIGHT_S = 900.0
FASTEST_M_S = 30.0


@dataclass(frozen=True, slots=True)
class Trust:
    """Standard deviations of one coordinate in metres.

    `lag_s` is of the time that positions lag behind, `lever_m` of how far beside the camera the antenna is,
    ahead and to the right.
    """

    shared_m: float
    drift_m: float
    own_m: float
    lag_s: float = 0.0
    lever_m: float = 0.0


PLAN = Trust(2.0, 0.4, 0.15, 0.15, 0.25)
BAROMETER = Trust(3.0, 0.3, 0.15)
GPS_HEIGHT = Trust(10.0, 1.0, 0.3)
UNKNOWN_HEIGHT = Trust(100.0, 1.0, 1.0)
RTK_PLAN = Trust(0.02, 0.008, 0.01, 0.01, 0.01)
RTK_HEIGHT = Trust(0.03, 0.012, 0.015)
NO_WITNESS = Trust(1000.0, 100.0, 100.0)
"""Of a place that was found from control: where to begin, nothing more."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Positions (k, 3) in metres of `reference` height, what their errors are made of, and velocities (k, 3).

    `common` (k, 3, 6) is what a whole flight shares, one standard deviation of each part: three offsets, lag
    and lever arm. `drift_m` and `own_m` (k, 3) are one standard deviation of what drifts and of what is each
    photo's own, as they are assumed. `times_s` and `flights` (k,) tell which drift together.
    """

    local_m: Array
    reference: str
    common: Array
    drift_m: Array
    own_m: Array
    times_s: Array
    flights: Array
    velocity_m_s: Array

    @property
    def shared(self) -> Array:
        """(3k, 3k) covariance of what a whole flight shares, m²."""
        count, axes, parts = self.common.shape
        flat = self.common.reshape(count * axes, parts)
        same = self.flights[:, None] == self.flights[None, :]
        return np.asarray((flat @ flat.T) * np.repeat(np.repeat(same, axes, 0), axes, 1))

    def near(self, time_s: float, rows: Indices | None = None) -> Array:
        """(k, k) correlation of what drifts and is forgotten in `time_s`, of all photos or of (k,) `rows`."""
        times_s, flights = (self.times_s, self.flights) if rows is None else (
            self.times_s[rows], self.flights[rows],
        )  # fmt: skip
        same = flights[:, None] == flights[None, :]
        return np.asarray(same * np.exp(-np.abs(times_s[:, None] - times_s[None, :]) / time_s))


WITHOUT_CORRECTIONS_LEAST_M = 0.1
"""A float solution is never surer than that, whatever it says of itself: its errors last for minutes."""


def witness_of(photos: dict[str, Photo], frame: LocalFrame) -> Witness:
    """What the photos' positions say. A photo without one stands at zero; nothing may rest on it."""
    local_m, reference = positions_m(photos, frame)
    times_s, flights = flights_of(photos)
    local_m[:, 2] = _heights_m(list(photos.values()), local_m[:, 2], reference, flights)
    velocity_m_s = np.nan_to_num(velocities(local_m, times_s, flights))
    local_m = np.nan_to_num(local_m)
    told = list(photos.values())
    plan = [_plan(photo) for photo in told]
    up = [_up(photo, reference) for photo in told]
    trusts = [plan, plan, up]
    common = np.zeros((len(told), 3, 6))
    for axis, mine in enumerate(trusts):
        common[:, axis, axis] = [trust.shared_m for trust in mine]
    common[:, :, 3] = velocity_m_s * np.array([trust.lag_s for trust in plan])[:, None]
    common[:, :, 4:] = _levers(told) * np.array([trust.lever_m for trust in plan])[:, None, None]
    drift_m, own_m = (
        np.array([[getattr(trust, part) for trust in mine] for mine in trusts]).T
        for part in ("drift_m", "own_m")
    )
    return Witness(local_m, reference, common, drift_m, own_m, times_s, flights, velocity_m_s)


def explained(witness: Witness, rows: Indices, apart_m: Array, spread: Array) -> Array:
    """(k, 3) what offset, lag and lever arm explain of `apart_m` (k, 3), positions less cameras.

    The conditional mean given all photos of `rows`; `spread` (3k, 3k) is the covariance of all that a flight
    does not share.
    """
    size = len(apart_m)
    picked = (3 * rows[:, None] + np.arange(3)).reshape(-1)
    shared = witness.shared
    weights = np.linalg.solve((shared + spread)[np.ix_(picked, picked)], apart_m[rows].reshape(-1))
    return np.asarray((shared[:, picked] @ weights).reshape(size, 3))


def flights_of(photos: dict[str, Photo]) -> tuple[Array, Array]:
    """(k,) times in seconds and (k,) flights: photos of one camera without a long break between them.

    Photos that tell no time follow each other in the order of their names.
    """
    told = [photo.time_s for photo in photos.values()]
    if any(time_s is None for time_s in told):
        times_s = np.arange(len(told), dtype=float) * BETWEEN_PHOTOS_S
    else:
        times_s = np.array(told, float)
    flights = np.zeros(len(told))
    cameras = [(photo.make, photo.model) for photo in photos.values()]
    number = -1
    for camera in sorted(set(cameras)):
        mine = np.flatnonzero([each == camera for each in cameras])
        order = mine[np.argsort(times_s[mine], kind="stable")]
        parts = np.cumsum(np.diff(times_s[order], prepend=times_s[order[0]]) > PART_OF_A_FLIGHT_S)
        flights[order] = number + 1 + parts
        number += 1 + int(parts[-1])
    return times_s, flights


def velocities(local_m: Array, times_s: Array, flights: Array) -> Array:
    """(k, 3) metres a second from the positions before and after, none up; zero where nothing tells.

    Of the two speeds on each axis the smaller where they agree in direction, else none: an aircraft that goes
    straight on keeps its speed, and one that turns back stands for a moment.
    """
    velocity = np.zeros_like(local_m)
    for flight in np.unique(flights):
        mine = np.flatnonzero(flights == flight)
        order = mine[np.argsort(times_s[mine], kind="stable")]
        if len(order) < 2 or np.any(np.diff(times_s[order]) <= 0):
            continue
        rates = np.diff(local_m[order, :2], axis=0) / np.diff(times_s[order])[:, None]
        before, after = np.vstack([rates[:1], rates]), np.vstack([rates, rates[-1:]])
        least = np.sign(before) * np.minimum(np.abs(before), np.abs(after))
        velocity[order, :2] = np.where(before * after > 0, least, 0.0)
    fast = np.linalg.norm(velocity, axis=1) > FASTEST_M_S
    velocity[fast] = 0.0
    return velocity


def _levers(photos: list[Photo]) -> Array:
    """(k, 3, 2) east, north, up of a metre ahead and a metre to the right; zero where no heading is told."""
    levers = np.zeros((len(photos), 3, 2))
    for number, photo in enumerate(photos):
        if photo.gimbal_yaw_deg is not None:
            yaw = math.radians(photo.gimbal_yaw_deg)
            levers[number, :2] = [[math.sin(yaw), math.cos(yaw)], [math.cos(yaw), -math.sin(yaw)]]
    return levers


def _heights_m(photos: list[Photo], heights_m: Array, reference: str, flights: Array) -> Array:
    """Heights above take-off with the differences that a corrected receiver tells instead of the barometer's.

    In each flight the receiver's heights are moved by the median difference of all its corrected photos, so
    that heights still count from take-off, to within what a barometer is.
    """
    if reference != "relative":
        return heights_m
    heights_m = heights_m.copy()
    corrected = np.array([_height_corrected(photo) for photo in photos])
    for flight in np.unique(flights):
        mine = np.flatnonzero((flights == flight) & corrected)
        received_m = np.array([photos[n].height_amsl_m for n in mine], float)
        if len(mine):
            heights_m[mine] = received_m - np.median(received_m - heights_m[mine])
    return heights_m


def _height_corrected(photo: Photo) -> bool:
    return photo.rtk and photo.height_amsl_m is not None and photo.place is not None


def _plan(photo: Photo) -> Trust:
    if photo.placed_by == BY_CONTROL:
        return NO_WITNESS
    if photo.rtk:
        own_m = max(RTK_PLAN.own_m, photo.sigma_plan_m or 0.0)
        return replace(RTK_PLAN, shared_m=max(RTK_PLAN.shared_m, own_m), own_m=own_m)
    own_m = max(PLAN.own_m, photo.sigma_own_m or 0.0)
    sigma_m = photo.sigma_plan_m or PLAN.shared_m * max(1.0, photo.dilution or 1.0)
    shared_m = max(sigma_m, WITHOUT_CORRECTIONS_LEAST_M)
    drift_m = PLAN.drift_m * max(1.0, shared_m / PLAN.shared_m)
    return replace(PLAN, shared_m=shared_m, drift_m=drift_m, own_m=own_m)


def _up(photo: Photo, reference: str) -> Trust:
    if photo.placed_by == BY_CONTROL:
        return NO_WITNESS
    if told_height_m(photo, reference) is None:
        return UNKNOWN_HEIGHT
    if _height_corrected(photo) and reference in ("relative", "amsl"):
        own_m = max(RTK_HEIGHT.own_m, photo.sigma_up_m or 0.0)
        shared_m = BAROMETER.shared_m if reference == "relative" else max(RTK_HEIGHT.shared_m, own_m)
        return Trust(shared_m, RTK_HEIGHT.drift_m, own_m)
    if reference == "amsl" and photo.sigma_up_m:
        share = photo.sigma_up_m / GPS_HEIGHT.shared_m
        return replace(GPS_HEIGHT, shared_m=photo.sigma_up_m, drift_m=GPS_HEIGHT.drift_m * max(1.0, share))
    return {"relative": BAROMETER, "amsl": GPS_HEIGHT}.get(reference, UNKNOWN_HEIGHT)

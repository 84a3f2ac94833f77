"""Scales from positions alone, without pictures: cameras known up to a similarity, positions with errors.

    python -m tests.imaging.position_calibration FIRST LAST

Flies strips, grids and orbits of 8, 20 and 60 photos, slow and fast, with each of the errors of ERRORS, once
a seed, and tells by kind of error, by flight and of all: how far the scale is off, root mean square in
standard deviations of the best possible estimate (the true covariance known), and how many of 100 intervals
of 95 % hold the truth, for plain least squares, for positions weighed as `imaging.positions` assumes times
one factor, and as the product does it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from imaging.lens import Array
from imaging.position_errors import ASSUMED, Split, split_errors
from imaging.positions import BAROMETER, PLAN, Witness, velocities

GIMBAL_RAD = 0.035
COVERAGE_95 = 1.96
JITTER_M, LANE_M = 0.1, 1.3
"""How far photos lie off their even places, and how far lanes lie apart, in distances of photos."""
ORBIT_M, HEIGHT_M = 20.0, 30.0


class Errors(NamedTuple):
    """One standard deviation in plan: each photo's own, what drifts, and what walks in a root of a second."""

    own_m: float
    drift_m: float = 0.0
    drift_time_s: float = 60.0
    walk_m: float = 0.0

    def covariance(self, times_s: Array) -> Array:
        """(k, k) of one coordinate, m²."""
        apart_s = np.abs(times_s[:, None] - times_s)
        return np.asarray(
            self.own_m**2 * np.eye(len(times_s))
            + self.drift_m**2 * np.exp(-apart_s / self.drift_time_s)
            + self.walk_m**2 * np.minimum(times_s[:, None], times_s)
        )


UP = Errors(0.1, 0.3)
"""A barometer's."""
ERRORS = {
    "new 0.3 m": Errors(0.3),
    "new 0.5 m": Errors(0.5),
    "new 1.5 m": Errors(1.5),
    "drift 0.3 m 20 s": Errors(0.05, 0.3, 20),
    "drift 0.3 m 60 s": Errors(0.1, 0.3),
    "drift 0.4 m 60 s": Errors(0.15, 0.4),
    "drift 0.4 m 200 s": Errors(0.05, 0.4, 200),
    "drift 0.8 m 60 s": Errors(0.1, 0.8),
    "drift 0.8 m 200 s": Errors(0.1, 0.8, 200),
    "drift 1.5 m 20 s": Errors(0.1, 1.5, 20),
    "walk 0.03 m": Errors(0.1, walk_m=0.03),
    "walk 0.1 m": Errors(0.1, walk_m=0.1),
    "both 0.3, 0.8 m 100 s": Errors(0.3, 0.8, 100),
    "both 0.5, 0.4 m 60 s": Errors(0.5, 0.4),
    "both 1.5, 0.8 m 60 s": Errors(1.5, 0.8),
}


@dataclass(frozen=True, slots=True)
class Flight:
    """How the photos lie, how many, seconds and metres between them."""

    shape: str
    photos: int
    apart_s: float
    apart_m: float

    def centres(self) -> Array:
        """(k, 3) metres about their middle, without jitter."""
        number = np.arange(self.photos)
        if self.shape == "orbit":
            turn = 2 * np.pi * number / self.photos
            places = ORBIT_M * np.column_stack([np.cos(turn), np.sin(turn)])
        else:
            a_lane = self.photos if self.shape == "strip" else max(2, round(self.photos**0.5))
            lane, along = np.divmod(number, a_lane)
            along = np.where(lane % 2 == 0, along, a_lane - 1 - along)
            places = self.apart_m * np.column_stack([LANE_M * lane, along])
        return np.column_stack([places - places.mean(axis=0), np.full(self.photos, HEIGHT_M)])


FLIGHTS = [
    Flight(shape, photos, apart_s, apart_m)
    for shape, photos, (apart_s, apart_m) in product(
        ("strip", "grid", "orbit"), (8, 20, 60), ((0.7, 3.0), (2.0, 6.0), (5.0, 6.0), (15.0, 6.0))
    )
]


@dataclass(frozen=True, slots=True)
class Told:
    """What the positions of a flight tell, by how much they are off, and the true covariance of that."""

    witness: Witness
    centres: Array
    off_m: Array
    true_covariance: Array


class Scale(NamedTuple):
    """By how much a scale is off, and one standard deviation of it."""

    off: float
    sigma: float

    @property
    def held(self) -> bool:
        return abs(self.off) <= COVERAGE_95 * self.sigma


def tell(flight: Flight, errors: Errors, random: np.random.Generator) -> Told:
    """Fly and err by lot: offset, lag and lever arm as assumed, the rest as `errors` says."""
    even = flight.centres()
    count, times_s = flight.photos, flight.apart_s * np.arange(flight.photos)
    centres = even + random.normal(0, JITTER_M, even.shape)
    flights = np.zeros(count)
    common = _common(even, velocities(even, times_s, flights), flight.shape)
    parts = [errors.covariance(times_s), errors.covariance(times_s), UP.covariance(times_s)]
    off_m = np.column_stack([np.linalg.cholesky(part) @ random.normal(size=count) for part in parts])
    off_m += common @ random.normal(size=common.shape[2])
    told_m = centres + off_m
    velocity_m_s = velocities(told_m, times_s, flights)
    witness = Witness(
        told_m,
        "relative",
        _common(even, velocity_m_s, flight.shape),
        np.tile([PLAN.drift_m, PLAN.drift_m, BAROMETER.drift_m], (count, 1)),
        np.tile([PLAN.own_m, PLAN.own_m, BAROMETER.own_m], (count, 1)),
        times_s,
        flights,
        velocity_m_s,
    )
    flat = common.reshape(3 * count, -1)
    return Told(witness, centres, off_m, _whole(parts) + flat @ flat.T)


def _common(even: Array, velocity_m_s: Array, shape: str) -> Array:
    """(k, 3, 6) what the flight shares: the camera looks ahead, to the middle in an orbit."""
    ahead = -even[:, :2] if shape == "orbit" else np.gradient(even[:, :2], axis=0)
    ahead = ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    common = np.zeros((len(even), 3, 6))
    common[:, [0, 1, 2], [0, 1, 2]] = PLAN.shared_m, PLAN.shared_m, BAROMETER.shared_m
    common[:, :, 3] = velocity_m_s * PLAN.lag_s
    common[:, :2, 4] = ahead * PLAN.lever_m
    common[:, :2, 5] = np.column_stack([ahead[:, 1], -ahead[:, 0]]) * PLAN.lever_m
    return common


def _whole(parts: list[Array]) -> Array:
    count = len(parts[0])
    whole = np.zeros((count, 3, count, 3))
    for axis, part in enumerate(parts):
        whole[:, axis, :, axis] = part
    return whole.reshape(3 * count, 3 * count)


def scale_of(told: Told, covariance: Array, *, gimbal: bool = True) -> tuple[Scale, Array]:
    """The scale that positions of this covariance give, and the (k, 3) metres that are left."""
    offset_m = told.centres - told.centres.mean(axis=0)
    by = np.zeros((len(offset_m), 3, 7))
    by[:, :, 0] = offset_m
    for axis in range(3):
        by[:, :, 1 + axis] = np.cross(np.eye(3)[axis], offset_m)
    by[:, :, 4:] = np.eye(3)
    flat = by.reshape(-1, 7)
    known = np.diag([0, GIMBAL_RAD**-2, GIMBAL_RAD**-2, 0, 0, 0, 0]) * gimbal
    lower = np.linalg.cholesky(covariance)
    white, off = np.linalg.solve(lower, flat), np.linalg.solve(lower, told.off_m.reshape(-1))
    inverse = np.linalg.inv(white.T @ white + known)
    found = inverse @ (white.T @ off)
    return Scale(float(found[0]), float(np.sqrt(inverse[0, 0]))), told.off_m - by @ found


def least_squares(told: Told) -> Scale:
    """Every position weighs the same; how sure that is, from what is left in plan."""
    scale, left_m = scale_of(told, np.eye(3 * len(told.centres)))
    freedom = max(1, 2 * len(left_m) - 4)
    return Scale(scale.off, scale.sigma * float(np.sqrt((left_m[:, :2] ** 2).sum() / freedom)))


def by_one_factor(told: Told) -> Scale:
    """Drift and own as assumed, multiplied by one factor of 1 or more until the residuals fit."""
    shared, spread = told.witness.shared, ASSUMED.spread(told.witness)
    factor, freedom = 1.0, 3 * len(told.centres) - 7
    scale, left_m = scale_of(told, shared + spread)
    for _ in range(3 if freedom >= 8 else 0):
        flat = left_m.reshape(-1)
        found = float(np.sqrt(flat @ np.linalg.solve(shared + factor**2 * spread, flat) / freedom))
        if found <= 1.05:
            break
        factor *= found
        scale, left_m = scale_of(told, shared + factor**2 * spread)
    return scale


def by_split(told: Told) -> tuple[Scale, Split]:
    """As the product does it."""
    rows = np.arange(len(told.centres))
    _, left_m = scale_of(told, told.witness.shared + ASSUMED.spread(told.witness))
    split = split_errors(told.witness, rows, left_m, told.centres)
    return scale_of(told, told.witness.shared + split.spread(told.witness))[0], split


WAYS = ("best", "least squares", "one factor", "split")


def estimates(told: Told) -> dict[str, Scale]:
    """The scale by each of WAYS."""
    best, _ = scale_of(told, told.true_covariance)
    return dict(zip(WAYS, (best, least_squares(told), by_one_factor(told), by_split(told)[0]), strict=True))


def flown(seed: int) -> Iterator[tuple[str, Flight, dict[str, Scale]]]:
    """Every flight with every kind of error, once."""
    for kind, (name, errors) in enumerate(ERRORS.items()):
        for number, flight in enumerate(FLIGHTS):
            told = tell(flight, errors, np.random.default_rng([seed, kind, number]))
            yield name, flight, estimates(told)


def main(first: int, last: int) -> None:
    """Print the table of the seeds `first` to `last`."""
    groups: dict[str, list[dict[str, Scale]]] = defaultdict(list)
    for seed in range(first, last + 1):
        for name, flight, scales in flown(seed):
            kind = name.split()[0]
            for group in (name, kind, f"{kind}, {flight.photos}", f"{flight.shape}, {flight.photos}", "all"):
                groups[group].append(scales)
    sys.stdout.write(f"{'':24}{'cases':>7}" + "".join(f"{way:>17}" for way in WAYS) + "\n")
    for group, cases in sorted(groups.items()):
        best = np.array([case["best"].sigma for case in cases])
        text = f"{group:24}{len(cases):7}"
        for way in WAYS:
            off = np.array([case[way].off for case in cases]) / best
            held = 100 * np.mean([case[way].held for case in cases])
            text += f"   {np.sqrt(np.mean(off**2)):6.2f} {held:5.1f} %"
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

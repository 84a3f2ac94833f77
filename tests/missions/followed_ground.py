"""Routes and ground that the tests of following terrain share."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from missions.geodesy import GeoPoint, LocalFrame
from missions.terrain import (
    AnalyticTerrain,
    Followed,
    Limits,
    follow,
)

HOME = GeoPoint(52.1, 5.3)


FRAME = LocalFrame(HOME)


Array = npt.NDArray[np.float64]


Ground = Callable[[Array, Array], Any]


def over(ground: Ground, resolution_m: float = 0.5) -> AnalyticTerrain:
    return AnalyticTerrain(ground, HOME, resolution_m)


def flat(east: Array, north: Array) -> Array:
    return np.zeros_like(east) + 12.0


def hills(east: Array, north: Array) -> Array:
    return np.asarray(20 * np.sin(east / 150) + 15 * np.cos(north / 90) + 4 * np.sin((east + north) / 40))


def dike(east: Array, north: Array) -> Array:
    return np.asarray(np.clip(8 - np.abs(east - 200) / 3, 0, 6))


def cliff(east: Array, north: Array) -> Array:
    return np.where(east > 300, 40.0, 0.0)


def flown(
    terrain: AnalyticTerrain, corners: Any, height: Any = 60.0, **limits: Any
) -> tuple[Followed, Limits]:
    told = Limits(**limits)
    take_off = float(terrain.heights_amsl_m([[HOME.lon_deg, HOME.lat_deg]])[0])
    return follow(FRAME.geo_from_local(corners), height, take_off, terrain, told), told


def between(followed: Followed, terrain: AnalyticTerrain, side_m: float = 0.0) -> tuple[Array, Array, Array]:
    """Every 20 cm of the route: metres east and north, height in the terrain's datum, and the ground."""
    local = FRAME.local_from_geo(followed.points_lonlat)
    take_off = float(terrain.heights_amsl_m([[HOME.lon_deg, HOME.lat_deg]])[0])
    places, heights = [], []
    for (a, b), (low, high) in zip(pairwise(local), pairwise(followed.height_relative_m), strict=True):
        run = np.hypot(*(b - a))
        share = np.linspace(0, 1, max(2, int(run / 0.2)))
        across = np.array([a[1] - b[1], b[0] - a[0]]) / max(run, 1e-9)
        places.append(a + share[:, None] * (b - a) + side_m * across)
        heights.append(low + share * (high - low) + take_off)
    points = np.vstack(places)
    return points, np.concatenate(heights), terrain.heights_amsl_m(FRAME.geo_from_local(points))


def flown_at(terrain: AnalyticTerrain, take_off_m: float, **limits: Any) -> tuple[Followed, Limits]:
    told = Limits(**limits)
    return follow(FRAME.geo_from_local([[0, 0], [600, 0]]), 60.0, take_off_m, terrain, told), told

"""Where a ray first meets the ground: a level, or a height model that may hide what lies behind a rise.

A ray is followed outwards from the camera in steps no longer than a cell of the model, and the first step
that ends below the ground is halved until it is short. A fixed-point iteration from below the aircraft, the
usual short cut, can settle behind a hill that the ray has already met.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from missions.geodesy import LocalFrame
from missions.terrain import Terrain

Array = npt.NDArray[np.float64]
FARTHEST_M = 5000.0
"""No ray is followed further: a person is far below a pixel there."""
_CHUNK = 64
_HALVINGS = 16
_PARTS_OF_HEIGHT = 16


class Ground(Protocol):
    """Where rays end."""

    def meet(self, origins: Array, directions: Array) -> Array:
        """(n, 3) east, north, up where rays along (n, 3) directions first meet it, NaN where they do not."""
        ...

    def height_m(self, east_north: Array) -> Array:
        """(n,) heights at (n, 2) places, NaN where not known."""
        ...


@dataclass(frozen=True, slots=True)
class Level:
    """Ground of one height, metres amsl."""

    height_amsl_m: float

    def meet(self, origins: Array, directions: Array) -> Array:
        """As `Ground` has it."""
        fall = -directions[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(fall > 0, (origins[:, 2] - self.height_amsl_m) / fall, np.nan)
        reach = np.where((reach >= 0) & (reach <= FARTHEST_M), reach, np.nan)
        return np.asarray(origins + reach[:, None] * directions)

    def height_m(self, east_north: Array) -> Array:
        """As `Ground` has it."""
        return np.full(len(east_north), self.height_amsl_m)


@dataclass(frozen=True)
class Relief:
    """A height model in the local frame; `lift_m` is added to bring its heights to the aircraft's datum."""

    terrain: Terrain
    frame: LocalFrame
    lift_m: float = 0.0

    def height_m(self, east_north: Array) -> Array:
        """As `Ground` has it."""
        known = np.isfinite(east_north).all(axis=1)
        heights = np.full(len(east_north), np.nan)
        if known.any():
            lonlat = self.frame.geo_from_local(east_north[known])
            heights[known] = self.terrain.heights_amsl_m(lonlat) + self.lift_m
        return heights

    def meet(self, origins: Array, directions: Array) -> Array:
        """As `Ground` has it; NaN too where the model has no data on the way to the ground."""
        return first_meeting(self.height_m, self.terrain.resolution_m, origins, directions)


def first_meeting(
    height_m: Callable[[Array], Array], cell_m: float, origins: Array, directions: Array
) -> Array:
    """(n, 3) where rays first meet the surface `height_m` of (k, 2) east, north; else NaN.

    A stretch without data ends a ray: what stands there is not known.
    """
    found = np.full(origins.shape, np.nan)
    above = origins[:, 2] - height_m(origins[:, :2])
    sound = np.isfinite(directions).all(axis=1) & (directions[:, 2] < 0) & np.isfinite(above) & (above > 0)
    flat = np.hypot(directions[:, 0], directions[:, 1])
    fall = np.maximum(-directions[:, 2], 1e-3)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.minimum(cell_m / np.maximum(flat, 1e-9), above / _PARTS_OF_HEIGHT / fall)
    step = np.maximum(step, cell_m / 4)
    going = np.flatnonzero(sound)
    begun = np.zeros(len(origins))
    while going.size:
        reach = begun[going, None] + step[going, None] * np.arange(_CHUNK + 1)
        points = origins[going, None] + reach[:, :, None] * directions[going, None]
        room = points[:, :, 2] - height_m(points[:, :, :2].reshape(-1, 2)).reshape(reach.shape)
        ended = ~(room > 0)
        ended[:, 0] = False
        first = np.argmax(ended, axis=1)
        met = ended.any(axis=1)
        rows = np.flatnonzero(met)
        on_ground = rows[np.isfinite(room[rows, first[rows]])]
        at = first[on_ground]
        low, high = reach[on_ground, at - 1], reach[on_ground, at]
        rays = going[on_ground]
        found[rays] = _halved(height_m, origins[rays], directions[rays], low, high)
        begun[going] = reach[:, -1]
        going = going[~met & (reach[:, -1] < FARTHEST_M)]
    return found


def _halved(
    height_m: Callable[[Array], Array], origins: Array, directions: Array, low: Array, high: Array
) -> Array:
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        points = origins + middle[:, None] * directions
        below = ~(points[:, 2] > height_m(points[:, :2]))
        low, high = np.where(below, low, middle), np.where(below, middle, high)
    return np.asarray(origins + high[:, None] * directions)

"""The ground that a camera looks at: its height at any place, and what it hides behind itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, map_coordinates

from missions.errors import InputError, SettingsError
from missions.geodesy import LocalFrame, Points
from missions.terrain import Terrain

Floats = npt.NDArray[np.float64]
MAX_SAMPLES = 4_000_000
_SIGHT_STEPS = 400
"""Places looked at along one line of sight at most."""
_GRAZE_M = 0.05
"""Ground that rises into a line of sight by less than this hides nothing: rounding of bilinear heights."""


@dataclass(frozen=True, eq=False)
class SeenGround:
    """Heights (rows, columns) at the corners of a square lattice, metres in one vertical datum.

    `heights_m[0, 0]` stands at `west_m`, `north_m` of `frame`, and each row lies `step_m` further south.
    Between them heights are bilinear; beyond the lattice they are those of its border.
    """

    frame: LocalFrame
    west_m: float
    north_m: float
    step_m: float
    heights_m: Floats

    @classmethod
    def level(cls, frame: LocalFrame, height_m: float) -> SeenGround:
        """Ground of one height everywhere."""
        return cls(frame, 0.0, 0.0, 1.0, np.full((1, 1), float(height_m)))

    @classmethod
    def of_terrain(
        cls,
        terrain: Terrain,
        frame: LocalFrame,
        bounds_m: tuple[float, float, float, float],
        finest_m: float = 2.0,
    ) -> SeenGround:
        """The terrain over west, south, east, north in metres, as fine as it is itself but for `finest_m`.

        Gaps take the height of the nearest place that has one. Raises InputError where none has, and
        SettingsError where the ground is too large to look at that finely.
        """
        west, south, east, north = bounds_m
        step_m = max(terrain.resolution_m, finest_m)
        columns, rows = (math.ceil(span / step_m) + 1 for span in (east - west, north - south))
        if columns * rows > MAX_SAMPLES:
            raise SettingsError(
                f"{columns} x {rows} heights are more than {MAX_SAMPLES}",
                remedy="Give elevation files with coarser cells, or look at a smaller area",
            )
        eastings, northings = np.meshgrid(
            west + step_m * np.arange(columns), north - step_m * np.arange(rows)
        )
        lonlat = frame.geo_from_local(np.column_stack([eastings.ravel(), northings.ravel()]))
        heights = terrain.heights_amsl_m(lonlat).reshape(rows, columns)
        unknown = np.isnan(heights)
        if unknown.all():
            raise InputError(
                "the elevation files tell nothing of the ground that was looked at",
                where=", ".join(source.name for source in terrain.sources),
                remedy="Give the tiles around the area",
            )
        if unknown.any():
            nearest = distance_transform_edt(unknown, return_distances=False, return_indices=True)
            heights = heights[tuple(nearest)]
        return cls(frame, west, north, step_m, heights)

    @property
    def is_level(self) -> bool:
        """Whether it is as high everywhere."""
        return self.heights_m.size == 1

    @property
    def lowest_m(self) -> float:
        """The lowest height."""
        return float(self.heights_m.min())

    @property
    def highest_m(self) -> float:
        """The highest height."""
        return float(self.heights_m.max())

    def at(self, points_m: Points) -> Floats:
        """(n, 2) east, north to (n,) heights."""
        points = np.asarray(points_m, float).reshape(-1, 2)
        if self.is_level:
            return np.full(len(points), self.heights_m[0, 0])
        row = (self.north_m - points[:, 1]) / self.step_m
        column = (points[:, 0] - self.west_m) / self.step_m
        return np.asarray(map_coordinates(self.heights_m, [row, column], order=1, mode="nearest"), float)

    def hides(self, points_m: Points, height_m: Floats, eye_m: Floats) -> npt.NDArray[np.bool_]:
        """Whether ground stands between each of n places and an eye.

        `points_m` (n, 2) east, north and `height_m` (n,) of what is looked at; `eye_m` (3,) east, north,
        height. Looked at every `step_m` along each line, as far up as the highest ground reaches.
        """
        points = np.asarray(points_m, float).reshape(-1, 2)
        if self.is_level or len(points) == 0:
            return np.zeros(len(points), bool)
        run = np.asarray(eye_m[:2]) - points
        rise = eye_m[2] - height_m
        length = np.hypot(run[:, 0], run[:, 1])
        # beyond this share of the line nothing is as high as the line
        share = np.clip((self.highest_m - height_m) / np.maximum(rise, 1e-9), 0.0, 1.0)
        share[rise <= 0] = 1.0
        steps = int(np.clip(np.ceil((length * share).max() / self.step_m), 1, _SIGHT_STEPS))
        along = (np.arange(1, steps + 1) / steps)[None, :] * share[:, None]
        places = points[:, None, :] + run[:, None, :] * along[:, :, None]
        ground = self.at(places.reshape(-1, 2)).reshape(along.shape)
        line = height_m[:, None] + rise[:, None] * along
        return np.asarray((ground > line + _GRAZE_M).any(axis=1))

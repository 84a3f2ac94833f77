"""Ground as a fine grid of squares, each with how much of it straight pieces see.

A piece sees a square on its edge in part. Shares of pieces side by side add up to the whole, so a slit
between two lanes counts for what it is, however thin; where pieces overlap at an edge a little too much is
counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from missions.coverage.lanes import Swath, along
from missions.geodesy import Points

Shares = npt.NDArray[np.float32]
Place = tuple[float, float]
_PLACES = 5
"""Places a square's side, where its share in the area is counted."""


@dataclass(frozen=True, slots=True)
class Strip:
    """What one piece sees: a block of the grid, and the share of each of its squares."""

    rows: slice
    columns: slice
    shares: Shares


class Ground:
    """An area's squares, turned so that lanes of a bearing run along the grid's rows."""

    def __init__(self, area: BaseGeometry, swath: Swath, bearing_deg: float, step_m: float) -> None:
        self._swath = swath
        self._step_m = step_m
        self._east, self._north = along(bearing_deg)
        turned = shapely.transform(area, self.turned)
        self._west, self._south, east, north = turned.bounds
        self._x = self._west + step_m * (np.arange(self._cells(east - self._west), dtype=np.float32) + 0.5)
        self._y = (self._south + step_m * (np.arange(self._cells(north - self._south)) + 0.5)).astype(
            np.float32
        )[:, None]
        self._ours_m2 = _areas(turned, self._x, self._y[:, 0], step_m)
        self._seen = np.zeros_like(self._ours_m2)

    def turned(self, points: Points) -> Points:
        """Places in the grid's frame."""
        return np.asarray(points @ np.array([[self._east, -self._north], [self._north, self._east]]))

    def turned_back(self, points: Points) -> Points:
        """Places from the grid's frame back to east and north."""
        return np.asarray(points @ np.array([[self._east, self._north], [-self._north, self._east]]))

    def unseen_m2(self) -> float:
        """What no piece sees."""
        return self._unseen_m2(slice(None), slice(None))

    def strip(self, a: Place, b: Place, inset: float) -> Strip:
        """What a piece in the grid's frame sees, less `inset` squares along its edges."""
        dx, dy = b[0] - a[0], b[1] - a[1]
        length_m = math.hypot(dx, dy)
        dx, dy = (dx / length_m, dy / length_m) if length_m > 1e-9 else (1.0, 0.0)
        half_m = self._swath.width_m / 2
        reach_m = length_m / 2 + self._swath.reach_m
        middle_x, middle_y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
        wide_m, high_m = reach_m * abs(dx) + half_m * abs(dy), reach_m * abs(dy) + half_m * abs(dx)
        columns = self._span(middle_x - self._west, wide_m, len(self._x))
        rows = self._span(middle_y - self._south, high_m, len(self._y))
        x, y = self._x[columns] - middle_x, self._y[rows] - middle_y
        step_m = self._step_m
        ahead = np.abs(x * (dx / step_m) + y * (dy / step_m))
        aside = np.abs(y * (dx / step_m) - x * (dy / step_m))
        np.subtract(reach_m / step_m + 0.5 - inset, ahead, out=ahead)
        np.subtract(half_m / step_m + 0.5 - inset, aside, out=aside)
        for share in (ahead, aside):
            np.maximum(share, 0.0, out=share)
            np.minimum(share, 1.0, out=share)
        return Strip(rows, columns, np.multiply(ahead, aside, out=ahead))

    def add(self, strip: Strip) -> None:
        """Count a piece."""
        self._seen[strip.rows, strip.columns] += strip.shares

    def drop(self, strip: Strip) -> None:
        """Count a piece no more."""
        self._seen[strip.rows, strip.columns] -= strip.shares

    def exchange(self, old: list[Strip], new: list[Strip], most_m2: float = math.inf) -> float | None:
        """Exchange pieces for others, unless more than `most_m2` more stays unseen; how much more does."""
        strips = [*old, *new]
        rows = slice(min(s.rows.start for s in strips), max(s.rows.stop for s in strips))
        columns = slice(min(s.columns.start for s in strips), max(s.columns.stop for s in strips))
        before = self._seen[rows, columns].copy()
        before_m2 = self._unseen_m2(rows, columns)
        for strip in old:
            self.drop(strip)
        for strip in new:
            self.add(strip)
        more_m2 = self._unseen_m2(rows, columns) - before_m2
        if more_m2 > most_m2:
            self._seen[rows, columns] = before
            return None
        return more_m2

    def unseen_about_m2(self, places: list[Place]) -> float:
        """What no piece sees of all that could be seen from places and between them."""
        far = self._swath.width_m / 2 + self._swath.reach_m
        west, south = (min(values) for values in zip(*places, strict=True))
        east, north = (max(values) for values in zip(*places, strict=True))
        columns = self._span((west + east) / 2 - self._west, (east - west) / 2 + far, len(self._x))
        rows = self._span((south + north) / 2 - self._south, (north - south) / 2 + far, len(self._y))
        return self._unseen_m2(rows, columns)

    def _unseen_m2(self, rows: slice, columns: slice) -> float:
        left = np.subtract(1.0, self._seen[rows, columns], dtype=np.float32)
        np.maximum(left, 0.0, out=left)
        return float(np.vdot(left, self._ours_m2[rows, columns]))

    def _cells(self, length_m: float) -> int:
        return max(1, math.ceil(length_m / self._step_m))

    def _span(self, middle_m: float, half_m: float, size: int) -> slice:
        first = min(max(int((middle_m - half_m) / self._step_m), 0), size)
        return slice(first, max(first, min(int((middle_m + half_m) / self._step_m) + 1, size)))


def _areas(area: BaseGeometry, x: Shares, y: Shares, step_m: float) -> Shares:
    """How much of each square lies in the area, m2, (rows, columns)."""
    shapely.prepare(area)
    column, row = np.meshgrid(x.astype(float), y.astype(float))
    shares = np.asarray(shapely.intersects_xy(area, column, row), dtype=np.float32)
    border = shapely.get_coordinates(shapely.segmentize(area.boundary, step_m / 4))
    on_column = np.clip((border[:, 0] - column[0, 0]) / step_m + 0.5, 0, len(x) - 1).astype(np.int64)
    on_row = np.clip((border[:, 1] - row[0, 0]) / step_m + 0.5, 0, len(y) - 1).astype(np.int64)
    on_row, on_column = np.unique(np.stack([on_row, on_column]), axis=1)
    within = (np.arange(_PLACES) + 0.5) / _PLACES - 0.5
    east, north = (offset.ravel() * step_m for offset in np.meshgrid(within, within))
    places_x, places_y = x[on_column][:, None] + east, y[on_row][:, None] + north
    shares[on_row, on_column] = shapely.intersects_xy(area, places_x, places_y).mean(axis=1)
    return np.asarray(shares * step_m**2, dtype=np.float32)

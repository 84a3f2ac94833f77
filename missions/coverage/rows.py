"""An area as rows: level lines across it, and the stretches of each that lie inside.

One sort of all crossings gives every row at once (the even-odd rule), which makes a grid of lanes cheap to
judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Stretches inside, `step_m` apart: `row` rises, and `a` within a row; `y` is each row's level."""

    y: Floats
    step_m: float
    row: Indices
    a: Floats
    b: Floats


def rows_of(area: BaseGeometry, most_apart_m: float) -> Rows:
    """The rows of an area, no more than `most_apart_m` apart and half of that from its edges."""
    _, low, _, high = area.bounds
    count = max(1, int(np.ceil((high - low) / most_apart_m)))
    step_m = (high - low) / count
    levels = np.asarray(low + step_m * (np.arange(count) + 0.5), dtype=np.float64)
    return Rows(levels, step_m, *stretches(edges_of(area), levels))


def edges_of(area: BaseGeometry) -> Floats:
    """Every edge of the border and the holes, upwards, (n, 2, 2)."""
    rings = shapely.get_rings(shapely.get_parts(area))
    places, ring = shapely.get_coordinates(rings, return_index=True)
    within = ring[1:] == ring[:-1]
    edges = np.stack([places[:-1][within], places[1:][within]], axis=1)
    return np.where((edges[:, 1, 1] < edges[:, 0, 1])[:, None, None], edges[:, ::-1], edges)


def stretches(edges: Floats, levels: Floats) -> tuple[Indices, Floats, Floats]:
    """Where the lines y = level run inside: the level's number, from and to; levels must rise.

    A level on a corner counts to the edge above it.
    """
    (x1, y1), (x2, y2) = edges[:, 0].T, edges[:, 1].T
    first = np.searchsorted(levels, y1)
    crossed = np.searchsorted(levels, y2) - first
    edge = np.repeat(np.arange(len(edges)), crossed)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(crossed) - crossed, crossed) + first[edge]
    share = (levels[row] - y1[edge]) / (y2[edge] - y1[edge])
    x = x1[edge] + share * (x2[edge] - x1[edge])
    order = np.lexsort((x, row))
    row, x = row[order], x[order]
    return row[::2], x[::2], x[1::2]

"""Laying chance over a grid: around a place, along a line, over an area. What falls beside it is outside.

The chance of a cell is the integral over it of f(r) a(theta) / r, f being the density of the distance and a
that of the direction. By Green's theorem in polar coordinates that is the integral of F(r) a(theta) dtheta
around the cell's border, F being the share within r. Neighbours share an edge, so every block of cells holds
just what its own border says, whatever the size of the cells; near the middle edges are cut ever finer.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import shapely
from scipy.signal import oaconvolve
from scipy.special import ndtr
from shapely import LineString, MultiPolygon, Polygon

from missions.errors import SettingsError
from missions.geodesy import Points
from missions.search.direction import Direction
from missions.search.distances import Distances
from missions.search.grid import Cells, SearchGrid
from missions.search.probability import ProbabilityMap

SIGMA_OF_95 = math.sqrt(-2 * math.log(0.05))
"""A round Gaussian holds 95 % within so many standard deviations."""
MEDIAN_OF_SIGMA = 0.6744897501960817
"""Half of a Gaussian lies within so many standard deviations of its middle, to either side."""
_NEAR_CELLS = 16
_FINEST = 26
_ROWS_A_TIME = 64
_FAR_NODES, _FAR_WEIGHTS = np.polynomial.legendre.leggauss(3)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_MOST_SIGMAS = 5.0
_MOST_PAD = 1_000
_PIECES_A_CELL = 8
_MOST_PIECES = 5_000_000
Floats = npt.NDArray[np.float64]
_Swept = Callable[[Floats, Floats], Floats]


def around(
    grid: SearchGrid,
    place_m: tuple[float, float],
    distances: Distances,
    direction: Direction | None = None,
    within_95_m: float = 0.0,
) -> ProbabilityMap:
    """Chance around a place (east, north in the grid's frame) by distance and, if known, direction.

    The place itself is known to `within_95_m` (95 % radius of a round Gaussian). Raises SettingsError.
    """
    sigma_m = within_95_m / SIGMA_OF_95
    pad = _pad(grid, sigma_m)
    mass = _radial(grid, pad, place_m, distances, direction)
    return _finished(grid, _blurred(mass, sigma_m / grid.cell_m), pad)


def along(grid: SearchGrid, line_m: LineString, offset_m: float) -> ProbabilityMap:
    """Chance along a line of the grid's frame, alike on every metre; half of it lies within `offset_m` of it.

    To within an eighth of a cell. Raises SettingsError for an offset of none and for a line too long.
    """
    if not offset_m > 0:
        raise SettingsError(f"an offset of {offset_m} m from the line is none", remedy="Give metres above 0")
    sigma_m = offset_m / MEDIAN_OF_SIGMA
    pad = _pad(grid, sigma_m)
    middles, lengths = _pieces(line_m, grid.cell_m)
    rows = np.floor((grid.north_m - middles[:, 1]) / grid.cell_m).astype(int) + pad
    columns = np.floor((middles[:, 0] - grid.west_m) / grid.cell_m).astype(int) + pad
    mass = np.zeros((grid.rows + 2 * pad, grid.columns + 2 * pad))
    inside = (rows >= 0) & (rows < mass.shape[0]) & (columns >= 0) & (columns < mass.shape[1])
    np.add.at(mass, (rows[inside], columns[inside]), lengths[inside] / lengths.sum())
    return _finished(grid, _blurred(mass, sigma_m / grid.cell_m), pad)


def over(grid: SearchGrid, area_m: Polygon | MultiPolygon) -> ProbabilityMap:
    """Chance over an area of the grid's frame, alike everywhere in it."""
    mass = grid.share_inside(area_m) * (grid.cell_m**2 / area_m.area)
    return _finished(grid, mass, 0)


def nowhere(grid: SearchGrid) -> ProbabilityMap:
    """All chance outside the grid."""
    return ProbabilityMap(grid, np.zeros(grid.shape), 1.0)


def _finished(grid: SearchGrid, mass: Cells, pad: int) -> ProbabilityMap:
    kept = mass[pad : pad + grid.rows, pad : pad + grid.columns].clip(0.0)
    whole = float(kept.sum())
    return ProbabilityMap(grid, kept / max(1.0, whole), max(0.0, 1.0 - whole))


def _pad(grid: SearchGrid, sigma_m: float) -> int:
    """How many cells around the grid chance may be blurred into it from."""
    if not (math.isfinite(sigma_m) and sigma_m >= 0):
        raise SettingsError("the uncertainty of the place is no distance", remedy="Give metres, 0 or more")
    pad = math.ceil(_MOST_SIGMAS * sigma_m / grid.cell_m)
    if pad > _MOST_PAD:
        raise SettingsError(
            f"a place that vague takes {pad} cells around the grid, more than {_MOST_PAD}",
            remedy="Take larger cells, or draw the area where he was seen",
        )
    return pad


def _blurred(mass: Cells, sigma_cells: float) -> Cells:
    """Convolved with a Gaussian, integrated over cells."""
    if sigma_cells <= 0:
        return mass
    reach = math.ceil(_MOST_SIGMAS * sigma_cells) + 1
    edges = ndtr((np.arange(-reach, reach + 2) - 0.5) / sigma_cells)
    kernel = np.diff(edges) / (edges[-1] - edges[0])
    for axis in (0, 1):
        mass = oaconvolve(mass, np.expand_dims(kernel, 1 - axis), mode="same", axes=axis)
    return mass


def _radial(
    grid: SearchGrid,
    pad: int,
    place_m: tuple[float, float],
    distances: Distances,
    direction: Direction | None,
) -> Cells:
    columns, rows = np.arange(-pad, grid.columns + pad + 1), np.arange(-pad, grid.rows + pad + 1)
    across: Floats = np.asarray(grid.west_m - place_m[0] + columns * grid.cell_m, float)
    down: Floats = np.asarray(grid.north_m - place_m[1] - rows * grid.cell_m, float)

    def swept(east: Floats, north: Floats) -> Floats:
        """F(r) a(theta) / r^2; nought in the middle, where F goes faster than any power of r."""
        square = east * east + north * north
        distance = np.sqrt(np.where(square > 0, square, 1.0))
        share = distances.share_within(distance)
        angular = 1 / (2 * math.pi) if direction is None else direction.density(east, north, distance)
        return np.where(square > 0, share * angular / np.where(square > 0, square, 1.0), 0.0)

    # dtheta is -north deast / r^2 along a row, and east dnorth / r^2 along a column.
    eastward = -_edges(down, across, grid.cell_m, lambda line, edge: line * swept(edge, line), distances)
    southward = _edges(across, down, grid.cell_m, lambda line, edge: line * swept(line, edge), distances).T
    return eastward[1:] - eastward[:-1] + southward[:, :-1] - southward[:, 1:]


def _edges(fixed: Floats, marks: Floats, cell_m: float, swept: _Swept, distances: Distances) -> Floats:
    """(n, m - 1) the integral along every edge between two marks, on every line."""
    half = np.diff(marks) / 2
    nodes = (marks[:-1] + half)[:, None] + half[:, None] * _FAR_NODES
    found = np.empty((len(fixed), len(half)))
    for first in range(0, len(fixed), _ROWS_A_TIME):
        lines = fixed[first : first + _ROWS_A_TIME]
        found[first : first + _ROWS_A_TIME] = (swept(lines[:, None, None], nodes[None]) * _FAR_WEIGHTS).sum(
            -1
        ) * half
    near_lines = np.flatnonzero(np.abs(fixed) <= _NEAR_CELLS * cell_m)
    near_edges = np.flatnonzero(np.abs(marks[:-1] + half) <= _NEAR_CELLS * cell_m)
    for line in near_lines:
        for edge in near_edges:
            cuts = _cuts(fixed[line], marks[edge], marks[edge + 1], cell_m, distances)
            width = np.diff(cuts) / 2
            places = (cuts[:-1] + width)[:, None] + width[:, None] * _NODES
            values = swept(np.full_like(places, fixed[line]), places) @ _WEIGHTS
            found[line, edge] = float(values @ width)
    return found


def _cuts(fixed: float, start: float, end: float, cell_m: float, distances: Distances) -> Floats:
    """Where an edge is cut: ever finer towards its foot, and where it crosses a quantile's circle."""
    low, high = min(start, end), max(start, end)
    scales = cell_m * 2.0 ** np.arange(-_FINEST, 6)
    radii = np.array([*distances.distances_m, distances.reach_m])
    crossed = radii[(radii > abs(fixed)) & np.isfinite(radii)]
    crossings = np.sqrt(crossed**2 - fixed**2)
    marks = np.concatenate([scales, -scales, crossings, -crossings, [0.0]])
    cuts = np.unique(np.concatenate([[low, high], marks[(marks > low) & (marks < high)]]))
    return cuts if start < end else cuts[::-1]


def _pieces(line_m: LineString, cell_m: float) -> tuple[Points, Floats]:
    """Middles and lengths of pieces of a line, none longer than an eighth of a cell."""
    corners = shapely.get_coordinates(line_m)
    steps = np.diff(corners, axis=0)
    lengths = np.hypot(*steps.T)
    counts = np.ceil(lengths * (_PIECES_A_CELL / cell_m)).astype(int)
    total = int(counts.sum())
    if total == 0:
        raise SettingsError("the line has no length", remedy="Draw it through two places or more")
    if total > _MOST_PIECES:
        raise SettingsError(
            f"the line is {lengths.sum() / 1000:.0f} km long, too long for cells of {cell_m:g} m",
            remedy="Draw only what is near the grid, or take larger cells",
        )
    legs = np.repeat(np.arange(len(steps)), counts)
    place = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (place + 0.5) / counts[legs]
    return corners[legs] + steps[legs] * share[:, None], lengths[legs] / counts[legs]

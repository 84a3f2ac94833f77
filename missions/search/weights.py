"""Weights of the cells: from the ground, from slopes, and from the way around barriers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from rasterio import Affine
from rasterio.features import rasterize
from scipy.ndimage import distance_transform_edt
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from missions.errors import SettingsError
from missions.search.distances import Distances
from missions.search.grid import Cells, SearchGrid
from missions.search.land import Ground, LandClass
from missions.search.probability import ProbabilityMap
from missions.terrain.surface import Terrain

_RING_CELLS = 2
_LEAST_RING = 0.05
"""Below this part of the mean weight of the map a ring is not held: an islet would get all of it."""
_FADED = 20
"""Offsets beyond which a line counts no more: a millionth of its weight is left."""
_QUARTER = 4
"""Corners of a buffer's quarter circle: its area is a hundredth short at the round ends alone."""
_FINEST, _MOST_SAMPLES = 16, 64_000_000
"""A cell's cover is that of up to 16 x 16 samples in it: weights deserve no better."""
Flags = npt.NDArray[np.bool_]
Slopes = Sequence[tuple[float, float]]
"""Pairs of a slope in degrees and the weight from there on, ascending."""


def weighted(
    chances: ProbabilityMap, weights: Cells, around_m: tuple[float, float] | None = None
) -> ProbabilityMap:
    """The map with its chance moved to where the weights are higher, the chance outside as it was.

    Weights compare the cells with each other; of the rest of the world they say nothing. With `around_m`,
    what lies at one distance from that place stays at it and moves around it: where people were found says
    how far they go, roads and water included. A ring with next to no weight loses its chance to the others.
    Raises SettingsError where the weights leave no cell that holds chance.
    """
    on_grid = chances.on_grid
    if on_grid == 0:
        return chances
    mass = chances.mass * weights
    if around_m is not None:
        mass = mass / _ring_means(chances, mass, around_m)
    whole = float(mass.sum())
    if not whole > 0:
        raise SettingsError(
            "the weights exclude every place where he could be",
            remedy="Look at what has a weight of 0: water drawn over everything?",
        )
    return ProbabilityMap(chances.grid, mass * (on_grid / whole), chances.outside)


def _ring_means(chances: ProbabilityMap, mass: Cells, around_m: tuple[float, float]) -> Cells:
    """(rows, columns) the mean weight of the ring, two cells wide, that a cell lies in."""
    grid = chances.grid
    distance_m = np.hypot(grid.easts_m[None, :] - around_m[0], grid.norths_m[:, None] - around_m[1])
    ring = (distance_m / (_RING_CELLS * grid.cell_m)).astype(int)
    before = np.bincount(ring.ravel(), chances.mass.ravel())
    after = np.bincount(ring.ravel(), mass.ravel())
    means = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    overall = after.sum() / before.sum()
    return np.asarray(np.maximum(means, max(_LEAST_RING * overall, 1e-300))[ring])


def ground_weights(grid: SearchGrid, grounds: Iterable[Ground]) -> Cells:
    """(rows, columns) the weights of all grounds multiplied; a cell counts for the part that is covered.

    Raises SettingsError for lines without a width.
    """
    weights = np.ones(grid.shape)
    for ground in grounds:
        if ground.kind.weight != 1.0:
            _refuse_thin(ground)
            weights *= 1 + (ground.kind.weight - 1) * _presence(grid, ground.shape_m, ground.kind)
    return weights


def _refuse_thin(ground: Ground) -> None:
    kind = ground.kind
    if kind.buffer_m == kind.offset_m == 0 and shapely.length(ground.shape_m) > 0 == shapely.area(
        ground.shape_m
    ):
        raise SettingsError(
            f"the lines of {kind.name!r} have a weight and no width",
            remedy="Give the class a buffer_m, an offset_m or both",
        )


def slope_weights(grid: SearchGrid, terrain: Terrain, slopes: Slopes) -> Cells:
    """(rows, columns) weights by the steepness of the ground between neighbouring cells; 1 where unknown.

    Raises SettingsError for slopes that do not ascend, and what the terrain raises.
    """
    degrees = [slope for slope, _ in slopes]
    if sorted(set(degrees)) != degrees or not all(
        0 <= slope < 90 and weight >= 0 for slope, weight in slopes
    ):
        raise SettingsError("slopes must ascend from 0 to 90 degrees, with weights of 0 or more")
    heights = np.full(grid.shape, np.nan)
    for row, centres in enumerate(grid.centres_m):
        heights[row] = terrain.heights_amsl_m(grid.frame.geo_from_local(centres))
    if min(grid.shape) < 2:
        raise SettingsError("a grid of one row or column has no slopes", remedy="Take smaller cells")
    down, across = np.gradient(heights, grid.cell_m)
    steepness = np.degrees(np.arctan(np.hypot(down, across)))
    weights = np.array([1.0, *(weight for _, weight in slopes)])
    found: Cells = np.where(
        np.isnan(steepness), 1.0, weights[np.searchsorted(degrees, steepness, side="right")]
    )
    return found


def detour_weights(
    grid: SearchGrid, place_m: tuple[float, float], distances: Distances, grounds: Sequence[Ground]
) -> Cells:
    """(rows, columns) how much thinner chance is because of the way around barriers and over hard ground.

    People are as thin there as they would be as far away as the way is; 0 where none leads. The way is found
    by fast marching, once over the ground and once over nothing, so that the error of the method falls out.
    Raises SettingsError where the place lies beside the grid or on a barrier.
    """
    slowness = np.ones(grid.shape)
    for ground in grounds:
        kind = ground.kind
        if kind.barrier:
            slowness[_touched(grid, ground.shape_m, kind.buffer_m)] = math.inf
        elif kind.effort != 1.0:
            slowness *= 1 + (kind.effort - 1) * _covered(grid, ground.shape_m, kind.buffer_m)
    if (slowness == 1.0).all():
        return np.ones(grid.shape)
    row, column = (int(index) for index in grid.cell_of(np.array([place_m]))[0])
    if row < 0 or math.isinf(slowness[row, column]):
        raise SettingsError(
            "the planning point lies " + ("beside the grid" if row < 0 else "on a barrier"),
            remedy="Detours are reckoned from a place beside the barriers; move it or the line",
        )
    from missions.search.marching import march  # compiles, and most maps have no barriers

    centre = grid.west_m + (column + 0.5) * grid.cell_m, grid.north_m - (row + 0.5) * grid.cell_m
    start_m = math.dist(place_m, centre)
    straight = march(np.ones(grid.shape), row, column, start_m, grid.cell_m)
    way = _shores(march(slowness, row, column, start_m, grid.cell_m), grid.cell_m)
    return distances.fading(straight, way)


def _shores(way: Cells, cell_m: float) -> Cells:
    """Barriers' own cells are as far as the nearest cell beside them: somebody may lie on the bank."""
    beside = np.pad(way, 1, constant_values=math.inf)
    nearest = np.minimum.reduce([beside[:-2, 1:-1], beside[2:, 1:-1], beside[1:-1, :-2], beside[1:-1, 2:]])
    return np.asarray(np.where(np.isinf(way), nearest + cell_m, way))


def _presence(grid: SearchGrid, drawn: BaseGeometry, kind: LandClass) -> Cells:
    """(rows, columns) 1 where the ground is, fading beside it."""
    covered = _covered(grid, drawn, kind.buffer_m)
    if kind.offset_m <= 0:
        return covered
    near = _touched(grid, drawn, kind.buffer_m)
    if not near.any():
        return covered
    beyond_m = distance_transform_edt(~near) * grid.cell_m
    fading = np.where(beyond_m < _FADED * kind.offset_m, 0.5 ** (beyond_m / kind.offset_m), 0.0)
    return np.asarray(np.maximum(covered, np.where(near, covered + (1 - covered) * fading, fading)))


def _covered(grid: SearchGrid, drawn: BaseGeometry, buffer_m: float) -> Cells:
    """(rows, columns) the share of each cell that what is drawn covers, with its buffer; of samples in it."""
    solid = [part for part in _on_grid(grid, drawn, buffer_m) if isinstance(part, Polygon)]
    if not solid:
        return np.zeros(grid.shape)
    fine = max(1, min(_FINEST, math.isqrt(_MOST_SAMPLES // (grid.rows * grid.columns))))
    shape = grid.rows * fine, grid.columns * fine
    burnt = rasterize(solid, shape, transform=grid.transform * Affine.scale(1 / fine), dtype="uint8")
    counts = burnt.reshape(grid.rows, fine, grid.columns, fine).sum(axis=(1, 3), dtype=float)
    return np.asarray(counts / fine**2)


def _touched(grid: SearchGrid, drawn: BaseGeometry, buffer_m: float) -> Flags:
    """(rows, columns) the cells that what is drawn touches, with its buffer."""
    parts = _on_grid(grid, drawn, buffer_m)
    if not parts:
        return np.zeros(grid.shape, bool)
    where = {"out_shape": grid.shape, "transform": grid.transform, "dtype": "uint8"}
    return np.asarray(rasterize(parts, all_touched=True, **where), bool)


def _on_grid(grid: SearchGrid, drawn: BaseGeometry, buffer_m: float) -> list[BaseGeometry]:
    """The parts of what is drawn, with its buffer, as far as it matters to the grid; they may overlap.

    Part by part: of a tangle of lines at once GEOS makes the buffer in minutes.
    """
    west, south, east, north = grid.bounds_m
    margin = buffer_m + grid.cell_m
    around = shapely.box(west - margin, south - margin, east + margin, north + margin)
    near = shapely.get_parts(shapely.intersection(drawn, around))
    wide = shapely.buffer(near, buffer_m, quad_segs=_QUARTER) if buffer_m > 0 else near
    return [part for part in wide if not part.is_empty]

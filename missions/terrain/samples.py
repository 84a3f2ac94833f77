"""The ground below a route and beside it, at points close enough to miss nothing that the data hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from missions.errors import InputError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.terrain.limits import Indices
from missions.terrain.surface import Heights, Terrain

FINEST_M, COARSEST_M = 0.5, 2.0
MAX_SAMPLES = 10_000_000
"""Of ground asked for one route, its sides counted."""
UPRIGHT_M = 1e-3
"""A leg that only climbs or descends counts as this long."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Points along a route of n points, m of them: every point asked and more in between.

    `along_m` (m,) grows; `leg` (m,) is the leg of n - 1 that begins at or before each sample (n - 1 for the
    last); `corner` (n,) is the sample of each point asked; `share` (m,) how far along its leg. `ground_m`
    (m,) is the ground below, `highest_m` (m,) the highest ground within the side asked, both NaN where not
    known.
    """

    lonlat: Points
    along_m: Heights
    leg: Indices
    corner: Indices
    share: Heights
    ground_m: Heights
    highest_m: Heights


def sample_legs(
    points_lonlat: Points,
    terrain: Terrain,
    *,
    side_m: float = 0.0,
    obstacles: Terrain | None = None,
    around_m: npt.ArrayLike = 0.0,
) -> Samples:
    """Sample the ground along a route, up to `side_m` beside and before it, and around its points.

    Where `obstacles` is given (a surface model) it counts towards `highest_m`, as far as it has data.
    `around_m` (n,) is a radius around each point. Raises InputError and SettingsError.
    """
    if len(points_lonlat) < 2 or not np.isfinite(points_lonlat).all():
        raise InputError("a route needs two points or more, all of them places")
    frame = _frame_of(points_lonlat)
    corners = frame.local_from_geo(points_lonlat)
    steps = np.diff(corners, axis=0, append=corners[-1:])
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    lengths[:-1] = np.maximum(lengths[:-1], UPRIGHT_M)
    finest = min(terrain.resolution_m, obstacles.resolution_m if obstacles else math.inf)
    step_m = min(max(finest / 2, FINEST_M), COARSEST_M)
    offsets = _offsets(side_m, max(finest, FINEST_M))
    pieces = np.maximum(np.ceil(lengths / step_m), 1)
    _refuse_endless(float(pieces.sum()) * len(offsets))
    counts = pieces.astype(np.intp)
    counts[-1] = 1
    leg = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    share = (np.arange(len(leg)) - first[leg]) / counts[leg]
    points = corners[leg] + share[:, None] * steps[leg]
    lonlat = frame.geo_from_local(points)
    lonlat[first] = points_lonlat
    ground = terrain.heights_amsl_m(lonlat)
    across = np.column_stack([-steps[:, 1], steps[:, 0]]) / np.maximum(lengths, UPRIGHT_M)[:, None]
    across[-1] = across[-2]
    highest = ground if obstacles is None else np.fmax(ground, obstacles.heights_amsl_m(lonlat))
    if side_m > 0:
        a_metre_across = (frame.geo_from_local(points + side_m * across[leg]) - lonlat) / side_m
    for offset_m in offsets[offsets != 0]:
        highest = np.maximum(highest, _top(lonlat + offset_m * a_metre_across, terrain, obstacles))
    highest = _highest_before(highest, math.ceil(side_m / step_m))
    radius = np.broadcast_to(np.asarray(around_m, float), (len(corners),))
    for row in np.flatnonzero(radius > 0):
        disc = frame.geo_from_local(corners[row] + _disc(float(radius[row]), max(finest, FINEST_M)))
        highest[first[row]] = np.maximum(highest[first[row]], _top(disc, terrain, obstacles).max())
    begins = np.cumsum(lengths) - lengths
    return Samples(
        lonlat=lonlat,
        along_m=begins[leg] + share * lengths[leg],
        leg=leg,
        corner=first,
        share=share,
        ground_m=ground,
        highest_m=highest,
    )


def _top(lonlat: Points, terrain: Terrain, obstacles: Terrain | None) -> Heights:
    ground = terrain.heights_amsl_m(lonlat)
    return ground if obstacles is None else np.fmax(ground, obstacles.heights_amsl_m(lonlat))


def _disc(radius_m: float, step_m: float) -> Points:
    """Points on a grid over a disc and on its edge; the grid is never finer than 200 points across."""
    each = min(math.ceil(radius_m / step_m), 100)
    line = np.linspace(-radius_m, radius_m, 2 * each + 1)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    angle = np.linspace(0, 2 * np.pi, 16 * each, endpoint=False)
    edge = radius_m * np.column_stack([np.cos(angle), np.sin(angle)])
    return np.vstack([grid[np.hypot(grid[:, 0], grid[:, 1]) <= radius_m], edge])


def _highest_before(highest_m: Heights, samples: int) -> Heights:
    """The highest ground within some samples before and behind; NaN stays where it was."""
    unknown = np.isnan(highest_m)
    filled = maximum_filter1d(np.where(unknown, -np.inf, highest_m), 2 * samples + 1, mode="nearest")
    return np.where(unknown, np.nan, filled)


def _offsets(side_m: float, step_m: float) -> Heights:
    each = math.ceil(side_m / step_m) if side_m > 0 else 0
    return np.linspace(-side_m, side_m, 2 * each + 1)


def _frame_of(points_lonlat: Points) -> LocalFrame:
    lon, lat = (points_lonlat.min(axis=0) + points_lonlat.max(axis=0)) / 2
    return LocalFrame(GeoPoint(float(lat), float(lon)))


def _refuse_endless(samples: float) -> None:
    if samples > MAX_SAMPLES:
        raise SettingsError(
            f"{samples:.3g} heights of the ground are too many for one route (at most {MAX_SAMPLES:.0e})",
            remedy="Divide the route, or give terrain with larger cells (AHN also comes in 5 m)",
        )

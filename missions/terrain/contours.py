"""Tracks along contours, close enough together that a camera sees everything between them.

heights on a grid -> levels -> contours clipped to the area -> more between where they lie far apart ->
short lanes where the ground is level
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import contourpy
import numpy as np
import numpy.typing as npt
import shapely
from scipy.ndimage import gaussian_filter
from shapely import LineString, MultiLineString
from shapely.affinity import rotate
from shapely.geometry.base import BaseGeometry

from missions.errors import AreaError
from missions.geodesy import LocalFrame, Points
from missions.terrain.surface import Heights, Terrain

LEAST_SLOPE = 0.03
"""Below this (3 m in 100) contours wander with every furrow."""
_STEEP_SHARE = 0.2
"""Of the area, at least this much must slope."""
_CELLS = 600
_HALVINGS = 5
_FINEST_INTERVAL_M = 0.25
_QUANTILES = (0.5, 0.75, 0.95)
_ENOUGH = 0.995


@dataclass(frozen=True, slots=True)
class Relief:
    """Smoothed heights on a grid, `east_m` (c,), `north_m` (r,), `height_m` (r, c).

    Heights are NaN where the ground is level or not known.
    `lowest_m` and `highest_m` are those inside the area, `slopes` (metres a metre, sorted) those of its steep
    parts.
    """

    east_m: Heights
    north_m: Heights
    height_m: npt.NDArray[np.float64]
    lowest_m: float
    highest_m: float
    slopes: Heights


@dataclass(frozen=True)
class Track:
    """A line to fly: (n, 2) metres; where `closed` the first point is repeated at the end.

    `level_m` is the height of its ground, NaN for a straight lane.
    """

    points: Points
    level_m: float

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        (west, south), (east, north) = self.points.min(axis=0), self.points.max(axis=0)
        return float(west), float(south), float(east), float(north)

    @cached_property
    def closed(self) -> bool:
        """Whether it comes back to where it began."""
        return len(self.points) > 3 and bool(np.hypot(*(self.points[0] - self.points[-1])) < 0.01)

    @cached_property
    def entries(self) -> Points:
        """Where it can be begun: every corner of a ring, the two ends of a line."""
        return self.points[:-1] if self.closed else self.points[[0, -1]]


def relief_of(shape: BaseGeometry, frame: LocalFrame, terrain: Terrain, spacing_m: float) -> Relief:
    """The ground of an area, smoothed over a quarter of the spacing.

    Raises AreaError where nothing is known of it, or it is too flat for contours `spacing_m` apart.
    """
    west, south, east, north = shape.buffer(spacing_m).bounds
    step_m = max(terrain.resolution_m, spacing_m / 8, (east - west) / _CELLS, (north - south) / _CELLS)
    easts, norths = (np.arange(a, b + step_m, step_m) for a, b in ((west, east), (south, north)))
    grid = np.stack(np.meshgrid(easts, norths), axis=-1).reshape(-1, 2)
    raw = terrain.heights_amsl_m(frame.geo_from_local(grid)).reshape(len(norths), len(easts))
    height = _smoothed(raw, spacing_m / 4 / step_m)
    inside = shapely.contains_xy(shape, grid[:, 0], grid[:, 1]).reshape(height.shape) & ~np.isnan(height)
    if np.count_nonzero(inside) < 9 or min(height.shape) < 3:
        raise AreaError(
            "the terrain has no heights of the area, or too few",
            remedy="Give terrain files that cover the area, with cells smaller than the lanes are apart",
        )
    slope = np.hypot(*np.gradient(height, step_m))
    inside &= ~np.isnan(slope)
    steep = slope[inside & (slope >= LEAST_SLOPE)]
    lowest, highest = float(height[inside].min()), float(height[inside].max())
    usual = float(np.median(steep)) if steep.size else 0.0
    if steep.size < _STEEP_SHARE * np.count_nonzero(inside) or highest - lowest < 1.5 * spacing_m * usual:
        raise AreaError(
            f"the area is too flat for a contour search: {highest - lowest:.0f} m of height in all, and"
            f" {100 * steep.size / max(1, np.count_nonzero(inside)):.0f} % of it slopes, for lanes"
            f" {spacing_m:.0f} m apart",
            remedy="Search it by parallel track, or fly lower for narrower lanes",
        )
    level = np.where(slope < LEAST_SLOPE / 2, np.nan, height)
    return Relief(easts, norths, level, lowest, highest, np.sort(steep))


def contour_tracks(
    relief: Relief, shape: BaseGeometry, inner: BaseGeometry, spacing_m: float, seen_m: float
) -> tuple[list[Track], float]:
    """The tracks, and the interval between their main levels in metres.

    `inner` is where tracks may lie, `seen_m` what the camera sees across the track. The interval is the one
    of a few, from wide to narrow, that gives the shortest tracks which see as good as all of `shape`.
    """
    near_m = max((spacing_m + seen_m) / 4, 0.53 * spacing_m)
    best: tuple[float, list[Track], float] | None = None
    for quantile in _QUANTILES:
        interval_m = max(spacing_m * float(np.quantile(relief.slopes, quantile)), _FINEST_INTERVAL_M)
        tracks = _tracks(relief, shape, inner, interval_m, near_m)
        tracks += _lanes_between(tracks, shape, inner, spacing_m, seen_m)
        unseen = 1 - seen_share(tracks, shape, seen_m)
        metres = sum(float(np.hypot(*np.diff(track.points, axis=0).T).sum()) for track in tracks)
        cost = metres + spacing_m * len(tracks) + 20 * max(0.0, unseen - 0.005) * shape.area / spacing_m
        if best is None or cost < best[0]:
            best = cost, tracks, interval_m
    assert best is not None  # noqa: S101 - there is always a quantile
    return best[1], best[2]


def seen_share(tracks: list[Track], shape: BaseGeometry, seen_m: float) -> float:
    """The share of the shape within half of `seen_m` of a track."""
    return float(_seen([track.points for track in tracks], seen_m).intersection(shape).area / shape.area)


def _smoothed(raw: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    """A Gaussian mean of what is known, NaN where nothing is."""
    known = ~np.isnan(raw)
    weight = gaussian_filter(known.astype(float), sigma, mode="nearest")
    total = gaussian_filter(np.where(known, raw, 0.0), sigma, mode="nearest")
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, total / weight, np.nan)


def _tracks(
    relief: Relief, shape: BaseGeometry, inner: BaseGeometry, interval_m: float, near_m: float
) -> list[Track]:
    """Main levels first, then levels halfway between wherever no track lies within `near_m`."""
    known = np.ma.masked_invalid(relief.height_m)
    generator = contourpy.contour_generator(relief.east_m, relief.north_m, known)
    tracks: list[Track] = []
    top_m = relief.highest_m - interval_m / 2
    free: BaseGeometry = inner
    for halving in range(_HALVINGS + 1):
        step_m = interval_m / 2**halving
        if step_m < _FINEST_INTERVAL_M and halving > 0:
            break
        found: list[Track] = []
        for level_m in _levels(top_m, step_m, relief, first=halving == 0):
            for line in generator.lines(level_m):
                found += _kept(np.asarray(line), level_m, found, free, near_m)
        tracks += found
        free = free.difference(_near(found, near_m))
        if free.area < (1 - _ENOUGH) * shape.area:
            break
    return tracks


def _levels(top_m: float, step_m: float, relief: Relief, *, first: bool) -> list[float]:
    if first:
        return [float(level) for level in np.arange(top_m, relief.lowest_m, -step_m)] or [
            (relief.lowest_m + relief.highest_m) / 2
        ]
    highest = top_m + step_m * math.floor((relief.highest_m - top_m) / step_m)
    levels = np.arange(highest, relief.lowest_m, -step_m)
    odd = np.round((levels - top_m) / step_m).astype(int) % 2 == 1
    return [float(level) for level in levels[odd]]


def _kept(
    line: Points, level_m: float, beside: list[Track], free: BaseGeometry, near_m: float
) -> list[Track]:
    """The parts of a contour in free space where none of the tracks `beside` it is near."""
    if len(line) < 2:
        return []
    wanted: BaseGeometry = LineString(line).simplify(near_m / 10).intersection(free)
    if wanted.is_empty:
        return []
    west, south, east, north = wanted.bounds
    close = [
        track
        for track in beside
        if track.box[0] < east + near_m
        and track.box[2] > west - near_m
        and track.box[1] < north + near_m
        and track.box[3] > south - near_m
    ]
    if close:
        wanted = wanted.difference(_near(close, near_m))
    joined = shapely.line_merge(shapely.union_all(_lines(wanted)))
    return [Track(shapely.get_coordinates(part), level_m) for part in _lines(joined) if part.length > near_m]


def _near(tracks: list[Track], near_m: float) -> BaseGeometry:
    return MultiLineString([track.points for track in tracks]).buffer(near_m, quad_segs=4)


def _lanes_between(
    tracks: list[Track],
    shape: BaseGeometry,
    inner: BaseGeometry,
    spacing_m: float,
    seen_m: float,
) -> list[Track]:
    """Short straight lanes over what the tracks leave unseen, the largest places first."""
    unseen = shape.difference(_seen([track.points for track in tracks], seen_m))
    parts = sorted(shapely.get_parts(unseen), key=lambda part: -float(part.area))
    left = unseen.area
    lanes: list[Track] = []
    for part in parts:
        if left <= (1 - _ENOUGH) * shape.area:
            break
        found = _lanes_over(part, inner, spacing_m)
        lanes += [Track(points, math.nan) for points in found]
        left -= part.area if found else 0.0
    return lanes


def _lanes_over(part: BaseGeometry, inner: BaseGeometry, spacing_m: float) -> list[Points]:
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    if len(box) < 4:
        return []
    along, across = box[1] - box[0], box[2] - box[1]
    if np.hypot(*along) < np.hypot(*across):
        along, across = across, along
    angle = math.degrees(math.atan2(along[1], along[0]))
    centre = part.centroid
    level = rotate(part, -angle, origin=centre)
    west, south, east, north = level.bounds
    count = max(1, math.ceil((north - south) / spacing_m))
    lanes: list[Points] = []
    for number in range(count):
        y = south + (number + 0.5) * (north - south) / count
        cut = LineString([(west, y), (east, y)]).intersection(level.buffer(spacing_m / 4))
        lane = rotate(cut, angle, origin=centre).intersection(inner)
        lanes += [shapely.get_coordinates(line) for line in _lines(lane) if line.length > 1.0]
    return lanes


def _seen(lines: list[Points], seen_m: float) -> BaseGeometry:
    flat = [LineString(line).buffer(seen_m / 2, cap_style="flat", quad_segs=4) for line in lines]
    return shapely.union_all(flat, grid_size=0.01)


def _lines(geometry: BaseGeometry) -> list[LineString]:
    return [part for part in shapely.get_parts(geometry) if isinstance(part, LineString) and part.length > 0]

"""The fewest ground that holds a share of the chance, as shapes: for a map, a report, another program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import contourpy
import numpy as np
import shapely
from scipy.ndimage import label
from shapely import MultiPolygon, Polygon

from missions.geodesy import GeoPoint, LocalFrame
from missions.search.probability import ProbabilityMap
from missions.search.search_map import SearchMap

SHARES = (0.5, 0.75, 0.95)
_SMALLEST_CELLS = 1.0
_SIMPLER_CELLS = 0.2
_WORTH = ("pos", "cumulative_pos", "left")


@dataclass(frozen=True, slots=True)
class Contour:
    """Where the likeliest `share` of all chance lies, metres in the grid's frame; `poa` lies in the shape."""

    share: float
    shape_m: MultiPolygon
    poa: float


@dataclass(frozen=True, slots=True)
class Region:
    """A connected piece of the likeliest ground: its chance, its area, and its middle by chance."""

    poa: float
    area_km2: float
    middle: GeoPoint

    @property
    def poa_per_km2(self) -> float:
        """How thick the chance lies."""
        return self.poa / self.area_km2


def contours(chances: ProbabilityMap, shares: Sequence[float] = SHARES) -> tuple[Contour, ...]:
    """The likeliest ground for each share that the grid holds; of all chance, outside counted.

    Lines run between the middles of cells, are smoothed by a fifth of a cell, and leave out specks smaller
    than one cell: `poa` is what the drawn shape holds.
    """
    found = []
    for share in shares:
        if share <= chances.on_grid:
            shape = _shape(chances, share)
            found.append(Contour(share, shape, chances.poa(shape)))
    return tuple(found)


def _shape(chances: ProbabilityMap, share: float) -> MultiPolygon:
    grid = chances.grid
    level = float(chances.mass[chances.likeliest(share)].min())
    # A border of nothing closes every line; a little under the level, so that cells just at it are inside.
    padded = np.pad(chances.mass, 1)
    east = grid.west_m + (np.arange(grid.columns + 2) - 0.5) * grid.cell_m
    north = grid.north_m - (np.arange(grid.rows + 2) - 0.5) * grid.cell_m
    generator = contourpy.contour_generator(east, north, padded, fill_type=contourpy.FillType.OuterOffset)
    filled: Any = generator.filled(level * (1 - 1e-9), np.inf)
    points, offsets = filled[:2]
    polygons = []
    for places, starts in zip(points, offsets, strict=True):
        rings = [places[first:last] for first, last in pairwise(starts)]
        drawn = Polygon(rings[0], rings[1:])
        polygons.append(drawn if drawn.is_valid else drawn.buffer(0))
    whole = shapely.simplify(shapely.union_all(polygons), _SIMPLER_CELLS * grid.cell_m)
    smallest = _SMALLEST_CELLS * grid.cell_m**2
    parts = [part for part in shapely.get_parts(whole) if isinstance(part, Polygon)]
    large = [part for part in parts if part.area >= smallest] or parts
    return MultiPolygon(large)


def regions(chances: ProbabilityMap, share: float = 0.5, count: int = 10) -> tuple[Region, ...]:
    """The connected pieces of the likeliest ground that holds `share`, the one that holds most first.

    Of all ground with any chance where the grid holds less than that.
    """
    grid = chances.grid
    pieces, number = label(chances.likeliest(min(share, max(chances.on_grid, 1e-12))))
    which = pieces.ravel()
    sums = np.bincount(which, chances.mass.ravel(), number + 1)[1:]
    if not number or not sums.any():
        return ()
    cells = np.bincount(which, minlength=number + 1)[1:]
    centres = grid.centres_m.reshape(-1, 2)
    easts, norths = (
        np.bincount(which, chances.mass.ravel() * centres[:, axis], number + 1)[1:] / np.maximum(sums, 1e-300)
        for axis in (0, 1)
    )
    return tuple(
        Region(
            float(sums[index]),
            float(cells[index]) * grid.cell_m**2 / 1e6,
            grid.frame.point_from_local(float(easts[index]), float(norths[index])),
        )
        for index in np.argsort(-sums, kind="stable")[:count]
    )


def geojson(search: SearchMap, drawn: Sequence[Contour]) -> bytes:
    """The contours, the widest first, and the planning point, as a FeatureCollection with a `role` each."""
    grid = search.mixture.grid
    features: list[dict[str, Any]] = [
        _feature(
            shapely.geometry.mapping(_lonlat(each.shape_m, grid.frame)),
            role="search-contour",
            name=f"{100 * each.share:.0f} % of the chance",
            share=each.share,
            poa=round(each.poa, 6),
            area_km2=round(each.shape_m.area / 1e6, 6),
        )
        for each in sorted(drawn, key=lambda each: -each.share)
    ]
    if search.last_seen is not None:
        place = search.last_seen.place
        point = {"type": "Point", "coordinates": [place.lon_deg, place.lat_deg]}
        seen = search.last_seen
        features.append(
            _feature(point, role="last-seen", name="Last seen", within_m=seen.within_m, time=seen.time)
        )
    document = {
        "type": "FeatureCollection",
        "name": search.name,
        "search_map": {
            "created": search.created,
            "outside": search.chances.outside,
            "examples": list(search.examples),
            "notes": list(search.notes),
            "searched": _searched(search),
        },
        "features": features,
    }
    return (json.dumps(document, allow_nan=False, ensure_ascii=False) + "\n").encode()


def _searched(search: SearchMap) -> dict[str, Any] | None:
    """What the passes over the map were worth, by its last one; None before the first."""
    passes = [each for each in search.since if "cumulative_pos" in each]
    if not passes:
        return None
    return {"passes": len(passes), **{name: passes[-1].get(name) for name in _WORTH}}


def _lonlat(shape_m: MultiPolygon, frame: LocalFrame) -> MultiPolygon:
    return shapely.transform(shape_m, lambda places: frame.geo_from_local(places).round(7))


def _feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}

"""Whether control lies where the photos were taken: what shows a wrong coordinate system or order of axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from pyproj import Transformer
from scipy.spatial import KDTree

from imaging.control.coordinates import System
from imaging.control.lines import shown
from imaging.control.points import Listed, SurveyedPoint
from imaging.lens import Array
from missions.geodesy import WGS84, GeoPoint, LocalFrame
from missions.plan import Finding, Severity

REACH_M = 1000.0
"""A control point lies within this of a photo; drones at 120 m see less far."""


def check_against_photos(
    points: Sequence[SurveyedPoint],
    photos: Sequence[GeoPoint],
    *,
    listed: Sequence[Listed] = (),
    system: System | None = None,
) -> tuple[Finding, ...]:
    """Points far from every photo, and what would bring them there. Nothing is changed.

    `listed` and `system` are the points as their file has them (`files.Control`): with them, other orders of
    the axes and other coordinate systems are tried, and the first that brings the points among the photos
    becomes the remedy.
    """
    if not points or not photos:
        return ()
    near = _Photos(photos)
    away_m = near.distances_m(np.array([[point.lon_deg, point.lat_deg] for point in points]))
    if np.median(away_m) <= REACH_M:
        return tuple(_strays(points, away_m))
    far = f"The points lie {_distance(float(np.median(away_m)))} from the photos"
    if system is not None:
        for how, remedy, lonlat in _other_ways(listed, system, near.middle):
            found_m = near.distances_m(lonlat)
            if np.median(found_m) <= REACH_M:
                return (
                    Finding("whereabouts", Severity.BLOCKING, f"{far}; {how} they lie among them.", remedy),
                )
    return (
        Finding(
            "whereabouts",
            Severity.BLOCKING,
            f"{far}.",
            "Check that the points and the photos are of one place, and the coordinate system.",
        ),
    )


class _Photos:
    """Where the photos are, ready to be asked for the nearest."""

    def __init__(self, photos: Sequence[GeoPoint]) -> None:
        lonlat = np.array([[photo.lon_deg, photo.lat_deg] for photo in photos])
        lon, lat = np.median(lonlat, axis=0)
        self.middle = GeoPoint(float(lat), float(lon))
        self._frame = LocalFrame(self.middle)
        self._tree = KDTree(self._frame.local_from_geo(lonlat))

    def distances_m(self, lonlat: Array) -> Array:
        """(n,) metres from (n, 2) places to the nearest photo, or to their middle from further away."""
        away = np.full(len(lonlat), np.inf)
        known = np.isfinite(lonlat).all(axis=1)
        if known.any():
            count = int(known.sum())
            lon, lat = np.full(count, self.middle.lon_deg), np.full(count, self.middle.lat_deg)
            far_m = np.asarray(WGS84.inv(lonlat[known, 0], lonlat[known, 1], lon, lat)[2])
            level = self._frame.local_from_geo(lonlat[known])
            level[~np.isfinite(level)] = 1e9
            away[known] = np.where(far_m > 100_000, far_m, self._tree.query(level)[0])
        return away


def _strays(points: Sequence[SurveyedPoint], away_m: Array) -> Iterator[Finding]:
    for point, metres in zip(points, away_m, strict=True):
        if metres > REACH_M:
            yield Finding(
                "whereabouts",
                Severity.BLOCKING,
                f"{point.name} lies {_distance(float(metres))} from the nearest photo, others among them.",
                "Look for a typing error in its coordinates, or leave it out.",
            )


def _other_ways(
    listed: Sequence[Listed], system: System, middle: GeoPoint
) -> Iterator[tuple[str, str, Array]]:
    """What else the figures could mean, the likeliest first: how it is said, its remedy, (n, 2) lon, lat."""
    xy = np.array([[one.x, one.y] for one in listed], float).reshape(-1, 2)
    if not len(xy):
        return
    swap = "Exchange the columns x and y: x is east or longitude. Nothing is exchanged by itself."
    yield "with x and y swapped", swap, system.lonlat(xy[:, ::-1])
    for name, transformer in _other_systems(middle):
        remedy = f"Write {name} as the coordinate system, if the points are in it."
        how = f"read as {name} instead of {shown(system.text)}"
        yield how, remedy, _roughly(transformer, xy)
        yield f"{how} and with x and y swapped", f"{remedy} {swap}", _roughly(transformer, xy[:, ::-1])


def _other_systems(middle: GeoPoint) -> Iterator[tuple[str, Transformer]]:
    """Degrees, the zones of UTM about the photos, and Dutch RD."""
    south = middle.lat_deg < 0
    zone = int((middle.lon_deg + 180) // 6) % 60
    named = {"EPSG:4326": "EPSG:4326"}
    for each in (zone, (zone - 1) % 60, (zone + 1) % 60):
        named[f"WGS84 UTM {each + 1}{'S' if south else 'N'}"] = f"EPSG:{327 if south else 326}{each + 1:02d}"
    if 50 < middle.lat_deg < 56 and 2 < middle.lon_deg < 8:
        named["EPSG:28992"] = "EPSG:28992"
    for name, code in named.items():
        yield name, Transformer.from_crs(code, "EPSG:4326", always_xy=True)


def _roughly(transformer: Transformer, xy: Array) -> Array:
    """(n, 2) longitude, latitude within some metres: enough to see whether points lie among photos."""
    made = np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
    made[~((abs(made[:, 0]) <= 180) & (abs(made[:, 1]) <= 90))] = np.nan
    return np.asarray(made, float)


def _distance(metres: float) -> str:
    return f"{metres / 1000:.0f} km" if metres >= 10_000 else f"{metres / 1000:.1f} km"

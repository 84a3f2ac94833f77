"""Points on the earth and the flat frame that geometry runs in.

Longitude and latitude (WGS84, degrees) live at the edges; in between there are metres east and north of
an origin, on an azimuthal equidistant plane: within 10 km of the origin distances are true to 1e-6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import Geod, Transformer

from missions.errors import InputError

WGS84 = Geod(ellps="WGS84")
Points = npt.NDArray[np.float64]
"""Shape (n, 2): east and north in metres, or longitude and latitude in degrees, as the name says."""


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A place on WGS84, degrees. Raises InputError for a value that is no place."""

    lat_deg: float
    lon_deg: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lat_deg) and math.isfinite(self.lon_deg)):
            raise InputError(f"latitude {self.lat_deg}, longitude {self.lon_deg} is not a place")
        if abs(self.lat_deg) > 90 or abs(self.lon_deg) > 180:
            raise InputError(
                f"latitude {self.lat_deg}, longitude {self.lon_deg} is out of range",
                remedy="Latitude lies within -90 to 90 and longitude within -180 to 180; are they swapped?",
            )


def distance_m(a: GeoPoint, b: GeoPoint) -> float:
    """Geodesic distance on WGS84, metres (Karney 2013, through PROJ)."""
    return float(WGS84.inv(a.lon_deg, a.lat_deg, b.lon_deg, b.lat_deg)[2])


@dataclass(frozen=True)
class LocalFrame:
    """East and north of an origin in metres: azimuthal equidistant on WGS84."""

    origin: GeoPoint

    @property
    def _local_from_geo(self) -> Transformer:
        return _local_from_geo(self.origin)

    def local_from_geo(self, lonlat_deg: npt.ArrayLike) -> Points:
        """(n, 2) longitude, latitude in degrees to (n, 2) east, north in metres."""
        lonlat = np.asarray(lonlat_deg, float).reshape(-1, 2)
        east, north = self._local_from_geo.transform(lonlat[:, 0], lonlat[:, 1])
        return np.column_stack([east, north])

    def geo_from_local(self, en_m: npt.ArrayLike) -> Points:
        """(n, 2) east, north in metres to (n, 2) longitude, latitude in degrees."""
        en = np.asarray(en_m, float).reshape(-1, 2)
        lon, lat = self._local_from_geo.transform(en[:, 0], en[:, 1], direction="INVERSE")
        return np.column_stack([lon, lat])

    def point_from_local(self, east_m: float, north_m: float) -> GeoPoint:
        """One place from metres east and north of the origin."""
        lon, lat = self.geo_from_local([[east_m, north_m]])[0]
        return GeoPoint(float(lat), float(lon))


@lru_cache(maxsize=256)
def _local_from_geo(origin: GeoPoint) -> Transformer:
    """Made once an origin: it takes longer than a thousand conversions."""
    centre = f"+lat_0={origin.lat_deg!r} +lon_0={origin.lon_deg!r}"
    plane = f"+proj=aeqd {centre} +ellps=WGS84 +units=m"
    return Transformer.from_crs("EPSG:4326", plane, always_xy=True)

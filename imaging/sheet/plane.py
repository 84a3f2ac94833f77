"""From the ground to paper: UTM coordinates, corrected for their scale, and the grids that are labelled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Proj

from imaging.lens import Array
from missions.errors import InputError, SettingsError
from missions.geodesy import LocalFrame
from missions.rdnap import Frame, RdNap, open_rdnap


@dataclass(frozen=True)
class Plane:
    """The plane of the drawing: the UTM zone `epsg`, grid north up, true to scale at the `middle` (2,) in it.

    UTM is conformal, so that one factor holds for all directions: a metre on the ground is `point_scale`
    metres on the grid (Snyder 1987, Map Projections: A Working Manual, p. 57). It changes by at most 1e-8 a
    metre within a zone: over 800 m of drawing by 4e-6 from its middle, 3 µm on paper at 1:1000.
    """

    epsg: int
    frame: LocalFrame
    middle_m: Array

    @cached_property
    def _proj(self) -> Proj:
        return Proj(f"EPSG:{self.epsg}")

    @cached_property
    def _lonlat_deg(self) -> tuple[float, float]:
        lon, lat = self._proj(self.middle_m[0], self.middle_m[1], inverse=True)
        return float(lon), float(lat)

    @cached_property
    def point_scale(self) -> float:
        """Metres on the grid for a metre on the ellipsoid, in the middle."""
        return float(self._proj.get_factors(*self._lonlat_deg).meridional_scale)

    @cached_property
    def convergence_deg(self) -> float:
        """How far true north lies west (counter-clockwise) of grid north."""
        return float(self._proj.get_factors(*self._lonlat_deg).meridian_convergence)

    @property
    def zone(self) -> str:
        """Such as `31N`."""
        return f"{self.epsg % 100}{'N' if self.epsg // 100 == 326 else 'S'}"

    def from_local(self, en_m: npt.ArrayLike) -> Array:
        """(n, 2) local metres to (n, 2) UTM metres."""
        return utm_from_local(self.epsg, self.frame, en_m)

    def ground_from(self, utm_m: npt.ArrayLike) -> Array:
        """(n, 2) UTM to (n, 2) metres on the ground right and up of the middle: true to scale."""
        return (np.asarray(utm_m, float) - self.middle_m) / self.point_scale

    def utm_from_ground(self, ground_m: npt.ArrayLike) -> Array:
        """The reverse of `ground_from`."""
        return np.asarray(ground_m, float) * self.point_scale + self.middle_m


def utm_from_local(epsg: int, frame: LocalFrame, en_m: npt.ArrayLike) -> Array:
    """(n, 2) local metres to (n, 2) UTM metres."""
    lonlat = frame.geo_from_local(en_m)
    east, north = Proj(f"EPSG:{epsg}")(lonlat[:, 0], lonlat[:, 1])
    return np.column_stack([east, north])


def local_from_utm(epsg: int, frame: LocalFrame, utm_m: npt.ArrayLike) -> Array:
    """The reverse of `utm_from_local`."""
    utm = np.asarray(utm_m, float)
    lon, lat = Proj(f"EPSG:{epsg}")(utm[:, 0], utm[:, 1], inverse=True)
    return frame.local_from_geo(np.column_stack([lon, lat]))


def utm_epsg(crs: object) -> int:
    """The UTM zone of a picture. Raises InputError where it lies in another system."""
    try:
        epsg = CRS.from_user_input(crs).to_epsg()
    except Exception as error:  # PROJ's and rasterio's have no common parent
        raise InputError(f"the picture's coordinate system cannot be read ({error})") from error
    if epsg is None or epsg // 100 not in {326, 327} or not 1 <= epsg % 100 <= 60:
        raise InputError(
            f"the picture lies in {f'EPSG:{epsg}' if epsg else 'no known system'}, not in UTM",
            remedy="Give an orthomosaic in UTM (EPSG:326zz or 327zz)",
        )
    return epsg


@dataclass(frozen=True)
class RdGrid:
    """The Dutch grid beside UTM zone `epsg`, whose latitudes are in `reference` (WGS 84 at `epoch_year`)."""

    epsg: int
    rdnap: RdNap
    reference: Frame
    epoch_year: float | None

    def from_utm(self, utm_m: npt.ArrayLike) -> Array:
        """(n, 2) UTM to (n, 2) RD. Raises InputError outside the Netherlands' grid."""
        utm = np.asarray(utm_m, float).reshape(-1, 2)
        lon, lat = Proj(f"EPSG:{self.epsg}")(utm[:, 0], utm[:, 1], inverse=True)
        geo = np.column_stack([lat, lon, np.full(len(utm), np.nan)])
        return self.rdnap.rdnap_from_geo(geo, frame=self.reference, epoch_year=self.epoch_year)[:, :2]

    def utm_from(self, rd_m: npt.ArrayLike) -> Array:
        """(n, 2) RD to (n, 2) UTM."""
        rd = np.asarray(rd_m, float).reshape(-1, 2)
        held = np.column_stack([rd, np.full(len(rd), np.nan)])
        geo = self.rdnap.geo_from_rdnap(held, frame=self.reference, epoch_year=self.epoch_year)
        return np.column_stack(Proj(f"EPSG:{self.epsg}")(geo[:, 1], geo[:, 0]))


def rd_grid(epsg: int, reference: Frame | None, epoch_year: float | None, grids: Path | None) -> RdGrid:
    """The Dutch grid. Raises SettingsError where RDNAPTRANS lacks its grids or the reference is not told."""
    if reference is None:
        raise SettingsError(
            "RD coordinates need to know whether the scene's positions are in ETRS89 or in WGS 84",
            where="reference",
            remedy="Dutch RTK services give ETRS89; a receiver without corrections WGS 84",
        )
    return RdGrid(epsg, open_rdnap(grids), reference, epoch_year)

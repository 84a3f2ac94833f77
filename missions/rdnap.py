"""Dutch coordinates: RD (EPSG:28992) and heights above NAP (EPSG:5709), through RDNAPTRANS2018 only.

PROJ knows ways without the grids and takes them in silence: up to 0.2 m off in RD, 40 m in NAP. Here the
steps of EPSG:7415 are written out with the grids' own paths, so that there is nothing to fall back to,
and grids that do not reproduce published points to a millimetre are refused.

RD is defined from ETRS89, which moves with Europe; WGS 84 does not, and lies 0.9 m beside it in 2026.
Whoever converts says which of the two the coordinates are in. A receiver corrected by a Dutch RTK service
(NETPOS, 06-GPS) gives ETRS89, whatever its file calls it; one without corrections, or with SBAS or PPP,
WGS 84.
"""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyproj import Transformer
from pyproj.datadir import get_data_dir, get_user_data_dir  # type: ignore[attr-defined]
from pyproj.exceptions import ProjError

from missions.errors import InputError, SettingsError
from missions.files import read_bounded

FOLDER_VARIABLE = "DRONETEAM_GRIDS"
RD_GRID, NAP_GRID = "nl_nsgi_rdtrans2018.tif", "nl_nsgi_nlgeo2018.tif"
GRID_LIMIT_BYTES = 50_000_000
REMEDY = (
    f"Put {RD_GRID} and {NAP_GRID} (cdn.proj.org, CC BY 4.0, NSGI) into one folder and name it in"
    f" {FOLDER_VARIABLE} or the setting `grids`"
)
PUBLISHED = (
    (51.728601274, 4.712120126, 301.7981, 108360.8790, 415757.2745, 258.0057),
    (53.184783369, 5.816489592, 203.4425, 183697.1899, 577653.4349, 162.1973),
    (50.880783361, 5.770979299, 107.3697, 182010.4298, 321291.5269, 61.7004),
)
"""ETRS89 latitude, longitude, height, RD x, y, NAP: points 30010000, 30010009 and 30010119 of the file with
which NSGI has implementations checked (Z001_ETRS89andRDNAP)."""
_EAST_DEG = 7.998
"""At the grids' last column, and only there, what comes out is up to 16 mm off the published points."""
_AGREES_M = 0.001
"""What NSGI asks of an implementation."""

Points = npt.NDArray[np.float64]

_TO_RADIANS = "+step +proj=unitconvert +xy_in=deg +xy_out=rad "
_ETRS89_FROM_WGS84 = (
    "+step +proj=cart +ellps=WGS84 "
    "+step +proj=helmert +x=0.0547 +y=0.0522 +z=-0.0741 +rx=0.001701 +ry=0.01029 +rz=-0.016632 +s=0.00212 "
    "+dx=0.0001 +dy=0.0001 +dz=-0.0019 +drx=8.1e-05 +dry=0.00049 +drz=-0.000792 +ds=0.00011 +t_epoch=2010 "
    "+convention=position_vector "
    "+step +inv +proj=cart +ellps=GRS80 "
)
"""ITRF2014 to ETRF2000 (EPSG:8405; Altamimi 2018, EUREF Technical Note 1). WGS 84 (G1762 and later) keeps to
ITRF within centimetres, and RDNAPTRANS2018 is defined from ETRF2000."""


class Frame(StrEnum):
    """What a latitude, longitude and ellipsoidal height are measured in."""

    ETRS89 = "etrs89"
    WGS84 = "wgs84"


@dataclass(frozen=True)
class RdNap:
    """The conversion, with the grids it was made from: file name to SHA-256."""

    sha256: dict[str, str]
    _from_etrs89: Transformer = field(repr=False)
    _from_wgs84: Transformer = field(repr=False)

    def rdnap_from_geo(self, geo: npt.ArrayLike, *, frame: Frame, epoch_year: float | None = None) -> Points:
        """(n, 3) latitude, longitude, ellipsoidal height to (n, 3) RD x, y, NAP height; degrees, metres.

        A height of NaN stays NaN. `epoch_year` (2026.9) says when coordinates in WGS 84 were measured. Raises
        InputError for a place outside the grids (50 to 56 north, 2 to 8 east) or WGS 84 without its epoch.
        """
        places = _rows(geo)
        return self._through(places[:, [1, 0, 2]], frame, epoch_year, "FORWARD")

    def geo_from_rdnap(
        self, rdnap: npt.ArrayLike, *, frame: Frame, epoch_year: float | None = None
    ) -> Points:
        """(n, 3) RD x, y, height above NAP to (n, 3) latitude, longitude, ellipsoidal height; as above."""
        return self._through(_rows(rdnap), frame, epoch_year, "INVERSE")[:, [1, 0, 2]]

    def _through(self, points: Points, frame: Frame, epoch_year: float | None, direction: str) -> Points:
        heights = points[:, 2]
        known = np.isfinite(heights)
        when = np.full(len(points), _epoch(epoch_year) if frame == Frame.WGS84 else 0.0)
        transformer = self._from_wgs84 if frame == Frame.WGS84 else self._from_etrs89
        made = np.column_stack(
            transformer.transform(
                points[:, 0], points[:, 1], np.where(known, heights, 0.0), when, direction=direction
            )[:3]
        )
        lon_deg = points[:, 0] if direction == "FORWARD" else made[:, 0]
        lost = np.flatnonzero(~(np.isfinite(made).all(axis=1) & (lon_deg < _EAST_DEG)))
        if lost.size:
            first, second = points[lost[0], :2]
            raise InputError(
                f"{first:.10g}, {second:.10g} lies outside the area of RD and NAP"
                + (f", and {lost.size - 1} more" if lost.size > 1 else ""),
                remedy="Check the coordinate system and the axes: x of RD is below 300000, y above",
            )
        made[~known, 2] = np.nan
        return np.asarray(made, float)


def open_rdnap(folder: Path | None = None) -> RdNap:
    """The conversion with the grids in `folder`, else in $DRONETEAM_GRIDS, else where PROJ keeps its own.

    Raises SettingsError where a grid is missing, is no grid, or does not reproduce the published points.
    """
    folders = _folders(folder)
    rd, nap = (_found(name, folders) for name in (RD_GRID, NAP_GRID))
    return _opened(rd, nap, rd.stat().st_mtime_ns, nap.stat().st_mtime_ns)


def _folders(folder: Path | None) -> list[Path]:
    if folder is not None:
        return [folder]
    named = os.environ.get(FOLDER_VARIABLE)
    own = [*get_data_dir().split(os.pathsep), get_user_data_dir()]
    return [Path(each) for each in ([named] if named else []) + own]


def _found(name: str, folders: list[Path]) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return (folder / name).absolute()
    looked = ", ".join(str(folder) for folder in folders)
    raise SettingsError(
        f"no RD and no NAP without {name}, which is not in {looked}", where="RDNAPTRANS2018", remedy=REMEDY
    )


@lru_cache(maxsize=4)
def _opened(rd: Path, nap: Path, *_changed: int) -> RdNap:
    digests = {path.name: _digest(path) for path in (rd, nap)}
    forbidden = sorted({mark for path in (rd, nap) for mark in ',"' if mark in str(path)})
    if forbidden:
        raise SettingsError(
            f"PROJ reads no grids from a path with {forbidden[0]!r} in it",
            where=str(rd.parent),
            remedy="Give the folder of the grids another name",
        )
    shifts = (
        f'+step +inv +proj=vgridshift +grids="{nap}" +multiplier=1 +step +inv +proj=hgridshift +grids="{rd}" '
        "+step +proj=sterea +lat_0=52.1561605555556 +lon_0=5.38763888888889 +k=0.9999079 "
        "+x_0=155000 +y_0=463000 +ellps=bessel"
    )
    start = "+proj=pipeline " + _TO_RADIANS
    try:
        made = RdNap(
            digests,
            Transformer.from_pipeline(start + shifts),
            Transformer.from_pipeline(start + _ETRS89_FROM_WGS84 + shifts),
        )
    except ProjError as error:
        raise SettingsError(
            "the grids are damaged or no grids", where=str(rd.parent), remedy=REMEDY
        ) from error
    _prove(made, rd.parent)
    return made


def _prove(made: RdNap, folder: Path) -> None:
    """Refuse grids that are not those of 2018."""
    table = np.array(PUBLISHED)
    try:
        off_m = np.abs(made.rdnap_from_geo(table[:, :3], frame=Frame.ETRS89) - table[:, 3:]).max()
    except InputError:
        off_m = math.inf
    if not off_m < _AGREES_M:
        raise SettingsError(
            f"the grids lie {off_m:.3f} m off the published points of RDNAPTRANS2018",
            where=str(folder),
            remedy=REMEDY,
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(read_bounded(path, GRID_LIMIT_BYTES, "the grid")).hexdigest()


def _rows(values: npt.ArrayLike) -> Points:
    rows = np.array(values, float).reshape(-1, 3)
    if not np.isfinite(rows[:, :2]).all():
        raise InputError("a coordinate is no number", remedy="Leave out points without coordinates")
    return rows


def _epoch(epoch_year: float | None) -> float:
    if epoch_year is None or not 1989 <= epoch_year <= 2100:
        raise InputError(
            f"coordinates in WGS 84 need the year they were measured in; {epoch_year} is none",
            remedy="Give it as 2026.9, or say ETRS89 of a receiver that a European RTK service corrected",
        )
    return epoch_year

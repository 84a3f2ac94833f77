"""Coordinate systems that ground control comes in, and points in them as places on the earth.

Files list x (east, longitude) before y (north, latitude), whatever order the system itself declares; that is
OpenDroneMap's convention and most surveyors'. Only exact ways are taken: Dutch RD through its grids
(missions.rdnap), other systems by their projection alone, or by PROJ's best transformation where everything
that it needs is installed. PROJ itself would take the next best in silence.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from imaging.control.lines import shown
from imaging.control.points import ELLIPSOIDAL, SITE, UNKNOWN
from missions.errors import InputError, SettingsError
from missions.plan import Finding, Severity
from missions.rdnap import Frame, RdNap, open_rdnap

RD_NEW = 28992
WELL_ENOUGH_M = 0.02
"""A datum transformation less accurate than this is said."""
LIMIT_TEXT = 10_000
LIMIT_XY = 1e8
_EXAMPLES = "Write an EPSG code (EPSG:7415 is RD and NAP), `WGS84 UTM 31N`, a PROJ string, WKT, or `local`"
_UTM = re.compile(r"WGS\s?84\s+UTM\s+(\d{1,2})\s?([NS])", re.IGNORECASE)
_INIT = re.compile(r"\+init=epsg:(\d{4,6})(\s+\+no_defs)?", re.IGNORECASE)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class System:
    """A coordinate system. `frame` is what its places on the earth are in, None for a site's own frame.

    `height_reference` says what heights are above; they stay as they are, in metres. `notes` are what a
    reader of the results should know.
    """

    text: str
    name: str
    frame: Frame | None
    height_reference: str
    geographic: bool = False
    notes: tuple[Finding, ...] = ()
    _lonlat_from_xy: Transformer | None = field(default=None, repr=False)
    _rdnap: RdNap | None = field(default=None, repr=False)
    _height_unit_m: float = 1.0

    @property
    def site(self) -> bool:
        """Whether it is a frame of the site's own, without a place on the earth."""
        return self.frame is None

    def lonlat(self, xy: npt.ArrayLike) -> Floats:
        """(n, 2) x, y to (n, 2) longitude, latitude in degrees; not finite where the system ends."""
        rows = np.array(xy, float).reshape(-1, 2)
        rows[~(abs(rows) < LIMIT_XY).all(axis=1)] = np.nan
        if self._rdnap is not None:
            return _rd_lonlat(self._rdnap, rows)
        if self._lonlat_from_xy is None:
            return np.full_like(rows, np.nan)
        lon, lat = self._lonlat_from_xy.transform(rows[:, 0], rows[:, 1])
        made = np.column_stack([lon, lat])
        made[~((abs(made[:, 0]) <= 180) & (abs(made[:, 1]) <= 90))] = np.nan
        return made

    def height_m(self, z: float | None) -> float | None:
        """The height in metres, above the same reference."""
        return None if z is None else z * self._height_unit_m


def open_system(text: str, *, heights: str | None = None, grids: Path | None = None) -> System:
    """The coordinate system that a text names; `heights` says what heights are above where it does not.

    `grids` is the folder of the RDNAPTRANS2018 grids (missions.rdnap). Raises SettingsError for what is no
    coordinate system, cannot be placed exactly here, or contradicts `heights`.
    """
    wanted = text.strip()
    if wanted.lower() in {"local", "site"}:
        return System(wanted, "a frame of the site's own", None, SITE)
    crs = _understood(wanted)
    parts = crs.sub_crs_list if crs.is_compound else [crs]
    horizontal = parts[0]
    stated, unit_m = _heights(parts, wanted)
    if heights is not None and stated not in {UNKNOWN, heights}:
        raise SettingsError(
            f"heights are {stated} by this coordinate system, and {heights} was asked for",
            where=shown(wanted),
            remedy="Correct one of them",
        )
    made = _placed(horizontal.to_2d() if len(horizontal.axis_info) == 3 else horizontal, wanted, grids)
    reference = heights if stated == UNKNOWN and heights else stated
    notes = made.notes + (_heights_unknown(wanted) if reference == UNKNOWN else ())
    return replace(made, name=crs.name, height_reference=reference, notes=notes, _height_unit_m=unit_m)


def _understood(text: str) -> CRS:
    utm, init = _UTM.fullmatch(text), _INIT.fullmatch(text)
    if utm and 1 <= int(utm[1]) <= 60:
        text = f"EPSG:{'326' if utm[2] in 'Nn' else '327'}{int(utm[1]):02d}"
    elif init:
        text = f"EPSG:{init[1]}"
    elif re.fullmatch(r"\d{4,6}", text):
        text = f"EPSG:{text}"
    if not text.replace("\n", "").replace("\t", "").isprintable() or "pipeline" in text:
        raise SettingsError(f"{shown(text)} is no coordinate system", remedy=_EXAMPLES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            crs = CRS.from_user_input(text[:LIMIT_TEXT])
    except (CRSError, ProjError, ValueError) as error:
        raise SettingsError(f"{shown(text)} is no coordinate system", remedy=_EXAMPLES) from error
    first = crs.sub_crs_list[0] if crs.is_compound else crs
    if first.is_bound:
        dutch = first.source_crs is not None and _looks_like_rd(first.source_crs)
        remedy = "Write EPSG:28992, or EPSG:7415 with NAP" if dutch else "Write its EPSG code"
        raise SettingsError(
            "carries an approximate datum shift of its own (towgs84 or nadgrids)",
            where=shown(text),
            remedy=remedy,
        )
    if not (first.is_projected or (first.is_geographic and len(first.axis_info) in {2, 3})):
        raise SettingsError(
            f"{first.name} has no longitudes and latitudes, and no grid", where=shown(text), remedy=_EXAMPLES
        )
    return crs


def _heights(parts: list[CRS], text: str) -> tuple[str, float]:
    """What heights are above, and their unit in metres."""
    if len(parts) > 1:
        axis = parts[1].axis_info[0]
        if axis.direction.lower() != "up":
            raise SettingsError(
                f"{parts[1].name} counts downwards", where=shown(text), remedy="Write heights"
            )
        name = re.sub(r"\s*(height)?\s*(\((ft|ftUS)\))?$", "", parts[1].name)
        return name.lower(), float(axis.unit_conversion_factor)
    if len(parts[0].axis_info) == 3:
        return ELLIPSOIDAL, float(parts[0].axis_info[2].unit_conversion_factor)
    return UNKNOWN, 1.0


def _heights_unknown(text: str) -> tuple[Finding, ...]:
    return (
        Finding(
            "heights",
            Severity.CAUTION,
            f"{shown(text)} does not say what heights are above: they only count against one another.",
            "Write a system with heights (EPSG:7415 is RD and NAP, EPSG:4937 and EPSG:4979 are ellipsoidal),"
            " or say what they are above.",
        ),
    )


def _placed(horizontal: CRS, text: str, grids: Path | None) -> System:
    """The horizontal part: which way leads to longitude and latitude, and in which frame."""
    geodetic = horizontal.geodetic_crs
    datum = geodetic.datum.name if geodetic is not None and geodetic.datum is not None else ""
    made = System(text, horizontal.name, Frame.WGS84, UNKNOWN, geographic=horizontal.is_geographic)
    if datum == "Amersfoort" or _looks_like_rd(horizontal):
        if horizontal.to_epsg(min_confidence=60) != RD_NEW:
            raise SettingsError(
                f"{horizontal.name} is not RD New",
                where=shown(text),
                remedy="Convert the points to EPSG:28992",
            )
        return replace(made, frame=Frame.ETRS89, _rdnap=open_rdnap(grids))
    if datum.startswith("European Terrestrial Reference"):
        return replace(made, frame=Frame.ETRS89, _lonlat_from_xy=_projection(horizontal, "EPSG:4258"))
    if datum.startswith("World Geodetic System 1984"):
        return replace(made, _lonlat_from_xy=_projection(horizontal, "EPSG:4326"))
    if datum in {"Unknown based on WGS 84 ellipsoid", "Unknown based on GRS 1980 ellipsoid"}:
        note = Finding(
            "datum",
            Severity.CAUTION,
            f"{shown(text)} names no datum; it is taken as WGS 84.",
            "Add +datum=WGS84, or write the EPSG code.",
        )
        return replace(made, notes=(note,), _lonlat_from_xy=_projection(horizontal, "EPSG:4326"))
    return _by_best_transformation(horizontal, made)


def _looks_like_rd(horizontal: CRS) -> bool:
    operation = horizontal.coordinate_operation
    return operation is not None and {155000.0, 463000.0} <= {p.value for p in operation.params}


def _projection(horizontal: CRS, geographic: str) -> Transformer:
    return Transformer.from_crs(horizontal, geographic, always_xy=True)


def _by_best_transformation(horizontal: CRS, made: System) -> System:
    """Another datum: only PROJ's best transformation, and only where its grids are there."""
    missing = ""
    for frame, code in ((Frame.ETRS89, "EPSG:4258"), (Frame.WGS84, "EPSG:4326")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            group = TransformerGroup(horizontal, code, always_xy=True)
        accuracies = [one.accuracy for one in group.transformers]
        if group.best_available and accuracies and accuracies[0] >= 0:
            note = Finding(
                "datum",
                Severity.CAUTION,
                f"{horizontal.name} comes to {frame} with an accuracy of {accuracies[0]:g} m (PROJ).",
                "Have the points given in ETRS89 or RD where that is too little.",
            )
            notes = (note,) if accuracies[0] > WELL_ENOUGH_M else ()
            return replace(made, frame=frame, notes=notes, _lonlat_from_xy=group.transformers[0])
        names = [grid.short_name for one in group.unavailable_operations for grid in one.grids]
        missing = next(iter(names), "")
        if missing or (accuracies and accuracies[0] >= 0):
            break
    raise SettingsError(
        f"{horizontal.name} cannot be placed exactly" + (f" without {missing}" if missing else ""),
        where=shown(made.text),
        remedy=(f"Put {missing} (cdn.proj.org) where PROJ keeps its data, or g" if missing else "G")
        + "ive the points in ETRS89, WGS 84 or RD",
    )


def _rd_lonlat(rdnap: RdNap, rows: Floats) -> Floats:
    made = np.full_like(rows, np.nan)
    for index, row in enumerate(rows):
        try:
            lat, lon, _ = rdnap.geo_from_rdnap([[*row, 0.0]], frame=Frame.ETRS89)[0]
        except InputError:
            continue
        made[index] = lon, lat
    return made

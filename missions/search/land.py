"""Ground that holds people more or less often than other ground: classes with weights, and layers of them.

A weight of 3 says: three times as many people a square metre as where nothing is drawn; 0 that nobody is
there. A line (a road, a brook) counts to `buffer_m` on either side, and beyond that its weight fades to 1,
half of what is left every `offset_m`. `effort` says what a metre across counts for (2: as far as two metres),
and a `barrier` is not crossed at all: chance behind it is as far away as the way around.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from missions.bounded_json import text_from_bytes
from missions.errors import FormatError, SettingsError
from missions.files import read_bounded
from missions.formats.area_geojson import check_reference, load_geojson
from missions.geodesy import LocalFrame

LIMIT_BYTES = 200_000_000
MAX_FEATURES = 200_000
MAX_WEIGHT = 1_000.0
_DRAWN = "drawn"
"""The class of features that name none but carry a weight of their own."""


@dataclass(frozen=True, slots=True)
class LandClass:
    """A kind of ground. Raises SettingsError for what makes no sense."""

    name: str
    weight: float = 1.0
    buffer_m: float = 0.0
    offset_m: float = 0.0
    effort: float = 1.0
    barrier: bool = False

    def __post_init__(self) -> None:
        for key, low, high in (
            ("weight", 0.0, MAX_WEIGHT),
            ("buffer_m", 0.0, 10_000.0),
            ("offset_m", 0.0, 10_000.0),
            ("effort", 0.1, 100.0),
        ):
            value = getattr(self, key)
            if not (math.isfinite(value) and low <= value <= high):
                raise SettingsError(
                    f"{key} of {self.name!r} is {value}, outside {low:g} to {high:g}",
                    remedy="0 excludes, 1 is ordinary ground" if key == "weight" else "",
                )


@dataclass(frozen=True, slots=True)
class Ground:
    """One class with everything drawn of it, in metres of a frame."""

    kind: LandClass
    shape_m: BaseGeometry


def classes(path: Path) -> dict[str, LandClass]:
    """Classes of a TOML file, one table `[class.NAME]` each. Raises FormatError."""
    where = str(path)
    try:
        content = tomllib.loads(read_bounded(path, 1_000_000, "the weights").decode())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is no TOML: {error}", where=where) from error
    tables = content.get("class")
    if not isinstance(tables, dict) or set(content) != {"class"}:
        raise FormatError("does not hold classes alone", where=where, remedy="Write tables [class.NAME]")
    return {
        name: class_from(LandClass(name), table, f"{where}, [class.{name}]") for name, table in tables.items()
    }


def class_from(base: LandClass, values: Any, where: str) -> LandClass:
    """The class with these values in place of its own. Raises FormatError."""
    kinds = {field.name: field for field in dataclasses.fields(LandClass) if field.name != "name"}
    if not isinstance(values, dict):
        raise FormatError("is no table", where=where, remedy=f"Write [class.{base.name}]")
    if unknown := sorted(set(values) - set(kinds)):
        raise FormatError(f"unknown key {unknown[0]!r}", where=where, remedy=f"Known: {', '.join(kinds)}")
    for key, value in values.items():
        wanted = bool if key == "barrier" else (int, float)
        if not isinstance(value, wanted) or (key != "barrier" and isinstance(value, bool)):
            raise FormatError(
                f"{key} is {value!r}", where=where, remedy="Write a number; barrier is true or false"
            )
    try:
        return dataclasses.replace(base, **values)
    except SettingsError as error:
        raise FormatError(error.what, where=where, remedy=error.remedy) from error


def read_layer(
    path: Path,
    frame: LocalFrame,
    known: Mapping[str, LandClass],
    *,
    named_by: str = "class",
    kind: LandClass | None = None,
    bounds_m: tuple[float, float, float, float] = (-math.inf, -math.inf, math.inf, math.inf),
) -> tuple[tuple[Ground, ...], Counter[str]]:
    """What a GeoJSON file draws, class by class, and how many features of which class have no weight.

    A feature's class is `kind`, or what its property `named_by` says; its own `weight`, `buffer_m`,
    `offset_m`, `effort` or `barrier` wins over those of the class. What lies beyond `bounds_m` (west, south,
    east, north) and its buffer is left aside. Raises FormatError.
    """
    where = str(path)
    drawn: dict[LandClass, list[BaseGeometry]] = {}
    left: Counter[str] = Counter()
    for place, geometry, properties in features_of(read_document(path), frame, where):
        named = str(properties.get(named_by, ""))
        base = kind or known.get(named)
        own = {key: properties[key] for key in _OWN if properties.get(key) is not None}
        if base is None and not own:
            left[named or "no class"] += 1
            continue
        check_drawn(geometry, place)
        found = class_from(base or LandClass(named or _DRAWN), own, place)
        if _near(geometry, bounds_m, found.buffer_m):
            drawn.setdefault(found, []).append(geometry)
    return tuple(Ground(each, shapely.union_all(parts)) for each, parts in drawn.items()), left


def _near(geometry: BaseGeometry, bounds_m: tuple[float, float, float, float], buffer_m: float) -> bool:
    west, south, east, north = geometry.bounds
    beside = west > bounds_m[2] + buffer_m or east < bounds_m[0] - buffer_m
    return not (beside or south > bounds_m[3] + buffer_m or north < bounds_m[1] - buffer_m)


def read_document(path: Path) -> Any:
    """A file of GeoJSON in WGS84, bounded. Raises FormatError."""
    where = str(path)
    try:
        text = text_from_bytes(read_bounded(path, LIMIT_BYTES, "the layer"))
    except ValueError as error:
        raise FormatError("is no GeoJSON", where=where, remedy="Save it as GeoJSON in WGS84") from error
    document = load_geojson(text, where)
    check_reference(document, where)
    return document


_OWN = tuple(field.name for field in dataclasses.fields(LandClass) if field.name != "name")


def features_of(
    document: Any, frame: LocalFrame, where: str
) -> Iterator[tuple[str, BaseGeometry, dict[str, Any]]]:
    """The place in the file, the shape in metres and the properties of every feature, points too.

    Raises FormatError.
    """
    kind = document.get("type") if isinstance(document, dict) else None
    features = document.get("features") if kind == "FeatureCollection" else [document]
    if kind not in {"FeatureCollection", "Feature"} or not isinstance(features, list):
        raise FormatError("holds no features", where=where, remedy="Save the layer as a FeatureCollection")
    if len(features) > MAX_FEATURES:
        raise FormatError(
            f"holds {len(features)} features, more than {MAX_FEATURES}",
            where=where,
            remedy="Keep only what lies near the search",
        )
    for number, feature in enumerate(features, 1):
        place = f"{where}: feature {number}"
        if not isinstance(feature, dict):
            raise FormatError("is no feature", where=place, remedy="Save the layer again")
        if feature.get("geometry") is not None:
            properties = feature.get("properties")
            shape_m = _local(feature["geometry"], frame, place)
            yield place, shape_m, properties if isinstance(properties, dict) else {}


def _local(geometry: Any, frame: LocalFrame, where: str) -> BaseGeometry:
    try:
        found = shape(geometry)
        lonlat = shapely.get_coordinates(found)
        bad = not np.isfinite(lonlat).all() or (np.abs(lonlat) > (180, 90)).any()
    except Exception as error:
        raise FormatError("has no geometry that can be read", where=where, remedy="Draw it again") from error
    if bad or found.is_empty:
        raise _of_no_use(found, where)
    local = shapely.transform(found, frame.local_from_geo)
    if not np.isfinite(shapely.get_coordinates(local)).all():
        raise FormatError("lies on the other side of the earth", where=where, remedy="Leave it out")
    return local if local.is_valid else shapely.make_valid(local)


def check_drawn(drawn: BaseGeometry, where: str) -> None:
    """Raise FormatError for a point, which covers nothing."""
    if drawn.geom_type in {"Point", "MultiPoint"}:
        raise _of_no_use(drawn, where)


def _of_no_use(drawn: BaseGeometry, where: str) -> FormatError:
    return FormatError(
        f"is a {drawn.geom_type} of no use here: empty, out of range or a point",
        where=where,
        remedy="Draw it as a line or a polygon, longitude before latitude",
    )

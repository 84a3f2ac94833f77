"""The case: what is known of a missing person, in one small TOML file that a map is made from.

    name = "Walker, Ede heath"
    categories = "ours.toml"                    # else the example that is shipped
    weights = "weights.toml"                    # classes of ground, [class.NAME]

    [last_seen]
    place = [52.07, 5.72]                       # latitude, longitude
    within_m = 100                              # 95 % radius
    time = 2026-11-27T14:00:00Z

    [grid]                                      # else as far as the widest category goes
    cell_m = 25
    side_km = 12                                # or area = "area.geojson"

    [[hypothesis]]
    name = "lost walker"
    weight = 60
    category = "example-walker"
    direction_deg = 40                          # spread by the category's dispersion, or concentration = 3
    hours = 3                                   # he cannot be further than hours x speed_km_h
    speed_km_h = 5

    [[hypothesis]]
    name = "went home by the road"
    weight = 30
    route = "way_home.geojson"
    offset_m = 20

    [[hypothesis]]                              # or area = "wood.geojson"
    name = "left by car"
    weight = 10
    outside = true

    [[layer]]
    file = "roads.geojson"
    class = "road"                              # else named_by = "highway", the property that names it

    [[slope]]
    from_deg = 30
    weight = 0.3

    [terrain]
    files = ["dem.tif"]

Files are looked for beside the case.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from missions.errors import FormatError
from missions.files import read_bounded
from missions.geodesy import GeoPoint
from missions.search.hypotheses import MAX_HYPOTHESES
from missions.search.search_map import LastSeen

MAX_LAYERS = 50
_REMEDY = "docs/search.md shows a whole case"


@dataclass(frozen=True, slots=True)
class HypothesisCase:
    """One hypothesis as stated: of a category, along a route, over an area, or outside."""

    name: str
    weight: float
    category: str = ""
    route: Path | None = None
    area: Path | None = None
    outside: bool = False
    direction_deg: float | None = None
    concentration: float | None = None
    offset_m: float = 0.0
    hours: float | None = None
    speed_km_h: float | None = None


@dataclass(frozen=True, slots=True)
class LayerCase:
    """One layer as stated."""

    file: Path
    class_: str = ""
    named_by: str = "class"


@dataclass(frozen=True, slots=True)
class SearchCase:
    """All that is stated; nothing is read of the files it names."""

    name: str
    hypotheses: tuple[HypothesisCase, ...]
    last_seen: LastSeen | None = None
    cell_m: float | None = None
    side_km: float | None = None
    area: Path | None = None
    categories: Path | None = None
    weights: Path | None = None
    layers: tuple[LayerCase, ...] = ()
    slopes: tuple[tuple[float, float], ...] = ()
    terrain: tuple[Path, ...] = field(default=())


def read_case(path: Path) -> SearchCase:
    """The case in a TOML file. Raises FormatError, naming the place in it."""
    where = str(path)
    try:
        content = tomllib.loads(read_bounded(path, 1_000_000, "the case").decode())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is no TOML: {error}", where=where) from error
    return case_from(content, path.parent, where)


def case_from(content: Mapping[str, Any], folder: Path, where: str = "case") -> SearchCase:
    """The case that a table states. Raises FormatError."""
    top = _Table(content, folder, where)
    top.known("name", "categories", "weights", "last_seen", "grid", "hypothesis", "layer", "slope", "terrain")
    grid, terrain = top.table("grid"), top.table("terrain")
    grid.known("cell_m", "side_km", "area")
    terrain.known("files")
    slopes = top.tables("slope", MAX_LAYERS)
    return SearchCase(
        name=top.text("name") or "Search",
        hypotheses=tuple(_hypothesis(each) for each in top.tables("hypothesis", MAX_HYPOTHESES)),
        last_seen=_last_seen(top.table("last_seen")) if "last_seen" in content else None,
        cell_m=grid.number("cell_m"),
        side_km=grid.number("side_km"),
        area=grid.file("area"),
        categories=top.file("categories"),
        weights=top.file("weights"),
        layers=tuple(_layer(each) for each in top.tables("layer", MAX_LAYERS)),
        slopes=tuple((each.needed("from_deg"), each.needed("weight")) for each in slopes),
        terrain=tuple(folder / name for name in terrain.texts("files")),
    )


def _last_seen(table: _Table) -> LastSeen:
    table.known("place", "within_m", "time")
    place = table.content.get("place")
    if not (isinstance(place, list) and len(place) == 2 and all(_is_number(each) for each in place)):
        raise table.error("place is no latitude and longitude", "Write place = [52.07, 5.72]")
    time = table.content.get("time", "")
    if isinstance(time, datetime):
        time = time.isoformat()
    if not (isinstance(time, str) and _is_time(time)):
        raise table.error("time is none", "Write time = 2026-11-27T14:00:00Z")
    return LastSeen(GeoPoint(float(place[0]), float(place[1])), table.number("within_m") or 0.0, time)


def _is_time(text: str) -> bool:
    try:
        return not text or bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _hypothesis(table: _Table) -> HypothesisCase:
    table.known(*HypothesisCase.__slots__)
    made = HypothesisCase(
        name=table.text("name"),
        weight=table.needed("weight"),
        category=table.text("category"),
        route=table.file("route"),
        area=table.file("area"),
        outside=table.flag("outside"),
        direction_deg=table.number("direction_deg"),
        concentration=table.number("concentration"),
        offset_m=table.number("offset_m") or 0.0,
        hours=table.number("hours"),
        speed_km_h=table.number("speed_km_h"),
    )
    if sum(map(bool, (made.category, made.route, made.area, made.outside))) != 1:
        raise table.error(
            "is not one of category, route, area and outside", "Give each hypothesis just one of them"
        )
    return made


def _layer(table: _Table) -> LayerCase:
    table.known("file", "class", "named_by")
    file = table.file("file")
    if file is None:
        raise table.error("names no file", 'Write file = "roads.geojson"')
    return LayerCase(file, table.text("class"), table.text("named_by") or "class")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file, whose values are read by kind or refused with their place."""

    content: Mapping[str, Any]
    folder: Path
    where: str

    def error(self, what: str, remedy: str = _REMEDY) -> FormatError:
        return FormatError(what, where=self.where, remedy=remedy)

    def known(self, *keys: str) -> None:
        for key in sorted(set(self.content) - set(keys)):
            near = difflib.get_close_matches(key, keys, n=1)
            meant = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(keys)}"
            raise self.error(f"unknown key {key!r}", meant)

    def table(self, key: str) -> _Table:
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            raise self.error(f"{key} is no table", f"Write [{key}]")
        return _Table(value, self.folder, f"{self.where}, [{key}]")

    def tables(self, key: str, most: int) -> list[_Table]:
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.error(f"{key} is no list of tables", f"Write [[{key}]]")
        if len(value) > most:
            raise self.error(f"{len(value)} tables [[{key}]] are more than {most}", "Give fewer")
        return [_Table(each, self.folder, f"{self.where}, {key} {n}") for n, each in enumerate(value, 1)]

    def text(self, key: str) -> str:
        value = self.content.get(key, "")
        if not isinstance(value, str) or len(value) > 200:
            raise self.error(f"{key} is no text", f'Write {key} = "..."')
        return value.strip()

    def texts(self, key: str) -> list[str]:
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.error(f"{key} is no list of names", f'Write {key} = ["..."]')
        return value

    def file(self, key: str) -> Path | None:
        name = self.text(key)
        return self.folder / name if name else None

    def flag(self, key: str) -> bool:
        value = self.content.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{key} is neither true nor false")
        return value

    def number(self, key: str) -> float | None:
        value = self.content.get(key)
        if value is None:
            return None
        if not _is_number(value):
            raise self.error(f"{key} is {value!r}, no number", "Write a number")
        return float(value)

    def needed(self, key: str) -> float:
        value = self.number(key)
        if value is None:
            raise self.error(f"{key} is missing")
        return value

"""From a case to its map: every hypothesis laid out, weighed by the ground, and told."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import LineString

from missions.errors import InputError, SettingsError
from missions.files import read_bounded
from missions.formats.area_file import read_area
from missions.formats.read_line import read_line
from missions.geodesy import LocalFrame
from missions.local import frame_of, local_from_area, local_from_ring
from missions.search.case import HypothesisCase, SearchCase
from missions.search.categories import SHIPPED, Category, category, value_at
from missions.search.direction import Direction
from missions.search.distances import Distances
from missions.search.grid import Cells, SearchGrid
from missions.search.hypotheses import Hypothesis, Mixture
from missions.search.land import LIMIT_BYTES, Ground, LandClass, classes, read_layer
from missions.search.probability import ProbabilityMap
from missions.search.search_map import Input, Ring, SearchMap
from missions.search.spread import along, around, nowhere, over
from missions.search.weights import detour_weights, ground_weights, slope_weights, weighted
from missions.terrain.elevation import open_terrain

CELLS_A_SIDE = 400
"""Where no cell is given: fine enough to see, coarse enough to be quick."""
WIDEST_KM = 200.0
_MARGIN = 1.1
_CIRCLE_SEGMENTS = 200
_HARDLY = 0.001
Stage = Callable[[str], None]
Place = tuple[float, float]


def make_map(case: SearchCase, created: str, stage: Stage = lambda _: None) -> SearchMap:
    """The map of a case, `created` at (ISO 8601, UTC); `stage` hears what is being done.

    Raises InputError and what it covers, naming the file, and SettingsError for what makes no sense together.
    """
    if not case.hypotheses:
        raise SettingsError(
            "the case has no hypothesis", remedy="Say what may have happened: [[hypothesis]], or --category"
        )
    return _Maker(case, created, stage).made()


@dataclass
class _Maker:
    case: SearchCase
    created: str
    stage: Stage
    inputs: list[Input] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def made(self) -> SearchMap:
        self.categories = {
            each.category: self._category(each.category) for each in self.case.hypotheses if each.category
        }
        self.frame = self._frame()
        self.grid = self._grid()
        self.stage("Reading the ground")
        grounds = self._grounds()
        weights = ground_weights(self.grid, grounds) * self._slopes()
        hypotheses, rings = [], []
        for each in self.case.hypotheses:
            self.stage(f"Laying out {each.name}")
            chances, told = self._laid(each, grounds, weights)
            if chances.on_grid < _HARDLY and not each.outside:
                self.notes.append(f"{each.name}: nothing of it lies on this map. Is its place the right one?")
            hypotheses.append(Hypothesis(each.name, each.weight, chances, told))
            rings += self._rings(each, chances)
        mixture = Mixture.of(*hypotheses)
        if mixture.chances.on_grid < 0.5:
            self.notes.append(f"Only {100 * mixture.chances.on_grid:.1f} % of the chance is on this map")
        return SearchMap(
            name=self.case.name,
            created=self.created,
            mixture=mixture,
            last_seen=self.case.last_seen,
            inputs=tuple(dict.fromkeys(self.inputs)),
            notes=tuple(self.notes),
            rings=tuple(rings),
        )

    @property
    def place_m(self) -> Place:
        if self.case.last_seen is None:
            raise SettingsError(
                "a category is laid out around a place, and none was given", remedy="Give [last_seen] place"
            )
        point = self.case.last_seen.place
        east, north = self.frame.local_from_geo([[point.lon_deg, point.lat_deg]])[0]
        return float(east), float(north)

    def _category(self, name: str) -> Category:
        found = category(name, self.case.categories)
        self._read(self.case.categories or SHIPPED, "categories")
        if found.example:
            self.notes.append(f"The figures of {name} are MADE UP, for training: nobody is sought by them")
        return found

    def _read(self, path: Path, role: str) -> Path:
        data = read_bounded(path, LIMIT_BYTES, role)
        self.inputs.append(Input(path.name, hashlib.sha256(data).hexdigest(), role))
        return path

    def _frame(self) -> LocalFrame:
        if self.case.last_seen is not None:
            return LocalFrame(self.case.last_seen.place)
        if self.case.area is None:
            raise SettingsError(
                "nothing says where the map lies", remedy="Give [last_seen] place, or [grid] area"
            )
        return frame_of(read_area(self.case.area))

    def _grid(self) -> SearchGrid:
        case = self.case
        if case.area is not None:
            area = read_area(self._read(case.area, "area"))
            bounds = local_from_area(area, self.frame).bounds
        else:
            half = (case.side_km * 1000 if case.side_km is not None else self._wide_m()) / 2
            east, north = self.place_m
            bounds = (east - half, north - half, east + half, north + half)
        side = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
        if not 0 < side <= WIDEST_KM * 1000:
            raise SettingsError(f"a map {side / 1000:.1f} km wide is none", remedy=f"Up to {WIDEST_KM:g} km")
        cell_m = _round_figure(side / CELLS_A_SIDE) if case.cell_m is None else case.cell_m
        return SearchGrid.around(bounds, cell_m, self.frame)

    def _wide_m(self) -> float:
        """Twice as far as the widest category's 95 %, and the planning point's uncertainty."""
        reaches = [self._distances(each)[0].within_m(0.95) for each in self.case.hypotheses if each.category]
        if not reaches:
            raise SettingsError(
                "nothing says how far the map goes", remedy="Give [grid] side_km or area, or a category"
            )
        vague = self.case.last_seen.within_m if self.case.last_seen else 0.0
        return min(2 * (_MARGIN * max(reaches) + vague), WIDEST_KM * 1000)

    def _grounds(self) -> list[Ground]:
        known: dict[str, LandClass] = {}
        if self.case.weights is not None:
            known = classes(self._read(self.case.weights, "weights"))
        grounds: list[Ground] = []
        for layer in self.case.layers:
            kind = known.get(layer.class_)
            if layer.class_ and kind is None:
                raise InputError(
                    f"there is no class {layer.class_!r} for {layer.file.name}",
                    where=str(self.case.weights or "weights"),
                    remedy=f"There is {', '.join(known) or 'none: give weights'}",
                )
            self._read(layer.file, "layer")
            found, left = read_layer(
                layer.file,
                self.frame,
                known,
                named_by=layer.named_by,
                kind=kind,
                bounds_m=self.grid.bounds_m,
            )
            grounds += found
            if not found:
                self.notes.append(f"{layer.file.name}: nothing of it that has a weight lies on this map")
            if left:
                named = ", ".join(f"{count} of {name}" for name, count in left.most_common(5))
                self.notes.append(f"{layer.file.name}: left out, without a weight: {named}")
        return grounds

    def _slopes(self) -> Cells:
        if not self.case.slopes:
            return np.ones(self.grid.shape)
        if not self.case.terrain:
            raise SettingsError("slopes need heights", remedy="Give [terrain] files")
        self.stage("Reading the slopes")
        terrain = open_terrain(self.case.terrain)
        weights = slope_weights(self.grid, terrain, self.case.slopes)
        self.inputs += [Input(source.name, source.sha256, "terrain") for source in terrain.sources]
        return weights

    def _laid(
        self, each: HypothesisCase, grounds: list[Ground], weights: Cells
    ) -> tuple[ProbabilityMap, dict[str, Any]]:
        if each.outside:
            return nowhere(self.grid), {"kind": "outside"}
        if each.route is not None:
            line = LineString(local_from_ring(read_line(self._read(each.route, "route")), self.frame))
            told = {"kind": "route", "file": each.route.name, "offset_m": each.offset_m}
            return weighted(along(self.grid, line, each.offset_m), weights), told
        if each.area is not None:
            area = local_from_area(read_area(self._read(each.area, "area")), self.frame)
            told = {"kind": "area", "file": each.area.name}
            return weighted(over(self.grid, area), weights), told
        distances, told = self._distances(each)
        if math.isfinite(distances.reach_m):
            self.notes.append(f"{each.name}: laid no further than {distances.reach_m / 1000:.1f} km")
        direction = self._direction(each)
        if direction is not None:
            told |= {"direction_deg": direction.bearing_deg, "concentration": direction.concentration}
        within_m = self.case.last_seen.within_m if self.case.last_seen else 0.0
        chances = around(self.grid, self.place_m, distances, direction, within_m)
        if any(ground.kind.barrier or ground.kind.effort != 1.0 for ground in grounds):
            self.stage(f"Finding the way around, for {each.name}")
            weights = weights * detour_weights(self.grid, self.place_m, distances, grounds)
            told["detours"] = True
        return weighted(chances, weights, self.place_m), told

    def _distances(self, each: HypothesisCase) -> tuple[Distances, dict[str, Any]]:
        found = self.categories[each.category]
        distances = found.distances
        if (each.hours is None) != (each.speed_km_h is None):
            raise SettingsError(
                f"{each.name} has hours without a speed, or the reverse", remedy="Give both, or neither"
            )
        told = {
            "kind": "category",
            "category": found.name,
            "source": found.source,
            "licence": found.licence,
            "example": found.example,
            "cases": found.cases,
            "distance_m": [list(pair) for pair in zip(distances.shares, distances.distances_m, strict=True)],
        }
        if each.hours is not None and each.speed_km_h is not None:
            if not (each.hours > 0 and each.speed_km_h > 0):
                raise SettingsError(
                    f"{each.name} has hours or a speed of nought", remedy="Give numbers above 0"
                )
            moving_h = min(each.hours, found.mobility_h[-1][1]) if found.mobility_h else each.hours
            distances = distances.cut_at(1000 * moving_h * each.speed_km_h)
            told |= {"hours": each.hours, "speed_km_h": each.speed_km_h, "reach_m": distances.reach_m}
        return distances, told

    def _direction(self, each: HypothesisCase) -> Direction | None:
        if each.direction_deg is None:
            return None
        if each.concentration is not None:
            return Direction(each.direction_deg, each.concentration)
        angle = value_at(self.categories[each.category].dispersion_deg, 0.5)
        if angle is None:
            raise SettingsError(
                f"{each.category} does not say how people spread around their direction",
                where=each.name,
                remedy="Give concentration, or dispersion_deg with 50 % in the category",
            )
        return Direction.within(each.direction_deg, angle, 0.5)

    def _rings(self, each: HypothesisCase, chances: ProbabilityMap) -> list[Ring]:
        if not each.category:
            return []
        found = self._distances(each)[0]
        centre = shapely.Point(self.place_m)
        rings = []
        for share in found.shares:
            radius_m = found.within_m(share)
            poa = chances.poa(centre.buffer(radius_m, quad_segs=_CIRCLE_SEGMENTS))
            rings.append(Ring(each.name, share, radius_m, poa))
        return rings


def _round_figure(value: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * (1 - 1e-9))

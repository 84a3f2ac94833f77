"""Plans over real files, judged by a reading of the file that is not ours: every leg, every two metres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import pytest
import rasterio
from affine import Affine
from scipy.ndimage import zoom

from missions.area import Area, Part
from missions.catalogue import aircraft, camera
from missions.geodesy import WGS84, GeoPoint
from missions.heights import Relief
from missions.plan import Plan
from missions.search_plan import plan_search
from missions.terrain import open_terrain

Array = npt.NDArray[np.float64]
HEIGHT_M, TOLERANCE_M, CLEARANCE_M = 80.0, 8.0, 70.0
BETWEEN_M = 0.2
"""What an edge between two cells may add between the places that the planner asks."""
REFERENCES: dict[str, tuple[str, float, float]] = {
    # where its middle is planned, the width of a cell on the ground (m), and how far it is turned (degrees)
    "degrees": ("EPSG:4326", 30.0, 0.0),
    "UTM, turned": ("EPSG:32632", 30.0, 25.0),
    "Europe's equal areas": ("EPSG:3035", 90.0, 0.0),
    "RD": ("EPSG:28992", 5.0, 0.0),
}
PLACES = {"RD": (5.8, 50.85)}
MIDDLE = (10.3, 47.1)


@dataclass(frozen=True)
class File:
    """A file as this test reads it: all of it, four cells round each place."""

    cells: Array
    to_cells: Affine
    to_file: pyproj.Transformer

    def heights(self, lon: Array, lat: Array) -> Array:
        x, y = self.to_file.transform(lon, lat)
        column = self.to_cells.a * x + self.to_cells.b * y + self.to_cells.c - 0.5
        row = self.to_cells.d * x + self.to_cells.e * y + self.to_cells.f - 0.5
        left, top = np.floor(column).astype(int), np.floor(row).astype(int)
        u, v = column - left, row - top
        upper = self.cells[top, left] * (1 - u) + self.cells[top, left + 1] * u
        lower = self.cells[top + 1, left] * (1 - u) + self.cells[top + 1, left + 1] * u
        return np.asarray(upper * (1 - v) + lower * v)


def written(path: Path, name: str) -> File:
    """Rough seeded hills of 2.4 km round the middle, slopes up to some 30 %."""
    crs, cell_m, turned_deg = REFERENCES[name]
    count = round(2400 / cell_m)
    chance = np.random.default_rng(7)
    rough = sum(
        zoom(chance.normal(0, 40 / 2**k, (2 + 4 * 2**k,) * 2), count / (2 + 4 * 2**k), order=3)
        for k in range(3)
    )
    cells = np.asarray(400 + rough + chance.normal(0, 0.07 * cell_m, rough.shape), np.float32)
    rows, columns = cells.shape
    lon, lat = PLACES.get(name, MIDDLE)
    to_file = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to_file.transform(lon, lat)
    wide = cell_m / 111_320 / math.cos(math.radians(lat)) if crs == "EPSG:4326" else cell_m
    high = cell_m / 111_320 if crs == "EPSG:4326" else cell_m
    turn = Affine.rotation(turned_deg)
    place = (
        Affine.translation(x, y)
        @ turn
        @ Affine.scale(wide, -high)
        @ Affine.translation(-columns / 2, -rows / 2)
    )
    shape = {"width": columns, "height": rows, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=place, **shape) as tile:
        tile.write(cells, 1)
    return File(cells.astype(float), ~place, to_file)


def planned(path: Path, name: str) -> Plan:
    lon, lat = PLACES.get(name, MIDDLE)
    corners = [(-0.004, -0.003), (0.0045, -0.002), (0.003, 0.0035), (-0.0035, 0.002)]
    area = Area("Hills", (Part(tuple(GeoPoint(lat + up, lon + right) for right, up in corners)),))
    relief = Relief(open_terrain([path]), tolerance_m=TOLERANCE_M, clearance_m=CLEARANCE_M)
    return plan_search(
        area,
        aircraft("ardupilot-copter"),
        camera("demo-wide"),
        created="2026-01-01T00:00:00Z",
        height_agl_m=HEIGHT_M,
        relief=relief,
        divide=False,
    )


@dataclass(frozen=True)
class Leg:
    """A leg, and at each sample the height flown above the ground and above the highest beside it."""

    length_m: float
    agl_m: Array
    clear_m: Array
    slope: float

    def fits(self, climb: float, descent: float, spare_m: float = 0.0) -> bool:
        within = bool(np.abs(self.agl_m - HEIGHT_M).max() <= TOLERANCE_M + spare_m)
        clear = bool(self.clear_m.min() >= CLEARANCE_M - spare_m)
        return within and clear and -descent <= self.slope <= climb


def leg_between(file: File, take_off_m: float, here: Any, there: Any) -> Leg:
    bearing, _, length_m = WGS84.inv(
        here.place.lon_deg, here.place.lat_deg, there.place.lon_deg, there.place.lat_deg
    )
    share = np.linspace(0, 1, max(2, math.ceil(length_m / 2)))
    same = np.full(len(share), bearing)
    lon, lat, _ = WGS84.fwd(
        np.full(len(share), here.place.lon_deg),
        np.full(len(share), here.place.lat_deg),
        same,
        share * length_m,
    )
    ground = file.heights(lon, lat)
    highest = ground
    for aside_m in (-5.0, 5.0):
        beside_lon, beside_lat, _ = WGS84.fwd(lon, lat, same + 90, np.full(len(share), aside_m))
        highest = np.maximum(highest, file.heights(beside_lon, beside_lat))
    rise_m = there.height_relative_m - here.height_relative_m
    flown = take_off_m + here.height_relative_m + share * rise_m
    return Leg(length_m, flown - ground, flown - highest, rise_m / max(length_m, 1e-9))


@pytest.mark.parametrize("name", REFERENCES)
def test_height_above_ground_clearance_and_climb_hold_on_every_leg_and_no_waypoint_is_idle(
    tmp_path: Path, name: str
) -> None:
    file = written(tmp_path / "hills.tif", name)
    plan = planned(tmp_path / "hills.tif", name)
    craft, take_off = plan.aircraft, plan.take_off
    take_off_m = float(file.heights(np.array([take_off.lon_deg]), np.array([take_off.lat_deg]))[0])
    told = {finding.check for finding in plan.findings}
    assert not told & {"terrain tolerance", "terrain data", "terrain clearance"}
    for here, there in pairwise(plan.route):
        leg = leg_between(file, take_off_m, here, there)
        if leg.length_m < 0.5:
            continue
        speed = here.speed_m_s or craft.cruise_speed_m_s
        limits = (craft.climb_speed_m_s / speed + 1e-3, craft.descent_speed_m_s / speed + 1e-3)
        assert leg.fits(*limits, spare_m=BETWEEN_M)
        assert here.height_agl_m == pytest.approx(leg.agl_m[0], abs=0.05)
    added = 0
    for before, idle, after in zip(plan.route, plan.route[1:], plan.route[2:], strict=False):
        first, whole = (leg_between(file, take_off_m, before, one) for one in (idle, after))
        second = leg_between(file, take_off_m, idle, after)
        straight = first.length_m + second.length_m - whole.length_m < 1e-3
        if not straight or min(first.length_m, second.length_m) < 0.5 or before.recording != idle.recording:
            continue
        added += 1
        slowest = 3.0
        assert not whole.fits(craft.climb_speed_m_s / slowest, craft.descent_speed_m_s / slowest)
    assert added > 3

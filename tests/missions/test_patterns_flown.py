"""Every search pattern becomes a plan that a vehicle takes, sees what it promises, and refuses odd places."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import shapely
from shapely import Polygon

from missions.catalogue import aircraft, camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import MissionType
from missions.patterns.corridor import corridor
from missions.patterns.creeping_line import creeping_line
from missions.patterns.expanding_square import expanding_square
from missions.patterns.orbit import orbit
from missions.patterns.path import Floats
from missions.patterns.pattern import Pattern
from missions.patterns.perimeter import perimeter
from missions.patterns.sector import sector
from missions.patterns.spiral import spiral
from missions.patterns.track_line import track_line
from missions.plan import Plan
from missions.plan_file import json_from_plan, plan_from_json
from missions.plan_items import mission_items
from missions.planner import Setup, plan_pattern
from missions.view import View
from sitl.autopilot import SmallVehicle
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.links import open_link
from telemetry.transfer import upload_and_verify

DATUM = GeoPoint(52.0, 4.35)
VIEW = View(camera("demo-thermal"), 60.0)
COPTER = aircraft("ardupilot-copter")
CORNER = Polygon([(0, 0), (390, 0), (390, 200), (200, 200), (200, 420), (0, 420)]).difference(
    Polygon([(50, 50), (120, 50), (120, 110), (50, 110)])
)
BENDS = [(0, 0), (150, 40), (260, 20), (330, 160), (300, 300), (420, 330)]


def line(at: GeoPoint) -> list[GeoPoint]:
    frame = LocalFrame(at)
    return [frame.point_from_local(*place) for place in BENDS]


PATTERNS: dict[str, Callable[[GeoPoint], Pattern]] = {
    "creeping line": lambda at: creeping_line(CORNER, LocalFrame(at), COPTER, VIEW),
    "expanding square": lambda at: expanding_square(at, VIEW, radius_m=100),
    "sector": lambda at: sector(at, VIEW, radius_m=150, sweeps=2),
    "track line": lambda at: track_line(line(at), VIEW),
    "track line, one way": lambda at: track_line(line(at), VIEW, return_=False),
    "spiral": lambda at: spiral(at, VIEW, radius_m=120),
    "corridor": lambda at: corridor(line(at), VIEW, width_m=100),
    "perimeter": lambda at: perimeter(CORNER, LocalFrame(at), VIEW, inset_m=10),
    "perimeter, aside": lambda at: perimeter(CORNER, LocalFrame(at), VIEW, inset_m=10, look="outwards"),
    "orbit": lambda at: orbit(at, VIEW, radius_m=60, heights_agl_m=(40, 70)),
    "orbit, native": lambda at: orbit(at, VIEW, radius_m=60, turns=2, native=True),
}
NADIR = [name for name in PATTERNS if "orbit" not in name and "aside" not in name]


def planned(name: str, at: GeoPoint = DATUM) -> Plan:
    return plan_pattern(PATTERNS[name](at), VIEW, Setup(COPTER, "2026-03-01T10:00:00Z", name))


@pytest.fixture(scope="module")
def client() -> Iterator[VehicleClient]:
    clock = SystemClock()
    with (
        SmallVehicle("copter", speedup=20.0) as simulated,
        VehicleClient(open_link(simulated.address, clock), clock) as client,
    ):
        client.connect()
        yield client


@pytest.mark.parametrize("name", PATTERNS)
def test_a_vehicle_takes_it_and_holds_what_it_was_sent(name: str, client: VehicleClient) -> None:
    items = mission_items(planned(name))
    assert len(items) > 4
    assert upload_and_verify(client, MissionType.MISSION, items) == []


@pytest.mark.parametrize("name", PATTERNS)
def test_its_plan_reads_back_equal(name: str) -> None:
    plan = planned(name)
    assert not plan.blocking
    assert plan_from_json(json_from_plan(plan)) == plan


@pytest.mark.parametrize("name", PATTERNS)
def test_it_is_planned_the_same_way_twice(name: str) -> None:
    assert planned(name) == planned(name)


def pictures(pattern: Pattern) -> Iterator[Polygon]:
    """What every picture of a flight sees: along recorded ways, and where one is asked for."""
    path, since_m = pattern.path, 0.0
    steps = np.diff(path.points, axis=0)
    for row, step in enumerate(steps):
        length_m = math.hypot(*step)
        if path.picture[row]:
            # The nose still points along the way here: the picture is taken before the turn.
            yield picture(path.points[row], steps[row - 1] if row else step)
        if not path.recording[row]:
            continue
        if row == 0 or not path.recording[row - 1]:
            since_m = pattern.trigger_m
        for along_m in np.arange(pattern.trigger_m - since_m, length_m, pattern.trigger_m):
            yield picture(path.points[row] + along_m * step / length_m, step)
        since_m = (since_m + length_m) % pattern.trigger_m
    if path.picture[-1]:
        yield picture(path.points[-1], steps[-1])


def picture(at: Floats, course: Floats) -> Polygon:
    across_m, along_m = VIEW.footprint_m
    ahead = course / math.hypot(*course) * along_m / 2
    right = np.array([ahead[1], -ahead[0]]) * across_m / along_m
    return Polygon([at + ahead + right, at + ahead - right, at - ahead - right, at - ahead + right])


@pytest.mark.parametrize("name", NADIR)
def test_pictures_taken_one_by_one_see_what_it_promises(name: str) -> None:
    pattern = PATTERNS[name](DATUM)
    seen = shapely.union_all(list(pictures(pattern)), grid_size=0.001)
    covered = seen.intersection(pattern.shape).area / pattern.shape.area
    assert 100 * covered >= pattern.covered_pct - 0.3


@pytest.mark.parametrize("name", PATTERNS)
def test_across_the_antimeridian_it_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="antimeridian"):
        PATTERNS[name](GeoPoint(52, 179.9995))


@pytest.mark.parametrize("name", ["expanding square", "sector", "spiral", "orbit", "orbit, native"])
@pytest.mark.parametrize("lat_deg", [90.0, -90.0, 89.9999])
def test_round_a_pole_it_is_refused(name: str, lat_deg: float) -> None:
    with pytest.raises(InputError, match="pole"):
        PATTERNS[name](GeoPoint(lat_deg, 10))


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize(
    "place", [GeoPoint(89.9, 10), GeoPoint(-89.9, 10), GeoPoint(0, 0), GeoPoint(52, 179.95)]
)
def test_anywhere_else_it_is_the_same_in_metres(name: str, place: GeoPoint) -> None:
    here, there = planned(name), planned(name, place)
    assert there.totals.length_m == pytest.approx(here.totals.length_m, rel=2e-3)
    assert there.totals.covered_pct == pytest.approx(here.totals.covered_pct, abs=0.3)
    assert len(there.route) == len(here.route)

"""Divided plans reckoned again leg by leg: whatever the area, the wind and the load, the reserve is kept."""

from __future__ import annotations

import dataclasses
import time
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from shapely import LineString, Polygon

from missions.aircraft import Aircraft
from missions.area import Part
from missions.catalogue import aircraft, camera
from missions.energy import Track, effort, usable_wh
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.heights import Relief
from missions.local import area_from_local, frame_of, local_from_area, local_from_ring
from missions.no_fly import zones_in
from missions.plan import Plan, Severity, Sortie, Waypoint
from missions.search_plan import plan_search
from missions.sorties import divide
from missions.sorties.dividing import base_of, batteries_of
from missions.sorties.highest import Highest
from missions.sorties.margin import Base, margins
from missions.terrain import AnalyticTerrain
from missions.wind import Wind

CREATED = "2026-03-01T10:00:00Z"
FRAME = LocalFrame(GeoPoint(52.0, 4.35))
Floats = npt.NDArray[np.float64]
FEW = [*range(5), *(pytest.param(seed, marks=pytest.mark.campaign) for seed in range(5, 40))]


def hills(east: Floats, north: Floats) -> Floats:
    return np.asarray(20 * np.sin(east / 150) + 15 * np.cos(north / 90) + 4 * np.sin((east + north) / 40))


GROUND = Relief(AnalyticTerrain(hills, FRAME.origin, 2.0))


def field(chance: np.random.Generator, holes: int) -> Polygon:
    """A field with ponds that must not be flown over."""
    wide, tall = chance.uniform(250, 900, 2)
    shape = shapely.box(0, 0, wide, tall)
    for _ in range(holes):
        middle = chance.uniform(0.15, 0.85, 2) * [wide, tall]
        shape = shape.difference(shapely.Point(middle).buffer(chance.uniform(30, 90), quad_segs=3))
    return max(shapely.get_parts(shape), key=lambda part: float(part.area))


def any_plan(seed: int) -> tuple[Plan, float]:
    """A search too long for its battery, and the reserve to keep: all that can vary varies."""
    chance = np.random.default_rng(1000 + seed)
    shape = field(chance, int(chance.integers(0, 4)))
    craft = dataclasses.replace(
        aircraft("ardupilot-plane" if seed % 5 == 4 else "ardupilot-copter"),
        battery_wh=1e5,
        battery_health_pct=float(chance.uniform(60, 100)),
        mass_kg=2.5,
        payload_kg=0.3 if seed % 3 == 0 else 0.0,
    )
    west, south = chance.uniform(60, 250, 2)
    zone = shapely.box(west, south, west + 90, south + 120)
    ring = tuple(FRAME.point_from_local(*at) for at in shapely.get_coordinates(zone)[:-1])
    homes = (tuple(shapely.get_coordinates(shape.buffer(-5))[0]), (-200.0, -50.0), (1100.0, 900.0))
    plan = plan_search(
        area_from_local(shape, FRAME, "Polder"),
        craft,
        camera("demo-thermal"),
        created=CREATED,
        take_off=FRAME.point_from_local(*homes[seed % 3]),
        wind=Wind(float(chance.uniform(1, 8)), float(chance.uniform(0, 360))) if seed % 4 else None,
        no_fly=(Part(ring),) if seed % 4 == 3 and craft.kind != "plane" else (),
        relief=GROUND if seed % 2 else None,
        divide=False,
    )
    reserve_pct = (25.0, 0.0, 60.0)[seed % 3]
    share = float(chance.uniform(0.5, 0.8))
    return with_battery(plan, plan.totals.energy_wh * share / (1 - reserve_pct / 100)), reserve_pct


def with_battery(plan: Plan, full_wh: float) -> Plan:
    """The plan for an aircraft whose aged battery holds so much."""
    craft = dataclasses.replace(plan.aircraft, battery_wh=full_wh / (plan.aircraft.battery_health_pct / 100))
    assert usable_wh(craft) == pytest.approx(full_wh)
    totals = dataclasses.replace(plan.totals, battery_pct=100 * plan.totals.energy_wh / full_wh)
    return dataclasses.replace(plan, aircraft=craft, totals=totals)


def track_of(rows: tuple[Waypoint, ...], points: Floats, craft: Aircraft, extra_m: float) -> Track:
    return Track(
        points,
        np.array([row.height_relative_m for row in rows]),
        np.array([row.speed_m_s or craft.cruise_speed_m_s for row in rows]),
        np.zeros(len(rows)),
        np.zeros(len(rows)),
        extra_m,
    )


def turns_share(plan: Plan) -> float:
    """Metres that a plane's turns add to each metre between waypoints."""
    points = local_from_ring([row.place for row in plan.route], frame_of(plan.area))
    straight_m = LineString(points).length
    more_m = plan.totals.length_m - straight_m
    return more_m / straight_m if more_m > 1 + 1e-4 * straight_m else 0.0


def along(points: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


def home_from(plan: Plan, sortie: Sortie, points: Floats, at_m: float, turns: float, base: Base) -> float:
    """Watt hours of the flight that breaks off after so many metres and goes home the shortest way."""
    metres = along(points)
    row = min(int(np.searchsorted(metres, at_m, "right")) - 1, len(points) - 2)
    share = (at_m - metres[row]) / max(metres[row + 1] - metres[row], 1e-9)
    here = points[row] + share * (points[row + 1] - points[row])
    low, high = (sortie.route[index].height_relative_m for index in (row, row + 1))
    way = base.air.ways(here[None], points[-1])[0]
    way_m, heights = base.lift.over(way.points_m)
    flown = track_of(sortie.route[: row + 1], points[: row + 1], plan.aircraft, 0.0)
    whole = Track(
        np.concatenate([flown.points_m, way_m]),
        np.concatenate([flown.height_m, [low + share * (high - low)], heights[1:]]),
        np.concatenate([flown.speed_m_s, np.full(len(way_m), plan.aircraft.cruise_speed_m_s)]),
        np.zeros(row + 1 + len(way_m)),
        np.zeros(row + 1 + len(way_m)),
        turns * at_m,
    )
    return effort(plan.aircraft, whole, plan.wind).energy_wh


@pytest.mark.parametrize("seed", FEW)
def test_every_flight_ends_with_its_reserve_and_can_break_off_anywhere_before_no_return(seed: int) -> None:
    plan, reserve_pct = any_plan(seed)
    divided = divide(plan, reserve_pct=reserve_pct)
    assert len(divided.sorties) >= 2
    assert not divided.blocking
    usable = usable_wh(plan.aircraft) * (1 - reserve_pct / 100)
    turns = turns_share(plan)
    base = base_of(plan, batteries_of(plan, reserve_pct, 100.0, 0.0))
    for sortie in divided.sorties:
        points = local_from_ring([row.place for row in sortie.route], frame_of(plan.area))
        on = [index for index, row in enumerate(sortie.route) if row.recording]
        work_m = float(along(points)[on[-1] + 1] - along(points)[on[0]])
        track = track_of(sortie.route, points, plan.aircraft, turns * work_m)
        spent = effort(plan.aircraft, track, plan.wind)
        assert spent.energy_wh <= usable * (1 + 1e-6)
        assert sortie.totals.energy_wh == pytest.approx(spent.energy_wh, rel=0.01)
        assert sortie.no_return is not None
        cut_m = along(points)[on[-1] + 1]
        for at_m in np.linspace(0, min(cut_m, sortie.no_return.after_m), 12):
            assert home_from(plan, sortie, points, float(at_m), turns, base) <= usable * 1.002


@pytest.mark.parametrize("seed", FEW)
def test_nothing_is_left_out_or_flown_twice_and_ways_stay_where_they_may(seed: int) -> None:
    plan, reserve_pct = any_plan(seed)
    divided = divide(plan, reserve_pct=reserve_pct)
    frame = frame_of(plan.area)
    shape, zones = local_from_area(plan.area, frame), zones_in(frame, plan.no_fly)
    whole, flown = recorded(plan.route, frame), [recorded(one.route, frame) for one in divided.sorties]
    together = shapely.union_all(flown)
    assert whole.difference(together.buffer(1.0)).length == 0.0
    assert together.difference(whole.buffer(1.0)).length == 0.0
    back_m = max(10.0, plan.totals.trigger_distance_m) + 0.5
    assert sum(line.length for line in flown) - whole.length <= back_m * (len(flown) - 1)
    home_m = float(shape.distance(shapely.Point(local_from_ring([plan.take_off], frame)[0])))
    for sortie in divided.sorties:
        line = LineString(local_from_ring([row.place for row in sortie.route], frame))
        assert line.intersection(zones).length < 0.01
        if plan.aircraft.kind != "plane":  # its turns lead outside
            assert line.difference(shape.buffer(0.02)).length <= 2.05 * home_m + 0.5


def recorded(route: tuple[Waypoint, ...], frame: LocalFrame) -> shapely.Geometry:
    points = local_from_ring([row.place for row in route], frame)
    ways = zip(route, pairwise(points), strict=False)
    return shapely.union_all([LineString(way) for row, way in ways if row.recording])


@pytest.mark.parametrize("seed", range(3))
def test_ways_over_hills_keep_the_height_that_the_plan_keeps(seed: int) -> None:
    chance = np.random.default_rng(seed)
    plan = plan_search(
        area_from_local(field(chance, 3), FRAME, "Hills"),
        dataclasses.replace(aircraft("ardupilot-copter"), battery_wh=1e5),
        camera("demo-thermal"),
        created=CREATED,
        take_off=FRAME.point_from_local(10, 10),
        relief=GROUND,
        divide=False,
    )
    divided = divide(with_battery(plan, plan.totals.energy_wh * 0.8))
    assert divided.sorties
    lowest = [lowest_agl_m(route, plan) for route in (plan.route, *(one.route for one in divided.sorties))]
    assert min(lowest[1:]) >= lowest[0] - 1.0


def lowest_agl_m(route: tuple[Waypoint, ...], plan: Plan) -> float:
    places = FRAME.local_from_geo([(row.place.lon_deg, row.place.lat_deg) for row in route])
    heights = np.array([row.height_relative_m for row in route])
    home = FRAME.local_from_geo([(plan.take_off.lon_deg, plan.take_off.lat_deg)])
    metres = along(places)
    fine = np.linspace(0, metres[-1], int(metres[-1] / 3))
    east, north = (np.interp(fine, metres, column) for column in places.T)
    above = np.interp(fine, metres, heights) + hills(*home.T)[0]
    return float((above - hills(east, north)).min())


@pytest.mark.parametrize("seed", range(4))
def test_the_highest_place_nearby_is_found_like_one_looked_for_place_by_place(seed: int) -> None:
    chance = np.random.default_rng(seed)
    points, heights = chance.uniform(-500, 500, (300, 2)), chance.uniform(20, 120, 300)
    asked = chance.uniform(-900, 900, (500, 2))
    apart = np.hypot(*(asked[:, None] - points[None]).transpose(2, 0, 1))
    near = np.where(apart <= 60, heights, -np.inf).max(axis=1)
    expected = np.where(np.isfinite(near), near, heights[apart.argmin(axis=1)])
    assert np.array_equal(Highest(points, heights, 60.0).at(asked), expected)


def test_a_place_that_no_battery_reaches_is_a_finding_and_the_plan_is_kept() -> None:
    craft = dataclasses.replace(aircraft("ardupilot-copter"), battery_wh=12.0)
    plan = plan_search(
        area_from_local(shapely.box(0, 0, 700, 500), FRAME, "Polder"),
        craft,
        camera("demo-thermal"),
        created=CREATED,
        take_off=FRAME.point_from_local(-2500, 0),
    )
    assert plan.route
    assert not plan.sorties
    reach = [one for one in plan.findings if one.check == "reach"]
    assert [one.severity for one in reach] == [Severity.BLOCKING]
    assert "out of reach" in reach[0].text
    assert reach[0].remedy


def test_a_reserve_that_leaves_too_little_names_more_than_may_be_used() -> None:
    plan, _ = any_plan(0)
    with pytest.raises(InputError) as raised:
        divide(plan, reserve_pct=95.0, take_offs=[FRAME.point_from_local(-9000, 0)])
    words = raised.value.what.split()
    needed_pct = float(words[words.index("takes") + 1])
    assert needed_pct > 5.0


def test_a_thousand_waypoints_over_hills_are_divided_within_seconds() -> None:
    """Processor seconds of one core; about two where it was measured."""
    ground = Relief(AnalyticTerrain(hills, FRAME.origin, 5.0))
    plan = plan_search(
        area_from_local(shapely.box(0, 0, 3200, 2800), FRAME, "Hills"),
        aircraft("ardupilot-copter"),
        camera("demo-thermal"),
        created=CREATED,
        take_off=FRAME.point_from_local(20, 20),
        relief=ground,
        divide=False,
    )
    assert len(plan.route) >= 1000
    plan = with_battery(plan, plan.totals.energy_wh * 0.3)
    begun_s = time.process_time()
    divided = divide(plan)
    assert time.process_time() - begun_s < 5.0
    assert len(divided.sorties) >= 5


@pytest.mark.parametrize("seed", FEW)
def test_past_its_point_of_no_return_a_flight_comes_home_on_its_reserve(seed: int) -> None:
    """Every flight that misses its turn home and flies on along the plan, until the reserve is touched.

    Over hills what a way home takes jumps a little from place to place, as the heights on it are looked up.
    """
    plan, reserve_pct = any_plan(seed)
    divided = divide(plan, reserve_pct=reserve_pct)
    base = base_of(plan, batteries_of(plan, reserve_pct, 100.0, 0.0))
    frame, least_wh = frame_of(plan.area), 0.005 * usable_wh(plan.aircraft)
    for sortie in divided.sorties[:-1]:
        rows = flown_on(plan, sortie)
        points = local_from_ring([row.place for row in rows], frame)
        assert sortie.no_return is not None
        after_m = sortie.no_return.after_m
        near = margins(base, points, rows, 2.0, (after_m - 200.0, after_m + 30.0))
        left_wh = base.usable_wh - near.spent_wh - near.home_wh
        assert left_wh[near.along_m <= after_m].min() >= -least_wh
        assert left_wh[near.along_m > after_m].min() < least_wh


def flown_on(plan: Plan, sortie: Sortie) -> tuple[Waypoint, ...]:
    """A flight up to its last lane, and from there on along the plan."""
    frame = frame_of(plan.area)
    last = max(index for index, row in enumerate(sortie.route) if row.recording)
    cut = local_from_ring([sortie.route[last + 1].place], frame)[0]
    points = local_from_ring([row.place for row in plan.route], frame)
    lanes = [
        (shapely.Point(cut).distance(LineString(way)), -index)
        for index, (row, way) in enumerate(zip(plan.route, pairwise(points), strict=False))
        if row.recording
    ]
    lane = -min((round(away_m, 2), index) for away_m, index in lanes)[1]
    at = dataclasses.replace(plan.route[lane], place=sortie.route[last + 1].place)
    at = dataclasses.replace(at, height_relative_m=sortie.route[last + 1].height_relative_m)
    return (*sortie.route[: last + 1], at, *plan.route[lane + 1 :])

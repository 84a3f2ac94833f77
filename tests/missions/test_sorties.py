"""Plans cut into flights: every battery keeps its reserve, nothing is left out, no way leaves the area."""

import dataclasses
import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely import LineString, Polygon

from missions.aircraft import Aircraft
from missions.area import Area, Part
from missions.catalogue import aircraft, camera
from missions.energy import usable_wh
from missions.errors import InputError, SettingsError
from missions.flown import deviation_from_plan
from missions.formats import export_plan
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.local import area_from_local, frame_of, local_from_area, local_from_ring
from missions.no_return import bingo, no_return
from missions.patterns.expanding_square import expanding_square
from missions.patterns.orbit import orbit
from missions.plan import Plan, Severity, Waypoint
from missions.plan_file import read_plan, write_plan
from missions.planner import Setup, plan_pattern
from missions.search_plan import plan_search
from missions.sorties import divide, flights
from missions.sorties.dividing import base_of, batteries_of
from missions.sorties.margin import margins
from missions.view import View
from missions.wind import Wind

CREATED = "2026-03-01T10:00:00Z"
FRAME = LocalFrame(GeoPoint(52.0, 4.35))
BIG = Polygon(
    [(0, 0), (1100, 0), (1100, 600), (420, 600), (420, 1200), (0, 1200)],
    [[(130, 160), (130, 430), (330, 430), (330, 160)]],
)


def area_of(shape: Polygon) -> Area:
    return area_from_local(shape, FRAME, "Polder")


def with_battery(plan: Plan, share: float, **changes: object) -> Plan:
    """The plan for an aircraft whose battery is this share of the plan's energy above its reserve."""
    battery_wh = plan.totals.energy_wh * share / (1 - plan.aircraft.reserve_pct / 100)
    craft = dataclasses.replace(plan.aircraft, battery_wh=battery_wh)
    totals = dataclasses.replace(plan.totals, battery_pct=100 * plan.totals.energy_wh / battery_wh)
    return dataclasses.replace(plan, aircraft=craft, totals=totals, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def undivided() -> Callable[..., Plan]:
    def planned(shape: Polygon = BIG, craft: Aircraft | None = None, **options: object) -> Plan:
        flown = dataclasses.replace(craft or aircraft("ardupilot-copter"), battery_wh=1e5)
        return plan_search(area_of(shape), flown, camera("demo-thermal"), created=CREATED, **options)  # type: ignore[arg-type]

    return planned


@pytest.fixture(scope="module")
def big(undivided: Callable[..., Plan]) -> Plan:
    return undivided(take_off=FRAME.point_from_local(20, 20))


def line_of(frame: LocalFrame, route: tuple[Waypoint, ...]) -> LineString:
    return LineString(local_from_ring([row.place for row in route], frame))


def recorded(plan_route: tuple[Waypoint, ...], frame: LocalFrame) -> shapely.Geometry:
    points = local_from_ring([row.place for row in plan_route], frame)
    lines = [
        LineString([a, b]) for row, a, b in zip(plan_route, points, points[1:], strict=False) if row.recording
    ]
    return shapely.union_all(lines)


def check_division(plan: Plan, divided: Plan, usable_pct: float) -> None:
    """What must hold for every plan that was cut."""
    frame = frame_of(plan.area)
    shape = local_from_area(plan.area, frame)
    assert len(divided.sorties) >= 1
    for sortie in divided.sorties:
        assert sortie.totals.battery_pct <= usable_pct + 0.05
        assert distance_m(sortie.route[0].place, sortie.take_off) < 0.002
        assert sortie.route[0].place == sortie.route[-1].place
        assert not sortie.route[-1].recording
    whole = recorded(plan.route, frame)
    pieces = shapely.union_all([recorded(sortie.route, frame) for sortie in divided.sorties])
    assert whole.difference(pieces.buffer(1.0)).length == 0.0
    assert pieces.difference(whole.buffer(1.0)).length == 0.0
    for sortie in divided.sorties:
        assert line_of(frame, sortie.route).difference(shape.buffer(0.01)).length == 0.0
    for before, after in pairwise(divided.sorties):
        assert after.start_s == pytest.approx(before.start_s + before.totals.duration_s + 300.0, abs=0.2)


@pytest.mark.parametrize("share", [0.9, 0.55, 0.3])
def test_every_flight_keeps_its_reserve_and_together_they_record_all(big: Plan, share: float) -> None:
    plan = with_battery(big, share)
    divided = divide(plan)
    check_division(plan, divided, 75.0)
    assert [sortie.battery for sortie in divided.sorties] == list(range(1, len(divided.sorties) + 1))


def test_there_are_no_more_flights_than_the_energy_asks_for(big: Plan) -> None:
    """At least ceil(energy / usable); ways out and home leave room for one more at most."""
    for share in (0.95, 0.6, 0.45):
        plan = with_battery(big, share)
        sorties = divide(plan).sorties
        least = math.ceil(1 / share)
        assert least <= len(sorties) <= least + 1
        usable = usable_wh(plan.aircraft) * 0.75
        assert sum(sortie.totals.energy_wh for sortie in sorties) > (len(sorties) - 1) * usable * 0.7


def test_brute_force_finds_no_division_into_fewer_flights(big: Plan) -> None:
    """Two flights are one too few where even the best cut leaves one of them too long."""
    plan = with_battery(big, 0.5)
    assert len(divide(plan).sorties) == 3
    frame = frame_of(plan.area)
    base = base_of(plan, batteries_of(plan, None, 100.0, 0.0))
    along = margins(base, local_from_ring([row.place for row in plan.route], frame), plan.route)
    whole_wh = along.spent_wh[-1]
    # The first flight goes up to the cut and home, the second at the very least from the cut on.
    best = np.maximum(along.spent_wh + along.home_wh, whole_wh - along.spent_wh).min()
    assert best > base.usable_wh * 0.97


@pytest.mark.parametrize("seed", range(8))
def test_random_areas_batteries_and_take_off_points(seed: int, undivided: Callable[..., Plan]) -> None:
    chance = np.random.default_rng(seed)
    angles = np.sort(chance.uniform(0, 2 * np.pi, int(chance.integers(5, 14))))
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * chance.uniform(200, 500, len(angles))[:, None]
    shape = max(shapely.get_parts(Polygon(ring).buffer(0)), key=lambda part: float(part.area))
    if seed % 2:
        hole = shape.representative_point().buffer(60, quad_segs=2)
        shape = max(shapely.get_parts(shape.difference(hole)), key=lambda part: float(part.area))
    inside = shapely.get_coordinates(shape.buffer(-5))[0]
    wind = Wind(float(chance.uniform(0, 6)), float(chance.uniform(0, 360))) if seed % 3 else None
    plan = undivided(shape, take_off=FRAME.point_from_local(*inside), wind=wind)
    plan = with_battery(plan, float(chance.uniform(0.4, 0.9)))
    check_division(plan, divide(plan), 75.0)


def test_what_one_battery_does_is_left_whole(plan: Plan) -> None:
    divided = divide(plan)
    assert divided.sorties == ()
    assert divided.no_return is not None
    assert dataclasses.replace(divided, no_return=None) == dataclasses.replace(plan, no_return=None)
    assert flights(divided) == (divided,)


def test_a_cut_inside_a_lane_resumes_before_the_cut_and_lane_ends_are_liked_better(
    undivided: Callable[..., Plan],
) -> None:
    long = undivided(shapely.box(0, 0, 2000, 170), take_off=FRAME.point_from_local(1000, 15))
    divided = divide(with_battery(long, 0.5))
    ends = [sortie.route for sortie in divided.sorties]
    assert len(ends) >= 2
    frame = frame_of(long.area)
    cuts = [
        (recorded(a, frame).intersection(recorded(b, frame).buffer(0.01))).length for a, b in pairwise(ends)
    ]
    assert all(10 <= overlap_m <= long.totals.trigger_distance_m + 11 for overlap_m in cuts)


def test_cuts_fall_on_lane_ends_where_lanes_are_short(undivided: Callable[..., Plan]) -> None:
    rows = undivided(shapely.box(0, 0, 70, 900), angle_deg=90.0, take_off=FRAME.point_from_local(5, 450))
    ends = [row.place for row in rows.route]
    for sortie in divide(with_battery(rows, 0.4)).sorties:
        on = [index for index, row in enumerate(sortie.route) if row.recording]
        first, last = sortie.route[on[0]].place, sortie.route[on[-1] + 1].place
        assert min(distance_m(first, end) for end in ends) < 0.01
        assert min(distance_m(last, end) for end in ends) < 0.01


def test_each_flight_takes_the_take_off_point_that_serves_it_best(big: Plan) -> None:
    plan = with_battery(big, 0.4)
    vans = [
        FRAME.point_from_local(20, 20),
        FRAME.point_from_local(1080, 300),
        FRAME.point_from_local(200, 1180),
    ]
    one, three = divide(plan), divide(plan, take_offs=vans)
    assert {sortie.take_off for sortie in three.sorties} > {vans[0]}
    assert len(three.sorties) <= len(one.sorties)
    spent = [sum(sortie.totals.duration_s for sortie in each.sorties) for each in (one, three)]
    assert spent[1] < spent[0]
    check_division(plan, three, 75.0)


def test_a_place_that_no_battery_reaches_is_named(big: Plan) -> None:
    with pytest.raises(InputError, match=r"latitude 52\.0.*out of reach.*may be used") as raised:
        divide(with_battery(big, 0.04))
    assert raised.value.remedy


@pytest.mark.parametrize(
    "options",
    [
        {"reserve_pct": 100.0},
        {"reserve_pct": -1.0},
        {"start_pct": 120.0},
        {"start_pct": 20.0},
        {"swap_s": -5.0},
        {"swap_s": math.nan},
        {"reserve_pct": math.nan},
    ],
)
def test_batteries_that_allow_no_flight_are_refused(big: Plan, options: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        divide(with_battery(big, 0.5), **options)


def test_a_larger_reserve_and_tired_batteries_take_more_flights(big: Plan) -> None:
    plan = with_battery(big, 0.6)
    usual, careful = divide(plan), divide(plan, reserve_pct=50.0)
    tired = divide(plan, start_pct=80.0)
    assert len(careful.sorties) > len(usual.sorties)
    assert len(tired.sorties) > len(usual.sorties)
    assert all(sortie.totals.battery_pct <= 50.05 for sortie in careful.sorties)
    assert all(sortie.totals.battery_pct <= 55.05 for sortie in tired.sorties)
    assert all(sortie.aircraft.reserve_pct == 50.0 for sortie in careful.sorties)


def test_the_battery_no_longer_blocks_a_plan_in_flights(big: Plan) -> None:
    small = with_battery(big, 0.5)
    whole = plan_search(
        small.area, small.aircraft, small.camera, created=CREATED, take_off=small.take_off, divide=False
    )
    assert [one.check for one in whole.blocking] == ["battery"]
    divided = divide(whole)
    assert not divided.blocking
    assert [one.severity for one in divided.findings if one.check == "sorties"] == [Severity.INFO]
    assert divide(divided) == divided


def test_flights_are_plans_of_their_own_that_can_be_kept_exported_and_compared(
    big: Plan, tmp_path: object
) -> None:
    divided = divide(with_battery(big, 0.5))
    parts = flights(divided)
    assert [part.name for part in parts] == [
        f"Polder flight {n} of {len(parts)}" for n in range(1, len(parts) + 1)
    ]
    for part, sortie in zip(parts, divided.sorties, strict=True):
        assert part.route == sortie.route
        assert part.totals == sortie.totals
        assert not part.sorties
        assert not part.blocking
        assert part.rally[0].place == sortie.take_off
        frame = frame_of(part.area)
        fence = Polygon(local_from_ring(part.fence.inclusions[0].border, frame))
        assert fence.exterior.distance(line_of(frame, part.route)) > 28.0
        path = tmp_path / "part.json"  # type: ignore[operator]
        write_plan(part, path)
        assert read_plan(path) == part
        assert export_plan(part, "waypoints")
        track = [(row.place.lon_deg, row.place.lat_deg) for row in part.route]
        assert deviation_from_plan(part, track).within(0.1)
    path = tmp_path / "whole.json"  # type: ignore[operator]
    write_plan(divided, path)
    assert read_plan(path) == divided


def test_ways_home_go_round_no_fly_zones(undivided: Callable[..., Plan]) -> None:
    zone = shapely.box(60, 60, 240, 560)
    ring = tuple(FRAME.point_from_local(*corner) for corner in shapely.get_coordinates(zone)[:-1])
    plan = undivided(
        shapely.box(0, 0, 700, 600), take_off=FRAME.point_from_local(10, 300), no_fly=(Part(ring),)
    )
    divided = divide(with_battery(plan, 0.4))
    frame = frame_of(plan.area)
    forbidden = Polygon(local_from_ring(ring, frame))
    for sortie in divided.sorties:
        assert line_of(frame, sortie.route).distance(forbidden) > 4.0
    assert not divided.blocking


def test_take_off_outside_the_area_is_flown_to_straight_from_the_border(
    undivided: Callable[..., Plan],
) -> None:
    home = FRAME.point_from_local(-150, 300)
    plan = undivided(shapely.box(0, 0, 600, 600), take_off=home)
    divided = divide(with_battery(plan, 0.5))
    frame = frame_of(plan.area)
    shape = local_from_area(plan.area, frame)
    for sortie in divided.sorties:
        outside = line_of(frame, sortie.route).difference(shape.buffer(0.01))
        assert outside.length == pytest.approx(150, abs=2)


def test_patterns_in_the_open_are_cut_too() -> None:
    view = View(camera("demo-thermal"))
    craft = dataclasses.replace(aircraft("ardupilot-copter"), battery_wh=1e5)
    square = expanding_square(FRAME.origin, view, legs=25)
    setup = Setup(aircraft=craft, created=CREATED, name="Square", take_off=FRAME.point_from_local(-80, 10))
    plan = plan_pattern(square, view, setup)
    plan = with_battery(plan, 0.5)
    divided = divide(plan)
    frame = frame_of(plan.area)
    pieces = shapely.union_all([recorded(sortie.route, frame) for sortie in divided.sorties])
    assert recorded(plan.route, frame).difference(pieces.buffer(1.0)).length == 0.0
    assert all(sortie.totals.battery_pct <= 75.05 for sortie in divided.sorties)


def test_circles_and_waits_are_cut_between_turns() -> None:
    view = View(camera("demo-thermal"))
    craft = dataclasses.replace(aircraft("ardupilot-copter"), battery_wh=1e5)
    circles = orbit(FRAME.origin, view, radius_m=60.0, turns=40.0, native=True, aircraft=craft)
    home = FRAME.point_from_local(-150, 0)
    plan = plan_pattern(circles, view, Setup(aircraft=craft, created=CREATED, name="Orbit", take_off=home))
    plan = with_battery(plan, 0.4)
    divided = divide(plan)
    assert len(divided.sorties) >= 3
    turns = sum(row.orbit_turns for sortie in divided.sorties for row in sortie.route)
    assert turns == pytest.approx(sum(row.orbit_turns for row in plan.route))
    assert all(row.hold_s == 0 for sortie in divided.sorties for row in sortie.route)


# ---- the point of no return


def test_after_the_point_of_no_return_the_way_home_eats_the_reserve_and_before_it_does_not(big: Plan) -> None:
    """A plan too long for its battery, flown on to its end: every sampled place, by itself."""
    plan = with_battery(big, 0.6)
    frame = frame_of(plan.area)
    point = no_return(plan)
    base = base_of(plan, batteries_of(plan, None, 100.0, 0.0))
    along = margins(base, local_from_ring([row.place for row in plan.route], frame), plan.route, step_m=3.0)
    left_wh = base.usable_wh - along.spent_wh - along.home_wh
    before = along.along_m <= point.after_m
    assert (left_wh[before] >= -1e-6 * base.usable_wh).all()
    first_short = along.along_m[np.flatnonzero(left_wh < 0)[0]]
    assert 0 <= first_short - point.after_m < 8.0
    here = int(np.argmin(np.abs(along.along_m - point.after_m)))
    home_pct = 100 * along.home_wh[here] / usable_wh(plan.aircraft)
    assert point.battery_pct == pytest.approx(25.0 + home_pct, abs=0.5)
    assert distance_m(point.place, frame.point_from_local(*along.points_m[here])) < 4.0


def test_a_sortie_that_misses_its_turn_home_can_fly_on_to_its_point_of_no_return_only(big: Plan) -> None:
    divided = divide(with_battery(big, 0.5))
    for sortie in divided.sorties[:-1]:
        assert sortie.no_return is not None
        on = [index for index, row in enumerate(sortie.route) if row.recording]
        frame = frame_of(big.area)
        cut_m = line_of(frame, sortie.route[: on[-1] + 2]).length
        assert sortie.no_return.after_m >= cut_m - 25.0
        assert sortie.no_return.battery_pct > 25.0


def test_where_the_whole_flight_is_safe_the_point_is_where_least_is_left_over(big: Plan) -> None:
    plan = with_battery(big, 1.2)
    point = no_return(plan)
    base = base_of(plan, batteries_of(plan, None, 100.0, 0.0))
    frame = frame_of(plan.area)
    along = margins(base, local_from_ring([row.place for row in plan.route], frame), plan.route, step_m=5.0)
    left_wh = base.usable_wh - along.spent_wh - along.home_wh
    here = np.argmin(np.abs(along.along_m - point.after_m))
    assert left_wh[here] <= left_wh.min() + 0.002 * usable_wh(plan.aircraft)
    assert (left_wh >= 0).all()


def test_wind_against_the_way_home_asks_for_more_battery_to_turn_home(
    undivided: Callable[..., Plan],
) -> None:
    """The area lies east of the take-off point: a wind from the east helps home, one from the west stops."""
    home = FRAME.point_from_local(5, 20)
    levels = []
    for from_deg in (90.0, 270.0):
        wind = Wind(9.0, from_deg)
        plan = undivided(shapely.box(0, 0, 4000, 40), aircraft("ardupilot-plane"), take_off=home, wind=wind)
        small = dataclasses.replace(plan.aircraft, battery_wh=100.0)
        levels.append(max(bingo(dataclasses.replace(plan, aircraft=small))))
    assert levels[1] > levels[0] + 5.0


def test_bingo_is_the_reserve_above_home_and_grows_with_the_way(big: Plan) -> None:
    small = dataclasses.replace(big, aircraft=dataclasses.replace(big.aircraft, battery_wh=200.0))
    levels = bingo(small, reserve_pct=25.0)
    assert len(levels) == len(big.route)
    away = [distance_m(row.place, big.take_off) for row in big.route]
    near, far = int(np.argmin(away)), int(np.argmax(away))
    assert 25.0 < levels[near] < levels[far] < 60.0


def test_a_divided_plan_of_a_plane_says_that_its_ways_are_planned_straight(
    big: Plan, undivided: Callable[..., Plan]
) -> None:
    plane = divide(with_battery(undivided(craft=aircraft("ardupilot-plane"), take_off=big.take_off), 0.5))
    told = {finding.check: finding.severity for finding in plane.findings}
    assert told["sortie turns"] is Severity.CAUTION
    assert "sortie turns" not in {finding.check for finding in divide(with_battery(big, 0.5)).findings}

"""What an aircraft that cannot stop flies: never tighter than its radius, over every recorded leg."""

import dataclasses
import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import GeometryCollection, LineString, Point, box

from missions.aircraft import TAKE_OFF_M
from missions.catalogue import aircraft, camera
from missions.coverage.flown_turn import flown_turn
from missions.coverage.turning import Turning
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.items import Command
from missions.local import area_from_local, local_from_ring, places_from_local
from missions.no_fly import crossing_m
from missions.patterns.bends import bends, tangents_m
from missions.patterns.corridor import corridor
from missions.patterns.flyable import flyable, recorded_arcs
from missions.patterns.orbit import orbit
from missions.patterns.path import Path, joined, path_of
from missions.patterns.perimeter import perimeter
from missions.patterns.runs import path_of_runs
from missions.patterns.spiral import spiral
from missions.patterns.surveillance import surveillance
from missions.plan import Finding, Plan, Severity, Waypoint
from missions.plan_items import LEAD_S, mission_items
from missions.planner import Setup, plan_pattern
from missions.search_plan import plan_area, plan_search
from missions.surveillance.points import WatchPoint
from missions.turns import turned
from missions.view import View
from missions.wind import Wind
from tests.missions.shortest_turn import turn_points

PLANE, COPTER = aircraft("ardupilot-plane"), aircraft("ardupilot-copter")
VIEW = View(camera("demo-wide"), 100.0, 20.0, 60.0)
FRAME = LocalFrame(GeoPoint(52.1, 5.2))
ANYWHERE = box(-1e4, -1e4, 1e4, 1e4)
CREATED = "2026-03-01T10:00:00Z"
headings = st.floats(-math.pi, math.pi)
places = st.tuples(st.floats(-500, 500), st.floats(-500, 500))


def at(east_m: float, north_m: float) -> GeoPoint:
    return places_from_local(np.array([[east_m, north_m]]), FRAME)[0]


def lacking_m(points: Points, radius_m: float) -> float:
    """How much too short the shortest leg of a line is for the arcs at its ends: below 0 for none."""
    apart = np.hypot(*np.diff(points, axis=0).T)
    points = points[np.concatenate([[True], apart > 0.01])]
    if len(points) < 3:
        return -math.inf
    needed = tangents_m(points, radius_m)
    return float((needed[:-1] + needed[1:] - np.hypot(*np.diff(points, axis=0).T)).max())


def wild_line(seed: int, count: int) -> Points:
    rng = np.random.default_rng(seed)
    course = np.cumsum(rng.normal(0, 0.8, count))
    steps = rng.uniform(20, 400, count)[:, None] * np.column_stack([np.cos(course), np.sin(course)])
    return np.concatenate([[[0.0, 0.0]], np.cumsum(steps, axis=0)])


def wild_legs(seed: int) -> Path:
    """Legs anywhere with ways between them, from a start and back."""
    rng = np.random.default_rng(seed)
    runs = []
    for _ in range(int(rng.integers(1, 8))):
        begin, angle = rng.uniform(-600, 600, 2), rng.uniform(0, 2 * np.pi)
        runs.append(
            np.stack([begin, begin + rng.uniform(30, 500) * np.array([np.cos(angle), np.sin(angle)])])
        )
    start = rng.uniform(-700, 700, (1, 2))
    return joined([path_of(start, 80.0), path_of_runs(runs, VIEW), path_of(start, 80.0)])


@given(places, headings, places, headings, st.floats(5, 150))
@settings(max_examples=80, deadline=None)
def test_the_line_round_a_turns_arcs_has_room_for_each_and_is_hardly_longer(
    a: tuple[float, float], leaving: float, b: tuple[float, float], entering: float, radius_m: float
) -> None:
    way = np.array([a, b])
    turn = flown_turn(way, leaving, entering, Turning(ANYWHERE, radius_m, None))
    corners = turn.corners()
    line = np.concatenate([way[:1], corners, way[1:]])
    before = way[:1] - 5 * radius_m * np.array([[np.cos(leaving), np.sin(leaving)]])
    beyond = way[1:] + 5 * radius_m * np.array([[np.cos(entering), np.sin(entering)]])
    assert lacking_m(np.concatenate([before, line, beyond]), radius_m) < 1e-3
    curve = turn_points(way[0], leaving, way[1], entering, radius_m, radius_m / 50)
    assert turn.length_m == pytest.approx(LineString(curve).length, rel=1e-3, abs=1e-3)
    assert LineString(line).length <= 1.035 * turn.length_m + 1e-6
    away_m = shapely.distance(LineString(curve), shapely.points(turn.points()))
    assert away_m.max() < 0.01 * radius_m


@pytest.mark.parametrize("radius_m", [15.0, 60.0, 110.0])
@pytest.mark.parametrize("seed", range(12))
def test_no_corner_of_a_flown_path_is_tighter_than_the_radius(seed: int, radius_m: float) -> None:
    flown = flyable(wild_legs(seed), Turning(ANYWHERE, radius_m, None))
    assert lacking_m(flown.path.points, radius_m) < 1e-3


@pytest.mark.parametrize("seed", range(12))
def test_every_recorded_leg_is_flown_as_it_was_drawn(seed: int) -> None:
    path = wild_legs(seed)
    flown = flyable(path, Turning(ANYWHERE, 60.0, None)).path
    begins = np.flatnonzero(flown.recording)
    drawn = np.flatnonzero(path.recording)
    assert flown.points[begins] == pytest.approx(path.points[drawn])
    assert flown.points[begins + 1] == pytest.approx(path.points[drawn + 1])
    assert flown.points[[0, -1]] == pytest.approx(path.points[[0, -1]])


@pytest.mark.parametrize("radius_m", [15.0, 60.0])
@pytest.mark.parametrize("seed", range(20))
def test_a_wild_line_is_rounded_or_looped_past_and_never_bent_too_tightly(seed: int, radius_m: float) -> None:
    run = wild_line(seed, 3 + seed)
    flown = bends(run, Turning(ANYWHERE, radius_m, None))
    assert lacking_m(flown.points, radius_m) < 1e-3
    assert flown.points[[0, -1]] == pytest.approx(run[[0, -1]])
    # The middle of what a leg's arcs leave of it is flown over: nothing of it is skipped.
    recorded = shapely.multilinestrings(list(recorded_arcs(_path(flown.points, flown.recording), radius_m)))
    far_m = shapely.distance(recorded, shapely.points(run)).max()
    assert far_m <= radius_m + 0.5
    assert all(loop.length_m > math.pi * radius_m for loop in flown.loops)


def _path(points: Points, recording: np.ndarray) -> Path:
    return path_of(points, 80.0, recording=recording)


def test_bends_too_tight_are_drawn_wider_before_anything_is_looped() -> None:
    angle = np.radians(np.arange(0, 91, 10))
    bend = 40 * np.column_stack([np.sin(angle), 1 - np.cos(angle)])
    river = np.concatenate([[[-400.0, 0.0]], bend, [[40.0, 440.0]]])
    turning = Turning(ANYWHERE, 60.0, None)
    assert len(bends(river, turning).loops) > 0
    wide = bends(river, turning, give_m=20.0)
    assert not wide.loops
    assert shapely.hausdorff_distance(LineString(wide.points), LineString(river)) < 25


@pytest.mark.parametrize("seed", range(6))
def test_what_is_flyable_stays_as_it_is(seed: int) -> None:
    turning = Turning(ANYWHERE, 60.0, None)
    once = flyable(wild_legs(seed), turning).path
    runs = np.flatnonzero(once.recording)
    again = flyable(once, turning).path
    assert again.points[np.flatnonzero(again.recording)] == pytest.approx(once.points[runs])
    assert again.length_m == pytest.approx(once.length_m, rel=0.02)


def test_a_copters_path_is_not_touched() -> None:
    path = wild_legs(1)
    assert flyable(path, Turning(ANYWHERE, 0.0, None)).path is path


def test_turns_stay_within_the_margin_where_there_is_room() -> None:
    ground = box(0, 0, 800, 600)
    lanes = [
        np.array([[100.0, north], [735.0, north]])[:: (-1) ** k] for k, north in enumerate((250.0, 330, 410))
    ]
    path = path_of_runs(lanes, VIEW)
    free = flyable(path, Turning(ground, 60.0, None))
    held = flyable(path, Turning(ground, 60.0, 5.0))
    assert free.leaves_m > 5 >= held.leaves_m
    assert held.path.length_m > free.path.length_m


def searched(no_fly: tuple[Points, ...], take_off: tuple[float, float], seed: int) -> Plan:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
    ground = (
        Point(0, 0)
        .buffer(150)
        .union(
            shapely.Polygon(
                rng.uniform(300, 600, 9)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
            )
        )
    )
    return plan_search(
        area_from_local(ground, FRAME, "Heath"),
        PLANE,
        VIEW.camera,
        created=CREATED,
        height_agl_m=100.0,
        take_off=at(*take_off),
        no_fly=area_from_local(
            shapely.multipolygons([shapely.Polygon(zone) for zone in no_fly]), FRAME, "Zones"
        ).parts,
        divide=False,
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_curve_never_enters_a_no_fly_zone_without_a_finding(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    middle, half = rng.uniform(-350, 350, 2), rng.uniform(20, 120)
    zone = box(*(middle - half), *(middle + half))
    plan = searched((shapely.get_coordinates(zone)[:-1],), (-650.0, -650.0), seed)
    line = local_from_ring([waypoint.place for waypoint in plan.route], FRAME)
    blocked = {finding.check for finding in plan.findings if finding.severity is Severity.BLOCKING}
    assert ("no-fly zone" in blocked) == (LineString(line).intersection(zone).length > 0.01)
    # The first corner is flown to from the circle above take-off, not from its middle.
    assert lacking_m(line[1:], PLANE.turn_radius_m) < 1.0
    fence = shapely.Polygon(local_from_ring(plan.fence.inclusions[0].border, FRAME))
    assert fence.covers(LineString(line).buffer(25))


def test_a_way_is_led_so_far_round_a_zone_that_its_turns_clear_it() -> None:
    zone = box(-60, -60, 60, 60)
    path = joined(
        [
            path_of([[-900.0, 0.0]], 100.0),
            path_of([[500.0, 0.0], [500.0, 400.0]], 100.0, recording=True),
            path_of([[-900.0, 0.0]], 100.0),
        ]
    )
    pattern = corridor([at(500, 0), at(500, 400)], VIEW, width_m=80, aircraft=PLANE)
    flown = turned(pattern, path, VIEW, PLANE, zone).path
    assert crossing_m(flown, zone.buffer(4)) == 0
    assert lacking_m(flown.points, PLANE.turn_radius_m) < 1e-3


@pytest.mark.parametrize("clockwise", [True, False])
def test_a_planes_circle_is_entered_and_left_along_the_tangent(clockwise: bool) -> None:
    start = np.array([-600.0, -200.0])
    # So low that nothing is climbed in circles before.
    low = View(VIEW.camera, 30.0)
    pattern = orbit(
        GeoPoint(52.1, 5.2), low, radius_m=120, clockwise=clockwise, start_m=start, aircraft=PLANE
    )
    plan = plan_pattern(pattern, low, Setup(PLANE, CREATED, take_off=at(*start)))
    middle = next(row for row in plan.route if row.orbit_turns)
    line = local_from_ring([waypoint.place for waypoint in plan.route], FRAME)
    entry = plan.route.index(middle) - 1
    assert math.hypot(*line[entry]) == pytest.approx(120, abs=0.1)
    # From take-off to the circle and from it home: two tangents, nothing else to turn.
    assert abs(line[entry] @ (line[entry] - line[entry - 1])) < 1
    assert len(plan.route) == 4
    assert middle.orbit_radius_m == (120 if clockwise else -120)
    tangent_m = math.sqrt(start @ start - 120**2)
    beyond = 2 * math.pi - 2 * math.acos(120 / math.hypot(*start))
    assert plan.totals.length_m == pytest.approx(2 * tangent_m + (2 * math.pi + beyond) * 120, rel=0.002)


def test_circles_of_a_watch_get_the_places_where_they_are_entered() -> None:
    points = [WatchPoint(at(0, 0)), WatchPoint(at(800, 100)), WatchPoint(at(300, 700))]
    pattern = surveillance(points, PLANE, VIEW)
    flown = turned(pattern, pattern.path, VIEW, PLANE, GeometryCollection()).path
    circles = np.flatnonzero(flown.orbit_turns > 0)
    assert len(circles) == len(np.flatnonzero(pattern.path.orbit_turns > 0))
    entries = flown.points[circles - 1] - flown.points[circles]
    assert np.hypot(*entries.T) == pytest.approx(np.abs(flown.orbit_radius_m[circles]), abs=1.0)


def test_a_perimeters_corners_are_rounded_and_its_plan_says_what_the_arcs_see() -> None:
    ground = box(-450, -350, 450, 350)
    pattern = perimeter(ground, FRAME, VIEW, inset_m=40, laps=3, aircraft=PLANE)
    plan = plan_pattern(pattern, VIEW, Setup(PLANE, CREATED, divide=False))
    line = local_from_ring([waypoint.place for waypoint in plan.route], FRAME)
    assert lacking_m(line[1:], PLANE.turn_radius_m) < 1.0
    assert 95 < plan.totals.covered_pct < 100
    assert len(mission_items(plan)) < 120


def test_the_radius_over_the_ground_grows_with_the_wind_from_behind() -> None:
    assert PLANE.ground_radius_m(0) == PLANE.turn_radius_m
    assert PLANE.ground_radius_m(11) == pytest.approx(60 * 1.5**2)
    assert COPTER.ground_radius_m(11) == 0


def test_the_fence_holds_the_tangent_from_a_circle_and_the_climb_above_take_off() -> None:
    start = np.array([-600.0, -200.0])
    pattern = orbit(GeoPoint(52.1, 5.2), VIEW, radius_m=150, clockwise=False, start_m=start, aircraft=PLANE)
    plan = plan_pattern(pattern, VIEW, Setup(PLANE, CREATED, take_off=at(*start)))
    fence = shapely.Polygon(local_from_ring(plan.fence.inclusions[0].border, FRAME))
    away_m = math.hypot(*start)
    angle = math.atan2(start[1], start[0]) - math.acos(150 / away_m)
    tangent = LineString([start, 150 * np.array([math.cos(angle), math.sin(angle)])])
    assert fence.covers(tangent.buffer(40))
    assert fence.covers(Point(start).buffer(TAKE_OFF_M / math.tan(math.radians(15.0)) + PLANE.turn_radius_m))


def test_a_plane_climbs_in_circles_above_take_off_before_it_leaves() -> None:
    pattern = perimeter(box(-450, -350, 450, 350), FRAME, VIEW, inset_m=40, aircraft=PLANE)
    items = mission_items(plan_pattern(pattern, VIEW, Setup(PLANE, CREATED, take_off=at(-900, 0))))
    assert (items[1].command, items[1].z) == (Command.TAKEOFF, TAKE_OFF_M)
    climb = items[3]
    assert (climb.command, climb.p2, climb.z) == (Command.LOITER_TO_ALT, PLANE.turn_radius_m, 100.0)


def test_a_waypoint_is_not_taken_up_before_what_was_told_at_the_last_is_done() -> None:
    pattern = perimeter(box(-450, -350, 450, 350), FRAME, VIEW, inset_m=40, aircraft=PLANE)
    plan = plan_pattern(pattern, VIEW, Setup(PLANE, CREATED, take_off=at(-900, 0)))
    # Gimbal and camera are two things, told where the recorded line begins.
    begin = Waypoint(at(-500, 0), 100.0, recording=True, gimbal_pitch_deg=-90.0)
    line = [Waypoint(at(-500 + 24 * step, 0), 100.0, recording=True) for step in range(1, 12)]
    items = mission_items(dataclasses.replace(plan, route=(Waypoint(at(-700, 0), 100.0), begin, *line)))
    taken_up = [item.p2 for item in items[1:] if item.command == Command.WAYPOINT][1:]
    # Half a second is 11 m: the first place lies too near for more than 10, the second leaves 48 - 11 - 10.
    assert taken_up[:3] == [10.0, 10.0, 27.0]
    assert taken_up[8] == round(LEAD_S * PLANE.cruise_speed_m_s)


def test_circles_that_the_wind_makes_too_tight_are_told() -> None:
    pattern = orbit(GeoPoint(52.1, 5.2), VIEW, radius_m=80, aircraft=PLANE)
    calm, windy = (
        plan_pattern(pattern, VIEW, Setup(PLANE, CREATED, take_off=at(-600, 0), wind=wind))
        for wind in (None, Wind(7.0, 270.0))
    )
    assert "circles" not in {finding.check for finding in calm.findings}
    assert "circles" in {finding.check for finding in windy.findings}


def test_pictures_beyond_whole_turns_are_counted() -> None:
    start = np.array([-600.0, -200.0])
    pattern = orbit(GeoPoint(52.1, 5.2), VIEW, radius_m=150, turns=2, start_m=start, aircraft=PLANE)
    plan = plan_pattern(pattern, VIEW, Setup(PLANE, CREATED, take_off=at(*start)))
    beyond = 1 - math.acos(150 / math.hypot(*start)) / math.pi
    assert plan.totals.photos == pytest.approx((2 + beyond) * 24 + 3, abs=3)


def test_corners_that_are_flown_past_are_told() -> None:
    pattern = spiral(GeoPoint(52.1, 5.2), VIEW, radius_m=300, aircraft=PLANE)
    calm, windy = (
        plan_pattern(pattern, VIEW, Setup(PLANE, CREATED, take_off=at(-600, 0), wind=wind))
        for wind in (None, Wind(7.0, 270.0))
    )
    assert "tight corners" not in {finding.check for finding in calm.findings}
    assert "tight corners" in {finding.check for finding in windy.findings}


def test_a_circle_takes_longer_in_wind_by_the_mean_of_one_over_the_ground_speed() -> None:
    pattern = orbit(GeoPoint(52.1, 5.2), VIEW, radius_m=200, turns=20, aircraft=PLANE)
    low = View(VIEW.camera, 30.0)
    calm, windy = (
        turned(pattern, pattern.path, low, PLANE, GeometryCollection(), wind=wind).extra_m
        for wind in (None, Wind(7.0, 270.0))
    )
    course = np.linspace(0, 2 * np.pi, 10_001)[:-1]
    air, blows = PLANE.cruise_speed_m_s, 7.0
    ground = blows * np.cos(course) + np.sqrt(air**2 - (blows * np.sin(course)) ** 2)
    longer = float(np.mean(air / ground)) - 1
    assert windy - calm == pytest.approx(20 * 2 * math.pi * 200 * longer, rel=0.1)


def test_without_a_take_off_point_a_plane_still_comes_to_its_first_leg_from_the_circle_above_it() -> None:
    pattern = corridor([at(0, 0), at(800, 0)], VIEW, width_m=80, aircraft=PLANE)
    plan = plan_pattern(pattern, VIEW, Setup(PLANE, CREATED))
    line = local_from_ring([waypoint.place for waypoint in plan.route], FRAME)
    begins = next(row for row, waypoint in enumerate(plan.route) if waypoint.recording)
    assert begins > 2
    assert lacking_m(line[1:], PLANE.turn_radius_m) < 1.0
    # The last corner before it lies on the leg's own line.
    entered, leg = line[begins] - line[begins - 1], line[begins + 1] - line[begins]
    assert math.hypot(*entered) > 1
    assert abs(entered[0] * leg[1] - entered[1] * leg[0]) < 0.01 * math.hypot(*entered) * math.hypot(*leg)


def test_turns_stay_within_a_margin_that_was_stated_or_the_plan_is_blocked() -> None:
    country = area_from_local(box(-450, -350, 450, 350), FRAME, "Country")
    far: dict[float | None, Finding | None] = {}
    for margin_m in (None, 100.0, 5.0):
        setup = Setup(PLANE, CREATED, take_off=at(-420, -320), turn_margin_m=margin_m)
        found = [one for one in plan_area(country, VIEW, setup).findings if one.check == "turns"]
        far[margin_m] = found[0] if found else None
    assert far[None] is not None
    assert far[None].severity is Severity.CAUTION
    assert far[100.0] is None or far[100.0].severity is Severity.CAUTION
    assert far[5.0] is not None
    assert far[5.0].severity is Severity.BLOCKING
    assert "5 m were allowed" in far[5.0].text

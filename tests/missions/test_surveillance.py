"""No point waits longer than asked while aircraft relieve each other, counted from the flights alone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
import pytest

from missions.area import Part
from missions.catalogue import aircraft, camera
from missions.errors import InputError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.heights import Relief
from missions.items import MissionType
from missions.local import local_from_ring
from missions.no_fly import crossing_m, zones_in
from missions.patterns.path import path_of
from missions.plan import Plan, Severity, Sortie
from missions.plan_file import json_from_plan, plan_from_json
from missions.plan_items import mission_items
from missions.planner import Setup
from missions.sorties import flights
from missions.surveillance import Team, WatchPoint, plan_surveillance, waits
from missions.terrain import AnalyticTerrain
from missions.view import View
from missions.wind import Wind
from sitl.autopilot import SmallVehicle
from sitl.home import Home
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.links import open_link
from telemetry.transfer import upload_and_verify

FRAME = LocalFrame(GeoPoint(52.0, 4.35))
HOME = FRAME.point_from_local(-100.0, -50.0)
COPTER, PLANE = aircraft("ardupilot-copter"), aircraft("ardupilot-plane")
VIEW = View(camera("demo-wide"), 50.0)
HOUR_S = 3600.0
ZONE = (Part(tuple(FRAME.point_from_local(*at) for at in [(0, 0), (90, 0), (90, 90), (0, 90)])),)


def points_of(
    seed: int, count: int, wait_s: Sequence[float | None], half_m: float = 300.0
) -> list[WatchPoint]:
    chance = np.random.default_rng(seed)
    places = chance.uniform(-half_m, half_m, (count, 2)).tolist()
    return [
        WatchPoint(FRAME.point_from_local(*at), wait_s[number % len(wait_s)], weight=1 + number % 3)
        for number, at in enumerate(places)
    ]


def watch(points: Sequence[WatchPoint], kind: str = "copter", **options: object) -> Plan:
    setup = Setup(
        COPTER if kind == "copter" else PLANE,
        "2026-03-01T10:00:00Z",
        name="Watch",
        take_off=HOME,
        no_fly=options.pop("no_fly", ()),  # type: ignore[arg-type]
        wind=options.pop("wind", None),  # type: ignore[arg-type]
    )
    return plan_surveillance(points, VIEW, setup, **{"duration_s": HOUR_S, **options})  # type: ignore[arg-type]


def clock_of(sortie: Sortie) -> list[tuple[GeoPoint, float, float]]:
    """Each place a sortie stops at, from when to when, by school arithmetic.

    A leg at a speed v takes its length / v, and v / a + a / j more for speeding up and braking (2.5 m/s², 1
    m/s³, 0.3 s until the jerk is there); a leg too short for that is flown at the speed that it allows.
    """
    climb_m_s = sortie.aircraft.climb_speed_m_s
    now = sortie.start_s + sortie.route[0].height_relative_m / climb_m_s + climb_m_s / 1.0 + 1.3
    seen = []
    for before, after in pairwise(sortie.route):
        metres = distance_m(before.place, after.place)
        allowed = 1.25 * (math.sqrt(2.8**2 + 4 * metres / 2.5) - 2.8)
        top = min(sortie.aircraft.cruise_speed_m_s, allowed)
        now += metres / top + top / 2.5 + 2.8 if metres else 0.0
        seen.append((after.place, now, now + after.hold_s))
        now += after.hold_s
    return seen[:-1]


@pytest.mark.parametrize("seed", range(5))
def test_no_point_waits_longer_than_asked(seed: int) -> None:
    points = points_of(seed, 4 + seed, [150.0, 600.0, None])
    plan = watch(points)
    found = waits(plan, points)
    assert all(wait.kept for wait in found)
    assert all(wait.looks > 3 for wait in found)
    assert plan.request.figures["worst_wait_share"] <= 1
    assert not plan.blocking


@pytest.mark.parametrize("seed", range(3))
def test_school_arithmetic_finds_the_same_waits(seed: int) -> None:
    points = points_of(seed, 6, [200.0, 600.0])
    plan = watch(points)
    looks = [(start, end, place) for sortie in plan.sorties for place, start, end in clock_of(sortie)]
    begins_s = plan.request.figures["begins_s"]
    for point, wait in zip(points, waits(plan, points), strict=True):
        until, longest_s = begins_s, 0.0
        for start, end, place in sorted(looks, key=lambda look: look[0]):
            if distance_m(place, point.place) < 2 and start < begins_s + HOUR_S:
                longest_s, until = max(longest_s, start - until), max(until, end)
        assert wait.longest_s == pytest.approx(longest_s, abs=8)


def test_the_relief_is_there_before_the_other_leaves_and_at_another_height() -> None:
    points = points_of(1, 6, [300.0, 600.0])
    plan = watch(points, duration_s=2 * HOUR_S)
    assert plan.request.figures["stations"] == 1
    flown = sorted(plan.sorties, key=lambda sortie: sortie.start_s)
    assert len(flown) >= 4
    for leaving, coming in pairwise(flown):
        last, first = clock_of(leaving)[-1], clock_of(coming)[0]
        assert distance_m(last[0], first[0]) < 0.1
        assert first[1] < last[2]
        assert first[2] == pytest.approx(last[2], abs=8)
        assert abs(leaving.route[-2].height_relative_m - coming.route[1].height_relative_m) >= 9.9
        assert leaving.vehicle != coming.vehicle


@pytest.mark.parametrize("count", [1, 5, 9])
def test_aircraft_in_the_air_at_once_keep_apart_in_height(count: int) -> None:
    plan = watch(points_of(2, count, [60.0, 400.0]), team=Team(separation_m=12.0))
    for one, other in combinations(plan.sorties, 2):
        if one.start_s < other.ends_s and (other.start_s < one.ends_s):
            heights = [sortie.route[1].height_relative_m for sortie in (one, other)]
            assert abs(heights[0] - heights[1]) >= 11.9


def test_each_flight_keeps_its_reserve_and_each_aircraft_its_time_on_the_ground() -> None:
    plan = watch(points_of(3, 8, [120.0, 500.0]), team=Team(swap_s=420.0, reserve_pct=35.0))
    assert max(sortie.totals.battery_pct for sortie in plan.sorties) <= 65
    for vehicle in {sortie.vehicle for sortie in plan.sorties}:
        own = sorted((s for s in plan.sorties if s.vehicle == vehicle), key=lambda sortie: sortie.start_s)
        assert [sortie.battery for sortie in own] == list(range(1, len(own) + 1))
        for before, after in pairwise(own):
            assert after.start_s >= before.ends_s + 420 - 0.2
    assert plan_from_json(json_from_plan(plan)) == plan


def test_flights_last_as_long_as_the_watch() -> None:
    plan = watch(points_of(4, 5, [300.0]), duration_s=1.5 * HOUR_S)
    over_s = plan.request.figures["begins_s"] + 1.5 * HOUR_S
    landed_s = max(sortie.ends_s for sortie in plan.sorties)
    assert over_s - 60 <= landed_s <= over_s + 400
    assert min(sortie.start_s for sortie in plan.sorties) >= 0
    for sortie in plan.sorties:
        assert sortie.no_return is not None
        assert sortie.no_return.battery_pct >= 25


def test_a_team_too_small_is_told_what_it_misses_and_what_would_do() -> None:
    points = points_of(5, 7, [100.0, 500.0], half_m=400.0)
    enough = watch(points)
    needed = int(enough.request.figures["vehicles"])
    assert needed >= 2
    plan = watch(points, team=Team(vehicles=1))
    told = next(finding for finding in plan.findings if finding.check == "waits")
    assert told.severity is Severity.CAUTION
    assert f"has {needed} aircraft" in told.remedy
    found = waits(plan, points)
    worst = max(wait.longest_s / wait.asked_s for wait in found if wait.asked_s)
    assert worst > 1
    assert plan.request.figures["worst_wait_share"] == pytest.approx(worst, abs=0.001)
    assert {sortie.vehicle for sortie in plan.sorties} == {1}


def test_more_aircraft_never_wait_longer() -> None:
    points = points_of(6, 8, [60.0, 200.0], half_m=500.0)
    shares = [
        watch(points, team=Team(vehicles=count)).request.figures["worst_wait_share"]
        for count in (1, 3, 6, 12)
    ]
    assert shares == sorted(shares, reverse=True)


def test_what_no_team_can_do_is_said() -> None:
    points = [WatchPoint(FRAME.point_from_local(600.0 * number, 0), 20.0) for number in range(8)]
    told = next(finding for finding in watch(points).findings if finding.check == "waits")
    assert "No team was found" in told.remedy


def test_a_single_point_is_never_left_alone() -> None:
    point = WatchPoint(FRAME.point_from_local(200, 200), 10.0)
    plan = watch([point])
    assert waits(plan, [point])[0].longest_s == 0
    assert len(plan.sorties) >= 3


def test_a_plane_circles_its_points_and_misses_none() -> None:
    points = points_of(7, 6, [300.0, 700.0], half_m=700.0)
    plan = watch(points, "plane", wind=Wind(5.0, 240.0))
    assert all(wait.kept for wait in waits(plan, points))
    looking = [row for sortie in plan.sorties for row in sortie.route if row.orbit_turns]
    assert {row.orbit_radius_m for row in looking} == {PLANE.turn_radius_m}
    assert all(row.look_at is not None and row.orbit_turns == round(row.orbit_turns) for row in looking)


def test_a_stand_off_looks_from_aside_and_the_figures_tell_the_pixels() -> None:
    points = points_of(8, 4, [400.0])
    above, aside = watch(points), watch(points, stand_off_m=50.0)
    assert all(wait.kept for wait in waits(aside, points))
    rows = [row for sortie in aside.sorties for row in sortie.route if row.hold_s]
    for row in rows:
        assert row.look_at is not None
        assert distance_m(row.place, row.look_at.place) == pytest.approx(50, abs=0.1)
        assert row.gimbal_pitch_deg is not None
        assert row.gimbal_pitch_deg > -52
    slant = math.hypot(50, 50) / 50
    pixels = [plan.request.figures["person_at_point_px"] for plan in (above, aside)]
    assert pixels[0] / pixels[1] == pytest.approx(slant, rel=0.01)


def test_flights_go_round_a_no_fly_zone() -> None:
    points = points_of(9, 6, [500.0])
    plan = watch(points, no_fly=ZONE)
    assert all(wait.kept for wait in waits(plan, points))
    for sortie in plan.sorties:
        path = path_of(local_from_ring([row.place for row in sortie.route], FRAME), 50.0)
        assert crossing_m(path, zones_in(FRAME, ZONE)) < 0.01


def test_flights_hold_their_height_above_a_hill() -> None:
    def hill(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return 25 * np.exp(-((east - 100) ** 2 + north**2) / 2 / 80**2)

    points = points_of(12, 6, [500.0])
    relief = Relief(AnalyticTerrain(hill, FRAME.origin), tolerance_m=4.0, clearance_m=20.0)
    setup = Setup(COPTER, "2026-03-01T10:00:00Z", take_off=HOME, relief=relief)
    plan = plan_surveillance(points, VIEW, setup, duration_s=HOUR_S)
    assert all(wait.kept for wait in waits(plan, points))
    for sortie in plan.sorties:
        layer_m = min(row.height_agl_m or 0.0 for row in sortie.route if row.hold_s)
        for row in sortie.route:
            assert row.height_agl_m == pytest.approx(layer_m, abs=8.1)
        heights = [row.height_relative_m for row in sortie.route]
        assert max(heights) - min(heights) > 10


def test_the_fence_holds_every_flight_and_an_autopilot_holds_each_as_it_was_sent() -> None:
    plan = watch(points_of(10, 6, [200.0, 500.0]), duration_s=2 * HOUR_S)
    fence = zones_in(FRAME, plan.fence.inclusions)
    each = flights(plan)
    assert len(each) == len(plan.sorties)
    clock = SystemClock()
    with (
        SmallVehicle("copter", home=Home(52.0, 4.35, 0.0, 0.0), speedup=30) as vehicle,
        VehicleClient(open_link(vehicle.address, clock), clock) as client,
    ):
        client.connect()
        for flight in (each[0], each[-1]):
            assert fence.covers(zones_in(FRAME, [Part(tuple(row.place for row in flight.route))]).buffer(0))
            assert upload_and_verify(client, MissionType.MISSION, mission_items(flight)) == []


def test_the_same_request_gives_the_same_watch() -> None:
    points = points_of(11, 6, [200.0, 500.0])
    assert watch(points) == watch(points)


def test_what_cannot_be_watched_is_refused() -> None:
    place = FRAME.point_from_local(0, 0)
    with pytest.raises(InputError, match="0 points"):
        watch([])
    with pytest.raises(InputError, match="watched twice"):
        watch([WatchPoint(place), WatchPoint(place)])
    with pytest.raises(InputError, match="km from point 1"):
        watch([WatchPoint(place), WatchPoint(GeoPoint(53.0, 4.35))])
    with pytest.raises(SettingsError, match="does not last"):
        watch(
            [WatchPoint(FRAME.point_from_local(12_000, 0)), WatchPoint(FRAME.point_from_local(12_000, 900))]
        )
    for wrong in ({"max_wait_s": 1.0}, {"weight": 0.0}, {"dwell_s": float("nan")}):
        with pytest.raises(SettingsError):
            WatchPoint(place, **wrong)
    with pytest.raises(SettingsError):
        dataclasses.replace(Team(), vehicles=0)
    with pytest.raises(SettingsError):
        watch([WatchPoint(place)], duration_s=1e9)

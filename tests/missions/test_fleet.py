"""An area shared by a team: all of it covered, the last one done early, nobody near another."""

import dataclasses
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon

from missions.area import Part
from missions.catalogue import aircraft, camera
from missions.errors import SettingsError
from missions.fleet import Apart, Member, apart, share
from missions.fleet.apart import Trail, nearest, trail_of
from missions.fleet.clashes import Keep, clashes
from missions.fleet.sharing import _batteries, _ground
from missions.fleet.taking_over import take_over
from missions.fleet.team import views_of
from missions.fleet.work import Hand, work_of
from missions.fleet.zones import Division, sweep_of, zones_of
from missions.flown import deviation_from_plan
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local, frame_of, local_from_area, local_from_ring
from missions.patterns.parallel_track import parallel_track
from missions.plan import Plan, Severity
from missions.plan_file import read_plan, write_plan
from missions.replan import FlownTrack
from missions.sorties import flights
from missions.view import View

CREATED = "2026-03-01T10:00:00Z"
FRAME = LocalFrame(GeoPoint(52.0, 4.35))
SHAPE = Polygon(
    [(0, 0), (900, 0), (900, 450), (350, 450), (350, 900), (0, 900)],
    [[(110, 120), (110, 320), (260, 320), (260, 120)]],
)
COPTER = aircraft("ardupilot-copter")
FAST = dataclasses.replace(COPTER, name="fast", cruise_speed_m_s=15.0, battery_wh=2 * COPTER.battery_wh)
WEAK = dataclasses.replace(COPTER, name="weak", battery_wh=0.45 * COPTER.battery_wh)
THERMAL, WIDE = camera("demo-thermal"), camera("demo-wide")
Shape = Polygon | MultiPolygon


def at(east_m: float, north_m: float) -> GeoPoint:
    return FRAME.point_from_local(east_m, north_m)


UNEQUAL = (
    Member(COPTER, THERMAL, at(10, 10)),
    Member(FAST, WIDE, at(30, 10)),
    Member(WEAK, THERMAL, at(880, 430)),
)


def shared(team: Sequence[Member], shape: Shape = SHAPE, **options: object) -> Plan:
    return share(area_from_local(shape, FRAME, "Polder"), team, created=CREATED, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def unequal() -> Plan:
    return shared(UNEQUAL)


def ends_s(plan: Plan) -> dict[int, float]:
    found: dict[int, float] = {}
    for sortie in plan.sorties:
        found[sortie.vehicle] = max(found.get(sortie.vehicle, 0.0), sortie.start_s + sortie.totals.duration_s)
    return found


def seen_share(plan: Plan) -> float:
    """Of the area, by the footprint each aircraft has at its own height."""
    frame = frame_of(plan.area)
    shape = local_from_area(plan.area, frame)
    strips = []
    for sortie in plan.sorties:
        points = local_from_ring([row.place for row in sortie.route], frame)
        across_m, along_m = sortie.totals.footprint_across_m, sortie.totals.footprint_along_m
        for row, a, b in zip(sortie.route, points, points[1:], strict=False):
            if row.recording:
                ahead = (b - a) / np.hypot(*(b - a)) * (along_m / 2 - sortie.totals.trigger_distance_m)
                strips.append(LineString([a - ahead, b + ahead]).buffer(across_m / 2, cap_style="flat"))
    return float(shapely.union_all(strips, grid_size=0.01).intersection(shape).area / shape.area)


def test_the_team_sees_all_of_the_area_and_leaves_it_nowhere(unequal: Plan) -> None:
    assert seen_share(unequal) > 0.99
    assert unequal.totals.covered_pct > 99.0
    frame = frame_of(unequal.area)
    shape = local_from_area(unequal.area, frame)
    for sortie in unequal.sorties:
        line = LineString(local_from_ring([row.place for row in sortie.route], frame))
        assert line.difference(shape.buffer(0.01)).length == 0.0
        assert sortie.totals.battery_pct <= 75.05
        assert sortie.camera is not None
    assert {sortie.vehicle for sortie in unequal.sorties} == {1, 2, 3}
    assert not unequal.blocking


def test_flights_of_a_team_name_their_aircraft_camera_and_height(unequal: Plan, tmp_path: object) -> None:
    parts = flights(unequal)
    assert len(parts) == len(unequal.sorties)
    for part, sortie in zip(parts, unequal.sorties, strict=True):
        member = UNEQUAL[sortie.vehicle - 1]
        assert part.aircraft.name == member.aircraft.name
        assert part.camera == member.camera
        assert part.take_off == member.take_off
        assert f"aircraft {sortie.vehicle} flight" in part.name
        assert part.request.height_agl_m == pytest.approx(max(row.height_relative_m for row in part.route))
        track = [(row.place.lon_deg, row.place.lat_deg) for row in part.route]
        assert deviation_from_plan(part, track).within(0.1)
    path = tmp_path / "team.json"  # type: ignore[operator]
    write_plan(unequal, path)
    assert read_plan(path) == unequal


def test_kept_apart_in_height_they_fly_15_m_apart_and_the_coarser_camera_lower(unequal: Plan) -> None:
    heights = {sortie.vehicle: sortie.route[1].height_relative_m for sortie in unequal.sorties}
    levels = sorted(heights.values())
    assert all(above - below >= 15.0 for below, above in pairwise(levels))
    assert levels[0] == 60.0
    assert heights[2] == max(heights.values())
    assert apart(unequal).distance_m >= 30.0


@pytest.mark.parametrize(("separation", "vertical_m"), [("time", 12.0), ("area", math.inf)])
def test_kept_apart_in_time_they_never_come_near(separation: str, vertical_m: float) -> None:
    team = [Member(COPTER, THERMAL, at(10, 10)), Member(COPTER, THERMAL, at(40, 10))]
    plan = shared(team, shapely.box(0, 0, 500, 400), separation=separation, apart_m=40.0)
    assert len({sortie.route[1].height_relative_m for sortie in plan.sorties}) == 1
    found = apart(plan, vertical_m=vertical_m)
    assert found.distance_m >= 40.0
    assert [one.severity for one in plan.findings if one.check == "apart"] == [Severity.INFO]


def test_flights_that_do_come_near_are_found_and_block() -> None:
    """Two that start together at one height from one place: nobody delayed them."""
    plan = shared(UNEQUAL[:2], shapely.box(0, 0, 400, 300))
    level = [
        dataclasses.replace(
            sortie,
            start_s=0.0,
            take_off=plan.take_off,
            route=tuple(dataclasses.replace(row, height_relative_m=60.0) for row in plan.sorties[0].route),
        )
        for sortie in plan.sorties[:2]
    ]
    found = apart(dataclasses.replace(plan, sorties=tuple(level)))
    assert found.distance_m < 30.0
    assert found.vehicles == (1, 2)


def test_the_nearest_approach_is_that_of_a_fine_simulation() -> None:
    chance = np.random.default_rng(5)
    for _ in range(30):
        trails = [
            Trail(
                np.sort(chance.uniform(0, 100, 8)),
                chance.uniform(-200, 200, (8, 2)),
                chance.choice([30.0, 45.0, 60.0], 8),
            )
            for _ in range(2)
        ]
        a, b = trails
        exact_m, at_s = nearest(a, b, 12.0)
        times = np.linspace(max(a.at_s[0], b.at_s[0]), min(a.at_s[-1], b.at_s[-1]), 40_000)
        places = [
            np.column_stack([np.interp(times, t.at_s, column) for column in (*t.points_m.T, t.height_m)])
            for t in trails
        ]
        offset = places[0] - places[1]
        near = np.abs(offset[:, 2]) < 12.0
        if times[0] >= times[-1] or not near.any():
            continue
        sampled_m = np.hypot(*offset[near, :2].T).min()
        assert exact_m <= sampled_m + 1e-9
        assert exact_m == pytest.approx(sampled_m, abs=0.5)
        assert times[0] <= at_s <= times[-1]


def later(trail: Trail, seconds: float) -> Trail:
    return dataclasses.replace(trail, at_s=trail.at_s + seconds)


def test_outside_the_forbidden_differences_of_starts_no_two_come_near() -> None:
    """Starts just beside an interval, and either up to the slack late, climbing on the spot too: apart."""
    chance = np.random.default_rng(6)
    keep = Keep(30.0, 12.0, slack_s=5.0)
    for _ in range(20):
        a, b = (
            Trail(
                np.append(0.0, np.sort(chance.uniform(1, 200, 9))),
                np.repeat(chance.uniform(-120, 120, (5, 2)), 2, axis=0),
                chance.choice([0.0, 30.0, 60.0], 10),
            )
            for _ in range(2)
        )
        forbidden = clashes(a, b, keep)
        assert (forbidden[1:, 0] > forbidden[:-1, 1]).all()
        tried = np.concatenate([forbidden.ravel() + np.tile([-0.1, 0.1], len(forbidden)), [-400.0, 400.0]])
        free = [one for one in tried if not ((forbidden[:, 0] < one) & (one < forbidden[:, 1])).any()]
        for start_s in free:
            for slack_s in (-4.9, 0.0, 4.9):
                assert nearest(a, later(b, start_s + slack_s), keep.vertical_m)[0] >= keep.distance_m
        middles = forbidden.mean(axis=1)
        if len(middles):
            nearby = [
                nearest(a, later(b, middle + s), 12.0)[0] for middle in middles for s in range(-60, 61, 4)
            ]
            assert min(nearby) < keep.distance_m


def test_a_trail_lasts_as_long_as_its_sortie_and_begins_and_ends_on_the_ground(unequal: Plan) -> None:
    frame = frame_of(unequal.area)
    for sortie in unequal.sorties:
        trail = trail_of(sortie, frame, None)
        assert trail.at_s[-1] - trail.at_s[0] == pytest.approx(sortie.totals.duration_s, abs=0.5)
        assert (np.diff(trail.at_s) >= 0).all()
        assert trail.height_m[0] == trail.height_m[-1] == 0.0


def test_nobody_in_the_air_at_once_is_never_near() -> None:
    plan = shared(UNEQUAL[:1], shapely.box(0, 0, 300, 200))
    assert apart(plan) == Apart(math.inf, pytest.approx(math.nan, nan_ok=True), (0, 0))


def naive_s(team: Sequence[Member], shape: Shape) -> float:
    """The makespan of equal slabs across the longer side, in the order of the team, all starting at once."""
    area = area_from_local(shape, FRAME, "Polder")
    ground = _ground(area, (), None, (CREATED, "Polder"))
    west, south, east, north = ground.shape.bounds
    sweep = sweep_of(ground.shape, 0.0 if east - west > north - south else 90.0)
    shares = np.linspace(0, 1, len(team) + 1) * sweep.below_m2[-1]
    levels = tuple(np.interp(shares, sweep.below_m2, sweep.y))
    zones = zones_of(Division(sweep, tuple(range(len(team))), levels, 0.0))
    views = views_of(team, (60.0, 25.0, 60.0), "height", 15.0)
    hands = [
        Hand(member, view, _batteries(member, None, 100.0, 300.0))
        for member, view in zip(team, views, strict=True)
    ]
    return max(work_of(ground, hands[index], zones[index], index + 1).takes_s for index in zones)


def test_the_last_of_an_unequal_team_lands_sooner_than_with_equal_shares(unequal: Plan) -> None:
    assert unequal.totals.duration_s == pytest.approx(max(ends_s(unequal).values()), abs=0.2)
    assert unequal.totals.duration_s < 0.9 * naive_s(UNEQUAL, SHAPE)


def test_an_equal_team_is_no_slower_than_with_equal_shares_and_finishes_together() -> None:
    team = [Member(COPTER, THERMAL, at(10, 10)), Member(COPTER, THERMAL, at(890, 10))]
    shape = shapely.box(0, 0, 900, 400)
    view = View(THERMAL, 60.0)
    higher = [dataclasses.replace(member, view=view) for member in team]
    plan = shared(higher, shape, separation="time")
    ends = ends_s(plan)
    assert max(ends.values()) <= 1.02 * naive_s(team, shape)
    assert max(ends.values()) - min(ends.values()) < 0.06 * max(ends.values())


def test_a_copter_and_a_plane_share_an_area() -> None:
    plane = aircraft("ardupilot-plane")
    team = [Member(COPTER, THERMAL, at(20, 20)), Member(plane, WIDE, at(60, 20), View(WIDE, 100.0))]
    plan = shared(team, shapely.box(0, 0, 1800, 900))
    kinds = {sortie.vehicle: sortie.aircraft.kind for sortie in plan.sorties}
    assert kinds == {1: "copter", 2: "plane"}
    flown = dict.fromkeys(kinds, 0.0)
    for sortie in plan.sorties:
        flown[sortie.vehicle] += sortie.totals.length_m
    assert flown[2] > flown[1]
    assert seen_share(plan) > 0.985
    assert apart(plan).distance_m >= 30.0


def test_a_plane_with_two_pieces_of_ground_records_every_lane() -> None:
    """A turn that ends with a place twice had the lane after it recorded for no metre at all."""
    pieces = shapely.union_all([shapely.box(0, 0, 350, 460), shapely.box(0, 640, 350, 1170)])
    view = View(camera("dji-m30t-thermal"), 120.0)
    pattern = parallel_track(
        pieces, FRAME, aircraft("ardupilot-plane"), view, start_m=np.array([180.0, 550.0])
    )
    rows = np.flatnonzero(pattern.path.recording)
    lengths = np.hypot(*(pattern.path.points[rows + 1] - pattern.path.points[rows]).T)
    assert len(rows) == pattern.lanes
    assert lengths.min() > 300


def test_a_comb_whose_zones_fall_apart_is_flown_inside_the_whole_area() -> None:
    comb = shapely.box(0, 0, 900, 600) - shapely.box(200, 200, 350, 600) - shapely.box(550, 200, 700, 600)
    plan = shared([Member(COPTER, THERMAL, at(10, 10)), Member(FAST, THERMAL, at(880, 10))], comb)
    frame = frame_of(plan.area)
    shape = local_from_area(plan.area, frame)
    for sortie in plan.sorties:
        line = LineString(local_from_ring([row.place for row in sortie.route], frame))
        assert line.difference(shape.buffer(0.01)).length == 0.0
    assert seen_share(plan) > 0.985


def test_no_fly_zones_are_kept_by_every_aircraft() -> None:
    zone = shapely.box(250, 100, 400, 300)
    ring = tuple(at(*corner) for corner in shapely.get_coordinates(zone)[:-1])
    plan = shared(UNEQUAL[:2], shapely.box(0, 0, 700, 400), no_fly=(Part(ring),))
    frame = frame_of(plan.area)
    forbidden = Polygon(local_from_ring(ring, frame))
    for sortie in plan.sorties:
        line = LineString(local_from_ring([row.place for row in sortie.route], frame))
        assert line.distance(forbidden) > 4.0


def test_two_that_climb_side_by_side_do_so_one_after_the_other() -> None:
    team = [Member(COPTER, THERMAL, at(10, 10)), Member(COPTER, THERMAL, at(20, 10))]
    plan = shared(team, shapely.box(0, 0, 300, 200))
    assert apart(plan).distance_m >= 30.0
    assert max(sortie.start_s for sortie in plan.sorties) > 10.0
    assert not plan.blocking


def test_who_takes_over_keeps_the_step_between_heights_that_the_plan_was_shared_with() -> None:
    plan = shared(UNEQUAL[:2], shapely.box(0, 0, 500, 300), step_m=30.0)
    rest = take_over(plan, FlownTrack(np.empty((0, 2))), UNEQUAL[:2], created=CREATED)
    assert rest is not None
    for one in (plan, rest):
        heights = sorted({sortie.route[0].height_relative_m for sortie in one.sorties})
        assert np.diff(heights) == pytest.approx([30.0])


def test_pads_on_one_place_are_a_caution() -> None:
    team = [Member(COPTER, THERMAL, at(10, 10)), Member(COPTER, THERMAL, at(12, 10))]
    plan = shared(team, shapely.box(0, 0, 300, 200))
    assert [one.severity for one in plan.findings if one.check == "take-off points"] == [Severity.CAUTION]


@pytest.mark.parametrize(
    ("team", "options"),
    [
        ((), {}),
        (UNEQUAL[:1] * 9, {}),
        (UNEQUAL, {"separation": "luck"}),
        (UNEQUAL, {"step_m": 1.0}),
        (UNEQUAL, {"apart_m": 0.0}),
        (UNEQUAL, {"apart_m": math.nan}),
        (UNEQUAL, {"reserve_pct": 100.0}),
    ],
)
def test_teams_and_distances_that_make_no_sense_are_refused(
    team: tuple[Member, ...], options: dict[str, object]
) -> None:
    with pytest.raises(SettingsError):
        shared(team, **options)

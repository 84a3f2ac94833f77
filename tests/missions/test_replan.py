"""The rest of a plan: what was flown is left out, what was not is flown, and together they see it all."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely import LineString

from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.errors import InputError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local, frame_of, local_from_area, local_from_ring
from missions.patterns.expanding_square import expanding_square
from missions.plan import Plan
from missions.planner import Setup, plan_pattern
from missions.replan import FlownTrack, rest, seen
from missions.search_plan import plan_search
from missions.sorties import divide, flights
from missions.view import View

CREATED = "2026-03-01T10:00:00Z"
FRAME = LocalFrame(GeoPoint(52.0, 4.35))
SHAPE = shapely.Polygon(
    [(0, 0), (600, 0), (600, 300), (250, 300), (250, 700), (0, 700)],
    [[(80, 80), (80, 220), (180, 220), (180, 80)]],
)


@pytest.fixture(scope="module")
def area() -> Area:
    return area_from_local(SHAPE, FRAME, "Polder")


@pytest.fixture(scope="module")
def search(area: Area) -> Plan:
    return plan_search(
        area,
        aircraft("ardupilot-copter"),
        camera("demo-thermal"),
        created=CREATED,
        take_off=FRAME.point_from_local(10, 10),
    )


def flown(
    plan: Plan, begin: float = 0.0, end: float = 1.0, off_m: float = 0.0, every_m: float = 4.0
) -> np.ndarray:
    """Longitudes and latitudes along a share of the route, `off_m` to the right of it."""
    frame = frame_of(plan.area)
    line = LineString(local_from_ring([row.place for row in plan.route], frame))
    along = np.arange(begin * line.length, end * line.length, every_m)
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    ahead = np.gradient(points, axis=0)
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    return frame.geo_from_local(points + off_m * np.column_stack([ahead[:, 1], -ahead[:, 0]]))


def recorded(plan: Plan, frame: LocalFrame) -> shapely.Geometry:
    points = local_from_ring([row.place for row in plan.route], frame)
    ways = zip(plan.route, pairwise(points), strict=False)
    return shapely.union_all([LineString(way) for row, way in ways if row.recording])


def test_nothing_is_left_of_a_plan_that_was_flown(search: Plan) -> None:
    assert rest(search, FlownTrack(flown(search))) is None
    assert seen(search, FlownTrack(flown(search))).left_m == 0.0


def test_all_is_left_of_a_plan_that_was_not_flown(search: Plan) -> None:
    left = rest(search, FlownTrack(np.zeros((0, 2))))
    assert left is not None
    frame = frame_of(search.area)
    assert recorded(search, frame).difference(recorded(left, frame).buffer(0.1)).length == 0.0
    assert left.totals.length_m <= search.totals.length_m * 1.01
    assert left.name == "Polder rest"


@pytest.mark.parametrize(("begin", "end"), [(0.0, 0.35), (0.0, 0.7), (0.3, 0.6), (0.5, 1.0)])
def test_what_was_flown_and_what_is_left_record_all_of_the_lanes(
    search: Plan, begin: float, end: float
) -> None:
    track = flown(search, begin, end)
    left = rest(search, FlownTrack(track))
    assert left is not None
    frame = frame_of(search.area)
    whole, again = recorded(search, frame), recorded(left, frame)
    # Positions 4 m apart cut the corners at lane ends.
    done = LineString(frame.local_from_geo(track)).buffer(3.0)
    assert whole.difference(done).difference(again.buffer(0.1)).length < 0.01
    # Little is flown twice: a bit before each place where it was broken off.
    twice_m = again.intersection(done).length
    assert twice_m < 4 * (search.totals.trigger_distance_m + 20)
    assert again.difference(whole.buffer(0.1)).length == 0.0
    share = 1 - again.length / whole.length
    assert share == pytest.approx(end - begin, abs=0.12)
    shape = local_from_area(search.area, frame)
    line = LineString(local_from_ring([row.place for row in left.route], frame))
    assert line.difference(shape.buffer(0.01)).length == 0.0
    assert not left.blocking


def test_two_neighbours_flown_off_their_lines_leave_no_ground_unseen(search: Plan) -> None:
    """Within the tolerance lanes that move apart still touch; beyond it they are flown again."""
    slack_m = search.totals.footprint_across_m - search.totals.lane_spacing_m
    assert (
        seen(search, FlownTrack(flown(search, off_m=0.9 * slack_m / 2))).left_m
        < 0.02 * seen(search, FlownTrack(flown(search))).work_m
    )
    beyond = seen(search, FlownTrack(flown(search, off_m=1.3 * slack_m / 2)))
    assert beyond.left_m > 0.9 * beyond.work_m


def test_pieces_flown_too_low_or_without_the_camera_are_flown_again(search: Plan) -> None:
    track = flown(search)
    count = len(track)
    half = np.arange(count) < count // 2
    low = np.where(half, 60.0, 40.0)
    for options in ({"heights_relative_m": low}, {"recorded": half}):
        told = FlownTrack(track, **options)
        found = seen(search, told)
        assert found.left_m == pytest.approx(found.work_m / 2, rel=0.1)
        left = rest(search, told)
        assert left is not None
        assert left.totals.length_m < 0.75 * search.totals.length_m


def test_crossing_lanes_is_not_flying_them(search: Plan) -> None:
    frame = frame_of(search.area)
    shape = local_from_area(search.area, frame)
    west, south, east, north = shape.bounds
    ahead = np.array(
        [np.sin(np.radians(search.totals.angle_deg)), np.cos(np.radians(search.totals.angle_deg))]
    )
    across = np.array([-ahead[1], ahead[0]])
    middle = np.array([(west + east) / 2, (south + north) / 2])
    track = middle + np.arange(-400, 400, 4.0)[:, None] * across
    found = seen(search, FlownTrack(frame.geo_from_local(track)))
    assert found.left_m == pytest.approx(found.work_m, rel=0.01)


def test_a_gap_in_the_record_is_no_flight(search: Plan) -> None:
    track = flown(search)
    # Nothing for more than 100 m.
    lost = np.delete(track, slice(40, 80), axis=0)
    assert 100 < seen(search, FlownTrack(lost)).left_m < 200


def test_a_noisy_track_of_a_whole_flight_leaves_nothing(search: Plan) -> None:
    frame = frame_of(search.area)
    chance = np.random.default_rng(3)
    track = frame.local_from_geo(flown(search, every_m=2.5))
    noisy = frame.geo_from_local(track + chance.normal(0, 0.6, track.shape))
    assert rest(search, FlownTrack(noisy)) is None


def test_the_rest_of_a_flight_of_several_is_divided_again(search: Plan) -> None:
    craft = dataclasses.replace(search.aircraft, battery_wh=search.totals.energy_wh * 0.6)
    totals = dataclasses.replace(search.totals, battery_pct=100 * search.totals.energy_wh / craft.battery_wh)
    divided = divide(dataclasses.replace(search, aircraft=craft, totals=totals))
    first = flights(divided)[0]
    left = rest(divided, FlownTrack(flown(first)))
    assert left is not None
    assert len(left.sorties) in {0, len(divided.sorties) - 1}
    assert left.totals.length_m < search.totals.length_m
    assert not left.blocking


def test_lanes_left_over_here_and_there_are_flown_in_a_short_order(search: Plan) -> None:
    frame = frame_of(search.area)
    track = flown(search)
    points = frame.local_from_geo(track)
    middle_m = np.hypot(*(points - points.mean(axis=0)).T)
    on = (middle_m > 120) | (middle_m < 60)
    left = rest(search, FlownTrack(track, recorded=on))
    assert left is not None
    again = recorded(left, frame)
    # Ways between are no longer than the work and the way there and back twice.
    assert left.totals.length_m < 2.5 * again.length + 4 * np.hypot(600, 700)


def test_the_rest_may_start_elsewhere(search: Plan) -> None:
    home = FRAME.point_from_local(240, 690)
    left = rest(search, FlownTrack(flown(search, 0.0, 0.5)), take_off=home, created="2026-03-01T12:00:00Z")
    assert left is not None
    assert left.take_off == left.rally[0].place == home
    assert left.created == "2026-03-01T12:00:00Z"


def test_the_rest_of_a_spiral_of_legs_keeps_its_order() -> None:
    view = View(camera("demo-thermal"))
    square = expanding_square(FRAME.origin, view, legs=16)
    plan = plan_pattern(square, view, Setup(aircraft("ardupilot-copter"), CREATED, name="Square"))
    left = rest(plan, FlownTrack(flown(plan, 0.0, 0.6)))
    assert left is not None
    frame = frame_of(plan.area)
    whole, again = recorded(plan, frame), recorded(left, frame)
    assert again.length == pytest.approx(0.4 * whole.length, rel=0.15)
    last = [row.place for row in plan.route if row.recording][-3:]
    assert [row.place for row in left.route if row.recording][-3:] == last


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"recorded": np.ones(3, bool)}, InputError),
        ({"heights_relative_m": np.ones(5)}, InputError),
        ({"tolerance_m": 0.0}, SettingsError),
        ({"tolerance_m": float("nan")}, SettingsError),
    ],
)
def test_arrays_and_tolerances_that_make_no_sense_are_refused(
    search: Plan, options: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        rest(search, FlownTrack(flown(search), **options))  # type: ignore[arg-type]


def test_positions_that_are_no_numbers_are_left_out(search: Plan, area: Area) -> None:
    track = flown(search)
    track[100] = np.nan
    assert seen(search, FlownTrack(track)).left_m < 30

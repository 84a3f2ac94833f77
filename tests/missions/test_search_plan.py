"""A search plan: its route, its figures, its fence and what the checks say of it."""

import dataclasses
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import shapely
from shapely import LineString, Point, Polygon

from missions.aircraft import Aircraft
from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.errors import AreaError, InputError, SettingsError
from missions.formats import area_from_geojson
from missions.geodesy import GeoPoint, distance_m
from missions.local import frame_of, local_from_area, local_from_ring
from missions.plan import Plan, Severity
from missions.search_plan import plan_search
from missions.wind import Wind

CREATED = "2026-03-01T10:00:00Z"
Planner = Callable[..., Plan]


@pytest.fixture
def search(corner: Area) -> Planner:
    def planned(**options: Any) -> Plan:
        flown = options.pop("aircraft", aircraft("ardupilot-copter"))
        seen = options.pop("camera", camera("demo-thermal"))
        return plan_search(options.pop("area", corner), flown, seen, created=CREATED, **options)

    return planned


def told(plan: Plan, check: str) -> list[Severity]:
    return [finding.severity for finding in plan.findings if finding.check == check]


def route_line(plan: Plan) -> LineString:
    frame = frame_of(plan.area)
    return LineString(local_from_ring([waypoint.place for waypoint in plan.route], frame))


def test_the_route_begins_and_ends_above_take_off_and_never_leaves_the_area(plan: Plan) -> None:
    shape = local_from_area(plan.area, frame_of(plan.area))
    assert plan.route[0].place == plan.route[-1].place == plan.take_off
    # Places are kept to 1e-8 degrees, a millimetre.
    assert route_line(plan).difference(shape.buffer(0.002)).length == 0.0
    assert all(waypoint.height_relative_m == plan.request.height_agl_m for waypoint in plan.route)


def test_the_figures_are_those_of_the_route(plan: Plan) -> None:
    lanes = [(a, b) for a, b in pairwise(plan.route) if a.recording]
    assert plan.totals.lanes == len(lanes)
    assert plan.totals.length_m == pytest.approx(route_line(plan).length, abs=0.1)
    geodesic_m = sum(distance_m(a.place, b.place) for a, b in pairwise(plan.route))
    assert plan.totals.length_m == pytest.approx(geodesic_m, rel=1e-5, abs=0.06)
    trigger_m = plan.totals.trigger_distance_m
    pictures = sum(int(distance_m(a.place, b.place) / trigger_m) + 1 for a, b in lanes)
    assert plan.totals.photos == pytest.approx(pictures, abs=2)
    assert plan.totals.duration_s > plan.totals.length_m / plan.aircraft.cruise_speed_m_s


def test_lanes_lie_a_footprint_apart_less_the_overlap(search: Planner) -> None:
    for overlap_pct in (0.0, 25.0, 60.0):
        plan = search(overlap_side_pct=overlap_pct)
        across_m, _ = plan.camera.footprint_m(60.0)
        wanted_m = across_m * (1 - overlap_pct / 100)
        assert 0.8 * wanted_m < plan.totals.lane_spacing_m <= wanted_m + 0.01
        assert plan.totals.covered_pct >= 99.0


def test_pictures_on_the_ground_cover_the_area(plan: Plan) -> None:
    """An independent look: the real footprints at the places where the camera is triggered."""
    frame = frame_of(plan.area)
    shape = local_from_area(plan.area, frame)
    across_m, along_m = plan.camera.footprint_m(plan.request.height_agl_m)
    seen = []
    for a, b in pairwise(plan.route):
        if not a.recording:
            continue
        start, end = local_from_ring([a.place, b.place], frame)
        line = LineString([start, end])
        ahead = (end - start) / line.length
        for picture in range(int(line.length / plan.totals.trigger_distance_m) + 1):
            middle = start + ahead * picture * plan.totals.trigger_distance_m
            strip = LineString([middle - ahead * along_m / 2, middle + ahead * along_m / 2])
            seen.append(strip.buffer(across_m / 2, cap_style="flat"))
    share = shapely.union_all(seen, grid_size=0.01).intersection(shape).area / shape.area
    assert share > 0.99


def test_the_fence_holds_the_area_the_route_and_take_off_with_its_margin(
    plan: Plan, plane_plan: Plan
) -> None:
    for one in (plan, plane_plan):
        frame = frame_of(one.area)
        fence = Polygon(local_from_ring(one.fence.inclusions[0].border, frame))
        flown = route_line(one).union(local_from_area(one.area, frame))
        assert fence.is_valid
        assert fence.exterior.distance(flown) >= 29.9
        assert fence.covers(flown)
        assert 3 <= len(one.fence.inclusions[0].border) <= 70


def test_a_hole_can_be_forbidden_to_the_autopilot_too(search: Planner) -> None:
    plan = search(fence_holes=True)
    frame = frame_of(plan.area)
    assert len(plan.fence.exclusions) == 1
    forbidden = Polygon(local_from_ring(plan.fence.exclusions[0], frame))
    assert route_line(plan).distance(forbidden) >= 4.9


def test_the_rally_point_is_take_off_at_a_height_that_autopilots_can_keep(plan: Plan) -> None:
    assert [rally.place for rally in plan.rally] == [plan.take_off]
    assert plan.rally[0].height_relative_m == int(plan.rally[0].height_relative_m)


def test_a_given_take_off_point_inside_is_used_as_it_is(search: Planner, corner: Area) -> None:
    inside = GeoPoint(52.0003, 4.3503)
    plan = search(take_off=inside)
    assert plan.take_off == inside
    assert distance_m(plan.route[0].place, inside) < 0.01
    assert not told(plan, "take-off outside")


def test_a_take_off_point_outside_is_reached_in_the_open_and_said_so(search: Planner) -> None:
    plan = search(take_off=GeoPoint(51.9991, 4.352))
    assert told(plan, "take-off outside") == [Severity.CAUTION]
    assert not told(plan, "separate parts")
    frame = frame_of(plan.area)
    fence = Polygon(local_from_ring(plan.fence.inclusions[0].border, frame))
    assert fence.covers(Point(local_from_ring([plan.take_off], frame)[0]))


def test_parts_that_do_not_touch_are_joined_and_said_so(search: Planner) -> None:
    def box(lon: float) -> list[Any]:
        return [[[lon, 52], [lon + 0.002, 52], [lon + 0.002, 52.001], [lon, 52.001]]]

    area = area_from_geojson({"type": "MultiPolygon", "coordinates": [box(4.0), box(4.004)]}, "two.geojson")
    plan = search(area=area)
    assert told(plan, "separate parts") == [Severity.CAUTION]
    assert not plan.blocking


def test_more_than_the_battery_is_blocking(search: Planner) -> None:
    small = dataclasses.replace(aircraft("ardupilot-copter"), battery_wh=5.0)
    plan = search(aircraft=small)
    assert told(plan, "battery") == [Severity.BLOCKING]
    assert plan.blocking
    assert plan.findings[0].severity is Severity.BLOCKING
    assert not told(search(), "battery")


@pytest.mark.parametrize(("height_m", "expected"), [(120.0, []), (120.5, [Severity.CAUTION])])
def test_above_120_m_is_a_caution(search: Planner, height_m: float, expected: list[Severity]) -> None:
    assert told(search(height_agl_m=height_m), "height") == expected


def test_pictures_faster_than_the_camera_are_a_caution(search: Planner) -> None:
    slow = dataclasses.replace(camera("demo-thermal"), min_interval_s=5.0)
    assert told(search(camera=slow), "photo interval") == [Severity.CAUTION]
    assert not told(search(), "photo interval")


def test_far_from_take_off_is_a_caution(search: Planner) -> None:
    plan = search(take_off=GeoPoint(52.0003, 4.3503))
    assert not told(plan, "sight")
    assert told(search(take_off=GeoPoint(52.0, 4.340)), "sight") == [Severity.CAUTION]


@pytest.mark.parametrize(
    ("height_m", "severity", "text"),
    [(100, "caution", "94 m"), (60, "info", "detect ("), (20, "info", "recognise")],
)
def test_thermal_pixels_on_a_person_are_told(
    search: Planner, height_m: float, severity: str, text: str
) -> None:
    finding = next(one for one in search(height_agl_m=height_m).findings if one.check == "thermal pixels")
    assert finding.severity == severity
    assert text in finding.text + finding.remedy


def test_a_visible_camera_is_not_asked_for_thermal_pixels(search: Planner) -> None:
    assert not told(search(camera=camera("demo-wide")), "thermal pixels")


def test_without_terrain_the_plan_says_what_heights_mean(plan: Plan) -> None:
    assert told(plan, "terrain") == [Severity.INFO]


def test_too_much_wind_is_blocking(search: Planner) -> None:
    assert told(search(wind=Wind(25.0)), "wind") == [Severity.BLOCKING]
    assert not told(search(wind=Wind(5.0)), "wind")


def test_a_leg_against_more_wind_than_the_aircraft_makes_way_in_is_blocking(search: Planner) -> None:
    slow = dataclasses.replace(aircraft("ardupilot-copter"), max_airspeed_m_s=8.0, max_wind_m_s=20.0)
    assert Severity.BLOCKING in told(search(aircraft=slow, wind=Wind(15.0)), "headwind")


def test_a_planes_turns_leave_the_area_and_the_fence_gives_them_room(plane_plan: Plan) -> None:
    assert told(plane_plan, "turns") == [Severity.CAUTION]
    assert plane_plan.totals.length_m > route_line(plane_plan).length


def test_a_fixed_angle_is_kept(search: Planner) -> None:
    assert search(angle_deg=210.0).totals.angle_deg == 30.0


def test_the_same_request_gives_the_same_plan(search: Planner) -> None:
    assert search() == search()


@pytest.mark.parametrize(
    "options",
    [
        {"height_agl_m": 0.0},
        {"height_agl_m": -10.0},
        {"height_agl_m": float("nan")},
        {"height_agl_m": 5000.0},
        {"overlap_side_pct": 100.0},
        {"overlap_side_pct": -1.0},
        {"overlap_front_pct": float("inf")},
        {"angle_deg": float("nan")},
        {"fence_margin_m": 0.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(search: Planner, options: dict[str, float]) -> None:
    with pytest.raises(SettingsError) as raised:
        search(**options)
    assert raised.value.remedy


def test_a_take_off_point_in_another_country_is_refused(search: Planner) -> None:
    with pytest.raises(InputError, match="km from the area"):
        search(take_off=GeoPoint(4.35, 52.0))


def test_an_area_too_large_for_its_lanes_is_refused_by_name(search: Planner) -> None:
    ring = [[4.0, 52.0], [6.0, 52.0], [6.0, 53.5], [4.0, 53.5]]
    area = area_from_geojson({"type": "Polygon", "coordinates": [ring]}, "here", "Province")
    with pytest.raises(AreaError, match="Province: the area would take about") as raised:
        search(area=area)
    assert raised.value.remedy


@pytest.mark.parametrize("lat", [-60.0, 0.0, 69.0])
def test_a_plan_is_as_good_at_any_latitude(search: Planner, lat: float) -> None:
    ring = [[-0.004, lat], [0.004, lat], [0.004, lat + 0.002], [-0.004, lat + 0.002]]
    plan = search(area=area_from_geojson({"type": "Polygon", "coordinates": [ring]}, "here"))
    shape = local_from_area(plan.area, frame_of(plan.area))
    assert plan.totals.covered_pct >= 99.0
    assert route_line(plan).difference(shape.buffer(0.002)).length == 0.0


def test_faster_climbing_and_less_power_take_less_battery(search: Planner) -> None:
    base = aircraft("ardupilot-copter")
    lighter: Aircraft = dataclasses.replace(base, hover_power_w=200.0, cruise_power_w=200.0)
    assert search(aircraft=lighter).totals.battery_pct < search(aircraft=base).totals.battery_pct

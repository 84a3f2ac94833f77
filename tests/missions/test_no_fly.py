"""No-fly zones: cut out of areas, flown round on the way, forbidden to the autopilot."""

import numpy as np
import pytest
import shapely
from shapely import LineString, Polygon, box

from missions.area import Area, Part
from missions.catalogue import aircraft, camera
from missions.errors import AreaError
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import Command
from missions.local import area_from_local, local_from_ring, places_from_local
from missions.no_fly import MARGIN_M, crossing_m, round_zones, without_zones, zones_in
from missions.patterns.path import path_of
from missions.plan import Plan, Severity
from missions.plan_items import fence_items
from missions.search_plan import plan_search

FRAME = LocalFrame(GeoPoint(52.1, 5.2))
CREATED = "2026-03-01T10:00:00Z"


def area(*shapes: Polygon) -> Area:
    return area_from_local(shapely.multipolygons(list(shapes)), FRAME, "Heath")


def zones(*shapes: Polygon) -> tuple[Part, ...]:
    return area(*shapes).parts


def searched(ground: Area, no_fly: tuple[Part, ...], take_off: GeoPoint | None = None) -> Plan:
    return plan_search(
        ground,
        aircraft("ardupilot-copter"),
        camera("demo-thermal"),
        created=CREATED,
        no_fly=no_fly,
        take_off=take_off,
    )


def line_of(plan: Plan) -> LineString:
    return LineString(local_from_ring([waypoint.place for waypoint in plan.route], FRAME))


def test_a_search_keeps_the_margin_from_a_zone_in_its_middle() -> None:
    house = box(180, 130, 230, 170)
    plan = searched(area(box(0, 0, 400, 300)), zones(house))
    assert line_of(plan).distance(house) > MARGIN_M - 0.3
    assert not [finding for finding in plan.findings if finding.check == "no-fly zone"]
    assert plan.totals.covered_pct > 99


def test_the_way_from_take_off_goes_round_a_zone() -> None:
    wall = box(-100, -50, 500, -30)
    start = places_from_local(np.array([[200.0, -150.0]]), FRAME)[0]
    plan = searched(area(box(0, 0, 400, 300)), zones(wall), start)
    assert line_of(plan).distance(wall) > 1.0
    assert plan.route[0].place == plan.route[-1].place == start
    assert not plan.blocking


def test_a_take_off_in_a_zone_blocks_the_plan() -> None:
    plan = searched(
        area(box(0, 0, 400, 300)), zones(box(100, -200, 300, -50)), FRAME.point_from_local(200, -100)
    )
    assert [finding.check for finding in plan.blocking] == ["no-fly zone"]


def test_zones_that_cover_the_area_are_an_error() -> None:
    with pytest.raises(AreaError, match="leave nothing"):
        searched(area(box(0, 0, 100, 100)), zones(box(-50, -50, 150, 150)))


def test_a_zone_across_the_area_leaves_parts_joined_round_it() -> None:
    river = box(190, -100, 210, 400)
    plan = searched(area(box(0, 0, 400, 300)), zones(river))
    assert line_of(plan).intersection(river).length == 0
    assert "separate parts" in {finding.check for finding in plan.findings}
    assert {finding.severity for finding in plan.findings} <= {Severity.CAUTION, Severity.INFO}


def test_the_autopilot_is_forbidden_the_zones() -> None:
    plan = searched(area(box(0, 0, 400, 300)), zones(box(180, 130, 230, 170)))
    forbidden = [item for item in fence_items(plan) if item.command == Command.FENCE_POLYGON_EXCLUSION]
    assert len(forbidden) == 4
    assert {item.p1 for item in forbidden} == {4.0}


def test_only_transits_are_led_round() -> None:
    zone = zones_in(FRAME, zones(box(40, -10, 60, 10)))
    transit = round_zones(path_of([[0, 0], [100, 0]], 50.0, gimbal_pitch_deg=-90.0), zone)
    assert crossing_m(transit, zone) == 0
    assert len(transit) >= 4
    assert set(transit.gimbal_pitch_deg) == {-90.0}
    recorded = path_of([[0, 0], [100, 0]], 50.0, recording=True)
    assert crossing_m(round_zones(recorded, zone), zone) == pytest.approx(20.0, abs=0.01)


def test_circles_count_as_flown() -> None:
    zone = zones_in(FRAME, zones(box(45, -10, 60, 10)))
    circle = path_of([[0, 0]], 50.0, orbit_radius_m=50.0, orbit_turns=1.0)
    assert crossing_m(circle, zone) > 15


def test_random_zones_are_never_crossed() -> None:
    chance = np.random.default_rng(4)
    ground = box(0, 0, 600, 500)
    for _ in range(6):
        corners = chance.uniform(0, 500, (4, 2))
        drawn = [box(x, y, x + chance.uniform(10, 120), y + chance.uniform(10, 120)) for x, y in corners]
        plan = searched(area(ground), area_from_local(shapely.union_all(drawn), FRAME, "zones").parts)
        assert line_of(plan).intersection(shapely.union_all(drawn)).length == 0
        left = without_zones(ground, shapely.union_all(drawn))
        assert line_of(plan).difference(left.buffer(0.01)).length <= plan_outside_m(plan)


def plan_outside_m(plan: Plan) -> float:
    """What the plan itself says that it flies outside, between parts."""
    told = [f.text for f in plan.findings if f.check == "separate parts"]
    return float(told[0].split("touch: ")[1].split(" m")[0]) + 1.0 if told else 0.0

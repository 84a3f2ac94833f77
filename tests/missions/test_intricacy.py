"""Areas of very many corners: planned soon, or refused soon with what to do about it."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from missions.catalogue import aircraft, camera
from missions.errors import AreaError
from missions.geodesy import GeoPoint, LocalFrame
from missions.intricacy import MANY_POINTS, MAX_CORNERS, ROUNDED_M, inward_corners, plannable, rounded
from missions.local import area_from_local
from missions.plan import Plan
from missions.search_plan import plan_search

FRAME = LocalFrame(GeoPoint(52.0, 4.35))
SECONDS = 60.0
"""Bound on the processor's time for a plan."""


def searched(shape: Polygon | MultiPolygon) -> Plan:
    area = area_from_local(shape, FRAME, "Odd")
    began = time.process_time()
    try:
        return plan_search(
            area, aircraft("ardupilot-copter"), camera("demo-thermal"), created="2026-01-01T00:00:00Z"
        )
    finally:
        assert time.process_time() - began < SECONDS


def with_holes(count: int, side_m: float, hole_m: float) -> Polygon:
    across = math.ceil(math.sqrt(count))
    apart_m = side_m / across
    corners = [(index % across * apart_m + 1, index // across * apart_m + 1) for index in range(count)]
    return Polygon(
        box(0, 0, side_m, side_m).exterior.coords,
        [box(x, y, x + hole_m, y + hole_m).exterior.coords for x, y in corners],
    )


def comb(teeth: int, high_m: float) -> Polygon:
    points = [(0.0, 0.0)]
    for tooth in range(teeth):
        x = 1.4 * tooth
        points += [(x, high_m), (x + 0.7, high_m), (x + 0.7, 10.0), (x + 1.4, 10.0)]
    return Polygon([*points, (1.4 * teeth, 0.0)])


def triangles(count: int) -> MultiPolygon:
    places = [(index % 32 * 110.0, index // 32 * 110.0) for index in range(count)]
    return MultiPolygon([Polygon([(x, y), (x + 50, y), (x + 50, y + 50)]) for x, y in places])


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (with_holes(10_000, 1100.0, 2.0), "40000 corners"),
        (with_holes(10_000, 11_000.0, 20.0), "km long"),
        (comb(400, 550.0), "pieces"),
        (triangles(1000), "pieces"),
    ],
    ids=["10,000 small holes", "10,000 holes over 11 km", "a comb of 400 teeth", "1,000 parts"],
)
def test_what_would_take_long_is_refused_at_once(shape: Polygon | MultiPolygon, told: str) -> None:
    with pytest.raises(AreaError, match=told) as raised:
        searched(shape)
    assert raised.value.where == "Odd"
    assert "Simplify" in raised.value.remedy


def test_a_border_of_a_hundred_thousand_points_is_planned_and_never_left() -> None:
    middle = Point(0, 0)
    shape = Polygon(
        middle.buffer(400, quad_segs=12_000).exterior.coords,
        [middle.buffer(150, quad_segs=12_000).exterior.coords],
    )
    assert shapely.get_num_coordinates(shape) > 95_000
    plan = searched(shape)
    assert plan.totals.covered_pct > 99
    places = [(one.place.lon_deg, one.place.lat_deg) for one in plan.route]
    assert shape.buffer(0.01).covers(LineString(FRAME.local_from_geo(places)))


def test_a_rounded_area_lies_within_the_drawn_one_and_hardly_smaller() -> None:
    chance = np.random.default_rng(4)
    for _ in range(20):
        steps = np.linspace(0, 2 * math.pi, 6_000, endpoint=False)
        waves = 1 + 0.2 * np.sin(steps * chance.integers(2, 9)) + 1e-5 * chance.normal(size=len(steps))
        radius = chance.uniform(50, 2000) * waves
        drawn = Polygon(np.column_stack([radius * np.cos(steps), radius * np.sin(steps)]))
        smooth = rounded(drawn)
        assert shapely.get_num_coordinates(smooth) < MANY_POINTS
        assert drawn.buffer(1e-6).covers(smooth)
        assert smooth.buffer(2.5 * ROUNDED_M).covers(drawn)


def test_few_points_stay_as_they_are() -> None:
    shape = with_holes(100, 600.0, 6.0)
    assert plannable(shape, 38.0, "Odd") is shape


def test_corners_that_point_inwards_are_counted_whichever_way_rings_run() -> None:
    square = [(0, 0), (9, 0), (9, 9), (0, 9)]
    hole = [(3, 3), (6, 3), (6, 6), (3, 6)]
    notched = [(0, 0), (9, 0), (9, 9), (5, 9), (5, 5), (0, 5)]
    for turned in (1, -1):
        assert inward_corners(Polygon(square[::turned])) == 0
        assert inward_corners(Polygon(square, [hole[::turned]])) == 4
        assert inward_corners(Polygon(notched[::turned])) == 1
    assert inward_corners(with_holes(1_000, 600.0, 6.0)) == MAX_CORNERS

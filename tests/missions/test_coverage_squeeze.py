"""Squeezed routes are shorter, see what must be seen, and keep what must stay."""

import dataclasses

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon

from missions.coverage import Settings, Swath, cover
from missions.coverage.gaps import unseen
from missions.coverage.ground import Ground

SWATH = Swath(40.0, 20.0)
SQUEEZED = Settings(SWATH, turn_m=5.0, finalists=2, shakes=40)
WHOLE = dataclasses.replace(SQUEEZED, squeeze=False)


def area(seed: int) -> Polygon:
    """A star, with a hole in every other one."""
    chance = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    radii = chance.uniform(150, 400, 20)
    star = Polygon(np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None])
    return star - shapely.Point(30, 20).buffer(60, quad_segs=3) if seed % 2 else star


@pytest.mark.parametrize("seed", range(4))
def test_a_squeezed_route_is_shorter_stays_inside_and_sees_enough(seed: int) -> None:
    shape = area(seed)
    squeezed, whole = cover(shape, SQUEEZED), cover(shape, WHOLE)
    assert squeezed.route.length_m < 0.995 * whole.route.length_m
    assert squeezed.cost_m < whole.cost_m
    assert squeezed.seen >= SQUEEZED.wanted
    assert shapely.LineString(squeezed.route.points).difference(shape).length == 0.0


def test_every_leg_is_a_piece_of_the_route_and_none_crosses_between_parts() -> None:
    parts = MultiPolygon([shapely.box(0, 0, 300, 200), shapely.box(400, 50, 640, 330)])
    route = cover(parts, SQUEEZED).route
    assert route.outside.any()
    assert not (route.outside & route.recording).any()
    begins = np.flatnonzero(route.recording)
    assert np.array_equal(np.stack([route.points[begins], route.points[begins + 1]], axis=1), route.legs)


def test_the_way_from_a_start_never_records() -> None:
    start = np.array([0.0, 0.0])
    route = cover(area(2), SQUEEZED, start).route
    assert np.allclose(route.points[[0, -1]], start)
    assert not route.recording[[0, -2]].any()


def test_lanes_of_an_asked_bearing_are_left_alone() -> None:
    asked = dataclasses.replace(SQUEEZED, bearing_deg=30.0)
    whole = dataclasses.replace(asked, squeeze=False)
    assert np.array_equal(cover(area(0), asked).route.points, cover(area(0), whole).route.points)


@pytest.mark.parametrize("seed", range(4))
def test_the_grid_counts_unseen_ground_as_it_is_measured(seed: int) -> None:
    shape = area(seed)
    legs = cover(shape, WHOLE).route.legs[2:]
    ground = Ground(shape, SWATH, 20.0, 4.0)
    assert ground.unseen_m2() == pytest.approx(shape.area, rel=2e-3)
    for a, b in ground.turned(legs.reshape(-1, 2)).reshape(-1, 2, 2).tolist():
        ground.add(ground.strip((a[0], a[1]), (b[0], b[1]), 0.0))
    assert ground.unseen_m2() == pytest.approx(
        unseen(shape, legs, SWATH).area, rel=0.12, abs=0.004 * shape.area
    )


def test_an_exchange_that_loses_too_much_is_taken_back() -> None:
    ground = Ground(shapely.box(0, 0, 200, 40), SWATH, 90.0, 5.0)
    strip = ground.strip((20.0, 20.0), (180.0, 20.0), 0.0)
    ground.add(strip)
    assert ground.unseen_m2() == pytest.approx(0.0, abs=1.0)
    assert ground.exchange([strip], [], most_m2=10.0) is None
    assert ground.unseen_m2() == pytest.approx(0.0, abs=1.0)
    assert ground.exchange([strip], []) == pytest.approx(8000.0)

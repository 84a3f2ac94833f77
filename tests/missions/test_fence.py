"""Fences hold what is flown, in few points."""

import numpy as np
import pytest
import shapely
from shapely import LineString, Polygon

from missions.fence import MAX_POINTS, exclusion_rings, fence_ring


@pytest.mark.parametrize("seed", range(12))
def test_a_fence_of_a_ragged_area_keeps_its_margin_in_few_points(seed: int) -> None:
    chance = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    radii = 300 + 60 * chance.standard_normal(500).cumsum() / 20
    area = Polygon(np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])).buffer(0)
    flown = area.union(LineString([(0, 0), (chance.uniform(400, 900), 100)]))
    fence = fence_ring(flown, 30.0)
    assert fence.covers(flown)
    assert fence.exterior.distance(flown) >= 29.9
    assert len(fence.exterior.coords) - 1 <= MAX_POINTS
    assert fence.area < 2.0 * flown.buffer(60).area


def test_parts_far_apart_get_one_fence() -> None:
    flown = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(500, 0, 600, 100)])
    assert fence_ring(flown, 30.0).covers(flown)


def test_a_hole_is_forbidden_less_a_margin_and_a_small_one_not_at_all() -> None:
    area = shapely.box(0, 0, 300, 300) - shapely.box(100, 100, 200, 200) - shapely.box(10, 10, 18, 18)
    rings = exclusion_rings(area, 5.0)
    assert [ring.bounds for ring in rings] == [(105, 105, 195, 195)]

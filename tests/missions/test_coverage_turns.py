"""What cannot stop flies one smooth curve, and the curve says how far it leaves the area."""

import numpy as np
import pytest
import shapely
from shapely import Polygon

from missions.coverage import Coverage, Settings, Swath, cover
from missions.coverage.curves import CHORD_M

SWATH = Swath(60.0, 10.0)
FIELD = shapely.box(0, 0, 700, 500)
CORNER = Polygon([(0, 0), (900, 0), (900, 350), (350, 350), (350, 900), (0, 900)])
HOLED = shapely.box(0, 0, 900, 700) - shapely.box(350, 250, 550, 450)


def planned(area: Polygon, radius_m: float, margin_m: float | None) -> Coverage:
    return cover(area, Settings(SWATH, turn_m=5.0, turn_radius_m=radius_m, turn_margin_m=margin_m))


def far_m(area: Polygon, coverage: Coverage) -> float:
    assert coverage.curve is not None
    dense = shapely.segmentize(shapely.LineString(coverage.curve.points), 1.0)
    return float(shapely.distance(area, shapely.points(shapely.get_coordinates(dense))).max())


@pytest.mark.parametrize("area", [FIELD, CORNER, HOLED])
@pytest.mark.parametrize(("radius_m", "margin_m"), [(15.0, None), (15.0, 20.0), (40.0, 60.0)])
def test_a_curve_is_smooth_passes_every_leg_and_tells_how_far_it_leaves(
    area: Polygon, radius_m: float, margin_m: float | None
) -> None:
    coverage = planned(area, radius_m, margin_m)
    curve = coverage.curve
    assert curve is not None
    steps = np.diff(curve.points, axis=0)
    lengths = np.hypot(*steps.T)
    headings = np.arctan2(steps[:, 1], steps[:, 0])[lengths > 1e-6]
    turned = np.abs((np.diff(headings) + np.pi) % (2 * np.pi) - np.pi)
    most = 2 * np.arcsin(np.sqrt(8 * radius_m * CHORD_M) / (2 * radius_m))
    assert turned.max() <= 1.1 * most
    for start, end in coverage.route.legs:
        assert np.hypot(*(curve.points - start).T).min() < 1e-6
        assert np.hypot(*(curve.points - end).T).min() < 1e-6
    assert coverage.leaves_m == pytest.approx(far_m(area, coverage), abs=1.5)
    if margin_m is not None:
        assert curve.within
        assert far_m(area, coverage) <= margin_m + 1.0
    assert curve.length_m >= coverage.route.legs.shape[0]


def test_a_margin_too_small_is_not_kept_in_silence() -> None:
    coverage = planned(FIELD, 40.0, 5.0)
    assert coverage.curve is not None
    assert not coverage.curve.within
    assert coverage.leaves_m > 5.0
    # A leg that ends square to the border 10 m before it cannot be turned from within less than this.
    assert coverage.leaves_m == pytest.approx(40.0 - SWATH.reach_m, abs=3.0)


def test_a_margin_keeps_turns_closer_than_none() -> None:
    free, held = planned(CORNER, 40.0, None), planned(CORNER, 40.0, 45.0)
    assert held.leaves_m < free.leaves_m
    assert held.curve is not None
    assert held.curve.within


def test_what_turns_on_the_spot_has_no_curve() -> None:
    coverage = planned(FIELD, 0.0, None)
    assert coverage.curve is None
    assert coverage.leaves_m == 0.0


def test_the_way_from_a_start_outside_does_not_count_as_leaving() -> None:
    settings = Settings(SWATH, turn_m=5.0, turn_radius_m=15.0, turn_margin_m=25.0)
    coverage = cover(FIELD, settings, np.array([350.0, -400.0]))
    assert coverage.curve is not None
    assert np.allclose(coverage.curve.points[0], [350.0, -400.0])
    assert np.allclose(coverage.curve.points[-1], [350.0, -400.0], atol=1e-6)
    assert coverage.leaves_m <= 26.0

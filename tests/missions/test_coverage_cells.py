"""Bent areas are swept in cells of their own where that is flown sooner."""

import numpy as np
import pytest
import shapely
from shapely import LineString, Polygon

from missions.coverage import Settings, Swath, cover
from missions.coverage.cells import Sweep, partitions

SWATH = Swath(40.0, 20.0)


def bent(*corners: tuple[float, float], width_m: float) -> Polygon:
    return LineString(corners).buffer(width_m / 2, cap_style="flat", join_style="mitre")


BENT = {
    "V": bent((0, 1000), (500, 0), (1000, 1000), width_m=220),
    "arm at 45 degrees": bent((0, 0), (1000, 0), (1700, 700), width_m=240),
    "boomerang": bent((0, 0), (800, 60), (1200, 800), width_m=300),
}


@pytest.mark.parametrize("name", BENT)
def test_cells_beat_a_single_bearing_where_an_area_bends(name: str) -> None:
    area = BENT[name]
    one = cover(area, Settings(SWATH, turn_m=5.0, cells=False))
    cells = cover(area, Settings(SWATH, turn_m=5.0))
    assert len(one.grids) == 1
    assert len(cells.grids) >= 2
    assert cells.cost_m < 0.98 * one.cost_m
    assert cells.seen >= 0.995
    assert shapely.length(shapely.difference(LineString(cells.route.points), area)) == 0.0


def test_a_rectangle_is_not_cut() -> None:
    assert partitions(shapely.box(0, 0, 800, 500), Sweep(SWATH, 5.0)) == []


@pytest.mark.parametrize("name", BENT)
def test_pieces_make_up_the_area_and_do_not_overlap(name: str) -> None:
    for pieces in partitions(BENT[name], Sweep(SWATH, 5.0)):
        assert sum(piece.area for piece in pieces) == pytest.approx(BENT[name].area, abs=1.0)
        assert shapely.union_all(pieces).symmetric_difference(BENT[name]).area < 1.0


def test_a_bearing_that_was_asked_for_is_kept_everywhere() -> None:
    coverage = cover(BENT["V"], Settings(SWATH, turn_m=5.0, bearing_deg=20.0))
    assert [grid.bearing_deg for grid in coverage.grids] == [20.0]


def test_what_a_sweep_takes_is_told_right_for_rectangles() -> None:
    """Lanes along the long side: a step aside and two turns each, less the reach at both ends."""
    sweep = Sweep(SWATH, 10.0)
    expected_m = 800 * 400 / 40 + 10 * (40 + 2 * 10 - 2 * 20)
    assert sweep.cost_m(shapely.box(0, 0, 800, 400)) == pytest.approx(expected_m)
    turned = shapely.affinity.rotate(shapely.box(0, 0, 800, 400), 25)
    assert sweep.cost_m(turned) == pytest.approx(expected_m)
    assert np.isclose(min(abs(b - 65.0) for b in sweep.bearings(turned)), 0.0)

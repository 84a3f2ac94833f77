"""A route enters where it is asked to."""

import numpy as np
import pytest
import shapely

from missions.coverage import Settings, Swath, corners, cover, entry_place
from missions.errors import SettingsError

SETTINGS = Settings(Swath(40.0, 20.0), turn_m=5.0)
FIELD = shapely.box(0, 0, 800, 300) - shapely.box(300, 100, 400, 200)


@pytest.mark.parametrize("index", range(4))
def test_any_corner_can_be_entered_first(index: int) -> None:
    corner = corners(FIELD)[index]
    coverage = cover(FIELD, SETTINGS, enter_near=corner.place)
    ends = coverage.route.legs.reshape(-1, 2)
    nearest_m = np.hypot(*(ends - corner.place).T).min()
    first = coverage.route.points[0]
    assert np.hypot(*(first - corner.place)) == pytest.approx(nearest_m)
    assert np.array_equal(first, coverage.route.legs[0, 0])
    assert coverage.seen >= 0.995


def test_a_take_off_point_is_left_for_the_leg_nearest_to_what_was_asked() -> None:
    start, asked = np.array([900.0, -50.0]), np.array([0.0, 300.0])
    coverage = cover(FIELD, SETTINGS, start, enter_near=asked)
    assert np.allclose(coverage.route.points[[0, -1]], start)
    ends = coverage.route.legs.reshape(-1, 2)
    entered = coverage.route.legs[0, 0]
    assert np.hypot(*(entered - asked)) == pytest.approx(np.hypot(*(ends - asked).T).min())


def test_a_route_that_may_enter_anywhere_is_never_longer() -> None:
    free_m = cover(FIELD, SETTINGS).cost_m
    assert all(free_m <= cover(FIELD, SETTINGS, enter_near=corner.place).cost_m for corner in corners(FIELD))


def test_corners_are_named_by_where_they_lie() -> None:
    found = {corner.name: corner.place.tolist() for corner in corners(shapely.box(0, 0, 500, 400))}
    assert found == {
        "north-east": [500, 400],
        "south-east": [500, 0],
        "south-west": [0, 0],
        "north-west": [0, 400],
    }


def test_corners_of_a_turned_area_lie_in_it_whatever_the_bearing() -> None:
    area = shapely.affinity.rotate(FIELD, 30)
    for bearing_deg in (None, 0.0, 77.0):
        found = corners(area, bearing_deg)
        assert len(found) == 4
        assert all(area.distance(shapely.Point(corner.place)) < 1e-9 for corner in found)


def test_an_entry_is_a_corner_by_its_direction_or_the_take_off_point() -> None:
    box, start = shapely.box(0, 0, 500, 400), np.array([700.0, 10.0])
    asked = {word: entry_place(box, word, start).tolist() for word in ("ne", "South-West", "take-off")}
    assert asked == {"ne": [500, 400], "South-West": [0, 0], "take-off": [700, 10]}
    diamond = shapely.affinity.rotate(shapely.box(0, 0, 400, 400), 45)
    assert entry_place(diamond, "w", None)[0] == pytest.approx(diamond.bounds[0])


@pytest.mark.parametrize("asked", ["middle", "", "take-off"])
def test_an_entry_that_is_none_is_refused_with_those_that_are(asked: str) -> None:
    with pytest.raises(SettingsError, match="n, ne, e, se, s, sw, w or nw"):
        entry_place(FIELD, asked, None)

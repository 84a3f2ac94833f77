"""Roads, water, slopes and barriers: chance moves to where people are, and none is lost."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from missions.errors import FormatError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.distances import Distances
from missions.search.grid import SearchGrid
from missions.search.land import Ground, LandClass, classes, read_layer
from missions.search.marching import march
from missions.search.probability import ProbabilityMap
from missions.search.segments import read_segments
from missions.search.spread import around
from missions.search.weights import detour_weights, ground_weights, slope_weights, weighted
from missions.terrain.surface import AnalyticTerrain

FRAME = LocalFrame(GeoPoint(52.1, 5.3))
GRID = SearchGrid.around((-4_000, -4_000, 4_000, 4_000), 40.0, FRAME)
PLACE = (0.0, 0.0)
FOUR = Distances((0.25, 0.5, 0.75, 0.95), (300.0, 800.0, 1500.0, 3500.0))
LAKE = shapely.box(500, -1_500, 2_000, 1_000)


def laid_out() -> ProbabilityMap:
    return around(GRID, PLACE, FOUR)


def ring(radius_m: float) -> shapely.Polygon:
    return shapely.Point(PLACE).buffer(radius_m, quad_segs=100)


def test_water_that_is_excluded_holds_nobody_and_nothing_is_lost() -> None:
    weights = ground_weights(GRID, [Ground(LandClass("water", weight=0.0), LAKE)])
    chances = weighted(laid_out(), weights)
    assert chances.poa(LAKE.buffer(-60)) == 0
    assert chances.outside == laid_out().outside
    assert chances.on_grid == pytest.approx(laid_out().on_grid)


def test_a_weight_is_a_ratio_of_densities() -> None:
    """Wood, and as much heath in the mirror."""
    wood, heath = shapely.box(-720, -200, -480, -80), shapely.box(-720, 80, -480, 200)
    weights = ground_weights(GRID, [Ground(LandClass("wood", weight=6.0), wood)])
    chances = weighted(laid_out(), weights)
    assert chances.poa(wood) / chances.poa(heath) == pytest.approx(6)


def test_grounds_of_two_classes_multiply_and_of_one_count_once() -> None:
    square = shapely.box(0, 0, 400, 400)
    twice = shapely.union_all([square, shapely.box(200, 0, 600, 400)])
    weights = ground_weights(GRID, [Ground(LandClass("a", 3.0), twice), Ground(LandClass("b", 0.5), square)])
    row, column = GRID.cell_of(np.array([[220.0, 220.0]]))[0]
    assert weights[row, column] == pytest.approx(1.5)


def test_a_road_weighs_within_its_buffer_and_half_as_much_more_at_each_offset() -> None:
    road = shapely.LineString([(-3_900, 20), (3_900, 20)])
    grid = SearchGrid.around((-1_000, -1_000, 1_000, 1_000), 4.0, FRAME)
    kind = LandClass("road", weight=9.0, buffer_m=10.0, offset_m=50.0)
    column = ground_weights(grid, [Ground(kind, road)])[:, 250]
    away = np.abs(grid.norths_m - 20) - 10
    assert column[away < -4] == pytest.approx(9)
    beyond = away > 4
    assert column[beyond] == pytest.approx(1 + 8 * 0.5 ** (away[beyond] / 50), rel=0.06)


def test_rings_keep_their_shares_when_roads_and_water_move_chance_around_them() -> None:
    road = shapely.LineString([(-4_000, -3_000), (4_000, 3_000)])
    grounds = [
        Ground(LandClass("water", weight=0.0), LAKE),
        Ground(LandClass("road", weight=5.0, buffer_m=20.0), road),
    ]
    chances = weighted(laid_out(), ground_weights(GRID, grounds), PLACE)
    for share, radius in zip(FOUR.shares, FOUR.distances_m, strict=True):
        assert chances.poa(ring(radius)) == pytest.approx(share, abs=0.012)
    free = weighted(laid_out(), ground_weights(GRID, grounds))
    assert abs(free.poa(ring(800.0)) - 0.5) > 0.03


def test_weights_that_exclude_everything_are_refused() -> None:
    with pytest.raises(SettingsError, match="exclude every place"):
        weighted(laid_out(), np.zeros(GRID.shape))


def test_lines_without_a_width_are_refused_and_not_lost() -> None:
    road = shapely.LineString([(0, 0), (100, 0)])
    with pytest.raises(SettingsError, match="no width"):
        ground_weights(GRID, [Ground(LandClass("road", weight=2.0), road)])


def test_behind_a_barrier_chance_is_as_thin_as_the_way_around_is_long() -> None:
    """A wall 400 m east, from far south to 1 km north: the way bends at its end, to within four cells."""
    wall = shapely.LineString([(400, -9_000), (400, 1_000)])
    weights = detour_weights(GRID, PLACE, FOUR, [Ground(LandClass("river", barrier=True), wall)])
    bend = np.array([400.0, 1_000.0])
    for east, north in ((1_000.0, -500.0), (700.0, 0.0), (2_500.0, 600.0)):
        row, column = GRID.cell_of(np.array([[east, north]]))[0]
        centre = GRID.centres_m[row, column]
        straight = math.dist(PLACE, centre)
        way = math.dist(PLACE, bend) + math.dist(bend, centre)
        thick, thin = FOUR.fading(np.full(2, straight), way + np.array([-5.0, 4 * GRID.cell_m]))
        assert thin < weights[row, column] < thick
    assert (weights[:, GRID.easts_m < 300] == 1).all()


def test_the_way_over_open_ground_is_the_straight_one() -> None:
    size, cell_m = 301, 10.0
    way = march(np.ones((size, size)), 150, 150, 0.0, cell_m)
    rows, columns = np.mgrid[:size, :size] - 150
    straight = np.hypot(rows, columns) * cell_m
    assert np.abs(way - straight).max() < 0.35 * cell_m
    assert way[150] == pytest.approx(straight[150])


def test_ground_that_is_hard_to_cross_is_as_if_further_away() -> None:
    bog = shapely.box(300, -4_000, 4_000, 4_000)
    weights = detour_weights(GRID, PLACE, FOUR, [Ground(LandClass("bog", effort=3.0), bog)])
    row, column = GRID.cell_of(np.array([[1_500.0, 0.0]]))[0]
    straight = GRID.centres_m[row, column][0] - PLACE[0]
    way = 300 + 3 * (straight - 300)
    known = FOUR.fading(np.array([straight]), np.array([way]))[0]
    assert weights[row, column] == pytest.approx(known, rel=0.08)


def test_a_place_that_is_walled_in_leaves_nobody_beyond_and_all_within() -> None:
    wall = shapely.Point(PLACE).buffer(1_000).exterior
    weights = detour_weights(GRID, PLACE, FOUR, [Ground(LandClass("river", barrier=True), wall)])
    chances = weighted(laid_out(), weights)
    assert chances.poa(ring(1_100)) == pytest.approx(chances.on_grid)


def test_a_planning_point_on_a_barrier_is_refused() -> None:
    wall = Ground(LandClass("river", barrier=True), shapely.LineString([(-50, 5), (50, -5)]))
    with pytest.raises(SettingsError, match="on a barrier"):
        detour_weights(GRID, PLACE, FOUR, [wall])
    with pytest.raises(SettingsError, match="beside the grid"):
        detour_weights(GRID, (9e4, 0.0), FOUR, [wall])


def test_slopes_weigh_from_their_angle_on() -> None:
    """A cone of 40 degrees on flat ground."""
    steep = math.tan(math.radians(40))
    cone = AnalyticTerrain(lambda e, n: np.maximum(0, 1_000 - np.hypot(e, n)) * steep, FRAME.origin)
    weights = slope_weights(GRID, cone, [(30.0, 0.4), (45.0, 0.0)])
    away = np.hypot(*np.moveaxis(GRID.centres_m, -1, 0))
    assert weights[(away > 100) & (away < 900)] == pytest.approx(0.4)
    assert weights[away > 1_100] == pytest.approx(1.0)
    with pytest.raises(SettingsError, match="ascend"):
        slope_weights(GRID, cone, [(45.0, 0.4), (30.0, 0.0)])


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def line(*places: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [list(place) for place in places]}


@pytest.fixture
def layer(tmp_path: Path) -> Callable[..., Path]:
    def write(*features: Any, **more: Any) -> Path:
        path = tmp_path / "layer.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features), **more}))
        return path

    return write


def test_a_feature_takes_its_class_and_its_own_values_win(layer: Callable[..., Path]) -> None:
    road = LandClass("track", weight=2.0, buffer_m=5.0)
    path = layer(
        feature(line((5.3, 52.1), (5.31, 52.1)), highway="track"),
        feature(line((5.3, 52.1), (5.3, 52.11)), highway="track", weight=4),
        feature(line((5.3, 52.1), (5.29, 52.1)), highway="motorway"),
        feature(line((5.3, 52.1), (5.29, 52.2)), weight=0.5, buffer_m=30),
    )
    grounds, left = read_layer(path, FRAME, {"track": road}, named_by="highway")
    assert [(each.kind.name, each.kind.weight, each.kind.buffer_m) for each in grounds] == [
        ("track", 2.0, 5.0),
        ("track", 4.0, 5.0),
        ("drawn", 0.5, 30.0),
    ]
    assert grounds[0].shape_m.length == pytest.approx(685, abs=2)
    assert dict(left) == {"motorway": 1}


def test_what_lies_far_from_the_grid_is_left_aside(layer: Callable[..., Path]) -> None:
    near, far = feature(line((5.3, 52.1), (5.31, 52.1))), feature(line((6.3, 52.1), (6.31, 52.1)))
    kind = LandClass("brook", weight=2.0, buffer_m=100.0)
    beside = (800.0, -50.0, 900.0, 50.0)
    for bounds, metres in ((GRID.bounds_m, 685), (beside, 0)):
        grounds, _ = read_layer(layer(near, far), FRAME, {}, kind=kind, bounds_m=bounds)
        assert sum(each.shape_m.length for each in grounds) == pytest.approx(metres, abs=2)


def test_a_whole_layer_can_be_of_one_class(layer: Callable[..., Path]) -> None:
    path = layer(feature(line((5.3, 52.1), (5.31, 52.1))))
    grounds, left = read_layer(path, FRAME, {}, kind=LandClass("brook", barrier=True))
    assert [each.kind.name for each in grounds] == ["brook"]
    assert not left


def test_points_without_a_weight_are_left_out_as_all_else_is(layer: Callable[..., Path]) -> None:
    """Maps of roads are full of crossings."""
    path = layer(
        feature(line((5.3, 52.1), (5.31, 52.1)), highway="track"),
        feature({"type": "Point", "coordinates": [5.3, 52.1]}, highway="crossing"),
    )
    grounds, left = read_layer(path, FRAME, {"track": LandClass("track", buffer_m=5.0)}, named_by="highway")
    assert len(grounds) == 1
    assert dict(left) == {"crossing": 1}


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (feature({"type": "LineString", "coordinates": [[5, "x"], [5, 52]]}, weight=2), "no geometry"),
        (feature({"type": "LineString", "coordinates": [[5, 152], [5, 52]]}, weight=2), "out of range"),
        (feature({"type": "Point", "coordinates": [5, 52]}, weight=2), "a point"),
        (feature({"type": "Nonsense"}, weight=2), "no geometry"),
        (feature(line((5, 52), (5.1, 52)), weight=-1), "outside 0 to 1000"),
        (feature(line((5, 52), (5.1, 52)), weight="lots"), "weight is 'lots'"),
        (feature(line((5, 52), (5.1, 52)), barrier=1), "barrier is 1"),
        ("text", "no feature"),
    ],
)
def test_a_broken_feature_is_refused_with_its_number(
    layer: Callable[..., Path], broken: Any, what: str
) -> None:
    good = feature(line((5.3, 52.1), (5.31, 52.1)), weight=2)
    with pytest.raises(FormatError, match=what) as refused:
        read_layer(layer(good, broken), FRAME, {})
    assert "feature 2" in refused.value.where


def test_metres_are_no_longitude(layer: Callable[..., Path]) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
    with pytest.raises(FormatError, match="28992"):
        read_layer(layer(crs=crs), FRAME, {})


def test_classes_are_read_and_what_they_do_not_know_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.toml"
    path.write_text("[class.road]\nweight = 3\nbuffer_m = 10\n[class.river]\nbarrier = true\n")
    assert classes(path)["road"] == LandClass("road", 3.0, 10.0)
    assert classes(path)["river"].barrier
    for text, what in (
        ("[class.a]\nwieght = 3", "unknown key"),
        ("[a]\nb = 1", "classes alone"),
        ("[", "no TOML"),
    ):
        path.write_text(text)
        with pytest.raises(FormatError, match=what):
            classes(path)


def test_segments_have_names_or_numbers(layer: Callable[..., Path]) -> None:
    square = {"type": "Polygon", "coordinates": [[[5.3, 52.1], [5.31, 52.1], [5.31, 52.11], [5.3, 52.1]]]}
    found = read_segments(layer(feature(square, name="A"), feature(square)), FRAME)
    assert [each.name for each in found] == ["A", "segment 2"]
    with pytest.raises(FormatError, match="no polygon"):
        read_segments(layer(feature(line((5.3, 52.1), (5.31, 52.1)))), FRAME)

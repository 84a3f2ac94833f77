"""A contour search goes along the slope, from its top down, sees all of it and never leaves the area."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from missions.catalogue import aircraft, camera
from missions.errors import AreaError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.patterns.contour import contour
from missions.patterns.pattern import Pattern, Shape
from missions.terrain import AnalyticTerrain, open_terrain
from missions.view import View

HOME = GeoPoint(52.3, 4.5)
FRAME = LocalFrame(HOME)
COPTER = aircraft("ardupilot-copter")
VIEW = View(camera("demo-thermal"), 40.0)
SQUARE = box(-300, -250, 300, 250)
HOLED = SQUARE.difference(box(-200, -150, -120, -60))
Array = npt.NDArray[np.float64]
Ground = Callable[[Array, Array], Any]


def cone(east: Array, north: Array) -> Array:
    return np.asarray(120 - 0.3 * np.hypot(east, north))


def ramp(east: Array, north: Array) -> Array:
    return np.asarray(0.2 * east)


def dunes(east: Array, north: Array) -> Array:
    first = 45 * np.exp(-((east - 50) ** 2 + (north + 30) ** 2) / 2 / 150**2)
    return np.asarray(first + 30 * np.exp(-((east + 200) ** 2 + (north - 180) ** 2) / 2 / 90**2))


def quarry(east: Array, north: Array) -> Array:
    return np.asarray(-40 / (1 + np.exp((np.hypot(east, 1.4 * north) - 200) / 25)))


def pattern_over(ground: Ground, shape: Shape = HOLED, **options: Any) -> Pattern:
    return contour(shape, FRAME, COPTER, VIEW, AnalyticTerrain(ground, HOME, 5.0), **options)


def recorded(pattern: Pattern) -> list[Array]:
    """The stretches on which the camera records, each (n, 2)."""
    path = pattern.path
    ends = np.flatnonzero(~path.recording)
    runs, first = [], 0
    for end in ends:
        if end > first:
            runs.append(path.points[first : end + 1])
        first = end + 1
    return runs


@pytest.mark.parametrize("ground", [cone, ramp, dunes, quarry])
@pytest.mark.parametrize("start", [None, (-290.0, -240.0)])
def test_all_of_the_area_is_seen_and_no_metre_leaves_it(ground: Ground, start: Any) -> None:
    pattern = pattern_over(ground, start_m=None if start is None else np.array(start))
    line = LineString(pattern.path.points)
    assert line.difference(HOLED).length < 1e-6
    assert not pattern.path.outside.any()
    seen = shapely.union_all(
        [LineString(run).buffer(VIEW.footprint_m[0] / 2, cap_style="flat") for run in recorded(pattern)],
        grid_size=0.01,
    )
    assert seen.intersection(HOLED).area / HOLED.area > 0.99
    assert pattern.covered_pct == pytest.approx(100 * seen.intersection(HOLED).area / HOLED.area, abs=0.3)
    assert pattern.path.length_m < 1.9 * HOLED.area / VIEW.spacing_m
    assert pattern.path.height_agl_m == pytest.approx(np.full(len(pattern.path), 40.0))


@pytest.mark.parametrize("ground", [cone, ramp])
def test_a_track_keeps_one_height_of_the_ground(ground: Ground) -> None:
    for run in recorded(pattern_over(ground)):
        along = np.vstack([np.linspace(a, b, 20) for a, b in itertools.pairwise(run)])
        heights = ground(along[:, 0], along[:, 1])
        interval_m = 0.3 * VIEW.spacing_m
        assert np.ptp(heights) < interval_m / 2


@pytest.mark.parametrize("from_top", [True, False])
def test_a_hill_is_searched_from_its_top_down_or_from_its_foot_up(from_top: bool) -> None:
    pattern = pattern_over(cone, SQUARE, from_top=from_top)
    level = [run for run in recorded(pattern) if np.ptp(cone(*run.T)) < 2]
    runs = [LineString(run) for run in level]
    heights = np.array([cone(*run.T).mean() for run in level])
    assert len(runs) > 15
    sign = 1 if from_top else -1
    for (first, a), (second, b) in itertools.combinations(enumerate(runs), 2):
        if a.distance(b) < 1.15 * VIEW.spacing_m:
            assert sign * (heights[first] - heights[second]) > -2.5
    assert sign * (heights[0] - heights[-1]) > 60
    assert pattern.figures["from_top"] == float(from_top)


def test_of_two_hills_each_is_searched_downwards() -> None:
    runs = recorded(pattern_over(dunes, SQUARE))
    for top in ((50.0, -30.0), (-200.0, 180.0)):
        around = [run for run in runs if len(run) > 5 and Polygon(run).contains(Point(top))]
        sizes = [Polygon(run).area for run in around]
        assert len(sizes) >= 2
        assert sizes == sorted(sizes)


def test_tracks_lie_about_the_lane_spacing_apart() -> None:
    lines = [LineString(run) for run in recorded(pattern_over(ramp, SQUARE))]
    nearest = [min(a.distance(b) for b in lines if b is not a) for a in lines]
    assert np.median(nearest) == pytest.approx(VIEW.spacing_m, rel=0.1)
    assert max(nearest) <= VIEW.footprint_m[0] + 0.5


def test_from_a_take_off_point_outside_only_the_way_there_and_back_is_outside() -> None:
    start = np.array([-340.0, -300.0])
    path = pattern_over(ramp, start_m=start).path
    assert path.points[[0, -1]] == pytest.approx(np.array([start, start]))
    crossing = [
        LineString(path.points[row : row + 2]).difference(HOLED).length > 1e-6 for row in range(len(path) - 1)
    ]
    assert crossing == path.outside[:-1].tolist()
    assert sum(crossing) == 2


def test_separate_parts_are_all_searched_and_the_way_between_is_marked() -> None:
    parts = MultiPolygon([box(-300, -100, -60, 100), box(60, -100, 300, 100)])
    pattern = pattern_over(cone, parts)
    assert pattern.covered_pct > 99
    path = pattern.path
    for row in range(len(path) - 1):
        leaves = LineString(path.points[row : row + 2]).difference(parts).length > 1e-6
        assert not leaves or path.outside[row]
    assert path.outside.any()


def test_flat_ground_sends_the_operator_to_a_parallel_track() -> None:
    rough = lambda east, north: 0.3 * np.sin(east / 3)  # noqa: E731 - furrows
    for ground in (lambda east, north: 0 * east, rough, lambda east, north: 0.01 * east):
        with pytest.raises(AreaError, match="too flat") as refused:
            pattern_over(ground, where="polder.kml")
        assert "parallel track" in refused.value.remedy
        assert refused.value.where == "polder.kml"


def test_an_area_without_terrain_is_refused() -> None:
    with pytest.raises(AreaError, match="no heights"):
        pattern_over(lambda east, north: np.full_like(east, np.nan))


def test_where_terrain_is_missing_lanes_take_the_place_of_contours() -> None:
    pattern = pattern_over(lambda east, north: np.where(east > 100, np.nan, cone(east, north)), SQUARE)
    assert pattern.covered_pct > 99


def test_a_plane_is_refused() -> None:
    with pytest.raises(SettingsError, match="cannot turn"):
        contour(SQUARE, FRAME, aircraft("ardupilot-plane"), VIEW, AnalyticTerrain(cone, HOME))


def test_real_hills_are_searched(shared: Callable[[str], Path]) -> None:
    terrain = open_terrain([shared("terrain/N00E010.hgt")])
    frame = LocalFrame(GeoPoint(0.52, 10.32))
    area = Polygon([(-900, -700), (800, -900), (1000, 600), (0, 1000), (-800, 500)])
    view = View(camera("demo-wide"), 100.0)
    pattern = contour(area, frame, COPTER, view, terrain)
    assert pattern.covered_pct > 99
    assert LineString(pattern.path.points).difference(area).length < 1e-6
    assert pattern.figures["highest_m"] > pattern.figures["lowest_m"]

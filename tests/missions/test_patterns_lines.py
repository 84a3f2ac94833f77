"""Patterns along a line: track line search and corridor."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import shapely
from shapely import GeometryCollection, LineString

from missions.catalogue import aircraft, camera
from missions.errors import AreaError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.patterns.bands import offsets_m, passes_at
from missions.patterns.corridor import corridor
from missions.patterns.runs import recorded_legs
from missions.patterns.track_line import track_line
from missions.turns import turned
from missions.view import View

FRAME = LocalFrame(GeoPoint(52.0, 4.35))
VIEW = View(camera("demo-thermal"), 60.0)
COPTER, PLANE = aircraft("ardupilot-copter"), aircraft("ardupilot-plane")
NO_ZONES = GeometryCollection()
ROAD = [(0, 0), (150, 40), (260, 20), (330, 160), (300, 300), (420, 330), (700, 300)]
LINES = {
    "straight": [(0, 0), (400, 0)],
    "road": ROAD,
    "right angle": [(0, 0), (300, 0), (300, 300)],
    "hairpin": [(0, 0), (300, 0), (300, 12), (0, 12)],
    "there and back": [(0, 0), (300, 0), (100, 0)],
    "switchbacks": [(0, 0), (300, 10), (0, 40), (300, 80), (20, 130)],
    "closed": [(0, 0), (200, 0), (240, 120), (100, 200), (-40, 120), (0, 0)],
    "closed the other way": [(0, 0), (-40, 120), (100, 200), (240, 120), (200, 0), (0, 0)],
    "figure of eight": [(0, 0), (200, 200), (200, 0), (0, 200)],
    "roundabout": [(80 * math.sin(a), 80 * math.cos(a)) for a in np.linspace(0, 6.2, 80)],
    "tight curl": [(3 * a * math.sin(a), 3 * a * math.cos(a)) for a in np.linspace(0.5, 20, 200)],
}


def drawn(points: list[tuple[float, float]]) -> list[GeoPoint]:
    return [FRAME.point_from_local(east, north) for east, north in points]


def beside(points: Points, line: list[GeoPoint], frame: LocalFrame) -> Points:
    """How far places lie from a line."""
    local = frame.local_from_geo([(place.lon_deg, place.lat_deg) for place in line])
    return np.asarray(shapely.distance(LineString(local), shapely.points(points)))


class TestTrackLine:
    def test_with_return_it_goes_along_one_side_and_comes_back_on_the_other(self) -> None:
        line = drawn([(0, 0), (0, 500)])
        pattern = track_line(line, VIEW)
        half = VIEW.spacing_m / 2
        middle = pattern.frame.local_from_geo([(line[0].lon_deg, line[0].lat_deg)])[0]
        expected = [(half, 0), (half, 500), (-half, 500), (-half, 0)]
        assert pattern.name == "track-line-return"
        assert pattern.path.points - middle == pytest.approx(np.array(expected), abs=0.01)
        assert pattern.path.recording.tolist() == [True, False] * 2

    def test_without_return_it_goes_along_the_line_and_once_on_each_side_to_its_end(self) -> None:
        line = drawn([(0, 0), (0, 500)])
        pattern = track_line(line, VIEW, return_=False)
        middle = pattern.frame.local_from_geo([(line[0].lon_deg, line[0].lat_deg)])[0]
        apart = VIEW.spacing_m
        expected = [(0, 0), (0, 500), (apart, 500), (apart, 0), (-apart, 0), (-apart, 500)]
        assert pattern.name == "track-line-non-return"
        assert pattern.path.points - middle == pytest.approx(np.array(expected), abs=0.01)

    @pytest.mark.parametrize("passes", [2, 4, 6])
    def test_with_return_it_ends_where_it_began(self, passes: int) -> None:
        path = track_line(drawn(ROAD), VIEW, passes=passes).path
        assert math.dist(path.points[0], path.points[-1]) <= passes * VIEW.spacing_m

    @pytest.mark.parametrize("passes", [1, 3, 5])
    def test_without_return_it_ends_at_the_other_end(self, passes: int) -> None:
        path = track_line(drawn(ROAD), VIEW, return_=False, passes=passes).path
        assert math.dist(path.points[0], path.points[-1]) > 600

    @pytest.mark.parametrize(("return_", "passes"), [(True, 3), (False, 2), (True, 0), (False, 10**6)])
    def test_a_number_of_passes_that_does_not_end_there_is_refused(self, return_: bool, passes: int) -> None:
        with pytest.raises(SettingsError):
            track_line(drawn(ROAD), VIEW, return_=return_, passes=passes)

    def test_port_side_first_is_the_mirror_image(self) -> None:
        line = drawn([(0, 0), (0, 500)])
        right, left = (track_line(line, VIEW, starboard=side).path.points for side in (True, False))
        assert left == pytest.approx(right * [-1, 1], abs=0.01)

    def test_it_sees_all_it_says(self) -> None:
        assert track_line(drawn(ROAD), VIEW).covered_pct > 99.5

    def test_a_plane_has_its_turns_counted(self) -> None:
        copter, plane = (
            turned(pattern, pattern.path, VIEW, craft, NO_ZONES)
            for craft in (COPTER, PLANE)
            for pattern in [track_line(drawn([(0, 0), (0, 800)]), VIEW, aircraft=craft)]
        )
        assert plane.path.length_m > copter.path.length_m + math.pi * PLANE.turn_radius_m
        assert PLANE.turn_radius_m < plane.leaves_m < 4 * PLANE.turn_radius_m


class TestCorridor:
    @pytest.mark.parametrize("name", LINES)
    @pytest.mark.parametrize("width_m", [15, 60, 140])
    def test_its_ground_is_seen_and_its_passes_stay_over_it(self, name: str, width_m: float) -> None:
        pattern = corridor(drawn(LINES[name]), VIEW, width_m=width_m)
        legs = shapely.union_all(shapely.linestrings(recorded_legs(pattern.path)))
        assert pattern.covered_pct >= 99.5
        assert legs.difference(pattern.shape.buffer(0.1)).length < 0.1
        assert LineString(pattern.path.points).difference(pattern.shape.buffer(1.1)).length < 0.1

    @pytest.mark.parametrize("seed", range(25))
    def test_random_lines_too(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        count, step_m = int(chance.integers(2, 40)), float(chance.choice([10, 40, 120]))
        headings = np.cumsum(chance.normal(0, chance.choice([0.1, 0.5, 1.0]), count))
        line = np.cumsum(step_m * np.column_stack([np.sin(headings), np.cos(headings)]), axis=0)
        view = View(camera("demo-thermal"), 60.0, overlap_front_pct=float(chance.choice([20, 60, 80])))
        assert corridor(drawn(list(line)), view, width_m=float(chance.uniform(20, 120))).covered_pct >= 99.5

    def test_passes_are_as_many_as_width_by_spacing_and_evenly_apart(self) -> None:
        line = drawn([(0, 0), (0, 500)])
        pattern = corridor(line, VIEW, width_m=120)
        offsets = sorted({round(float(east), 2) for east, _ in pattern.path.points})
        assert pattern.lanes == math.ceil(120 / VIEW.spacing_m) == 4
        assert np.diff(offsets) == pytest.approx(30.0, abs=0.01)
        assert offsets == pytest.approx([-45, -15, 15, 45], abs=0.01)

    def test_passes_are_flown_back_and_forth(self) -> None:
        path = corridor(drawn([(0, 0), (0, 500)]), VIEW, width_m=120).path
        north = np.sign(np.diff(path.points[:, 1])[path.recording[:-1]])
        assert north.tolist() == [1, -1, 1, -1]

    def test_the_camera_is_off_between_passes(self) -> None:
        path = corridor(drawn([(0, 0), (0, 500)]), VIEW, width_m=120).path
        assert path.recording.tolist() == [True, False] * 4

    def test_a_bend_shortens_the_inside_and_lengthens_the_outside(self) -> None:
        points = np.array([(0, 0), (0, 300), (300, 300)], float)
        outside, inside = (
            LineString(passes_at(points, offset, 60.0, 0.01)[0]).length for offset in (-40.0, 40.0)
        )
        assert outside == pytest.approx(680.0, abs=0.1)
        assert inside == pytest.approx(520.0, abs=0.1)

    def test_a_pass_keeps_its_side_and_its_distance(self) -> None:
        points = np.array(ROAD, float)
        for offset in (-30.0, 30.0):
            (piece,) = passes_at(points, offset, 1000.0, 0.01)
            places = shapely.points(shapely.get_coordinates(LineString(piece).segmentize(5)))
            away_m = shapely.distance(LineString(points), places)
            assert away_m.min() == pytest.approx(30.0, abs=0.1)

    def test_it_begins_at_the_end_and_side_nearest_to_the_take_off_point(self) -> None:
        line = drawn(ROAD)
        for start in ((-50, -60), (-50, 60), (750, 400), (750, 200)):
            take_off = FRAME.point_from_local(*start)
            pattern = corridor(line, VIEW, width_m=120, take_off=take_off)
            here = pattern.frame.local_from_geo([(take_off.lon_deg, take_off.lat_deg)])[0]
            path = pattern.path.points
            nearest = min(math.dist(row, here) for row in path)
            assert math.dist(path[0], here) <= nearest + 1.5 * VIEW.spacing_m

    def test_many_points_take_little_time(self) -> None:
        angle = np.linspace(0, 40, 20_000)
        line = [(100 * a, 60 * math.sin(a)) for a in angle]
        begin = time.process_time()
        pattern = corridor(drawn(line), VIEW, width_m=60)
        assert time.process_time() - begin < 10
        assert pattern.covered_pct >= 99.5
        assert len(pattern.path) < 2_000

    @pytest.mark.parametrize(
        ("width_m", "spacing_m", "expected"),
        [(10, 40, [0.0]), (40, 40, [0.0]), (41, 40, [-10.25, 10.25]), (120, 40, [-40, 0, 40])],
    )
    def test_offsets_by_hand(self, width_m: float, spacing_m: float, expected: list[float]) -> None:
        assert offsets_m(width_m, spacing_m) == pytest.approx(expected)

    @pytest.mark.parametrize("width_m", [0, -1, math.nan, math.inf, 1e9, 4_999])
    def test_a_width_that_is_none_is_refused(self, width_m: float) -> None:
        with pytest.raises(SettingsError):
            corridor(drawn(ROAD), VIEW, width_m=width_m)


class TestLinesThatAreNone:
    @pytest.mark.parametrize(
        "line",
        [
            [],
            [GeoPoint(52, 4)],
            [GeoPoint(52, 4), GeoPoint(52, 4)],
            [GeoPoint(52, 4), GeoPoint(52.00001, 4)],
            [GeoPoint(52, 179.999), GeoPoint(52, -179.999)],
            [GeoPoint(52, 4), GeoPoint(48, 40)],
            [GeoPoint(52, 4)] * 100_001,
        ],
    )
    def test_they_are_refused(self, line: list[GeoPoint]) -> None:
        with pytest.raises(AreaError):
            corridor(line, VIEW, width_m=60)
        with pytest.raises(AreaError):
            track_line(line, VIEW)

    def test_repeated_places_are_flown_once(self) -> None:
        once, often = (
            drawn([(0, 0), (0, 300), (200, 300)]),
            drawn([(0, 0), (0, 0), (0, 300), (0, 300), (200, 300)]),
        )
        assert corridor(often, VIEW, width_m=60).path.points == pytest.approx(
            corridor(once, VIEW, width_m=60).path.points
        )

    def test_a_line_beside_the_antimeridian_whose_corridor_crosses_it_is_refused(self) -> None:
        line = [GeoPoint(52, 179.9999), GeoPoint(52.01, 179.9999)]
        assert corridor(line, VIEW, width_m=10).covered_pct >= 99.5
        with pytest.raises(SettingsError, match="antimeridian"):
            corridor(line, VIEW, width_m=60)

    def test_near_a_pole_it_is_as_anywhere(self) -> None:
        frame = LocalFrame(GeoPoint(89.9, 10.0))
        here = [frame.point_from_local(*place) for place in ROAD]
        there = corridor(drawn(ROAD), VIEW, width_m=60)
        near_pole = corridor(here, VIEW, width_m=60)
        assert near_pole.path.length_m == pytest.approx(there.path.length_m, rel=1e-3)
        assert near_pole.covered_pct >= 99.5

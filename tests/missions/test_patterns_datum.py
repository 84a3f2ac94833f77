"""Patterns round a datum: expanding square, sector search, spiral, as IAMSAR draws them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from shapely import LineString, Point

from missions.catalogue import aircraft, camera
from missions.errors import SettingsError
from missions.geodesy import GeoPoint, Points
from missions.patterns.expanding_square import corners, expanding_square
from missions.patterns.runs import legs_flown
from missions.patterns.sector import sector, sectors_for
from missions.patterns.spiral import curve, spiral
from missions.view import View

DATUM = GeoPoint(52.0, 4.35)
VIEW = View(camera("demo-thermal"), 60.0)
PLANE = aircraft("ardupilot-plane")


def flown_m(legs: Points) -> float:
    return float(np.hypot(*(legs[:, 1] - legs[:, 0]).T).sum())


def lengths_m(points: Points) -> Points:
    return np.asarray(np.hypot(*np.diff(points, axis=0).T))


def courses_deg(points: Points) -> Points:
    steps = np.diff(points, axis=0)
    return np.asarray(np.degrees(np.arctan2(steps[:, 0], steps[:, 1])) % 360)


def starboard_turns_deg(points: Points) -> Points:
    return np.asarray(np.diff(courses_deg(points)) % 360)


class TestExpandingSquare:
    def test_legs_grow_by_a_spacing_every_second_leg(self) -> None:
        path = expanding_square(DATUM, VIEW, legs=9).path
        spacing = VIEW.spacing_m
        assert lengths_m(path.points) == pytest.approx([spacing * n for n in (1, 1, 2, 2, 3, 3, 4, 4, 5)])

    def test_it_commences_at_the_datum_and_turns_90_degrees_to_starboard(self) -> None:
        pattern = expanding_square(DATUM, VIEW, legs=9, bearing_deg=250.0)
        assert pattern.frame.origin == DATUM
        assert pattern.path.points[0].tolist() == [0.0, 0.0]
        assert courses_deg(pattern.path.points)[0] == pytest.approx(250.0)
        assert starboard_turns_deg(pattern.path.points) == pytest.approx(90.0)

    def test_turns_to_port_on_request(self) -> None:
        points = expanding_square(DATUM, VIEW, legs=6, starboard=False).path.points
        assert starboard_turns_deg(points) == pytest.approx(270.0)

    def test_by_hand(self) -> None:
        expected = [(0, 0), (0, 10), (10, 10), (10, -10), (-10, -10), (-10, 20), (20, 20)]
        assert corners(6, 10.0, 0.0) == pytest.approx(np.array(expected, float))

    @pytest.mark.parametrize("radius_m", [20, 60, 150, 400])
    def test_a_radius_is_seen_on_every_side(self, radius_m: float) -> None:
        pattern = expanding_square(DATUM, VIEW, radius_m=radius_m)
        assert pattern.shape.buffer(1e-6).covers(Point(0, 0).buffer(radius_m))
        assert pattern.shape.covers(LineString(pattern.path.points))
        assert pattern.covered_pct > 99.5

    def test_the_last_leg_is_no_longer_than_its_square(self) -> None:
        lengths = lengths_m(expanding_square(DATUM, VIEW, radius_m=150).path.points)
        assert lengths[-1] == pytest.approx(lengths[-2])

    def test_the_camera_looks_down_and_records_from_first_to_last(self) -> None:
        path = expanding_square(DATUM, VIEW).path
        assert path.recording[:-1].all()
        assert not path.recording[-1]
        assert (path.gimbal_pitch_deg == -90).all()

    def test_a_plane_flies_it_only_where_its_turns_fit(self) -> None:
        with pytest.raises(SettingsError, match="too short"):
            expanding_square(DATUM, VIEW, aircraft=PLANE)
        high = View(camera("demo-wide"), 300.0)
        pattern = expanding_square(DATUM, high, aircraft=PLANE)
        # Every corner is cut by an arc: 2 r tan 45 shorter, r pi / 2 longer.
        cut = (len(pattern.path) - 2) * PLANE.turn_radius_m * (2 - math.pi / 2)
        legs, tight = legs_flown(pattern.path, high, PLANE.turn_radius_m)
        assert pattern.path.length_m - flown_m(legs) == pytest.approx(cut, rel=0.01)
        assert tight == 0
        assert not pattern.path.picture[1:-1].any()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"legs": 0},
            {"legs": 1},
            {"legs": 10**9},
            {"legs": 2.5},
            {"legs": math.nan},
            {"radius_m": 0},
            {"radius_m": math.nan},
            {"radius_m": math.inf},
            {"radius_m": 1e6},
            {"radius_m": 19_999},
            {"legs": 4, "radius_m": 100},
            {"bearing_deg": math.nan},
        ],
    )
    def test_nonsense_is_refused(self, wrong: dict[str, float]) -> None:
        with pytest.raises(SettingsError):
            expanding_square(DATUM, VIEW, **wrong)  # type: ignore[arg-type]


class TestSector:
    def test_three_sectors_are_nine_legs_of_a_radius_with_turns_of_120_degrees(self) -> None:
        pattern = sector(DATUM, VIEW, radius_m=200, bearing_deg=40)
        points = pattern.path.points
        assert pattern.lanes == 9
        assert lengths_m(points) == pytest.approx(200.0)
        assert courses_deg(points)[0] == pytest.approx(40.0)
        # Legs 3, 6 and 9 come in to the datum; the first two go on beyond it on the same course.
        turns = starboard_turns_deg(points)
        assert (turns[[2, 5]] + 180) % 360 - 180 == pytest.approx(0.0, abs=1e-6)
        assert np.delete(turns, [2, 5]) == pytest.approx(120.0)

    def test_it_begins_ends_and_passes_at_the_datum(self) -> None:
        points = sector(DATUM, VIEW, radius_m=200).path.points
        at_datum = np.flatnonzero(np.hypot(*points.T) < 1e-6)
        assert at_datum.tolist() == [0, 3, 6, 9]

    def test_every_spoke_is_flown_once(self) -> None:
        for count in (3, 5, 9, 15):
            points = sector(DATUM, VIEW, radius_m=200, sectors=count).path.points
            rim = points[np.hypot(*points.T) > 1]
            spokes = np.sort(np.round(np.degrees(np.arctan2(rim[:, 0], rim[:, 1])) % 360, 6) % 360)
            assert spokes == pytest.approx(np.arange(2 * count) * 180 / count)

    def test_the_second_search_lies_midway_between_the_legs_of_the_first(self) -> None:
        points = sector(DATUM, VIEW, radius_m=200, sweeps=2).path.points
        assert points[10:] == pytest.approx(
            sector(DATUM, VIEW, radius_m=200, bearing_deg=30).path.points[1:], abs=1e-6
        )

    def test_more_sweeps_see_more(self) -> None:
        seen = [sector(DATUM, VIEW, radius_m=250, sweeps=count).covered_pct for count in (1, 2, 3, 4)]
        assert seen == sorted(seen)
        assert seen[0] < 60
        assert len(set(seen)) == 4

    @pytest.mark.parametrize("radius_m", [60, 150, 300])
    def test_as_many_sectors_as_the_spacing_asks_see_the_whole_circle(self, radius_m: float) -> None:
        pattern = sector(DATUM, VIEW, radius_m=radius_m, sectors=None)
        count = sectors_for(radius_m, VIEW.spacing_m)
        apart_m = 2 * radius_m * math.sin(math.radians(90 / count))
        assert count % 2 == 1
        assert apart_m <= VIEW.spacing_m + 1e-9
        assert pattern.covered_pct > 99.5

    def test_nothing_is_flown_outside_the_circle(self) -> None:
        points = sector(DATUM, VIEW, radius_m=200, sweeps=3).path.points
        assert np.hypot(*points.T).max() <= 200 + 1e-9

    def test_a_plane_needs_a_radius_that_its_turns_fit(self) -> None:
        with pytest.raises(SettingsError, match="too short"):
            sector(DATUM, VIEW, radius_m=200, aircraft=PLANE)
        pattern = sector(DATUM, VIEW, radius_m=250, aircraft=PLANE)
        legs, tight = legs_flown(pattern.path, VIEW, PLANE.turn_radius_m)
        assert flown_m(legs) < pattern.path.length_m
        assert tight == 0
        assert pattern.covered_pct < sector(DATUM, VIEW, radius_m=250).covered_pct

    @pytest.mark.parametrize(
        "wrong",
        [
            {"radius_m": 0},
            {"radius_m": math.nan},
            {"radius_m": -5},
            {"radius_m": 1e9},
            {"radius_m": 200, "sectors": 4},
            {"radius_m": 200, "sectors": 1},
            {"radius_m": 200, "sectors": 10**6},
            {"radius_m": 19_000, "sectors": None},
            {"radius_m": 200, "sweeps": 0},
            {"radius_m": 200, "sweeps": 10**9},
            {"radius_m": 200, "bearing_deg": math.inf},
        ],
    )
    def test_nonsense_is_refused(self, wrong: dict[str, float]) -> None:
        with pytest.raises(SettingsError):
            sector(DATUM, VIEW, **wrong)  # type: ignore[arg-type]


class TestSpiral:
    @pytest.mark.parametrize("radius_m", [25, 80, 200, 500])
    def test_the_whole_circle_is_seen_from_within_it(self, radius_m: float) -> None:
        pattern = spiral(DATUM, VIEW, radius_m=radius_m)
        assert pattern.covered_pct > 99.9
        assert np.hypot(*pattern.path.points.T).max() <= radius_m - VIEW.spacing_m / 2 + 1e-6

    def test_each_turn_lies_one_spacing_further_out(self) -> None:
        points = spiral(DATUM, VIEW, radius_m=300, chord_error_m=0.05).path.points
        line = LineString(points)
        ray = LineString([(0, 0), (300, 60)])
        crossed = np.sort([math.hypot(p.x, p.y) for p in line.intersection(ray).geoms])
        assert np.diff(crossed[1:-2]) == pytest.approx(VIEW.spacing_m, abs=0.2)

    @pytest.mark.parametrize("error_m", [0.1, 1.0, 4.0])
    def test_no_chord_strays_further_than_told(self, error_m: float) -> None:
        spacing = 40.0
        points = curve(0.0, 250.0, spacing, error_m)
        middles = (points[1:] + points[:-1]) / 2
        radius = np.hypot(*middles.T)
        inside = radius < 248.0 - 2 * error_m
        angle = np.arctan2(middles[:, 0], middles[:, 1])
        turns = (radius - spacing * (angle / (2 * math.pi))) / spacing
        # A little more is let go at the very middle, where a chord spans 30 degrees at most.
        strayed = np.abs(turns - np.round(turns)) * spacing
        assert strayed[inside & (radius > spacing / 2)].max() <= 1.1 * error_m

    def test_inwards_is_the_same_way_back(self) -> None:
        out, home = (
            spiral(DATUM, VIEW, radius_m=120, inwards=inwards).path.points for inwards in (False, True)
        )
        assert out == pytest.approx(home[::-1])

    def test_it_turns_to_starboard_and_leaves_on_its_bearing(self) -> None:
        points = spiral(DATUM, VIEW, radius_m=200, bearing_deg=90).path.points
        turns = starboard_turns_deg(points)
        assert ((turns < 90) | (turns > 359.999)).all()
        assert abs(courses_deg(points)[0] - 90) < 40

    def test_a_plane_begins_on_the_tightest_circle_that_still_sees_the_datum(self) -> None:
        with pytest.raises(SettingsError, match="does not see the datum"):
            spiral(DATUM, VIEW, radius_m=300, aircraft=PLANE)
        high = View(camera("demo-wide"), 150.0)
        pattern = spiral(DATUM, high, radius_m=500, aircraft=PLANE)
        assert np.hypot(*pattern.path.points.T).min() >= PLANE.turn_radius_m
        assert legs_flown(pattern.path, high, PLANE.turn_radius_m)[1] == 0
        assert pattern.covered_pct > 99.5

    @pytest.mark.parametrize(
        "wrong",
        [
            {"radius_m": 0},
            {"radius_m": math.nan},
            {"radius_m": 10},
            {"radius_m": 19_999},
            {"radius_m": 100, "chord_error_m": 0},
            {"radius_m": 100, "chord_error_m": math.nan},
        ],
    )
    def test_nonsense_is_refused(self, wrong: dict[str, float]) -> None:
        with pytest.raises(SettingsError):
            spiral(DATUM, VIEW, **wrong)  # type: ignore[arg-type]

"""Patterns over an area: creeping line search and perimeter patrol."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPolygon, Polygon, box

from missions.catalogue import aircraft, camera
from missions.errors import AreaError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.patterns.creeping_line import creeping_line, short_side_deg
from missions.patterns.path import Path
from missions.patterns.pattern import Shape
from missions.patterns.perimeter import perimeter
from missions.patterns.runs import recorded_legs
from missions.turns import turned
from missions.view import View

FRAME = LocalFrame(GeoPoint(52.0, 4.35))
VIEW = View(camera("demo-thermal"), 60.0)
COPTER, PLANE = aircraft("ardupilot-copter"), aircraft("ardupilot-plane")
LONG = box(0, 0, 200, 700)
COMB = Polygon(
    [
        *[(0, 0), (500, 0), (500, 300), (400, 300), (400, 80), (300, 80)],
        *[(300, 300), (200, 300), (200, 80), (100, 80), (100, 300), (0, 300)],
    ]
)
HOLES = box(0, 0, 500, 400).difference(box(100, 100, 200, 300)).difference(box(300, 50, 400, 250))
PARTS = MultiPolygon([box(0, 0, 200, 200), box(400, 100, 600, 350)])
STAR = Polygon(
    [
        (r * math.sin(a), r * math.cos(a))
        for a, r in zip(np.linspace(0, 2 * math.pi, 24, endpoint=False), [300, 120] * 12, strict=True)
    ]
)
SHAPES: dict[str, Shape] = {"long": LONG, "comb": COMB, "holes": HOLES, "parts": PARTS, "star": STAR}


def outside_m(path: Path, shape: Shape) -> float:
    """Metres flown outside, ways that say so left out."""
    legs = [
        LineString([a, b])
        for (a, b), leaves in zip(pairwise(path.points), path.outside[:-1], strict=True)
        if not leaves
    ]
    return float(sum(leg.difference(shape.buffer(1e-6)).length for leg in legs))


class TestCreepingLine:
    def test_legs_lie_across_the_long_axis_one_spacing_apart_and_half_of_it_inside(self) -> None:
        pattern = creeping_line(LONG, FRAME, COPTER, VIEW)
        legs = recorded_legs(pattern.path)
        levels = legs[:, :, 1]
        assert pattern.angle_deg == pytest.approx(90)
        assert levels[:, 0] == pytest.approx(levels[:, 1])
        assert np.diff(levels[:, 0]) == pytest.approx(pattern.spacing_m)
        assert levels[0, 0] == pytest.approx(pattern.spacing_m / 2)
        assert pattern.spacing_m <= VIEW.spacing_m

    def test_it_is_flown_to_and_fro(self) -> None:
        legs = recorded_legs(creeping_line(LONG, FRAME, COPTER, VIEW).path)
        east = np.sign(legs[:, 1, 0] - legs[:, 0, 0])
        assert (east[1:] == -east[:-1]).all()

    @pytest.mark.parametrize("name", SHAPES)
    @pytest.mark.parametrize("side", ["n", "e", "s", "w", 30.0, 205.5])
    def test_it_advances_from_its_side_and_never_goes_back(self, name: str, side: str | float) -> None:
        pattern = creeping_line(SHAPES[name], FRAME, COPTER, VIEW, from_side=side, angle_deg=None)
        away = math.radians(pattern.angle_deg + 90)
        middles = recorded_legs(pattern.path).mean(axis=1)
        advance = middles @ np.array([math.sin(away), math.cos(away)])
        advance = advance if advance[-1] > advance[0] else -advance
        assert (np.diff(advance) > -1e-3).all()
        bearing = math.radians({"n": 0.0, "e": 90.0, "s": 180.0, "w": 270.0}.get(str(side), 0.0))
        towards = np.array([math.sin(bearing), math.cos(bearing)])
        if isinstance(side, float):
            towards = np.array([math.sin(math.radians(side)), math.cos(math.radians(side))])
            assert pattern.angle_deg == pytest.approx((side + 90) % 180)
        assert middles[0] @ towards >= middles[-1] @ towards - 1e-6

    @pytest.mark.parametrize("name", SHAPES)
    def test_it_sees_the_area_and_keeps_inside(self, name: str) -> None:
        shape = SHAPES[name]
        pattern = creeping_line(shape, FRAME, COPTER, VIEW)
        assert pattern.covered_pct >= 99.4
        assert outside_m(pattern.path, shape) < 1e-9
        assert pattern.path.outside.any() == (name == "parts")

    def test_between_parts_it_flies_round_no_hole_of_either(self) -> None:
        shape = MultiPolygon([HOLES, box(700, 0, 900, 300)])
        path = creeping_line(shape, FRAME, COPTER, VIEW, angle_deg=0).path
        holes = shapely.union_all([Polygon(ring) for part in shape.geoms for ring in part.interiors])
        assert LineString(path.points).intersection(holes.buffer(-1e-6)).is_empty

    def test_it_begins_at_the_end_nearest_to_take_off_and_comes_back(self) -> None:
        for start in (np.array([100.0, 10.0]), np.array([100.0, 690.0])):
            path = creeping_line(LONG, FRAME, COPTER, VIEW, start_m=start).path
            first = recorded_legs(path)[0].mean(axis=0)
            assert abs(first[1] - start[1]) < 50
            assert path.points[0] == pytest.approx(start)
            assert path.points[-1] == pytest.approx(start)

    def test_a_start_outside_is_reached_straight(self) -> None:
        start = np.array([-100.0, 300.0])
        path = creeping_line(LONG, FRAME, COPTER, VIEW, start_m=start).path
        assert path.points[0] == pytest.approx(start)
        assert outside_m(path.taken(slice(1, len(path) - 1)), LONG) == 0

    def test_the_short_side_of_a_turned_box(self) -> None:
        turned = shapely.affinity.rotate(LONG, -30)
        assert short_side_deg(turned) == pytest.approx(120, abs=1e-6)

    def test_the_camera_records_on_legs_only(self) -> None:
        path = creeping_line(HOLES, FRAME, COPTER, VIEW).path
        rows = np.flatnonzero(path.recording)
        assert not path.recording[rows + 1].any()

    def test_a_plane_has_its_turns_counted(self) -> None:
        pattern = creeping_line(LONG, FRAME, PLANE, VIEW)
        flown = turned(pattern, pattern.path, VIEW, PLANE, GeometryCollection())
        assert flown.path.length_m > pattern.path.length_m
        assert flown.leaves_m > 0

    def test_nonsense_is_refused(self) -> None:
        with pytest.raises(SettingsError, match="is no side"):
            creeping_line(LONG, FRAME, COPTER, VIEW, from_side="up")
        with pytest.raises(SettingsError):
            creeping_line(LONG, FRAME, COPTER, VIEW, from_side=math.nan)
        with pytest.raises(SettingsError):
            creeping_line(LONG, FRAME, COPTER, VIEW, angle_deg=math.inf)
        with pytest.raises(AreaError, match="lanes"):
            creeping_line(box(0, 0, 100_000, 100_000), FRAME, COPTER, VIEW)


class TestPerimeter:
    def test_a_box_is_flown_round_inside_its_border(self) -> None:
        path = perimeter(box(0, 0, 300, 200), FRAME, VIEW, inset_m=20).path
        assert {tuple(row) for row in np.round(path.points, 6)} == {
            (20, 20),
            (280, 20),
            (280, 180),
            (20, 180),
        }
        assert path.length_m == pytest.approx(2 * (260 + 160))
        assert path.recording[:-1].all()

    def test_round_it_outside_every_place_is_as_far_from_the_border(self) -> None:
        shape = COMB
        path = perimeter(shape, FRAME, VIEW, inset_m=-25).path
        away_m = shapely.distance(shape, shapely.points(path.points))
        assert away_m.min() > 24
        assert away_m.max() < 25.01

    @pytest.mark.parametrize("name", SHAPES)
    @pytest.mark.parametrize("inset_m", [0.0, 5.0, 30.0])
    def test_it_never_leaves_the_area_but_from_part_to_part(self, name: str, inset_m: float) -> None:
        shape = SHAPES[name]
        path = perimeter(shape, FRAME, VIEW, inset_m=inset_m).path
        assert outside_m(path, shape.buffer(0.5)) < 0.01

    def test_an_inset_that_divides_the_area_makes_a_ring_of_every_piece(self) -> None:
        hourglass = Polygon([(0, 0), (200, 0), (120, 100), (200, 200), (0, 200), (80, 100)])
        pattern = perimeter(hourglass, FRAME, VIEW, inset_m=30)
        assert pattern.figures["rings"] == 2
        assert pattern.lanes == 2
        assert outside_m(pattern.path, hourglass) == 0

    def test_an_inset_that_leaves_nothing_is_refused(self) -> None:
        with pytest.raises(AreaError, match="nothing is left"):
            perimeter(box(0, 0, 300, 30), FRAME, VIEW, inset_m=20)

    def test_laps_are_flown_one_after_another(self) -> None:
        one, three = (perimeter(STAR, FRAME, VIEW, inset_m=5, laps=laps) for laps in (1, 3))
        assert three.path.length_m == pytest.approx(3 * one.path.length_m)
        assert three.path.recording[:-1].all()
        assert three.lanes == 3

    @pytest.mark.parametrize("clockwise", [True, False])
    def test_the_sense_is_as_asked(self, clockwise: bool) -> None:
        path = perimeter(COMB, FRAME, VIEW, inset_m=5, clockwise=clockwise).path
        assert shapely.LinearRing(path.points).is_ccw != clockwise

    @pytest.mark.parametrize("clockwise", [True, False])
    @pytest.mark.parametrize("look", ["inwards", "outwards"])
    def test_nose_and_camera_look_to_the_side_asked(self, look: str, clockwise: bool) -> None:
        shape = box(0, 0, 300, 200)
        path = perimeter(shape, FRAME, VIEW, inset_m=1, look=look, clockwise=clockwise).path
        for row in np.flatnonzero(path.recording):
            bearing = math.radians(float(path.heading_deg[row]))
            middle = (path.points[row] + path.points[row + 1]) / 2
            ahead = shapely.Point(middle + 5 * np.array([math.sin(bearing), math.cos(bearing)]))
            assert shape.covers(ahead) == (look == "inwards")
        assert (path.gimbal_pitch_deg == -45).all()

    def test_pictures_aside_are_as_far_apart_as_their_narrow_edge_asks(self) -> None:
        pattern = perimeter(box(0, 0, 300, 200), FRAME, VIEW, look="inwards", look_down_deg=60)
        down = math.radians(60 + VIEW.camera.fov_deg[1] / 2)
        depth = 60 / math.sin(down) * math.cos(math.radians(VIEW.camera.fov_deg[1] / 2))
        width = depth * VIEW.camera.sensor_width_mm / VIEW.camera.focal_length_mm
        assert pattern.trigger_m == pytest.approx(width * 0.4)

    def test_it_tells_how_much_of_the_border_is_seen(self) -> None:
        seen = [
            perimeter(LONG, FRAME, VIEW, inset_m=inset).figures["border_seen_pct"] for inset in (0, 10, 60)
        ]
        assert seen[0] == pytest.approx(100.0)
        assert seen[1] > 85
        assert seen[2] == 0

    def test_it_begins_where_it_is_nearest_to_take_off(self) -> None:
        start = np.array([250.0, 150.0])
        path = perimeter(box(0, 0, 300, 200), FRAME, VIEW, inset_m=10, start_m=start).path
        assert path.points[0] == pytest.approx(start)
        assert path.points[1] == pytest.approx([290.0, 190.0])
        assert path.points[-1] == pytest.approx(start)

    def test_the_way_from_take_off_stays_inside(self) -> None:
        start = np.array([50.0, 290.0])
        path = perimeter(COMB, FRAME, VIEW, inset_m=10, start_m=start).path
        assert outside_m(path, COMB) == 0

    @pytest.mark.parametrize(
        "wrong",
        [
            {"inset_m": math.nan},
            {"inset_m": -1e9},
            {"laps": 0},
            {"laps": 10**9},
            {"laps": 1.5},
            {"look": "up"},
            {"look": "inwards", "look_down_deg": 1},
            {"look": "inwards", "look_down_deg": math.nan},
            {"look": "outwards", "aircraft": PLANE},
        ],
    )
    def test_nonsense_is_refused(self, wrong: dict[str, float]) -> None:
        with pytest.raises(SettingsError):
            perimeter(LONG, FRAME, VIEW, **wrong)  # type: ignore[arg-type]

    @pytest.mark.parametrize("front_pct", [0, 30, 60, 90])
    def test_all_of_the_strip_is_seen_at_every_corner(self, front_pct: float) -> None:
        view = View(camera("demo-thermal"), 60.0, overlap_front_pct=front_pct)
        triangle = Polygon([(0, 0), (400, 0), (0, 300)])
        assert perimeter(triangle, FRAME, view, inset_m=20).covered_pct > 97.5
        assert perimeter(LONG, FRAME, view, inset_m=20).covered_pct > 99.9

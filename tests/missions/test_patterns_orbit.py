"""Point orbit, and what a camera that looks down at an angle sees."""

from __future__ import annotations

import math

import numpy as np
import pytest
from shapely import Polygon

from missions.catalogue import aircraft, camera
from missions.errors import SettingsError
from missions.geodesy import GeoPoint
from missions.patterns.oblique import Oblique
from missions.patterns.orbit import entry_bearing_deg, orbit
from missions.view import View

CENTRE = GeoPoint(52.0, 4.35)
VIEW = View(camera("demo-thermal"), 60.0)
PLANE = aircraft("ardupilot-plane")


class TestOblique:
    def test_straight_down_it_is_the_nadir_footprint(self) -> None:
        sight = Oblique(VIEW.camera, 60.0, 90.0)
        across_m, along_m = VIEW.footprint_m
        assert sight.near_m == pytest.approx(-along_m / 2)
        assert sight.far_m == pytest.approx(along_m / 2)
        assert sight.near_width_m == pytest.approx(across_m)
        assert sight.far_width_m == pytest.approx(across_m)
        assert sight.gsd_m == pytest.approx(VIEW.gsd_m)
        assert sight.person_px == pytest.approx(VIEW.person_px)

    @pytest.mark.parametrize("down_deg", [25.0, 45.0, 70.0])
    def test_corners_are_where_rays_through_the_corners_of_the_picture_meet_the_ground(
        self, down_deg: float
    ) -> None:
        lens, down = VIEW.camera, math.radians(down_deg)
        axis = np.array([0.0, math.cos(down), -math.sin(down)])
        right, up = np.array([1.0, 0.0, 0.0]), np.array([0.0, math.sin(down), math.cos(down)])
        rays = [
            axis
            + x * lens.sensor_width_mm / 2 / lens.focal_length_mm * right
            + y * lens.sensor_height_mm / 2 / lens.focal_length_mm * up
            for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        expected = [ray[:2] * 60.0 / -ray[2] for ray in rays]
        found = Oblique(lens, 60.0, down_deg).footprint(np.zeros(2), 0.0)
        assert found == pytest.approx(np.array(expected))

    def test_the_footprint_turns_with_the_bearing(self) -> None:
        sight = Oblique(VIEW.camera, 60.0, 45.0)
        north, east = (sight.footprint(np.zeros(2), bearing) for bearing in (0.0, 90.0))
        assert east == pytest.approx(north @ np.array([[0.0, -1.0], [1.0, 0.0]]))

    def test_above_the_horizon_the_ground_ends_somewhere(self) -> None:
        sight = Oblique(VIEW.camera, 60.0, 10.0)
        assert 500 < sight.far_m < 2000

    @pytest.mark.parametrize("down_deg", [0.0, -10.0, 91.0, math.nan])
    def test_angles_that_see_nothing_are_refused(self, down_deg: float) -> None:
        with pytest.raises(SettingsError):
            Oblique(VIEW.camera, 60.0, down_deg)


class TestOrbit:
    def test_every_place_lies_on_the_circle_and_has_its_picture_of_the_middle(self) -> None:
        path = orbit(CENTRE, VIEW, radius_m=80, picture_every_deg=20).path
        assert np.hypot(*path.points.T) == pytest.approx(80.0)
        assert len(path) == 19
        assert path.picture.sum() == 18
        assert (path.look_at == [0.0, 0.0, 0.0]).all()
        assert path.points[0] == pytest.approx(path.points[-1])

    @pytest.mark.parametrize("clockwise", [True, False])
    def test_the_sense_is_as_asked(self, clockwise: bool) -> None:
        points = orbit(CENTRE, VIEW, radius_m=80, clockwise=clockwise).path.points
        assert Polygon(points).exterior.is_ccw != clockwise

    def test_parts_of_a_turn_end_where_they_should(self) -> None:
        points = orbit(CENTRE, VIEW, radius_m=80, turns=0.25).path.points
        assert points[0] == pytest.approx([0, 80], abs=1e-9)
        assert points[-1] == pytest.approx([80, 0], abs=1e-9)

    def test_the_gimbal_looks_at_the_place(self) -> None:
        pattern = orbit(CENTRE, VIEW, radius_m=60)
        assert pattern.path.gimbal_pitch_deg == pytest.approx(-45.0)
        higher = orbit(CENTRE, VIEW, radius_m=60, look_at_height_m=60 - 60 * math.tan(math.radians(30)))
        assert higher.path.gimbal_pitch_deg == pytest.approx(-30.0)

    def test_figures_tell_slant_range_gsd_and_pixels_on_a_person(self) -> None:
        figures = orbit(CENTRE, VIEW, radius_m=80).figures
        assert figures["slant_range_m"] == pytest.approx(100.0)
        assert figures["oblique_gsd_m"] == pytest.approx(VIEW.camera.gsd_m(100.0), abs=1e-5)
        assert figures["oblique_person_px"] == pytest.approx(0.5 / VIEW.camera.gsd_m(100.0), abs=0.01)

    def test_heights_are_flown_one_after_another(self) -> None:
        pattern = orbit(CENTRE, VIEW, radius_m=60, heights_agl_m=(30, 60, 90), picture_every_deg=30)
        heights = pattern.path.height_agl_m
        assert heights.tolist() == [30.0] * 13 + [60.0] * 13 + [90.0] * 13
        pitches = sorted(set(np.round(pattern.path.gimbal_pitch_deg, 3)))
        assert pitches == pytest.approx([-56.310, -45.0, -26.565], abs=1e-3)
        assert pattern.figures["height_3_agl_m"] == 90.0

    def test_it_is_entered_along_a_tangent_in_its_own_sense(self) -> None:
        chance = np.random.default_rng(3)
        for _ in range(50):
            radius = float(chance.uniform(10, 200))
            start = chance.normal(0, 1, 2)
            start *= radius * chance.uniform(1.05, 6) / np.hypot(*start)
            for clockwise in (True, False):
                angle = math.radians(entry_bearing_deg(radius, start, clockwise))
                entry = radius * np.array([math.sin(angle), math.cos(angle)])
                onwards = np.array([math.cos(angle), -math.sin(angle)]) * (1 if clockwise else -1)
                ahead = (entry - start) / np.hypot(*(entry - start))
                assert ahead @ onwards == pytest.approx(1.0, abs=1e-9)

    def test_from_within_it_is_entered_straight_outwards(self) -> None:
        assert entry_bearing_deg(100, np.array([10.0, 10.0])) == pytest.approx(45.0)
        assert entry_bearing_deg(100, np.array([0.0, 0.0])) == 0.0

    def test_native_circles_are_one_row_after_the_entry(self) -> None:
        pattern = orbit(CENTRE, VIEW, radius_m=80, turns=3, native=True, clockwise=False)
        path = pattern.path
        assert len(path) == 2
        assert (path.orbit_turns[1], path.orbit_radius_m[1]) == (3.0, -80.0)
        assert path.points[1].tolist() == [0.0, 0.0]
        assert np.hypot(*path.points[0]) == pytest.approx(80.0)
        # Camera and pictures are set before the circles begin, and released after them.
        assert path.recording.tolist() == [True, False]
        assert path.trigger_m[0] == pytest.approx(80 * math.radians(15))

    def test_all_of_the_circle_is_seen_from_a_full_turn_and_not_from_a_part(self) -> None:
        whole = orbit(CENTRE, VIEW, radius_m=40)
        part = orbit(CENTRE, VIEW, radius_m=80, turns=0.1)
        assert whole.covered_pct > 99
        assert part.covered_pct < 80

    @pytest.mark.parametrize(
        "wrong",
        [
            {"radius_m": 0},
            {"radius_m": math.nan},
            {"radius_m": 1e9},
            {"radius_m": 50, "turns": 0},
            {"radius_m": 50, "turns": math.inf},
            {"radius_m": 50, "picture_every_deg": 0},
            {"radius_m": 50, "picture_every_deg": math.nan},
            {"radius_m": 50, "heights_agl_m": (math.nan,)},
            {"radius_m": 50, "heights_agl_m": (1e6,)},
            {"radius_m": 50, "look_at_height_m": 60.0},
            {"radius_m": 50, "turns": 100.0, "picture_every_deg": 1.0},
            {"radius_m": 50, "turns": 1.5, "native": True},
            {"radius_m": 50, "aircraft": PLANE},
            {"radius_m": 5_000},
        ],
    )
    def test_nonsense_is_refused(self, wrong: dict[str, float]) -> None:
        with pytest.raises(SettingsError):
            orbit(CENTRE, VIEW, **wrong)  # type: ignore[arg-type]

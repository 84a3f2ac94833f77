"""Nose and gimbal are turned before pictures begin, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from missions.aiming import looking_ahead
from missions.catalogue import aircraft, camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.patterns.expanding_square import expanding_square
from missions.patterns.orbit import orbit
from missions.patterns.path import Path, joined, path_of
from missions.planner import Setup, plan_pattern
from missions.view import View

AT = (0.0, 0.0, 2.0)
HOME = path_of([[-100.0, 0.0]], 50.0)
RING = path_of(
    [[30.0, 0.0], [0.0, 30.0], [-30.0, 0.0]], 50.0, look_at=AT, picture=True, gimbal_pitch_deg=-40.0
)
MIDDLE = GeoPoint(52.0, 5.0)
COPTER = aircraft("ardupilot-copter")
VIEW = View(camera("demo-wide"), 60.0)


def looks(path: Path) -> list[bool]:
    return (~np.isnan(path.look_at[:, 2])).tolist()


def test_the_way_to_a_ring_already_looks_at_its_middle_and_the_way_home_does_not() -> None:
    path = looking_ahead(joined([HOME, RING, HOME]))
    assert looks(path) == [True, True, True, True, False]
    assert path.look_at[0].tolist() == list(AT)
    assert np.isnan(path.gimbal_pitch_deg[0])


def test_a_climb_on_the_spot_before_the_first_picture_does_not_hide_it() -> None:
    below = path_of([[30.0, 0.0]], 20.0, look_at=AT)
    assert looks(looking_ahead(joined([HOME, below, RING])))[:2] == [True, True]


def test_a_gimbal_hangs_as_the_first_lane_wants_it_on_the_way_there() -> None:
    lane = path_of([[0.0, 0.0], [90.0, 0.0]], 50.0, recording=True, gimbal_pitch_deg=-90.0)
    pitch = looking_ahead(joined([HOME, lane, HOME])).gimbal_pitch_deg
    assert pitch[:3].tolist() == [-90.0] * 3
    assert np.isnan(pitch[3])


@pytest.mark.parametrize(
    "column", [{"recording": True}, {"picture": True}, {"heading_deg": 90.0}, {"orbit_turns": 1.0}]
)
def test_a_way_with_a_use_of_its_own_is_left_alone(column: dict[str, float]) -> None:
    before = path_of([[-100.0, 0.0], [-90.0, 0.0]], 50.0, gimbal_pitch_deg=-70.0, **column)
    path = looking_ahead(joined([before, RING]))
    assert looks(path)[0] is False
    assert path.gimbal_pitch_deg[0] == -70.0


def test_plans_look_before_their_first_picture() -> None:
    setup = Setup(COPTER, "2026-01-01T00:00:00Z", take_off=LocalFrame(MIDDLE).point_from_local(-190, -120))
    circle = plan_pattern(orbit(MIDDLE, VIEW, radius_m=60, aircraft=COPTER), VIEW, setup)
    assert circle.route[0].look_at == circle.route[1].look_at is not None
    square = plan_pattern(expanding_square(MIDDLE, VIEW, radius_m=80, aircraft=COPTER), VIEW, setup)
    assert square.route[0].gimbal_pitch_deg == -90.0

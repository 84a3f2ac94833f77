"""Heights above ground through the planner: over a slope, a hill, and ground that is not known."""

from collections.abc import Callable

import numpy as np
import pytest
from shapely import box

from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.heights import Relief, over_terrain
from missions.items import Command
from missions.local import area_from_local, places_from_local
from missions.patterns.path import path_of
from missions.plan import Plan
from missions.plan_items import mission_items
from missions.search_plan import plan_search
from missions.terrain import AnalyticTerrain

FRAME = LocalFrame(GeoPoint(52.1, 5.2))
COPTER = aircraft("ardupilot-copter")
Ground = Callable[[np.ndarray, np.ndarray], np.ndarray]


def slope(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """One metre up for ten to the east."""
    return 40 + 0.1 * east + 0 * north


def hill(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    return 30 * np.exp(-((east - 200) ** 2 + (north - 150) ** 2) / 2 / 60**2)


def relief(ground: Ground) -> Relief:
    return Relief(AnalyticTerrain(ground, FRAME.origin), tolerance_m=5.0, clearance_m=20.0)


def searched(ground: Ground, take_off: GeoPoint | None = None) -> Plan:
    return plan_search(
        area(),
        COPTER,
        camera("demo-thermal"),
        created="2026-03-01T10:00:00Z",
        relief=relief(ground),
        take_off=take_off,
    )


def area() -> Area:
    return area_from_local(box(0, 0, 400, 300), FRAME, "Heath")


def sampled_agl_m(plan: Plan, ground: Ground) -> np.ndarray:
    """Height above ground along the straight ways between waypoints, looked at every metre."""
    places = FRAME.local_from_geo([(w.place.lon_deg, w.place.lat_deg) for w in plan.route])
    heights = np.array([waypoint.height_relative_m for waypoint in plan.route])
    at_home = ground(places[:1, 0], places[:1, 1])[0]
    found = []
    for a, b, low, high in zip(places[:-1], places[1:], heights[:-1], heights[1:], strict=True):
        share = np.linspace(0, 1, 2 + int(np.hypot(*(b - a))))
        way = a + share[:, None] * (b - a)
        found.append(low + share * (high - low) + at_home - ground(way[:, 0], way[:, 1]))
    return np.concatenate(found)


@pytest.mark.parametrize("ground", [slope, hill])
def test_the_height_above_ground_is_held_between_waypoints_too(ground: Ground) -> None:
    plan = searched(ground)
    agl_m = sampled_agl_m(plan, ground)
    assert agl_m.min() > 60 - 5.2
    assert agl_m.max() < 60 + 5.2
    assert not plan.blocking
    known = [waypoint.height_agl_m for waypoint in plan.route]
    assert all(height is not None and abs(height - 60) < 5.2 for height in known)
    assert plan.route[0].place == plan.route[-1].place == plan.take_off


def test_heights_are_relative_to_the_take_off_ground() -> None:
    low = places_from_local(np.array([[-100.0, 150.0]]), FRAME)[0]
    plan = searched(slope, low)
    assert plan.route[0].height_relative_m == pytest.approx(60, abs=5.2)
    assert max(waypoint.height_relative_m for waypoint in plan.route) == pytest.approx(60 + 49, abs=8)
    assert plan.rally[0].height_relative_m >= max(waypoint.height_relative_m for waypoint in plan.route)


def test_over_level_ground_nothing_is_added() -> None:
    flat = plan_search(area(), COPTER, camera("demo-thermal"), created="2026-03-01T10:00:00Z")
    level = searched(lambda east, north: np.full_like(east, 7.0))
    assert len(level.route) == len(flat.route)
    assert mission_items(level) == mission_items(flat)


def test_a_lane_with_added_waypoints_keeps_its_camera_on() -> None:
    plan = searched(hill)
    triggers = [item for item in mission_items(plan) if item.command == Command.DO_SET_CAM_TRIGG_DIST]
    assert len([item for item in triggers if item.p1 > 0]) == plan.totals.lanes
    assert len(plan.route) > 2 * plan.totals.lanes + 2
    level = searched(lambda east, north: np.zeros_like(east))
    assert plan.totals.photos == level.totals.photos


def test_unknown_ground_below_the_route_blocks_the_plan() -> None:
    def half(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return np.where(east > 250, np.nan, 3.0 + 0 * north)

    plan = searched(half)
    assert "terrain data" in {finding.check for finding in plan.blocking}


def test_unknown_ground_at_take_off_is_an_error() -> None:
    with pytest.raises(InputError, match="take-off"):
        searched(lambda east, north: np.full_like(east, np.nan))


def test_the_data_used_is_named() -> None:
    plan = searched(slope)
    assert plan.versions["terrain analytic"].startswith("local")
    assert not [finding for finding in plan.findings if "No terrain data" in finding.text]


def test_what_holds_at_a_place_does_not_come_again_behind_it() -> None:
    path = path_of([[0, 150], [400, 150]], 60.0, hold_s=4.0, picture=True, gimbal_pitch_deg=-90.0)
    flown = over_terrain(path, FRAME, relief(hill), COPTER)
    assert len(flown.path) > 2
    assert flown.path.hold_s.sum() == 8.0
    assert flown.path.picture.sum() == 2
    assert set(flown.path.gimbal_pitch_deg) == {-90.0}


def test_what_is_looked_at_stands_on_its_own_ground() -> None:
    path = path_of([[0, 0], [400, 0]], 60.0, look_at=[200.0, 150.0, 1.0])
    flown = over_terrain(path, FRAME, relief(hill), COPTER)
    at_home = hill(np.array([0.0]), np.array([0.0]))[0]
    assert flown.look_relative_m[0] == pytest.approx(1.0 + 30.0 - at_home, abs=0.1)

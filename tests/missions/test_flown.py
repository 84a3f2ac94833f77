"""A track is compared with the plan it should have flown, leg by leg."""

import dataclasses
import itertools

import numpy as np
import pytest

from missions.flown import deviation_from_plan
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.plan import Plan, Waypoint

LANES = np.array([(0, 0), (0, 200), (40, 200), (40, 0), (80, 0), (80, 200)], float)
HOME = GeoPoint(52.09, 5.80)


@pytest.fixture
def plan() -> Plan:
    """A plan of three lanes; only its route and take-off point matter here."""
    frame = LocalFrame(HOME)
    route = tuple(Waypoint(frame.point_from_local(east, north), 60.0) for east, north in LANES)
    empty = {field.name: None for field in dataclasses.fields(Plan)}
    return Plan(**{**empty, "take_off": HOME, "route": route})  # type: ignore[arg-type]


def flown(corners: Points, step_m: float = 2.0, aside_m: float = 0.0) -> Points:
    """Longitude and latitude every `step_m` along the corners, shifted east."""
    pieces = [
        np.linspace(a, b, max(2, int(np.hypot(*(b - a)) / step_m)), endpoint=False)
        for a, b in itertools.pairwise(corners)
    ]
    track = np.vstack([*pieces, corners[-1:]]) + np.array([aside_m, 0.0])
    return LocalFrame(HOME).geo_from_local(track)


def test_a_track_on_the_plan_deviates_by_nothing(plan: Plan) -> None:
    deviation = deviation_from_plan(plan, flown(LANES))
    assert deviation.within(0.05)
    assert deviation.points > 300


def test_a_track_beside_the_plan_deviates_by_that_much(plan: Plan) -> None:
    deviation = deviation_from_plan(plan, flown(LANES, aside_m=3.0))
    assert deviation.max_m == pytest.approx(3.0, abs=0.05)
    assert not deviation.within(2.9)


def test_the_way_out_and_home_do_not_count(plan: Plan) -> None:
    around = np.vstack([[(-300, -300)], LANES, [(300, 500)]])
    assert deviation_from_plan(plan, flown(around)).within(0.05)


def test_a_lane_left_out_is_missed_though_its_ends_lie_on_the_plan(plan: Plan) -> None:
    deviation = deviation_from_plan(plan, flown(LANES[[0, 1, 4, 5]]))
    assert deviation.missed
    assert not deviation.within(100.0)


def test_a_bulge_in_one_lane_shows(plan: Plan) -> None:
    bulged = np.insert(LANES, 3, (52.0, 100.0), axis=0)
    assert deviation_from_plan(plan, flown(bulged)).max_m == pytest.approx(12.0, abs=0.3)


def test_a_track_elsewhere_reaches_nothing(plan: Plan) -> None:
    deviation = deviation_from_plan(plan, flown(LANES + np.array([0.0, 5000.0])))
    assert deviation.missed == tuple(range(len(LANES)))
    assert not deviation.within(1e9)

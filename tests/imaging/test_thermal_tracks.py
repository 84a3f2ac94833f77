"""Sightings joined over frames: one thing stays one, two stay two, and the stated error stays true."""

import math

import numpy as np
import pytest

from imaging.geolocate import CHI2_95_2D, GroundPoint, on_earth
from imaging.thermal.placing.errors import SHARED, Sigmas
from imaging.thermal.placing.places import Placed
from imaging.thermal.placing.spot import Polarity, Spot
from imaging.thermal.settling import Settled, settled
from imaging.thermal.tracks import Sighting, Thing, Tracker, median_size_m
from missions.geodesy import GeoPoint, LocalFrame

FRAME = LocalFrame(GeoPoint(52.0, 4.0))
PATCH = np.zeros((8, 8), np.float32)
RANDOM_M, SHARED_M, CLOCK_M = 0.3, 2.0, 1.0
"""One standard deviation of a spot's own error, of the receiver's, and of the clock's along the flight."""


def sighting(
    east: float,
    north: float,
    time_s: float,
    score: float = 5.0,
    polarity: Polarity = "warm",
    edge: bool = False,
    size_m: tuple[float, float] = (1.6, 0.5),
    course: float = 1.0,
    category: str = "",
) -> Sighting:
    spot = Spot(
        100.0, 100.0, (95, 90, 10, 20), 60, 5.0, 30.0, polarity, score, "", edge, (20.0, 6.0), category
    )
    return Sighting(f"{time_s:.1f}.tif", "", time_s, spot, point(east, north, course), size_m, "track")


def point(east: float, north: float, course: float = 1.0) -> GroundPoint:
    columns = np.zeros((2, len(SHARED)))
    columns[:, :2] = SHARED_M * np.eye(2)
    columns[0, SHARED.index("clock")] = CLOCK_M * course
    own = RANDOM_M**2 * np.eye(2)
    placed = Placed(np.array([east, north]), 0.0, 60.0, 0.08, columns, np.zeros(2), own / 2, own / 2)
    return on_earth([placed], FRAME)[0]


def tracked(*frames: list[Sighting]) -> list[Thing]:
    return tracker_of(*frames).things


def tracker_of(*frames: list[Sighting]) -> Tracker:
    tracker = Tracker(FRAME)
    for frame in frames:
        tracker.add([(s, PATCH) for s in frame])
    return tracker


def at_last(*frames: list[Sighting]) -> list[Settled]:
    return settled(tracker_of(*frames), Sigmas(time_s=0.1))[0]


def test_one_person_in_forty_frames_is_one_thing_with_forty_sightings() -> None:
    rng = np.random.default_rng(1)
    things = tracked(*([sighting(*rng.normal(0, RANDOM_M, 2), float(t))] for t in range(40)))
    assert len(things) == 1
    assert len(things[0].sightings) == 40


def test_two_people_three_metres_apart_in_the_same_frames_stay_two() -> None:
    rng = np.random.default_rng(2)
    frames = [
        [
            sighting(*(rng.normal(0, 0.3, 2) + at), float(t))
            for at in rng.permutation([[0.0, 0.0], [3.0, 0.0]])
        ]
        for t in range(20)
    ]
    things = tracked(*frames)
    assert sorted(len(t.sightings) for t in things) == [20, 20]
    assert sorted(round(float(t.east_north_m[0])) for t in things) == [0, 3]


def test_things_far_apart_or_of_another_polarity_are_not_joined() -> None:
    assert len(tracked([sighting(0, 0, 0.0)], [sighting(20, 0, 1.0)])) == 2
    assert len(tracked([sighting(0, 0, 0.0)], [sighting(0, 0, 1.0, polarity="cold")])) == 2


def test_a_walker_stays_one_thing_and_his_place_is_where_he_was_last() -> None:
    rng = np.random.default_rng(5)
    frames = [[sighting(*(rng.normal(0, 0.3, 2) + np.array([1.4 * t, 0.0])), float(t))] for t in range(40)]
    things = tracked(*frames)
    assert len(things) == 1
    assert things[0].walks
    assert things[0].east_north_m[0] == pytest.approx(1.4 * 39, abs=0.6)
    assert things[0].moving.velocity[0] == pytest.approx([1.4, 0.0], abs=0.3)


def test_who_stands_still_is_not_said_to_walk_however_the_receiver_wanders() -> None:
    rng = np.random.default_rng(6)
    drift = np.cumsum(rng.normal(0, 0.03, (60, 2)), axis=0)
    found = at_last(*([sighting(*(rng.normal(0, 0.3, 2) + drift[t]), float(t))] for t in range(60)))
    assert len(found) == 1
    assert not found[0].thing.walks
    assert found[0].way == ()


def test_two_walkers_whose_ways_cross_keep_theirs() -> None:
    rng = np.random.default_rng(7)
    ways = [lambda t: [1.2 * t - 18.0, 0.4 * t - 6.0], lambda t: [18.0 - 1.2 * t, 0.4 * t - 6.0]]
    frames = [
        [sighting(*(rng.normal(0, 0.15, 2) + way(0.5 * k)), 0.5 * k) for way in rng.permutation(ways)]
        for k in range(60)
    ]
    things = [thing for thing in tracked(*frames) if len(thing.sightings) > 5]
    assert len(things) == 2
    ends = sorted(float(thing.east_north_m[0]) for thing in things)
    assert ends == pytest.approx([-17.4, 17.4], abs=0.7)
    for thing in things:
        east = [s.point.placed.east_north_m[0] for s in thing.sightings]
        assert abs(east[-1] - east[0]) > 30  # each went on to the other side


def test_a_second_pass_may_lie_off_by_what_the_flight_shares_and_is_still_the_same_people() -> None:
    """Three people 5 m apart, seen in two passes of opposite directions that lie 4 m beside each other."""
    people = np.array([[0.0, 0.0], [5.0, 0.0], [10.0, 0.0]])
    rng = np.random.default_rng(3)
    frames = [[sighting(*(rng.normal(0, 0.2, 2) + p + [2.0, 0]), float(t)) for p in people] for t in range(5)]
    frames += [
        [sighting(*(rng.normal(0, 0.2, 2) + p - [2.0, 0]), 60.0 + t, course=-1.0) for p in people]
        for t in range(5)
    ]
    things = tracked(*frames)
    assert sorted(len(thing.sightings) for thing in things) == [10, 10, 10]
    places = sorted(float(each.east_north_m[0]) for each in at_last(*frames))
    assert places == pytest.approx([0.0, 5.0, 10.0], abs=0.5)  # the mean of both directions


def test_a_car_where_a_person_was_is_another_thing() -> None:
    things = tracked(
        [sighting(0, 0, 0.0, category="person")],
        [sighting(0.8, 0, 1.0, size_m=(4.5, 1.8), category="vehicle")],
    )
    assert len(things) == 2


def test_the_error_shrinks_with_sightings_but_never_below_what_they_share() -> None:
    once = at_last([sighting(0, 0, 0.0)])[0].covariance
    often = at_last(*([sighting(0, 0, 0.1 * t)] for t in range(60)))[0].covariance
    shared = np.diag([SHARED_M**2 + CLOCK_M**2, SHARED_M**2])
    assert np.trace(often) < np.trace(once)
    assert np.all(np.linalg.eigvalsh(often - shared) >= -1e-6)


def test_two_directions_take_out_the_clocks_error_and_tell_it() -> None:
    """The clock is 0.15 s off, one and a half standard deviations: each direction lies 1.5 m to its side."""
    rng = np.random.default_rng(8)
    frames = []
    for k, course in ((0, 1.0), (1, -1.0), (2, 1.0), (3, -1.0)):
        for t in range(6):
            seen = [[8.0 * n + 1.5 * course, 7.0 * (n % 3)] for n in range(6)]
            frames.append([sighting(*(rng.normal(0, 0.2, 2) + p), 40.0 * k + t, course=course) for p in seen])
    found, clock = settled(tracker_of(*frames), Sigmas(time_s=0.1))
    assert clock is not None
    assert clock.offset_s == pytest.approx(-0.15, abs=0.03)
    assert clock.sigma_s < 0.03
    assert sorted(round(float(f.east_north_m[0]) / 8) for f in found) == [0, 1, 2, 3, 4, 5]
    # the receiver's error stays, the clock's is gone
    assert all(f.covariance[0, 0] < SHARED_M**2 + 0.5 for f in found)


@pytest.mark.parametrize("passes", [1, 2])
def test_the_ellipse_of_many_sightings_holds_the_truth(passes: int) -> None:
    rng = np.random.default_rng(6)
    held, runs = 0, 100
    for _ in range(runs):
        shared, clock = rng.normal(0, SHARED_M, 2), rng.normal(0, CLOCK_M)
        frames = []
        for k in range(passes):
            course = -1.0 if k % 2 else 1.0
            off = shared + np.array([clock * course, 0.0])
            frames += [
                [sighting(*(off + rng.normal(0, RANDOM_M, 2)), 30.0 * k + t, course=course)] for t in range(4)
            ]
        found = max(at_last(*frames), key=lambda each: len(each.thing.sightings))
        away = found.east_north_m
        held += bool(away @ np.linalg.solve(found.covariance, away) <= CHI2_95_2D)
    assert 0.90 <= held / runs <= 0.99  # 95 of 100, give or take two standard deviations


def test_the_clearest_sighting_gives_the_picture() -> None:
    thing = tracked([sighting(0, 0, 0.0, 4.0)], [sighting(0, 0, 1.0, 9.0)], [sighting(0, 0, 2.0, 5.0)])[0]
    assert thing.picture_of.frame == "1.0.tif"


def test_the_surer_half_of_its_sightings_is_a_things_score() -> None:
    thing = tracked(*([sighting(0, 0, float(t), score)] for t, score in enumerate((4.0, 9.0, 5.0))))[0]
    assert thing.score == 7.0
    cut = tracked([sighting(0, 0, 0.0, 9.0, edge=True)], [sighting(0, 0, 1.0, 4.0)])[0]
    assert cut.score == 4.0
    assert tracked([sighting(0, 0, 0.0, 9.0, edge=True)])[0].score == 9.0


def test_a_size_is_taken_from_sightings_that_no_edge_cut() -> None:
    cut = [sighting(0, 0, 0.0, edge=True)]
    whole = [sighting(0, 0, 1.0)]
    assert median_size_m(cut + whole) == (1.6, 0.5)
    assert median_size_m(cut) == (1.6, 0.5)
    assert all(math.isfinite(side) for side in median_size_m(whole))

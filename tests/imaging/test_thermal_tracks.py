"""Sightings joined over frames: one thing stays one, two stay two, and the stated error stays true."""

import math

import numpy as np
import pytest

from imaging.geolocate import CHI2_95_2D, GroundPoint
from imaging.thermal.hotspots import HotSpot, Polarity
from imaging.thermal.tracks import Sighting, Thing, Tracker, median_size_m
from missions.geodesy import GeoPoint, LocalFrame

FRAME = LocalFrame(GeoPoint(52.0, 4.0))
PATCH = np.zeros((8, 8), np.float32)
POSITION = 2.0**2 * np.eye(2)
SYSTEMATIC = POSITION + 1.0**2 * np.eye(2)
RANDOM = 0.5**2 * np.eye(2)


def sighting(
    east: float,
    north: float,
    time_s: float,
    score: float = 5.0,
    polarity: Polarity = "warm",
    edge: bool = False,
) -> Sighting:
    spot = HotSpot(100.0, 100.0, (95, 90, 10, 20), 60, 5.0, 30.0, polarity, score, "", edge, (20.0, 6.0))
    place = FRAME.point_from_local(east, north)
    point = GroundPoint(place, 0.0, 60.0, 0.08, SYSTEMATIC + RANDOM, SYSTEMATIC, POSITION)
    return Sighting(f"{time_s:.0f}.tif", "", time_s, spot, point, (1.6, 0.5), "track")


def tracked(*frames: list[Sighting]) -> list[Thing]:
    tracker = Tracker(FRAME)
    for frame in frames:
        tracker.add([(s, PATCH) for s in frame])
    return tracker.things


def test_one_person_in_forty_frames_is_one_thing_with_forty_sightings() -> None:
    rng = np.random.default_rng(1)
    things = tracked(*([sighting(*rng.normal(0, 0.5, 2), float(t))] for t in range(40)))
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
    things = tracked(*([sighting(1.4 * t, 0.0, float(t))] for t in range(40)))
    assert len(things) == 1
    assert things[0].east_north_m[0] == pytest.approx(1.4 * 39, abs=4)


def test_a_second_pass_minutes_later_may_lie_off_by_the_drift_of_gps() -> None:
    assert len(tracked([sighting(0, 0, 0.0)], [sighting(6.5, 0, 1.0)])) == 2
    assert len(tracked([sighting(0, 0, 0.0)], [sighting(6.5, 0, 300.0)])) == 1


def test_the_error_shrinks_with_sightings_but_never_below_what_they_share() -> None:
    once = tracked([sighting(0, 0, 0.0)])[0].covariance
    often = tracked(*([sighting(0, 0, 0.1 * t)] for t in range(60)))[0].covariance
    assert np.allclose(once, SYSTEMATIC + RANDOM)
    assert np.all(np.linalg.eigvalsh(often - SYSTEMATIC) >= 0)
    assert np.trace(often) < np.trace(once)


def test_the_ellipse_of_many_sightings_holds_the_truth_93_to_98_times_in_100() -> None:
    rng = np.random.default_rng(6)
    held, runs = 0, 300
    for _ in range(runs):
        shared = rng.multivariate_normal([0, 0], SYSTEMATIC)
        frames = [[sighting(*(shared + rng.multivariate_normal([0, 0], RANDOM)), float(t))] for t in range(6)]
        thing = max(tracked(*frames), key=lambda t: len(t.sightings))
        away = thing.east_north_m
        held += bool(away @ np.linalg.solve(thing.covariance, away) <= CHI2_95_2D)
    assert 0.93 <= held / runs <= 0.98


def test_the_clearest_sighting_gives_the_picture() -> None:
    thing = tracked([sighting(0, 0, 0.0, 4.0)], [sighting(0, 0, 1.0, 9.0)], [sighting(0, 0, 2.0, 5.0)])[0]
    assert thing.picture_of.frame == "1.tif"


def test_a_size_is_taken_from_sightings_that_no_edge_cut() -> None:
    cut = [sighting(0, 0, 0.0, edge=True)]
    whole = [sighting(0, 0, 1.0)]
    assert median_size_m(cut + whole) == (1.6, 0.5)
    assert median_size_m(cut) == (1.6, 0.5)
    assert all(math.isfinite(side) for side in median_size_m(whole))

"""Two boxes of one body in a frame make one find; two people, or a person in a car, stay two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from imaging.heat import HeatOptions, finds_of, frame_spots
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.placing.spot import Spot, one_a_body
from imaging.thermal.searching import Search
from missions.geodesy import GeoPoint
from telemetry.pose import Pose
from tests.imaging.heat_flights import BEGIN_S, CAMERA, frame_of
from tests.imaging.posed_track import Poses

WHOLE = Spot(
    254.5, 310.0, (300, 243, 20, 23), 400, 60.0, 160.0, "warm", 0.6, "", False, (22.0, 18.0), "person"
)
UPPER = replace(WHOLE, row=249.0, box=(301, 243, 17, 12), score=0.4)
BESIDE = replace(WHOLE, col=326.0, box=(314, 243, 20, 23), score=0.5)


@pytest.mark.parametrize(
    ("other", "left"),
    [
        (UPPER, 1),
        (BESIDE, 2),
        (replace(UPPER, polarity="cold"), 2),
        (replace(UPPER, category=""), 1),
        (replace(UPPER, category="vehicle"), 2),
        (replace(UPPER, score=0.7), 1),
    ],
)
def test_of_two_boxes_of_a_body_the_surer_stays(other: Spot, left: int) -> None:
    kept = one_a_body([WHOLE, other])
    assert len(kept) == left
    assert max((WHOLE, other), key=lambda spot: spot.score) in kept


def test_two_spots_that_nobody_took_for_anything_both_stay() -> None:
    body, stone = replace(WHOLE, category="", label="", score=0.2), replace(UPPER, category="", score=0.3)
    assert one_a_body([body, stone]) == (body, stone)


def test_whoever_may_sit_in_a_vehicle_stays_and_so_does_the_order() -> None:
    car = replace(WHOLE, box=(290, 230, 60, 40), score=0.9, category="vehicle")
    warm = replace(UPPER, category="")
    assert one_a_body([warm, WHOLE, car]) == (WHOLE, car)
    assert one_a_body([warm, car]) == (warm, car)
    assert one_a_body([]) == ()


def test_a_body_with_two_boxes_is_one_find_and_all_boxes_are_listed() -> None:
    times = [BEGIN_S + 2.0 * n for n in range(3)]
    poses = [
        Pose(
            time_s, GeoPoint(52.0, 5.0), 60.0, 60.0, 0.0, 0.0, 0.0,
            gimbal_pitch_deg=-90.0, gimbal_yaw_deg=0.0, gimbal_roll_deg=0.0,
        )
        for time_s in times
    ]  # fmt: skip

    def detector(_: ThermalFrame, __: float | None) -> Sequence[Spot]:
        return [WHOLE, UPPER, BESIDE]

    search = Search(Poses(poses), CAMERA, HeatOptions(detector=detector))
    values = np.full((CAMERA.image_height_px, CAMERA.image_width_px), 100.0, np.float32)
    looked = [search.add(frame_of(f"{n}.tif", values, time_s)) for n, time_s in enumerate(times)]
    assert [len(each.spots) for each in looked] == [3, 3, 3]
    found = finds_of(search, (), [frame_spots(each) for each in looked]).finds
    assert sorted((len(find.sightings), find.score) for find in found) == [(3, 0.5), (3, 0.6)]

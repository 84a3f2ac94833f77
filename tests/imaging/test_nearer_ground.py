"""Ground that is nearer than it is thought to be makes people large: they are found and told all the same."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from imaging.heat import HeatOptions, finds_of, frame_spots
from imaging.thermal.detector import DetectorName, detector_called
from imaging.thermal.find import Find
from imaging.thermal.searching import Search
from sitl.world import World
from telemetry.pose import Pose
from tests.imaging.heat_flights import BEGIN_S, CAMERA, Somebody, Studio, frame_of
from tests.imaging.posed_track import Poses

BELIEVED_M = 60.0


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio(World(3, size_m=120.0, texel_m=0.1))


def below(studio: Studio, true_m: float, name: DetectorName, heading_deg: float = 0.0) -> list[Find]:
    """The finds at somebody who lies right below, from a height that the track takes for 60 m."""
    at = min(studio.open_places(8, np.random.default_rng(4), 20.0), key=lambda place: math.hypot(*place))
    world = studio.world
    true = Pose(
        BEGIN_S, world.frame.point_from_local(*at), world.ground_amsl_m + true_m, true_m, 0.0, 0.0, 0.0,
        gimbal_pitch_deg=-90.0, gimbal_yaw_deg=0.0, gimbal_roll_deg=0.0,
    )  # fmt: skip
    person = Somebody("somebody", lambda _: at, "lying", heading_deg=heading_deg)
    values, pixels = studio.frame(true, [(person, at)], np.random.default_rng(1))
    believed = replace(true, height_amsl_m=BELIEVED_M, height_relative_m=BELIEVED_M)
    search = Search(Poses([believed]), CAMERA, HeatOptions(detector=detector_called(name)))
    found = finds_of(search, (), [frame_spots(search.add(frame_of("f.tif", values, BEGIN_S)))])
    col, row = pixels["somebody"]
    return [f for f in found.finds if math.dist((f.clearest.spot.col, f.clearest.spot.row), (col, row)) < 15]


@pytest.mark.parametrize("heading_deg", [0.0, 30.0, 45.0, 90.0])
@pytest.mark.parametrize("nearer_m", [5.0, 10.0, 15.0, 25.0])
def test_by_contrast_a_person_on_nearer_ground_is_in_the_list_however_he_lies(
    studio: Studio, nearer_m: float, heading_deg: float
) -> None:
    """Along the rows, the columns or aslant; from 25 m nearer he shows 1.7 times as large as he should."""
    assert below(studio, BELIEVED_M - nearer_m, "contrast", heading_deg)


def test_the_network_takes_one_8_m_nearer_for_a_person(studio: Studio) -> None:
    assert "person?" in [find.kind for find in below(studio, BELIEVED_M - 8.0, "learned")]

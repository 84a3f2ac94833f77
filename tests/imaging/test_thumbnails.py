"""The picture of a find: the thing is whole and in its middle, wherever in its frames it was seen."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from imaging.finds import Finds, thumbnail
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.placing.spot import Spot
from tests.imaging.marked_frames import BEGIN_S, CAMERA, LOCAL, MIDDLE, frame, searched, spot_at

WIDTH, HEIGHT = CAMERA.image_width_px, CAMERA.image_height_px
GSD_M = 60.0 / CAMERA.focal_length_px


def shown(*looks: tuple[float, float, float]) -> Finds:
    """One warm thing at home, at (col, row) in each frame and taken for a person with that score."""
    frames: list[ThermalFrame] = []
    spots: dict[str, list[Spot]] = {}
    for number, (col, row, score) in enumerate(looks):
        east, north = (MIDDLE[0] - col) * GSD_M, (row - MIDDLE[1]) * GSD_M
        told = Exposure(
            time_s=BEGIN_S + number,
            place=LOCAL.point_from_local(east, north),
            height_relative_m=60.0,
            yaw_deg=0.0,
            gimbal_pitch_deg=-90.0,
            gimbal_roll_deg=0.0,
            gimbal_yaw_deg=0.0,
        )
        each = frame(number, told)
        values = each.values + np.linspace(0, 3, WIDTH, dtype=np.float32)
        top, left = max(0, round(row) - 4), max(0, round(col) - 2)
        values[top : round(row) + 4, left : round(col) + 2] = 30.0
        frames.append(replace(each, values=values))
        spots[each.name] = [spot_at(col, row, (8.0, 4.0), "person", score)]
    return searched(frames, spots=spots)


def middle_of_the_warm(finds: Finds) -> tuple[float, float]:
    """Column and row of the brightest pixels' middle in the thumbnail, as shares of its sides."""
    (find,) = finds.finds
    picture = cv2.imdecode(np.frombuffer(thumbnail(find), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    rows, columns = np.nonzero(picture == 255)
    assert len(rows)
    return float(columns.mean() + 0.5) / picture.shape[1], float(rows.mean() + 0.5) / picture.shape[0]


@pytest.mark.parametrize("at", [MIDDLE, (6.0, 6.0), (WIDTH - 6.0, 100.0), (300.0, HEIGHT - 6.0), (40.0, 5.0)])
def test_the_thing_is_in_the_middle_of_its_thumbnail(at: tuple[float, float]) -> None:
    assert middle_of_the_warm(shown((*at, 0.9))) == pytest.approx((0.5, 0.5), abs=0.02)


def test_beyond_the_frame_the_thumbnail_is_black() -> None:
    (find,) = shown((6.0, 100.0, 0.9)).finds
    picture = cv2.imdecode(np.frombuffer(thumbnail(find), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    beyond = round(26 / 64 * picture.shape[1])
    assert picture[:, :beyond].max() == 0
    assert picture[:, -1].min() > 0  # the ground, a little warmer to the right


@pytest.mark.parametrize(("middling", "chosen"), [(0.6, "f000.tif"), (0.3, "f001.tif")])
def test_of_sightings_hardly_less_clear_one_away_from_the_edge_is_shown(middling: float, chosen: str) -> None:
    (find,) = shown((*MIDDLE, middling), (300.0, HEIGHT - 9.0, 0.9)).finds
    assert find.sighting_count == 2
    assert find.clearest.frame == chosen

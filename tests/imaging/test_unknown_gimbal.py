"""A camera of which nobody tells where it looked: what it saw may say that it did not look straight down."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.finds import Finds
from imaging.thermal.frame import Exposure
from sitl.world.view import camera_axes
from tests.imaging.marked_frames import BEGIN_S, CAMERA, LOCAL, MIDDLE, frame, searched, spot_at

HEIGHT_M, SPEED_M_S = 60.0, 6.0


def flown(pitch_deg: float) -> Finds:
    """North over a dozen warm things, no gimbal told."""
    things = [(east, north, 0.0) for east in (-12.0, 0.0, 13.0) for north in (0.0, 17.0, 31.0, 50.0)]
    frames, spots = [], {}
    right, down, forward = camera_axes(0.0, pitch_deg, 0.0)
    ahead_m = HEIGHT_M / np.tan(np.radians(-pitch_deg)) if pitch_deg > -89 else 0.0
    for number in range(24):
        eye = np.array([0.0, -40.0 - ahead_m + SPEED_M_S * number, HEIGHT_M])
        told = Exposure(
            time_s=BEGIN_S + number,
            place=LOCAL.point_from_local(float(eye[0]), float(eye[1])),
            height_relative_m=HEIGHT_M,
            yaw_deg=0.0,
            speed_m_s=SPEED_M_S,
        )
        each = frame(number, told)
        rays = np.array(things) - eye
        depth = rays @ forward
        at = np.stack([rays @ right, rays @ down], 1) / depth[:, None] * CAMERA.focal_length_px + MIDDLE
        inside = (np.abs(at - MIDDLE) < np.array(MIDDLE) - 10).all(axis=1)
        spots[each.name] = [spot_at(float(col), float(row)) for col, row in at[inside]]
        frames.append(each)
    return searched(frames, spots=spots)


@pytest.mark.parametrize(("pitch_deg", "said"), [(-90.0, False), (-85.0, False), (-60.0, True)])
def test_a_camera_that_looked_ahead_is_not_believed_to_have_looked_down(pitch_deg: float, said: bool) -> None:
    found = flown(pitch_deg)
    assert found.finds
    assert any("seems to walk" in note for note in found.notes) is said
    assert any("no gimbal reported: the camera is taken" in note for note in found.notes)

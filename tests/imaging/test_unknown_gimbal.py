"""A camera of which nobody tells where it looked: what it saw may say that it did not look straight down."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.finds import Finds
from imaging.geolocate import CHI2_95_2D, ellipse95
from imaging.thermal.frame import Exposure
from sitl.world.view import camera_axes
from tests.imaging.marked_frames import (
    BEGIN_S,
    CAMERA,
    LOCAL,
    MIDDLE,
    east_north_m,
    frame,
    searched,
    spot_at,
)

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
    for find in found.finds:  # people look at finds: each says first that its place is in doubt
        assert find.notes[0].startswith("no gimbal reported")
        assert ("seems to walk" in find.notes[0]) is said


def test_a_find_of_frames_with_a_gimbal_does_not_doubt_its_place() -> None:
    told = Exposure(
        time_s=BEGIN_S,
        place=LOCAL.point_from_local(0.0, 0.0),
        height_relative_m=HEIGHT_M,
        yaw_deg=0.0,
        gimbal_pitch_deg=-90.0,
        gimbal_roll_deg=0.0,
        gimbal_yaw_deg=0.0,
    )
    (find,) = searched([frame(0, told)]).finds
    assert not any("gimbal" in note for note in find.notes)


def over_and_back(tilts_deg: tuple[float, float], between_s: float = 60.0) -> Finds:
    """North and south over one warm thing at home, the camera so far off straight down in each pass, ahead
    of the aircraft; no gimbal told.
    """
    frames, spots = [], {}
    for number in range(18):
        back = number >= 9
        yaw_deg, way = (180.0, -1.0) if back else (0.0, 1.0)
        north_m = way * SPEED_M_S * (number % 9 - 4)
        told = Exposure(
            time_s=BEGIN_S + number + between_s * back,
            place=LOCAL.point_from_local(0.0, north_m),
            height_relative_m=HEIGHT_M,
            yaw_deg=yaw_deg,
            speed_m_s=SPEED_M_S,
        )
        each = frame(number, told)
        right, down, forward = camera_axes(yaw_deg, tilts_deg[back] - 90.0, 0.0)
        ray = np.array([0.0, -north_m, -HEIGHT_M])
        at = np.array([ray @ right, ray @ down]) / (ray @ forward) * CAMERA.focal_length_px + MIDDLE
        frames.append(each)
        inside = (np.abs(at - MIDDLE) < np.array(MIDDLE) - 10).all()
        spots[each.name] = [spot_at(float(at[0]), float(at[1]))] if inside else []
    return searched(frames, spots=spots)


@pytest.mark.parametrize("tilts_deg", [(0.0, 0.0), (5.0, -5.0), (0.0, 6.0)])
def test_opposite_passes_do_not_tell_a_tilt_that_may_have_changed_between_them(
    tilts_deg: tuple[float, float],
) -> None:
    finds = over_and_back(tilts_deg).finds
    assert finds
    for find in finds:
        off_m = np.array(east_north_m(find.place))
        assert ellipse95(find.covariance).semi_major_m > 9.0
        assert off_m @ np.linalg.solve(find.covariance, off_m) < CHI2_95_2D

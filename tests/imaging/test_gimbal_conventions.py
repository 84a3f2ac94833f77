"""Every maker's angles, from first principles: a person whom the picture shows is placed where he is.

The aircraft hangs at a known place. Where a person must show follows from left, right, near and far alone;
the picture is rendered by a camera model of its own. What the maker would have written is put in by hand.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imaging.geolocate import GroundPoint, ground_point
from imaging.thermal.posing import own_pose
from imaging.thermal.radiometry import read_exposure
from missions.geodesy import GeoPoint, LocalFrame
from sitl.world import World
from telemetry.frames import FrameReader
from telemetry.messages import Encoder
from telemetry.pose import Pose
from telemetry.track import Track
from tests.imaging.heat_flights import BEGIN_S, CAMERA, Somebody, Studio

HEIGHT_M = 60.0
HEADING_DEG = 25.0
"""Of the airframe's nose, which no camera here follows."""
LOOKS = {
    "straight down, top to the north": (0.0, -90.0, (10.0, 5.0), "right above"),
    "straight down, top to the east": (90.0, -90.0, (10.0, 5.0), "left above"),
    "aslant to the east": (90.0, -45.0, (62.0, 8.0), "left"),
    "aslant to the south-west": (225.0, -60.0, (-24.0, -20.0), ""),
}
"""The camera's yaw and pitch, where a person stands (east, north of the aircraft), and where he must show."""


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio(World(3, size_m=240.0, texel_m=0.12))


@cache
def rendered(
    studio: Studio, yaw_deg: float, pitch_deg: float, at: tuple[float, float]
) -> tuple[float, float]:
    """The pixel (column, row) at which the picture shows somebody who is far warmer than all else."""
    pose = Pose(
        BEGIN_S, studio.world.origin, studio.world.ground_amsl_m + HEIGHT_M, HEIGHT_M, 3.0, -4.0, HEADING_DEG,
        gimbal_pitch_deg=pitch_deg, gimbal_yaw_deg=yaw_deg, gimbal_roll_deg=0.0,
    )  # fmt: skip
    person = Somebody("somebody", lambda _: at, "lying", 90.0)
    values, _ = studio.frame(pose, [(person, at)], np.random.default_rng(1))
    rows, columns = np.nonzero(values > 60)
    assert len(rows) > 5, "the picture does not show the person"
    return float(columns.mean()) + 0.5, float(rows.mean()) + 0.5


def off_m(studio: Studio, pixel: tuple[float, float], pose: Pose, at: tuple[float, float]) -> float:
    """How far from the person the pixel is placed."""
    point = ground_point(pixel, CAMERA, pose)
    assert isinstance(point, GroundPoint), point
    frame = LocalFrame(studio.world.origin)
    placed = frame.local_from_geo([[point.place.lon_deg, point.place.lat_deg]])[0]
    return math.dist(placed, at)


@pytest.mark.parametrize("look", LOOKS)
def test_the_picture_shows_the_person_on_the_side_where_he_must_be(studio: Studio, look: str) -> None:
    yaw_deg, pitch_deg, at, side = LOOKS[look]
    column, row = rendered(studio, yaw_deg, pitch_deg, at)
    assert "left" not in side or column < CAMERA.image_width_px / 2 - 20
    assert "right" not in side or column > CAMERA.image_width_px / 2 + 20
    assert "above" not in side or row < CAMERA.image_height_px / 2 - 20


def dji_photo(
    path: Path,
    place: GeoPoint,
    angles: dict[str, float],
    picture: Image.Image | None = None,
    told: dict[str, str] | None = None,
) -> Path:
    """A picture with what DJI writes into its XMP; `told` is written as it is."""
    attributes = {
        "GpsLatitude": place.lat_deg, "GpsLongitude": place.lon_deg, "AbsoluteAltitude": "+62.00",
        "RelativeAltitude": f"+{HEIGHT_M:.2f}", "FlightYawDegree": f"{HEADING_DEG:+.2f}",
        "FlightRollDegree": "+3.00", "FlightPitchDegree": "-4.00",
        **{name: f"{value:+.2f}" for name, value in angles.items()}, **(told or {}),
    }  # fmt: skip
    written = " ".join(f'drone-dji:{name}="{value}"' for name, value in attributes.items())
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" {written}/>'
        "</rdf:RDF></x:xmpmeta>"
    )
    (picture or Image.new("L", (64, 51))).save(path, "JPEG", quality=95, xmp=xmp.encode())
    return path


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("flipped", [False, True], ids=["roll 0", "roll 180"])
def test_djis_gimbal_angles_are_of_the_earth_and_not_of_the_nose(
    studio: Studio, look: str, flipped: bool, tmp_path: Path
) -> None:
    """FlightYawDegree is the airframe's. With a roll of 180 the same direction is written upside down."""
    yaw_deg, pitch_deg, at, _ = LOOKS[look]
    pixel = rendered(studio, yaw_deg, pitch_deg, at)
    yaw = (yaw_deg + 180) % 360 - 180
    gimbal = {"GimbalYawDegree": yaw, "GimbalPitchDegree": pitch_deg, "GimbalRollDegree": 0.0}
    if flipped:
        over = (yaw_deg + 360) % 360 - 180
        gimbal = {"GimbalYawDegree": over, "GimbalPitchDegree": -180 - pitch_deg, "GimbalRollDegree": 180.0}
    pose = own_pose(read_exposure(dji_photo(tmp_path / "a.jpg", studio.world.origin, gimbal)))
    assert isinstance(pose, Pose), pose
    assert off_m(studio, pixel, pose, at) < 0.5
    # taking the nose's direction for the camera's would be off by far
    by_nose = replace(pose, gimbal_yaw_deg=pose.yaw_deg, gimbal_roll_deg=0.0, gimbal_pitch_deg=pitch_deg)
    assert off_m(studio, pixel, by_nose, at) > 3


def quaternion(yaw_deg: float, pitch_deg: float) -> list[float]:
    """w, x, y, z of a turn by yaw, then pitch: half angles multiplied out by hand."""
    y, p = math.radians(yaw_deg) / 2, math.radians(pitch_deg) / 2
    cy, sy, cp, sp = math.cos(y), math.sin(y), math.cos(p), math.sin(p)
    return [cy * cp, -sy * sp, cy * sp, sy * cp]


def mavlink(kind: str, yaw_deg: float, pitch_deg: float) -> tuple[str, dict[str, Any]]:
    """The message of a gimbal that looks there, as its frame has it."""
    from_nose = yaw_deg - HEADING_DEG
    if kind == "earth frame":
        return "GIMBAL_DEVICE_ATTITUDE_STATUS", {"q": quaternion(yaw_deg, pitch_deg), "flags": 64}
    if kind == "vehicle frame":
        return "GIMBAL_DEVICE_ATTITUDE_STATUS", {"q": quaternion(from_nose, pitch_deg), "flags": 32}
    if kind == "yaw lock, as before the flags":
        return "GIMBAL_DEVICE_ATTITUDE_STATUS", {"q": quaternion(yaw_deg, pitch_deg), "flags": 16}
    if kind == "yaw follow, as before the flags":
        return "GIMBAL_DEVICE_ATTITUDE_STATUS", {"q": quaternion(from_nose, pitch_deg), "flags": 0}
    return "MOUNT_ORIENTATION", {"roll": 0.0, "pitch": pitch_deg, "yaw": (from_nose + 180) % 360 - 180}


KINDS = (
    "earth frame", "vehicle frame", "yaw lock, as before the flags", "yaw follow, as before the flags",
    "MOUNT_ORIENTATION",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("look", LOOKS)
def test_a_mavlink_gimbals_yaw_is_taken_from_the_frame_that_it_is_in(
    studio: Studio, look: str, kind: str
) -> None:
    yaw_deg, pitch_deg, at, _ = LOOKS[look]
    pixel = rendered(studio, yaw_deg, pitch_deg, at)
    home = studio.world.origin
    where = {
        "lat": round(home.lat_deg * 1e7), "lon": round(home.lon_deg * 1e7), "alt": 62_000,
        "relative_alt": 60_000, "hdg": round(HEADING_DEG * 100),
    }  # fmt: skip
    level = {"roll": 0.05, "pitch": -0.07, "yaw": math.radians(HEADING_DEG)}
    name, fields = mavlink(kind, yaw_deg, pitch_deg)
    encoder, reader = Encoder(1, 1), FrameReader()
    frames = [
        frame
        for t in (0.0, 1.0)
        for message, values in (("GLOBAL_POSITION_INT", where), ("ATTITUDE", level), (name, fields))
        for frame in reader.feed(encoder.encode(message, **values), round((BEGIN_S + t) * 1e6))
    ]
    pose = Track.from_frames(frames).pose_at(BEGIN_S + 0.5)
    assert pose is not None
    assert off_m(studio, pixel, pose, at) < 0.5

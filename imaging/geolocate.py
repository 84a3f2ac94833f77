"""From a pixel to a place on the ground, with the error that it carries.

Frames: the camera's x points right, y down and z forward; a picture's top left corner is pixel (0, 0), the
centre of its first pixel (0.5, 0.5) and its axis passes through the middle. Angles turn the camera as yaw,
then pitch, then roll (z-y-x) from north-east-down, so at pitch -90 the top of the picture points along the
yaw. The gimbal's angles are those of the earth frame. Where no gimbal reported, the camera is taken to hang
level and look straight down with its top along the aircraft's heading ("stabilised"); a camera bolted to the
airframe ("fixed") looks down along the airframe's own vertical instead.

The ray meets the ground at a height that is level unless a height model is given. Its error is propagated to
first order (J C J^T, ISO/IEC Guide 98-3, 5.1) by central differences. The attitude's error is one of the
vertical, tilt about two level axes, and one of the azimuth, which holds at any pitch where roll and yaw would
fall together at -90.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from missions.camera import Camera
from missions.errors import InputError
from missions.geodesy import WGS84, GeoPoint
from telemetry.pose import Pose

Array = npt.NDArray[np.float64]
Mount = Literal["stabilised", "fixed"]
HeightModel = Callable[[GeoPoint], float]
"""Height of the ground at a place, metres amsl."""

CHI2_95_2D = 5.991464547107979
"""The 95 % quantile of chi-square with two degrees of freedom: -2 ln 0.05."""

_FLATTEST_SIGMAS = 5.0
_STEPS = np.array([0.01, 0.01, 0.01, 1e-5, 1e-5, 1e-5, 0.05, 0.05, 1e-5])


@dataclass(frozen=True, slots=True)
class Sigmas:
    """One standard deviation of all that a placing rests on; a pose's own `sigma_*` go before the first two.

    `horizontal_m` and `vertical_m` of the aircraft, `ground_m` of the ground's height, `tilt_deg` of the
    camera's vertical (about each level axis), `azimuth_deg` of its heading, `focal_pct` of the focal length,
    `time_s` of the frame's clock against the track's (times speed, in any direction: a pose holds no course),
    `pixel_px` of a pixel coordinate, and `manoeuvre_m_s2`, by which an aircraft may leave the straight line
    between two records.
    """

    horizontal_m: float = 2.5
    vertical_m: float = 3.0
    ground_m: float = 2.0
    tilt_deg: float = 1.0
    azimuth_deg: float = 3.0
    focal_pct: float = 1.0
    time_s: float = 0.1
    pixel_px: float = 1.0
    manoeuvre_m_s2: float = 2.0


@dataclass(frozen=True, slots=True)
class Distortion:
    """Brown's lens distortion (1971): radial k1, k2, k3 and decentring p1, p2, on normalised coordinates."""

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Half axes in metres and the bearing of the longer one, degrees from north, 0 to 180."""

    semi_major_m: float
    semi_minor_m: float
    bearing_deg: float


@dataclass(frozen=True, slots=True)
class GroundPoint:
    """A place on the ground. Covariances are 2x2, square metres, east then north.

    `covariance` is the whole error; `systematic` the part of it that other frames of the flight share
    (position, height, ground, attitude, focal length); `position` the part of that which is the aircraft's
    own place.
    """

    place: GeoPoint
    ground_amsl_m: float
    distance_m: float
    gsd_m: float
    covariance: Array
    systematic: Array
    position: Array

    @property
    def ellipse95(self) -> Ellipse:
        """The ellipse that holds the true place 95 times in 100."""
        return ellipse95(self.covariance)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A pixel without a place, and why."""

    reason: str


def ellipse95(covariance: Array) -> Ellipse:
    """The 95 % ellipse of a 2x2 covariance (east, north)."""
    variances, axes = np.linalg.eigh(covariance)
    minor, major = np.sqrt(CHI2_95_2D * np.maximum(variances, 0.0))
    bearing = math.degrees(math.atan2(axes[0, 1], axes[1, 1])) % 180.0
    return Ellipse(float(major), float(minor), bearing)


def ground_point(
    pixel: tuple[float, float],
    camera: Camera,
    pose: Pose,
    *,
    ground_amsl_m: float | HeightModel | None = None,
    sigmas: Sigmas | None = None,
    distortion: Distortion | None = None,
    mount: Mount = "stabilised",
) -> GroundPoint | Unplaced:
    """Where the ray through `pixel` (column, row) meets the ground, or why it does not.

    `camera` must be of the picture's own size (see `fitted`). `ground_amsl_m` is a height or a height model;
    None means level ground at the height of take-off. Rays at or above the horizon, and rays so flat that the
    attitude's error (five sigma) could lift them there, are not placed.
    """
    sigmas = sigmas or Sigmas()
    rotation = rotation_ned_from_camera(pose, mount)
    down = float(_rays_ned(rotation, camera, distortion, np.array([pixel]), np.zeros(1))[0, 2])
    refused = _refused(down, sigmas)
    if refused:
        return Unplaced(refused)

    ground_m = _ground_met(pixel, camera, pose, rotation, distortion, ground_amsl_m)
    agl_m = pose.height_amsl_m - ground_m
    if agl_m <= 0:
        return Unplaced(f"the aircraft is {-agl_m:.0f} m below the ground")

    steps = np.vstack([np.zeros(9), np.diag(_STEPS), -np.diag(_STEPS)])
    hits = _hits(steps, pixel, camera, agl_m, rotation, distortion)
    jacobian = (hits[1:10] - hits[10:]).T / (2 * _STEPS)
    systematic, position, random = _covariances(jacobian, pose, sigmas)
    east, north = hits[0]
    slant_m = math.hypot(east, north, agl_m)
    return GroundPoint(
        place=offset_place(pose.place, float(east), float(north)),
        ground_amsl_m=ground_m,
        distance_m=slant_m,
        gsd_m=slant_m / camera.focal_length_px,
        covariance=systematic + random,
        systematic=systematic,
        position=position,
    )


def fitted(camera: Camera, width_px: int, height_px: int) -> Camera:
    """The camera for a picture scaled to this size. Raises InputError where the shapes differ by over 3 %."""
    shape, wanted = width_px / height_px, camera.image_width_px / camera.image_height_px
    if abs(shape / wanted - 1) > 0.03:
        raise InputError(
            f"the frame is {width_px}x{height_px} but camera {camera.name} takes pictures of "
            f"{camera.image_width_px}x{camera.image_height_px}",
            remedy="Name the camera that took the frames",
        )
    return replace(camera, image_width_px=width_px, image_height_px=height_px)


def offset_place(place: GeoPoint, east_m: float, north_m: float) -> GeoPoint:
    """The place so many metres east and north, along the geodesic."""
    azimuth = math.degrees(math.atan2(east_m, north_m))
    lon, lat, _ = WGS84.fwd(place.lon_deg, place.lat_deg, azimuth, math.hypot(east_m, north_m))
    return GeoPoint(float(lat), float(lon))


def rotation_ned_from_camera(pose: Pose, mount: Mount = "stabilised") -> Array:
    """3x3: a direction in the camera's frame to north, east, down."""
    if pose.gimbal_pitch_deg is not None:
        yaw = pose.yaw_deg if pose.gimbal_yaw_deg is None else pose.gimbal_yaw_deg
        body = _euler(yaw, pose.gimbal_pitch_deg, pose.gimbal_roll_deg or 0.0)
    elif mount == "fixed":
        body = _euler(pose.yaw_deg, pose.pitch_deg, pose.roll_deg) @ _euler(0.0, -90.0, 0.0)
    else:
        body = _euler(pose.yaw_deg, -90.0, 0.0)
    body_from_camera = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    rotation: Array = body @ body_from_camera
    return rotation


def _euler(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Array:
    """North-east-down from forward-right-down by yaw, pitch, roll (z-y-x)."""
    (cy, cp, cr), (sy, sp, sr) = (fn(np.radians([yaw_deg, pitch_deg, roll_deg])) for fn in (np.cos, np.sin))
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def _refused(down: float, sigmas: Sigmas) -> str:
    below_deg = math.degrees(math.asin(max(-1.0, min(1.0, down))))
    flattest_deg = _FLATTEST_SIGMAS * sigmas.tilt_deg
    if below_deg <= 0:
        return f"its ray points {-below_deg:.1f}° above the horizon"
    if below_deg < flattest_deg:
        return (
            f"its ray points {below_deg:.1f}° below the horizon, too flat for an attitude "
            f"known to {sigmas.tilt_deg:g}°"
        )
    return ""


def _rays_ned(
    rotation: Array, camera: Camera, distortion: Distortion | None, pixels: Array, log_focal: Array
) -> Array:
    """Unit rays (n, 3) north, east, down of (n, 2) pixels (column, row)."""
    centre = np.array([camera.image_width_px, camera.image_height_px]) / 2
    xy = (pixels - centre) / (camera.focal_length_px * np.exp(log_focal))[:, None]
    if distortion is not None:
        xy = _undistorted(xy, distortion)
    rays = np.column_stack([xy, np.ones(len(xy))])
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return rays @ rotation.T


def _undistorted(xy: Array, lens: Distortion) -> Array:
    """Normalised coordinates without distortion, by fixed-point iteration."""
    out = xy.copy()
    for _ in range(20):
        x, y = out[:, 0], out[:, 1]
        r2 = x * x + y * y
        radial = 1 + r2 * (lens.k1 + r2 * (lens.k2 + r2 * lens.k3))
        dx = 2 * lens.p1 * x * y + lens.p2 * (r2 + 2 * x * x)
        dy = lens.p1 * (r2 + 2 * y * y) + 2 * lens.p2 * x * y
        out = (xy - np.column_stack([dx, dy])) / radial[:, None]
    return out


def _ground_met(
    pixel: tuple[float, float],
    camera: Camera,
    pose: Pose,
    rotation: Array,
    distortion: Distortion | None,
    ground_amsl_m: float | HeightModel | None,
) -> float:
    """Height of the ground where the ray meets it; a height model by iteration from below the aircraft."""
    if ground_amsl_m is None:
        return float(pose.height_amsl_m - pose.height_relative_m)
    if not callable(ground_amsl_m):
        return float(ground_amsl_m)
    height_m = float(ground_amsl_m(pose.place))
    for _ in range(20):
        agl_m = pose.height_amsl_m - height_m
        east, north = _hits(np.zeros((1, 9)), pixel, camera, agl_m, rotation, distortion)[0]
        met_m = float(ground_amsl_m(offset_place(pose.place, float(east), float(north))))
        if abs(met_m - height_m) < 0.01:
            break
        # half steps settle where the slope is steeper than the ray's mirror image
        height_m = (height_m + met_m) / 2
    return height_m


def _hits(
    changes: Array,
    pixel: tuple[float, float],
    camera: Camera,
    agl_m: float,
    rotation: Array,
    distortion: Distortion | None,
) -> Array:
    """East, north (n, 2) from below the aircraft, for (n, 9) small changes of
    east, north, height (m), tilt about north, tilt about east, azimuth (rad), column, row (px), ln focal."""
    rays = _rays_ned(rotation, camera, distortion, np.asarray(pixel, float) + changes[:, 6:8], changes[:, 8])
    turns = changes[:, 3:6]
    rays = rays + np.cross(turns, rays)
    reach = (agl_m + changes[:, 2]) / rays[:, 2]
    return np.column_stack([changes[:, 0] + rays[:, 1] * reach, changes[:, 1] + rays[:, 0] * reach])


def _covariances(jacobian: Array, pose: Pose, sigmas: Sigmas) -> tuple[Array, Array, Array]:
    """Systematic, its position part, and random covariance of the hit."""
    horizontal = sigmas.horizontal_m if pose.sigma_horizontal_m is None else pose.sigma_horizontal_m
    vertical = sigmas.vertical_m if pose.sigma_vertical_m is None else pose.sigma_vertical_m
    tilt, azimuth = math.radians(sigmas.tilt_deg), math.radians(sigmas.azimuth_deg)
    height = math.hypot(vertical, sigmas.ground_m)
    shared = np.array([horizontal, horizontal, height, tilt, tilt, azimuth, 0, 0, sigmas.focal_pct / 100])
    scaled = jacobian * shared
    systematic: Array = scaled @ scaled.T
    position: Array = horizontal**2 * np.eye(2)

    moved_m = sigmas.time_s * pose.speed_m_s
    # the farthest a path of bounded acceleration strays from its chord
    strayed_m = sigmas.manoeuvre_m_s2 * pose.gap_s**2 / 8
    own = jacobian[:, 6:8] * sigmas.pixel_px
    random: Array = own @ own.T + (moved_m**2 + strayed_m**2) * np.eye(2)
    return systematic, position, random

"""From a pixel to a place on the ground, with the error that it carries.

`imaging.thermal.placing` does the work (its frames and conventions are those of `placing.rays`); this is the
way in for one pixel, in longitude and latitude.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from imaging.thermal.placing.errors import Sigmas
from imaging.thermal.placing.ground import Ground, Level, Relief
from imaging.thermal.placing.places import Placed, Shot, place
from imaging.thermal.placing.rays import Array, Distortion, Mount, rotation_ned_from_camera
from missions.camera import Camera
from missions.errors import InputError
from missions.geodesy import WGS84, GeoPoint, LocalFrame
from missions.terrain import Terrain
from telemetry.pose import Pose

__all__ = [
    "CHI2_95_2D",
    "Array",
    "Distortion",
    "Ellipse",
    "GroundPoint",
    "Mount",
    "Sigmas",
    "Unplaced",
    "ellipse95",
    "fitted",
    "ground_point",
    "ground_under",
    "offset_place",
    "on_earth",
    "rotation_ned_from_camera",
]

CHI2_95_2D = 5.991464547107979
"""The 95 % quantile of chi-square with two degrees of freedom: -2 ln 0.05."""


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Half axes in metres and the bearing of the longer one, degrees from north, 0 to 180."""

    semi_major_m: float
    semi_minor_m: float
    bearing_deg: float


@dataclass(frozen=True, slots=True)
class GroundPoint:
    """A place on the ground. `covariance` is 2x2, square metres, east then north; `placed` has its parts."""

    place: GeoPoint
    ground_amsl_m: float
    distance_m: float
    gsd_m: float
    covariance: Array
    placed: Placed

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
    ground: float | Terrain | None = None,
    sigmas: Sigmas | None = None,
    distortion: Distortion | None = None,
    mount: Mount = "stabilised",
    frame: LocalFrame | None = None,
) -> GroundPoint | Unplaced:
    """Where the ray through `pixel` (column, row) first meets the ground, or why it does not.

    `camera` must be of the picture's own size (see `fitted`). `ground` is a height amsl or a terrain in the
    datum of the pose's height amsl; None means level ground at the height of take-off. Rays at or above the
    horizon, and rays so flat that the attitude's error (five sigma) could lift them there, are not placed.
    `frame` is one near by; for many pixels give the same one, which saves making one each time.
    """
    frame = frame or LocalFrame(pose.place)
    shot = Shot(camera, pose, mount, distortion)
    found = place([pixel], shot, ground_under(pose, frame, ground), frame, sigmas or Sigmas())[0]
    return Unplaced(found) if isinstance(found, str) else on_earth([found], frame)[0]


def ground_under(
    pose: Pose, frame: LocalFrame, ground: float | Terrain | None, lift_m: float = 0.0
) -> Ground:
    """The ground for a frame taken from `pose`; `lift_m` is added to a terrain's or the take-off's."""
    if ground is None:
        return Level(pose.height_amsl_m - pose.height_relative_m + lift_m)
    if isinstance(ground, int | float):
        return Level(float(ground))
    return Relief(ground, frame, lift_m)


def on_earth(placed: Sequence[Placed], frame: LocalFrame) -> list[GroundPoint]:
    """Placed spots in longitude and latitude."""
    lonlat = frame.geo_from_local([each.east_north_m for each in placed]).tolist()
    return [
        GroundPoint(
            place=GeoPoint(lat, lon),
            ground_amsl_m=each.height_amsl_m,
            distance_m=each.distance_m,
            gsd_m=each.gsd_m,
            covariance=each.covariance,
            placed=each,
        )
        for each, (lon, lat) in zip(placed, lonlat, strict=True)
    ]


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

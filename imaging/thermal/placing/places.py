"""A frame's spots on the ground, each with what every error would move it by.

Each error is put in one by one, both ways and by one standard deviation, and the ray is followed to the
ground again: half the difference is its column (a first-order propagation, ISO/IEC Guide 98-3, 5.1, with
secants in place of derivatives, so that a ray that an error lifts over a crest counts as far as it then
goes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.thermal.placing.errors import (
    MOVES,
    Sigmas,
    pixel_covariance,
    shaken_covariance,
    shared_columns,
)
from imaging.thermal.placing.ground import Ground
from imaging.thermal.placing.rays import (
    Array,
    Distortion,
    Mount,
    rays_camera,
    rays_changed,
    rotation_enu_from_camera,
    turned,
)
from missions.camera import Camera
from missions.geodesy import LocalFrame
from telemetry.pose import Pose

FLATTEST_SIGMAS = 5.0
_COUNT, _BENDS = len(MOVES), MOVES.index("focal")
"""Of `MOVES`, and which is the first of those that bend a ray within the camera."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame as it is placed: its camera and lens, and where that was.

    `before` and `after` are the poses `apart_s` before and after the frame, None where they are not known:
    then the error of the clock goes in any direction. `jitter_s` is the error of the frame's own time.
    """

    camera: Camera
    pose: Pose
    mount: Mount = "stabilised"
    distortion: Distortion | None = None
    before: Pose | None = None
    after: Pose | None = None
    apart_s: float = 0.25
    jitter_s: float | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A spot on the ground in the local frame: metres east and north, covariances in square metres.

    `columns` (2, 15) is how far one standard deviation of each of `errors.SHARED` moves it, `ground` (2,)
    how far one of the ground's height there; `shaken` is the covariance of what the frame's spots share and
    other frames do not, `spotted` of what is the spot's own.
    """

    east_north_m: Array
    height_amsl_m: float
    distance_m: float
    gsd_m: float
    columns: Array
    ground: Array
    shaken: Array
    spotted: Array

    @property
    def own(self) -> Array:
        """(2, 2) of what other frames do not share."""
        return np.asarray(self.shaken + self.spotted)

    @property
    def shared(self) -> Array:
        """(2, 2) of all that other frames share."""
        return np.asarray(self.columns @ self.columns.T + np.outer(self.ground, self.ground))

    @property
    def covariance(self) -> Array:
        """(2, 2) of the whole error."""
        return np.asarray(self.shared + self.own)


def place(
    pixels: npt.ArrayLike, shot: Shot, ground: Ground, frame: LocalFrame, sigmas: Sigmas
) -> list[Placed | str]:
    """Where the rays through (n, 2) pixels (column, row) first meet the ground, or in words why not."""
    pixels = np.asarray(pixels, float).reshape(-1, 2)
    if not len(pixels):
        return []
    eye = _eye(shot.pose, frame)
    above_m = eye[2] - float(ground.height_m(eye[None, :2])[0])
    if above_m <= 0:
        return [f"the aircraft is {abs(above_m):.0f} m below the ground"] * len(pixels)
    steps = sigmas.moves(shot.pose)
    origins, directions = _varied(pixels, shot, eye, steps)
    reasons = [_refused(float(-ray[2]), sigmas) for ray in directions[0]]
    hits = ground.meet(origins.reshape(-1, 3), directions.reshape(-1, 3)).reshape(directions.shape)
    speeds = _speeds(pixels, shot, ground, frame)
    finite = np.asarray(np.isfinite(hits).all(axis=2))
    lost, flat = ~finite[0], np.asarray(~finite.all(axis=0))
    for n, why in enumerate(reasons):
        if not why and lost[n]:
            reasons[n] = "its ray meets no ground that is known"
        elif not why and flat[n]:
            reasons[n] = "its ray is so flat that its error may carry it past the ground"
    good = [n for n, why in enumerate(reasons) if not why]
    placed = iter(_placed(hits[:, good], eye, shot, speeds[good], steps, sigmas))
    return [why or next(placed) for why in reasons]


def _placed(hits: Array, eye: Array, shot: Shot, speeds: Array, steps: Array, sigmas: Sigmas) -> list[Placed]:
    """Of (27, n, 3) meetings and (n, 2) speeds."""
    moved = (hits[1::2, :, :2] - hits[2::2, :, :2]).transpose(1, 2, 0) / 2
    clock = np.where(np.isfinite(speeds).all(axis=1, keepdims=True), speeds, np.nan)
    jitter_s = sigmas.jitter_s if shot.jitter_s is None else shot.jitter_s
    columns = shared_columns(moved, np.nan_to_num(clock), steps, shot.pose, sigmas)
    # ground that lies higher is an aircraft that flies lower
    ground = -moved[:, :, 2] / steps[2] * sigmas.ground_m
    shaken = shaken_covariance(moved, clock, steps, shot.pose, sigmas, jitter_s)
    spotted = pixel_covariance(moved, steps, sigmas)
    distances_m = np.linalg.norm(hits[0] - eye, axis=1).tolist()
    return [
        Placed(
            east_north_m=hits[0, n, :2],
            height_amsl_m=float(hits[0, n, 2]),
            distance_m=distance_m,
            gsd_m=distance_m / shot.camera.focal_length_px,
            columns=columns[n],
            ground=ground[n],
            shaken=shaken[n],
            spotted=spotted[n],
        )
        for n, distance_m in enumerate(distances_m)
    ]


def _varied(pixels: Array, shot: Shot, eye: Array, steps: Array) -> tuple[Array, Array]:
    """(27, n, 3) origins and directions: as they are, then each of `MOVES` changed up and down."""
    rotation = rotation_enu_from_camera(shot.pose, shot.mount)
    straight = rays_camera(pixels, shot.camera, shot.distortion)
    origins = np.broadcast_to(eye, (1 + 2 * _COUNT, len(pixels), 3)).copy()
    directions = np.broadcast_to(straight @ rotation.T, origins.shape).copy()
    for number, step in enumerate(steps[:_BENDS]):
        for side, sign in ((1, 1.0), (2, -1.0)):
            at = 2 * number + side
            by = sign * float(step)
            if number < 3:
                origins[at, :, number] += by
            elif number < 6:
                # a turn about east, about north, and of the azimuth, which runs clockwise
                turn = turned(by, number - 3) if number < 5 else turned(-by, 2)
                directions[at] = straight @ (turn @ rotation).T
            else:
                directions[at] = straight @ (rotation @ turned(by, number - 6)).T
    directions[1 + 2 * _BENDS :] = _bent(pixels, shot, steps) @ rotation.T
    return origins, directions


def _bent(pixels: Array, shot: Shot, steps: Array) -> Array:
    """(10, n, 3) rays in the camera's frame with the lens or the pixels changed, each up and down."""
    moves = MOVES[_BENDS:]
    by: Array = np.kron(np.diag(steps[_BENDS:]), np.array([1.0, -1.0])).astype(np.float64)
    log_focal, p1, p2 = (by[moves.index(name), :, None] for name in ("focal", "lens_y", "lens_x"))
    shifted = pixels + by[[moves.index("column"), moves.index("row")]].T[:, None]
    return rays_changed(shifted, shot.camera, shot.distortion, log_focal, (p1, p2))


def _speeds(pixels: Array, shot: Shot, ground: Ground, frame: LocalFrame) -> Array:
    """(n, 2) metres a second by which the place moves with the frame's time; NaN where not known."""
    if shot.before is None or shot.after is None:
        return np.full((len(pixels), 2), np.nan)
    straight = rays_camera(pixels, shot.camera, shot.distortion)
    ends = []
    for pose in (shot.before, shot.after):
        origins = np.broadcast_to(_eye(pose, frame), straight.shape)
        ends.append(ground.meet(origins, straight @ rotation_enu_from_camera(pose, shot.mount).T))
    return np.asarray((ends[1] - ends[0])[:, :2] / (2 * shot.apart_s))


def _eye(pose: Pose, frame: LocalFrame) -> Array:
    east, north = frame.local_from_geo([[pose.place.lon_deg, pose.place.lat_deg]])[0]
    return np.array([east, north, pose.height_amsl_m])


def _refused(down: float, sigmas: Sigmas) -> str:
    if not math.isfinite(down):
        return "no ray of this lens reaches its pixel"
    below_deg = math.degrees(math.asin(max(-1.0, min(1.0, down))))
    flattest_deg = FLATTEST_SIGMAS * sigmas.vertical_deg
    if below_deg <= 0:
        return f"its ray points {-below_deg:.1f}° above the horizon"
    if below_deg < flattest_deg:
        return (
            f"its ray points {below_deg:.1f}° below the horizon, too flat for an attitude "
            f"known to {sigmas.vertical_deg:.1g}°"
        )
    return ""

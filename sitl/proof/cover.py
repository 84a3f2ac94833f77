"""What the pictures of a flight truly saw: each from where the autopilot says that it was taken.

Place, height and heading are those of CAMERA_FEEDBACK, the pitch that which the gimbal reported at that time;
its roll is taken to be level. Of the plan only the ground sample distance is used: a gimbal that was never
told to look down shows, and ground far off in a slanting picture counts for nothing. The ground lies as high
as the take-off point, or as the terrain says; it hides nothing behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from missions.camera import Camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.terrain import Terrain
from sitl.proof.recording import Floats, Recorded

_SAMPLES = 4_000
_CHUNK = 2_000_000
COARSEST = 1.5
"""A place is seen where its pixels are at most this many times as large as the plan's; 1.41 is 45 degrees."""


def seen_share(
    shape: BaseGeometry,
    flights: Sequence[tuple[Recorded, Camera, float]],
    frame: LocalFrame,
    ground: tuple[Terrain, GeoPoint] | None = None,
) -> float:
    """The share of a shape that the pictures of all flights together see.

    Each flight comes with its camera and the ground sample distance that was promised, metres a pixel.
    `ground` is the terrain and the take-off point that heights are measured from; None for flat ground.
    Raises InputError where a recording with pictures does not tell where they pointed.
    """
    places = samples(shape)
    level = np.column_stack([places, np.zeros(len(places)) if ground is None else _up(places, frame, ground)])
    seen = np.zeros(len(level), bool)
    for recorded, camera, gsd_m in flights:
        seen |= _seen_in(recorded, camera, COARSEST * gsd_m / camera.gsd_m(1.0), frame, level)
    return float(np.mean(seen))


def pictures_of(recorded: Recorded) -> Floats:
    """The pictures that were taken in the air, rows as in `Recorded.pictures`."""
    seconds = recorded.pictures[:, 0]
    return recorded.pictures[(seconds >= recorded.began_s) & (seconds <= recorded.ended_s)]


def samples(shape: BaseGeometry) -> Floats:
    """About four thousand places spread evenly over a shape, (n, 2)."""
    west, south, east, north = shape.bounds
    step_m = float(np.sqrt(shape.area / _SAMPLES))
    columns = np.arange(west + step_m / 2, east, step_m)
    rows = np.arange(south + step_m / 2, north, step_m)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    shapely.prepare(shape)
    return np.asarray(grid[shapely.contains_xy(shape, grid[:, 0], grid[:, 1])])


def _up(places: Floats, frame: LocalFrame, ground: tuple[Terrain, GeoPoint]) -> Floats:
    """Metres of the ground above the take-off point, (n,)."""
    terrain, take_off = ground
    heights = terrain.heights_amsl_m(frame.geo_from_local(places))
    home = terrain.heights_amsl_m([(take_off.lon_deg, take_off.lat_deg)])
    return np.asarray(heights - home[0])


def _seen_in(
    recorded: Recorded, camera: Camera, deepest_m: float, frame: LocalFrame, ground: Floats
) -> npt.NDArray[np.bool_]:
    """Which of (n, 3) places at least one picture shows."""
    seen = np.zeros(len(ground), bool)
    rows = pictures_of(recorded)
    if np.isnan(rows[:, 5]).any():
        raise InputError("the recording does not tell where the gimbal pointed")
    step = max(1, _CHUNK // max(1, len(ground)))
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        places = np.column_stack([frame.local_from_geo(some[:, 1:3]), some[:, 3]])
        seen |= np.any(in_picture(ground, places, some[:, 4:6], camera, deepest_m), axis=1)
    return seen


def in_picture(
    ground: Floats, places: Floats, pointed_deg: Floats, camera: Camera, deepest_m: float = np.inf
) -> npt.NDArray[np.bool_]:
    """Which of (m, 3) places lie in which pictures, (m, n), from no further than `deepest_m` along the axis.

    The pictures were taken from (n, 3) places by a camera pointed at (n, 2) headings and pitches.
    """
    wide = camera.sensor_width_mm / camera.focal_length_mm / 2
    high = camera.sensor_height_mm / camera.focal_length_mm / 2
    ahead, right = _axes(*np.radians(pointed_deg).T)
    line = ground[:, None, :] - places[None, :, :]
    depth = np.einsum("mnk,nk->mn", line, ahead)
    across = np.abs(np.einsum("mnk,nk->mn", line, right))
    along = np.abs(np.einsum("mnk,nk->mn", line, np.cross(ahead, right)))
    near = (depth > 0) & (depth <= deepest_m)
    return np.asarray(near & (across <= wide * depth) & (along <= high * depth))


def _axes(heading: Floats, pitch: Floats) -> tuple[Floats, Floats]:
    """The optical axes and the pictures' wide sides, unit vectors (n, 3) east, north, up."""
    level = np.cos(pitch)
    ahead = np.column_stack([level * np.sin(heading), level * np.cos(heading), np.sin(pitch)])
    right = np.column_stack([np.cos(heading), -np.sin(heading), np.zeros(len(heading))])
    return ahead, right
